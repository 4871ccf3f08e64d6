-- file_taken(name, root_hash, head_hash, bytes, lines): remembers how far a journal has been taken over.
-- no rows.
INSERT OR REPLACE INTO file (name, root_hash, head_hash, bytes, lines)
VALUES ($name, $root_hash, $head_hash, $bytes, $lines);
