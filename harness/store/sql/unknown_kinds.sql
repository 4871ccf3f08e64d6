-- unknown_kinds(kinds): staged lines of kinds that this version has no table for.
-- one row per journal and kind: file VARCHAR, kind VARCHAR, lines BIGINT; by file, kind.
SELECT file, kind, count(*) FROM stage WHERE NOT list_contains($kinds, kind) GROUP BY file, kind ORDER BY file, kind;
