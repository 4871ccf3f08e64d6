-- paired_counts(run_id, a, b): how two candidates of a run did on the trials they share: same task, content and epoch,
-- both measured, of several grades of a trial the last. Counted where the rows lie, in one pass, however many there are.
-- one row per class, the columns of decisions.PairedCounts in its order; by class.
WITH pair AS (
    SELECT
        arg_max(trial, place) FILTER (candidate = $a) AS a, arg_max(trial, place) FILTER (candidate = $b) AS b
    FROM (
        SELECT
            task_id, epoch, candidate, (at_utc, file, seq) AS place,
            {
                'task_class': task_class, 'digest': hash(task_digest), 'passed': grade = 'resolved',
                'measured': grade <> 'infra_error', 'cost_usd': cost_usd, 'latency_s': latency_s
            } AS trial
        FROM grade WHERE run_id = $run_id AND candidate IN ($a, $b)
    )
    GROUP BY task_id, epoch
)
SELECT
    a.task_class, count(*),
    count(*) FILTER (a.passed AND b.passed), count(*) FILTER (a.passed AND NOT b.passed),
    count(*) FILTER (b.passed AND NOT a.passed), count(*) FILTER (NOT a.passed AND NOT b.passed),
    CASE WHEN count(*) = count(a.cost_usd) THEN sum(a.cost_usd) END,
    CASE WHEN count(*) = count(b.cost_usd) THEN sum(b.cost_usd) END,
    quantile_cont(a.latency_s, 0.95), quantile_cont(b.latency_s, 0.95)
FROM pair
WHERE a.measured AND b.measured AND a.digest = b.digest
GROUP BY a.task_class ORDER BY a.task_class;
