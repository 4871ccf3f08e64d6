-- migrations(): what was applied to this database.
-- one row per migration: version INTEGER, name VARCHAR, sha256 VARCHAR; in order.
SELECT version, name, sha256 FROM meta.migration ORDER BY version;
