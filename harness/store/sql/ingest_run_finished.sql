-- ingest_run_finished(): the staged ends of runs, as rows of run_finished.
-- no rows.
INSERT INTO run_finished
SELECT file, seq, at_utc, body.run_id, body.trials, body.complete, body.why FROM stage WHERE kind = 'run.finished';
