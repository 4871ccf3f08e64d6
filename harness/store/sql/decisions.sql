-- decisions(since, policy): what panels decided since a time, with what is known of the truth: the grade of the trial
-- it was asked in, the right answer of its task, and what a person decided. policy NULL: of every policy.
-- one row per outcome, the columns of decisions.DecisionRow in its order; oldest first.
SELECT
    v.verdict_id, v.at_utc, v.candidate, v.served, v.answer, v.reason, v.detail, v.confidence, v.certified,
    v.degraded, v.policy, v.policy_version, v.comparator, v.groups, v.quorum, v.cost_usd, v.latency_s, v.calls_saved,
    v.task_class,
    coalesce(k.prompt, (
        SELECT any_value(json_extract_string(c.request, '$.messages[#-1].content'))
        FROM call c WHERE c.file = v.file AND c.trace_id = v.trace_id AND c.request_sha256 = v.request_sha256
    ), ''),
    t.run_id, t.task_id, t.grade, k.expected, w.verdict_id IS NOT NULL, w.answer, w.who, v.file || ':' || v.seq
FROM (
    SELECT * FROM verdict WHERE comparator <> ''
    QUALIFY row_number() OVER (PARTITION BY verdict_id ORDER BY at_utc DESC, file DESC, seq DESC) = 1
) v
LEFT JOIN (
    SELECT * FROM trial WHERE verdict_id IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY verdict_id ORDER BY at_utc DESC, file DESC, seq DESC) = 1
) t ON t.verdict_id = v.verdict_id
LEFT JOIN task k ON k.run_id = t.run_id AND k.task_id = t.task_id
LEFT JOIN (
    SELECT * FROM review
    QUALIFY row_number() OVER (PARTITION BY verdict_id ORDER BY at_utc DESC, file DESC, seq DESC) = 1
) w ON w.verdict_id = v.verdict_id
WHERE v.at_utc >= $since AND ($policy IS NULL OR v.policy = $policy)
ORDER BY v.at_utc, v.file, v.seq;
