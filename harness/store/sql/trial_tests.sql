-- trial_tests(run_id): the tests of each graded trial of a run, of its last grade.
-- one row per test: task_id, candidate, epoch, id, outcome, message; by trial, then in the order of the grade.
SELECT t.task_id, t.candidate, t.epoch, r.id, r.outcome, r.message
FROM trial t JOIN test_result r ON r.file = t.file AND r.seq = t.seq
WHERE t.run_id = $run_id
ORDER BY t.task_id, t.candidate, t.epoch, r.place;
