-- 0001_first: tables filled from journals, and the views that questions are asked of.
-- Every row names the line it was made from (file, seq), so rows never change and the same journals make the same rows.
-- Times are UTC. Money is DECIMAL(18,9) USD; NULL: not known, never 0. Token counts NULL: the vendor did not say.

CREATE TABLE file (
    name VARCHAR PRIMARY KEY,
    root_hash VARCHAR NOT NULL,        -- of the first line: a copy under another name has the same
    head_hash VARCHAR NOT NULL,        -- of the last line taken over
    bytes BIGINT NOT NULL,             -- up to where it was taken over
    lines BIGINT NOT NULL
);

CREATE TABLE run_started (
    file VARCHAR NOT NULL, seq BIGINT NOT NULL, at_utc TIMESTAMP NOT NULL,
    run_id VARCHAR NOT NULL, suite VARCHAR NOT NULL, suite_version BIGINT NOT NULL, suite_digest VARCHAR NOT NULL,
    suite_kind VARCHAR NOT NULL, candidates VARCHAR[] NOT NULL, epochs BIGINT NOT NULL, seed BIGINT NOT NULL,
    tasks BIGINT NOT NULL, solver VARCHAR NOT NULL, origin VARCHAR NOT NULL, name VARCHAR NOT NULL,
    scripted BOOLEAN NOT NULL, prices JSON, provenance JSON
);

CREATE TABLE run_finished (
    file VARCHAR NOT NULL, seq BIGINT NOT NULL, at_utc TIMESTAMP NOT NULL,
    run_id VARCHAR NOT NULL, trials BIGINT NOT NULL, complete BOOLEAN NOT NULL, why VARCHAR NOT NULL
);

CREATE TABLE task_declared (
    file VARCHAR NOT NULL, seq BIGINT NOT NULL, at_utc TIMESTAMP NOT NULL, place BIGINT NOT NULL,
    run_id VARCHAR NOT NULL, task_id VARCHAR NOT NULL, digest VARCHAR NOT NULL, task_class VARCHAR NOT NULL,
    prompt VARCHAR NOT NULL, expected JSON, area VARCHAR NOT NULL
);

CREATE TABLE grade (
    file VARCHAR NOT NULL, seq BIGINT NOT NULL, at_utc TIMESTAMP NOT NULL,
    run_id VARCHAR NOT NULL, task_id VARCHAR NOT NULL, task_digest VARCHAR NOT NULL, task_class VARCHAR NOT NULL,
    candidate VARCHAR NOT NULL, epoch BIGINT NOT NULL, grade VARCHAR NOT NULL, flags VARCHAR[] NOT NULL,
    isolation VARCHAR, detail VARCHAR NOT NULL, grader VARCHAR NOT NULL, answer VARCHAR, submission JSON,
    output VARCHAR NOT NULL, log VARCHAR NOT NULL, cost_usd DECIMAL(18, 9), cost_bound_usd DECIMAL(18, 9),
    tokens_in BIGINT, tokens_out BIGINT, latency_s DOUBLE NOT NULL, calls BIGINT NOT NULL, verdict_id VARCHAR
);

CREATE TABLE test_result (
    file VARCHAR NOT NULL, seq BIGINT NOT NULL, place BIGINT NOT NULL,
    id VARCHAR NOT NULL, outcome VARCHAR NOT NULL, message VARCHAR NOT NULL
);

CREATE TABLE call (
    file VARCHAR NOT NULL, seq BIGINT NOT NULL, at_utc TIMESTAMP NOT NULL,
    key VARCHAR NOT NULL, trace_id VARCHAR NOT NULL, model VARCHAR NOT NULL, purpose VARCHAR NOT NULL,
    request_sha256 VARCHAR NOT NULL, request JSON,
    finish VARCHAR,                    -- NULL for a failure
    failure VARCHAR,                   -- NULL for a response
    text VARCHAR, message VARCHAR, status BIGINT, served_model VARCHAR, vendor_id VARCHAR,
    dropped VARCHAR[], notes VARCHAR[],
    input_tokens BIGINT, cache_read_tokens BIGINT, cache_write_tokens BIGINT, output_tokens BIGINT,
    reasoning_tokens BIGINT, tokens_in BIGINT, tokens_out BIGINT,
    cost_usd DECIMAL(18, 9), cost_bound_usd DECIMAL(18, 9), vendor_cost_usd DECIMAL(18, 9),
    latency_s DOUBLE NOT NULL, attempts BIGINT NOT NULL
);

