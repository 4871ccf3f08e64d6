-- verdict_ballots(verdict_id): who said what in one verdict.
-- one row per ballot, the columns of queries.BallotRow in its order; in the order of the panel.
SELECT
    v.verdict_id, NULL, NULL, v.candidate, NULL, b.model, b.kind, b.answer, b.execution, b.why, b.role
FROM verdict v JOIN ballot b ON b.file = v.file AND b.seq = v.seq
WHERE v.verdict_id = $verdict_id
ORDER BY v.at_utc, v.file, v.seq, b.place;
