-- night_calls(run_ids): what answered in the trials of several runs, and the tokens it took. A trial's trace is
-- <run>/<task>/<candidate>/<epoch>.
-- one row per call, the columns of nights.NightCall in its order; by run, trial, then in the order they ended.
SELECT
    t.run_id, t.task_id, t.candidate, t.epoch, c.model, c.served_model, c.fingerprint, c.finish IS NOT NULL,
    c.input_tokens, c.cache_read_tokens, c.cache_write_tokens, c.output_tokens, c.reasoning_tokens, c.cost_usd
FROM call c JOIN trial t
    ON c.trace_id = t.run_id || '/' || t.task_id || '/' || t.candidate || '/' || t.epoch
WHERE list_contains($run_ids, t.run_id)
ORDER BY t.run_id, t.task_id, t.candidate, t.epoch, c.at_utc, c.file, c.seq;
