-- ingest_matrix_promoted(): staged changes of the routing matrix, as rows of matrix_promoted.
-- no rows.
INSERT INTO matrix_promoted
SELECT file, seq, at_utc, body.version, body.sha256, body.forced, body.reason, body.changes
FROM stage WHERE kind = 'matrix.promoted';
