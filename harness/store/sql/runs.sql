-- runs(): every run.
-- one row per run, the columns of core.rows.RunRow in its order; newest first.
SELECT
    run_id, suite, suite_version, suite_digest, suite_kind, candidates, epochs, seed, solver, origin, name, scripted,
    started_at, finished_at, complete, tasks, trials, file, prices, provenance
FROM run ORDER BY started_at DESC, run_id;
