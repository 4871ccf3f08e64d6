-- 0002_fingerprint: what a vendor calls the configuration that answered (OpenAI's system_fingerprint); it changes when
-- the same name is served by something else. Rows of earlier syncs keep NULL: not known.
ALTER TABLE call ADD COLUMN fingerprint VARCHAR;
