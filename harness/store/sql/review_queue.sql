-- review_queue(everything): the outcomes a person was asked to look at, each as last decided. Left out, unless
-- everything is asked for: those somebody has decided, and those of a run whose suite knows the right answer.
-- one row per outcome, the columns of queries.QueueRow in its order; oldest first.
SELECT
    v.verdict_id, v.at_utc, v.policy, v.task_class, v.reason, v.detail, v.groups, v.cost_usd, v.latency_s,
    coalesce((
        SELECT any_value(json_extract_string(c.request, '$.messages[#-1].content'))
        FROM call c WHERE c.file = v.file AND c.trace_id = v.trace_id AND c.request_sha256 = v.request_sha256
    ), ''),
    g.run_id, g.known IS TRUE, w.answer, w.who, w.why, w.at_utc
FROM (
    SELECT * FROM verdict
    QUALIFY row_number() OVER (PARTITION BY verdict_id ORDER BY at_utc DESC, file DESC, seq DESC) = 1
) v
LEFT JOIN (
    SELECT t.verdict_id, any_value(t.run_id) AS run_id, bool_or(k.expected IS NOT NULL) AS known
    FROM trial t LEFT JOIN task k ON k.run_id = t.run_id AND k.task_id = t.task_id
    WHERE t.verdict_id IS NOT NULL
    GROUP BY t.verdict_id
) g ON g.verdict_id = v.verdict_id
LEFT JOIN (
    SELECT * FROM review
    QUALIFY row_number() OVER (PARTITION BY verdict_id ORDER BY at_utc DESC, file DESC, seq DESC) = 1
) w ON w.verdict_id = v.verdict_id
WHERE v.review AND ($everything OR (w.verdict_id IS NULL AND g.known IS NOT TRUE))
ORDER BY v.at_utc, v.file, v.seq;
