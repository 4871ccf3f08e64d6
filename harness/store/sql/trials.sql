-- trials(run_id): the graded trials of a run, each with its last grade.
-- one row per trial, the columns of core.rows.TrialRow in its order; by task, candidate, epoch.
SELECT
    t.run_id, t.task_id, t.task_digest, t.task_class, t.candidate, t.epoch, t.grade, t.flags, t.isolation, t.detail,
    t.grader, t.answer, t.output, t.log, t.cost_usd, t.cost_bound_usd, t.tokens_in, t.tokens_out, t.latency_s, t.calls,
    t.verdict_id, coalesce(k.prompt, '') AS prompt, k.expected
FROM trial t LEFT JOIN task k ON k.run_id = t.run_id AND k.task_id = t.task_id
WHERE t.run_id = $run_id
ORDER BY t.task_id, t.candidate, t.epoch;
