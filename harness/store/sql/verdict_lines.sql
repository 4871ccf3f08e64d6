-- verdict_lines(verdict_id): the journal lines that belong to an outcome: it, the calls and executions of its trace,
-- the grade it was given, and what people decided about it.
-- one row per line: file VARCHAR, seq BIGINT; by file and line.
WITH v AS (
    SELECT file, seq, trace_id FROM verdict WHERE verdict_id = $verdict_id
    QUALIFY row_number() OVER (ORDER BY at_utc DESC, file DESC, seq DESC) = 1
)
SELECT file, seq FROM v
UNION SELECT c.file, c.seq FROM call c JOIN v ON c.file = v.file AND c.trace_id = v.trace_id
UNION SELECT e.file, e.seq FROM execution e JOIN v ON e.file = v.file AND e.trace_id = v.trace_id
UNION SELECT g.file, g.seq FROM trial g JOIN v ON g.file = v.file WHERE g.verdict_id = $verdict_id
UNION SELECT r.file, r.seq FROM review r JOIN v ON true WHERE r.verdict_id = $verdict_id
ORDER BY file, seq;
