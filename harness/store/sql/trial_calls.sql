-- trial_calls(run_id): the calls of each graded trial of a run. A trial's trace is <run>/<task>/<candidate>/<epoch>.
-- one row per call, the columns of decisions.TrialCallRow in its order; by trial, then in the order they ended.
SELECT
    t.task_id, t.candidate, t.epoch, c.model, c.purpose, coalesce(c.finish, c.failure) AS ended, c.finish IS NOT NULL,
    c.served_model, c.tokens_in, c.tokens_out, c.cost_usd, c.latency_s, c.attempts, c.file || ':' || c.seq
FROM call c JOIN trial t
    ON c.trace_id = t.run_id || '/' || t.task_id || '/' || t.candidate || '/' || t.epoch
WHERE t.run_id = $run_id AND c.file IN (SELECT s.file FROM run_started s WHERE s.run_id = $run_id)
ORDER BY t.task_id, t.candidate, t.epoch, c.at_utc, c.file, c.seq;
