-- ingest_review(): what people decided, as rows of review.
-- no rows.
INSERT INTO review
SELECT file, seq, at_utc, body.verdict_id, body.answer, body.who, body.why FROM stage WHERE kind = 'review';
