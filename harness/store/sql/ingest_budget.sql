-- ingest_budget(): staged stops at a spending limit, as rows of budget.
-- no rows.
INSERT INTO budget
SELECT
    file, seq, at_utc, try_cast(body.limit_usd AS DECIMAL(18, 9)), try_cast(body.spent_usd AS DECIMAL(18, 9)),
    try_cast(body.reserved_usd AS DECIMAL(18, 9)), body.what
FROM stage WHERE kind = 'budget';
