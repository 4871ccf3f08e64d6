-- migration_applied(version, name, sha256): remembers that a migration was applied.
-- no rows.
INSERT INTO meta.migration (version, name, sha256) VALUES ($version, $name, $sha256);
