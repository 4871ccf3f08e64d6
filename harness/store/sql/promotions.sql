-- promotions(): every promotion of the routing matrix on record.
-- one row per promotion, the columns of decisions.PromotionRow in its order; newest first.
SELECT version, at_utc, sha256, forced, reason, changes, file || ':' || seq
FROM matrix_promoted ORDER BY at_utc DESC, file DESC, seq DESC;
