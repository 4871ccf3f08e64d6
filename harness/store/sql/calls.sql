-- calls(run_id, trace_id): the calls of a run, of a trace, or (both NULL) all.
-- one row per call, the columns of core.rows.CallRow in its order; in the order they ended.
SELECT
    trace_id, model, purpose, at_utc, finish, failure, text, served_model, tokens_in, tokens_out, cost_usd, latency_s,
    attempts
FROM call
WHERE ($trace_id IS NULL OR trace_id = $trace_id)
    AND ($run_id IS NULL OR file IN (SELECT s.file FROM run_started s WHERE s.run_id = $run_id))
ORDER BY at_utc, file, seq;
