-- ingest_verdict(): the staged outcomes, as rows of verdict.
-- no rows.
INSERT INTO verdict
SELECT
    file, seq, at_utc, o.verdict_id, body.trace_id, o.candidate, o.served, o.answer, o.text, o.reason, o.detail,
    try_cast(o.confidence AS DOUBLE), o.certified, o.degraded, o.policy, o.policy_version, o.comparator,
    o.groups, o.quorum, o.review, try_cast(o.cost_usd AS DECIMAL(18, 9)),
    try_cast(o.cost_bound_usd AS DECIMAL(18, 9)), coalesce(try_cast(o.latency_s AS DOUBLE), 0), o.calls_saved,
    body.request_sha256, body.task_class, body.price_as_of
FROM (SELECT file, seq, at_utc, body, body.outcome AS o FROM stage WHERE kind = 'verdict');
