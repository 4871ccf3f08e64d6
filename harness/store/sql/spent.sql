-- spent(run_id, since): what calls have cost; each parameter that is not NULL narrows.
-- one row: usd DECIMAL (sum of the known costs), unknown BIGINT (calls whose cost is not known), bound_usd DECIMAL
-- (the most that can come on top of usd, as far as a bound is known), calls BIGINT. A call with both a cost and a bound
-- had an attempt before that may have been billed as well: what its bound exceeds its cost by comes on top.
SELECT
    coalesce(sum(cost_usd), 0)::DECIMAL(18, 9),
    count(*) FILTER (cost_usd IS NULL),
    coalesce(sum(greatest(cost_bound_usd - coalesce(cost_usd, 0), 0)), 0)::DECIMAL(18, 9),
    count(*)
FROM call
WHERE ($run_id IS NULL OR file IN (SELECT s.file FROM run_started s WHERE s.run_id = $run_id))
    AND ($since IS NULL OR at_utc >= $since);
