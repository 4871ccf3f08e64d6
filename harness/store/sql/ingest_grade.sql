-- ingest_grade(): the staged judged trials, as rows of grade.
-- no rows. All of them: which grade of a trial counts is the view trial's question.
INSERT INTO grade
SELECT
    file, seq, at_utc, body.run_id, g.key.task_id, g.task_digest, g.task_class, g.key.candidate, g.key.epoch,
    g.grade, g.flags, g.isolation, g.detail, g.grader, g.answer, g.submission, g.output, g.log,
    try_cast(g.cost_usd AS DECIMAL(18, 9)), try_cast(g.cost_bound_usd AS DECIMAL(18, 9)),
    try_cast(g.usage.input AS BIGINT) + try_cast(g.usage.cache_read AS BIGINT) + try_cast(g.usage.cache_write AS BIGINT),
    try_cast(g.usage.output AS BIGINT) + try_cast(g.usage.reasoning AS BIGINT),
    coalesce(try_cast(g.latency_s AS DOUBLE), 0), g.calls, g.verdict_id
FROM (SELECT file, seq, at_utc, body, body.graded AS g FROM stage WHERE kind = 'grade');