CREATE TABLE verdict (
    file VARCHAR NOT NULL, seq BIGINT NOT NULL, at_utc TIMESTAMP NOT NULL,
    verdict_id VARCHAR NOT NULL, trace_id VARCHAR NOT NULL, candidate VARCHAR NOT NULL, served BOOLEAN NOT NULL,
    answer VARCHAR, text VARCHAR, reason VARCHAR, detail VARCHAR NOT NULL, confidence DOUBLE,
    certified BOOLEAN NOT NULL, degraded BOOLEAN NOT NULL, policy VARCHAR NOT NULL, policy_version VARCHAR NOT NULL,
    comparator VARCHAR NOT NULL, groups JSON NOT NULL, quorum JSON NOT NULL, review BOOLEAN NOT NULL,
    cost_usd DECIMAL(18, 9), cost_bound_usd DECIMAL(18, 9), latency_s DOUBLE NOT NULL, calls_saved BIGINT NOT NULL,
    request_sha256 VARCHAR NOT NULL, task_class VARCHAR NOT NULL, price_as_of JSON
);

CREATE TABLE ballot (
    file VARCHAR NOT NULL, seq BIGINT NOT NULL, place BIGINT NOT NULL,
    model VARCHAR NOT NULL, kind VARCHAR NOT NULL, answer VARCHAR, execution JSON, why VARCHAR NOT NULL,
    role VARCHAR NOT NULL
);

CREATE TABLE execution (
    file VARCHAR NOT NULL, seq BIGINT NOT NULL, at_utc TIMESTAMP NOT NULL,
    trace_id VARCHAR NOT NULL, model VARCHAR, code_sha256 VARCHAR NOT NULL, ending VARCHAR NOT NULL,
    exit_code BIGINT, finished BOOLEAN NOT NULL, wall_s DOUBLE NOT NULL, isolation VARCHAR NOT NULL,
    flags VARCHAR[] NOT NULL, log VARCHAR NOT NULL
);

CREATE TABLE review (
    file VARCHAR NOT NULL, seq BIGINT NOT NULL, at_utc TIMESTAMP NOT NULL,
    verdict_id VARCHAR NOT NULL, answer VARCHAR, who VARCHAR NOT NULL, why VARCHAR NOT NULL
);

CREATE TABLE matrix_promoted (
    file VARCHAR NOT NULL, seq BIGINT NOT NULL, at_utc TIMESTAMP NOT NULL,
    version BIGINT NOT NULL, sha256 VARCHAR NOT NULL, forced BOOLEAN NOT NULL, reason VARCHAR NOT NULL,
    changes VARCHAR[] NOT NULL
);

CREATE TABLE budget (
    file VARCHAR NOT NULL, seq BIGINT NOT NULL, at_utc TIMESTAMP NOT NULL,
    limit_usd DECIMAL(18, 9), spent_usd DECIMAL(18, 9), reserved_usd DECIMAL(18, 9), what VARCHAR NOT NULL
);

-- trial: of several grades for one (run, task, candidate, epoch), the last.
CREATE VIEW trial AS
SELECT * FROM grade
QUALIFY row_number() OVER (
    PARTITION BY run_id, task_id, candidate, epoch ORDER BY at_utc DESC, file DESC, seq DESC
) = 1;

-- task: of several declarations of a task in one run, the last.
CREATE VIEW task AS
SELECT * FROM task_declared
QUALIFY row_number() OVER (PARTITION BY run_id, task_id ORDER BY at_utc DESC, file DESC, seq DESC, place DESC) = 1;

-- run: one row per run id: its design as last started, its first start, its last end.
CREATE VIEW run AS
SELECT
    s.*,
    (SELECT min(f.at_utc) FROM run_started f WHERE f.run_id = s.run_id) AS started_at,
    e.at_utc AS finished_at,
    coalesce(e.complete, false) AS complete,
    (SELECT count(*) FROM trial t WHERE t.run_id = s.run_id) AS trials
FROM (
    SELECT * FROM run_started
    QUALIFY row_number() OVER (PARTITION BY run_id ORDER BY at_utc DESC, file DESC, seq DESC) = 1
) s
LEFT JOIN (
    SELECT * FROM run_finished
    QUALIFY row_number() OVER (PARTITION BY run_id ORDER BY at_utc DESC, file DESC, seq DESC) = 1
) e ON e.run_id = s.run_id;
