-- spent(run_id, since): what calls have cost; each parameter that is not NULL narrows.
-- one row: usd DECIMAL (sum of the known costs), unknown BIGINT (calls whose cost is not known), bound_usd DECIMAL
-- (the most those can have cost, as far as a bound is known), calls BIGINT.
SELECT
    coalesce(sum(cost_usd), 0)::DECIMAL(18, 9),
    count(*) FILTER (cost_usd IS NULL),
    coalesce(sum(cost_bound_usd) FILTER (cost_usd IS NULL), 0)::DECIMAL(18, 9),
    count(*)
FROM call
WHERE ($run_id IS NULL OR file IN (SELECT s.file FROM run_started s WHERE s.run_id = $run_id))
    AND ($since IS NULL OR at_utc >= $since);
