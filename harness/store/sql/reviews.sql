-- reviews(): the outcomes a person was asked to look at, each with the last decision, if there is one.
-- one row per verdict, the columns of queries.ReviewRow in its order; oldest first.
SELECT v.verdict_id, v.at_utc, v.policy, v.task_class, v.reason, v.detail, v.groups, w.answer, w.who, w.why, w.at_utc
FROM verdict v
LEFT JOIN (
    SELECT * FROM review
    QUALIFY row_number() OVER (PARTITION BY verdict_id ORDER BY at_utc DESC, file DESC, seq DESC) = 1
) w ON w.verdict_id = v.verdict_id
WHERE v.review
ORDER BY v.at_utc, v.file, v.seq;
