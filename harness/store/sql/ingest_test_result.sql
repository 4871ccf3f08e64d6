-- ingest_test_result(): the tests of staged grades and executions, as rows of test_result.
-- no rows. place counts from 1 in the order of the line.
INSERT INTO test_result
SELECT file, seq, place, t.id, t.outcome, t.message
FROM (
    SELECT file, seq, unnest(tests) AS t, generate_subscripts(tests, 1) AS place
    FROM (
        SELECT file, seq, CASE kind WHEN 'grade' THEN body.graded.tests ELSE body.execution.tests END AS tests
        FROM stage WHERE kind IN ('grade', 'execution')
    )
);
