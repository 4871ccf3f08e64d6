-- ingest_execution(): the staged sandbox runs, as rows of execution.
-- no rows. Their tests are rows of test_result with the same file and seq.
INSERT INTO execution
SELECT
    file, seq, at_utc, body.trace_id, body.model, body.code_sha256, e.ending, try_cast(e.exit_code AS BIGINT), e.finished,
    coalesce(try_cast(e.wall_s AS DOUBLE), 0), e.isolation, e.flags, e.log
FROM (SELECT file, seq, at_utc, body, body.execution AS e FROM stage WHERE kind = 'execution');
