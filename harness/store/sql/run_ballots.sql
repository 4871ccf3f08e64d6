-- run_ballots(run_id): who said what in the trials of a run, of each trial's last grade.
-- one row per ballot, the columns of queries.BallotRow in its order; by task, candidate, epoch, place in the panel.
SELECT
    t.verdict_id, t.run_id, t.task_id, t.candidate, t.epoch, b.model, b.kind, b.answer, b.execution, b.why, b.role
FROM trial t JOIN ballot b ON b.file = t.file AND b.seq = t.seq
WHERE t.run_id = $run_id
ORDER BY t.task_id, t.candidate, t.epoch, b.place;
