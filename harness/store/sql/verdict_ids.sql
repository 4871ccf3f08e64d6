-- verdict_ids(beginning): which outcomes have an id that begins so.
-- one row per id: verdict_id VARCHAR; in the order of the ids.
SELECT DISTINCT verdict_id FROM verdict WHERE starts_with(verdict_id, $beginning) ORDER BY verdict_id;
