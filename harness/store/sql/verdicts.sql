-- verdicts(verdict_id, run_id, trace_id): outcomes; each parameter that is not NULL narrows.
-- one row per verdict, the columns of queries.VerdictRow in its order; oldest first.
SELECT
    v.verdict_id, v.trace_id, v.at_utc, v.candidate, v.served, v.answer, v.text, v.reason, v.detail, v.confidence,
    v.certified, v.degraded, v.policy, v.policy_version, v.comparator, v.groups, v.quorum, v.review, v.cost_usd,
    v.cost_bound_usd, v.latency_s, v.calls_saved, v.request_sha256, v.task_class, v.price_as_of,
    v.file || ':' || v.seq
FROM verdict v
WHERE ($verdict_id IS NULL OR v.verdict_id = $verdict_id)
    AND ($trace_id IS NULL OR v.trace_id = $trace_id)
    AND ($run_id IS NULL OR v.file IN (SELECT s.file FROM run_started s WHERE s.run_id = $run_id))
ORDER BY v.at_utc, v.file, v.seq;
