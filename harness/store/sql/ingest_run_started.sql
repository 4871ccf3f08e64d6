-- ingest_run_started(): the staged starts of runs, as rows of run_started.
-- no rows. tasks is the number of declared tasks; they are rows of task_declared.
INSERT INTO run_started
SELECT
    file, seq, at_utc, body.run_id, body.suite, body.suite_version, body.suite_digest, body.suite_kind, body.candidates,
    body.epochs, body.seed, len(body.tasks), body.solver, body.origin, body.name, body.scripted, body.prices,
    body.provenance
FROM stage WHERE kind = 'run.started';
