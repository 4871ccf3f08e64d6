-- ingest_ballot(): the ballots of staged verdicts and grades, as rows of ballot.
-- no rows. place counts from 1 in the order of the panel.
INSERT INTO ballot
SELECT file, seq, place, b.model, b.kind, b.answer.text, nullif(b.answer.execution, 'null'), b.why, b.role
FROM (
    SELECT file, seq, unnest(ballots) AS b, generate_subscripts(ballots, 1) AS place
    FROM (
        SELECT file, seq, CASE kind WHEN 'verdict' THEN body.outcome.ballots ELSE body.ballots END AS ballots
        FROM stage WHERE kind IN ('verdict', 'grade')
    )
);
