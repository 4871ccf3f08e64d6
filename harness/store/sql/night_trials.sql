-- night_trials(run_ids): the graded trials of several runs, each with its last grade, without any text.
-- one row per trial, the columns of core.rows.TrialRow up to tokens and calls; by run, task, candidate, epoch.
SELECT
    run_id, task_id, task_digest, task_class, candidate, epoch, grade, [] AS flags, isolation, '' AS detail, grader,
    NULL AS answer, '' AS output, '' AS log, cost_usd, cost_bound_usd, tokens_in, tokens_out, latency_s, calls,
    verdict_id, '' AS prompt, NULL AS expected
FROM trial
WHERE list_contains($run_ids, run_id)
ORDER BY run_id, task_id, candidate, epoch;
