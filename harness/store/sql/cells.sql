-- cells(suites, task_classes, run_ids): what the routing matrix is made of; each list that is not NULL narrows.
-- one row per (task_class, candidate), the columns of queries.CellRow in its order; by task_class, candidate.
-- cost_usd is NULL as soon as one trial's cost is unknown; tokens likewise. Infra errors are counted, not measured.
SELECT
    t.task_class, t.candidate,
    count(DISTINCT (t.task_id, t.task_digest)) FILTER (t.grade <> 'infra_error') AS n_tasks,
    count(*) FILTER (t.grade <> 'infra_error') AS n_trials,
    count(*) FILTER (t.grade = 'resolved') AS resolved,
    count(*) FILTER (t.grade = 'unserved') AS unserved,
    count(*) FILTER (t.grade = 'infra_error') AS infra,
    CASE WHEN count(*) = count(t.cost_usd) THEN sum(t.cost_usd) END AS cost_usd,
    CASE WHEN count(*) = count(t.tokens_in) THEN sum(t.tokens_in) END AS tokens_in,
    CASE WHEN count(*) = count(t.tokens_out) THEN sum(t.tokens_out) END AS tokens_out,
    coalesce(list(t.latency_s ORDER BY t.latency_s) FILTER (t.grade <> 'infra_error'), []) AS latencies_s,
    list(DISTINCT t.run_id ORDER BY t.run_id) AS run_ids,
    max(t.at_utc) AS last_at
FROM trial t JOIN run r ON r.run_id = t.run_id
WHERE ($suites IS NULL OR list_contains($suites, r.suite))
    AND ($task_classes IS NULL OR list_contains($task_classes, t.task_class))
    AND ($run_ids IS NULL OR list_contains($run_ids, t.run_id))
GROUP BY t.task_class, t.candidate
ORDER BY t.task_class, t.candidate;
