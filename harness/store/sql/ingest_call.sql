-- ingest_call(): the staged replies of models, as rows of call.
-- no rows. Token counts are NULL when the vendor sent no usage.
INSERT INTO call
SELECT
    file, seq, at_utc, body.key, body.trace_id, body.model, body.purpose, body.request_sha256, body.request,
    body.reply.finish, body.reply.kind, body.reply.text, body.reply.message, try_cast(body.reply.status AS BIGINT),
    body.reply.served_model, body.reply.vendor_id, body.reply.dropped, body.reply.notes,
    u.i, u.r, u.w, u.o, u.t, u.i + u.r + u.w, u.o + u.t,
    try_cast(body.reply.cost_usd AS DECIMAL(18, 9)),
    try_cast(body.reply.cost_bound_usd AS DECIMAL(18, 9)),
    try_cast(body.reply.vendor_cost_usd AS DECIMAL(18, 9)),
    coalesce(try_cast(body.reply.latency_s AS DOUBLE), 0), coalesce(body.reply.attempts, 1), body.reply.fingerprint
FROM (
    SELECT file, seq, at_utc, body, {
        'i': try_cast(body.reply.usage.input AS BIGINT),
        'r': try_cast(body.reply.usage.cache_read AS BIGINT),
        'w': try_cast(body.reply.usage.cache_write AS BIGINT),
        'o': try_cast(body.reply.usage.output AS BIGINT),
        't': try_cast(body.reply.usage.reasoning AS BIGINT)
    } AS u
    FROM stage WHERE kind = 'call'
);
