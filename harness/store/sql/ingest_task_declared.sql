-- ingest_task_declared(): the tasks of staged starts, as rows of task_declared.
-- no rows. place counts from 1 in the order of the suite; expected is NULL when nobody knows it.
INSERT INTO task_declared
SELECT file, seq, at_utc, place, run_id, t.id, t.digest, t.task_class, t.prompt, nullif(t.expected, 'null'), t.area
FROM (
    SELECT file, seq, at_utc, body.run_id AS run_id, unnest(body.tasks) AS t, generate_subscripts(body.tasks, 1) AS place
    FROM stage WHERE kind = 'run.started'
);
