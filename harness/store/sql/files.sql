-- files(): how far each journal has been taken over.
-- one row per journal: name VARCHAR, root_hash VARCHAR, head_hash VARCHAR, bytes BIGINT, lines BIGINT; by name.
SELECT name, root_hash, head_hash, bytes, lines FROM file ORDER BY name;
