-- run_tasks(run_ids): the content of the tasks of some runs.
-- one row per run and task: run_id VARCHAR, task_digest VARCHAR; by run and digest.
SELECT DISTINCT run_id, digest FROM task_declared WHERE list_contains($run_ids, run_id) ORDER BY run_id, digest;
