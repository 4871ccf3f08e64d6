-- policy_votes(policy, since): who said what in the votes under a policy, since a time unless that is NULL.
-- one row per ballot, the columns of queries.PolicyVoteRow in its order; by vote, then in the order in which they were heard.
SELECT
    v.verdict_id, v.at_utc, v.task_class, v.policy_version, v.comparator, v.groups, b.model, b.kind
FROM (
    SELECT * FROM verdict
    QUALIFY row_number() OVER (PARTITION BY verdict_id ORDER BY at_utc DESC, file DESC, seq DESC) = 1
) v
JOIN ballot b ON b.file = v.file AND b.seq = v.seq
LEFT JOIN (
    SELECT file, trace_id, model, max(seq) AS heard FROM call WHERE purpose IN ('vote', 'tiebreak')
    GROUP BY file, trace_id, model
) c ON c.file = v.file AND c.trace_id = v.trace_id AND c.model = b.model
WHERE v.policy = $policy AND v.candidate <> v.policy AND ($since IS NULL OR v.at_utc >= $since)
ORDER BY v.at_utc, v.file, v.seq, c.heard NULLS LAST, b.place;
