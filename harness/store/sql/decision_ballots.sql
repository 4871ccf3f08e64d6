-- decision_ballots(since, policy): who said what in the outcomes of decisions(since, policy), and what the calls took.
-- one row per ballot, the columns of decisions.DecisionBallotRow in its order; by outcome, oldest first, in the order of the panel.
-- cost_usd is NULL when one of the member's calls has an unknown cost, latency_s when it was not called.
SELECT v.verdict_id, b.model, b.kind, b.answer, b.why, b.role, c.calls, c.cost_usd, c.latency_s
FROM (
    SELECT * FROM verdict WHERE comparator <> ''
    QUALIFY row_number() OVER (PARTITION BY verdict_id ORDER BY at_utc DESC, file DESC, seq DESC) = 1
) v
JOIN ballot b ON b.file = v.file AND b.seq = v.seq
LEFT JOIN (
    SELECT
        file, trace_id, model, purpose IN ('tiebreak', 'judge') AS late, count(*) AS calls,
        CASE WHEN count(*) = count(cost_usd) THEN sum(cost_usd) END AS cost_usd, sum(latency_s) AS latency_s
    FROM call GROUP BY ALL
) c ON c.file = v.file AND c.trace_id = v.trace_id AND c.model = b.model AND c.late = (b.role IN ('tiebreak', 'judge'))
WHERE v.at_utc >= $since AND ($policy IS NULL OR v.policy = $policy)
ORDER BY v.at_utc, v.file, v.seq, b.place;
