-- stage(slices, line_bytes_max): the lines of new journal slices as one temporary table, parsed once.
-- one row per line: file VARCHAR, seq BIGINT, "at" VARCHAR, kind VARCHAR, body STRUCT with the fields of every kind.
-- Numbers that come from vendors stay text here: what does not fit a column becomes NULL there, and stops nothing.
CREATE TEMP TABLE stage AS
SELECT parse_filename(filename) AS file, seq, "at"::TIMESTAMP AS at_utc, kind, body
FROM read_ndjson(
    $slices,
    filename = true,
    maximum_object_size = $line_bytes_max,
    columns = {
        'seq': 'BIGINT', 'at': 'VARCHAR', 'kind': 'VARCHAR',
        'body': 'STRUCT(
            run_id VARCHAR, suite VARCHAR, suite_version BIGINT, suite_digest VARCHAR, suite_kind VARCHAR,
            candidates VARCHAR[], epochs BIGINT, seed BIGINT, solver VARCHAR, origin VARCHAR, name VARCHAR,
            scripted BOOLEAN, prices JSON, provenance JSON,
            tasks STRUCT(id VARCHAR, digest VARCHAR, task_class VARCHAR, prompt VARCHAR, expected JSON, area VARCHAR)[],
            "key" VARCHAR, trace_id VARCHAR, model VARCHAR, purpose VARCHAR, request_sha256 VARCHAR, request JSON,
            reply STRUCT(
                text VARCHAR, finish VARCHAR, kind VARCHAR, message VARCHAR, status VARCHAR, served_model VARCHAR,
                vendor_id VARCHAR, dropped VARCHAR[], notes VARCHAR[],
                usage STRUCT(input VARCHAR, cache_read VARCHAR, cache_write VARCHAR, output VARCHAR, reasoning VARCHAR),
                cost_usd VARCHAR, cost_bound_usd VARCHAR, vendor_cost_usd VARCHAR, latency_s VARCHAR, attempts BIGINT,
                fingerprint VARCHAR
            ),
            code_sha256 VARCHAR,
            execution STRUCT(
                ending VARCHAR, exit_code VARCHAR, finished BOOLEAN, wall_s VARCHAR, isolation VARCHAR,
                flags VARCHAR[], log VARCHAR, tests STRUCT(id VARCHAR, outcome VARCHAR, message VARCHAR)[]
            ),
            outcome STRUCT(
                verdict_id VARCHAR, candidate VARCHAR, served BOOLEAN, answer VARCHAR, text VARCHAR, reason VARCHAR,
                detail VARCHAR, confidence VARCHAR, certified BOOLEAN, degraded BOOLEAN, policy VARCHAR,
                policy_version VARCHAR, comparator VARCHAR, groups JSON, quorum JSON, review BOOLEAN,
                cost_usd VARCHAR, cost_bound_usd VARCHAR, latency_s VARCHAR, calls_saved BIGINT,
                ballots STRUCT(
                    model VARCHAR, kind VARCHAR, answer STRUCT(text VARCHAR, execution JSON), why VARCHAR, role VARCHAR
                )[]
            ),
            task_class VARCHAR, price_as_of JSON,
            graded STRUCT(
                "key" STRUCT(task_id VARCHAR, candidate VARCHAR, epoch BIGINT), task_digest VARCHAR,
                task_class VARCHAR, grade VARCHAR, detail VARCHAR, flags VARCHAR[], isolation VARCHAR, grader VARCHAR,
                tests STRUCT(id VARCHAR, outcome VARCHAR, message VARCHAR)[],
                answer VARCHAR, submission JSON, output VARCHAR, cost_usd VARCHAR, cost_bound_usd VARCHAR,
                usage STRUCT(input VARCHAR, cache_read VARCHAR, cache_write VARCHAR, output VARCHAR, reasoning VARCHAR),
                latency_s VARCHAR, calls BIGINT, verdict_id VARCHAR, log VARCHAR
            ),
            ballots STRUCT(
                model VARCHAR, kind VARCHAR, answer STRUCT(text VARCHAR, execution JSON), why VARCHAR, role VARCHAR
            )[],
            verdict_id VARCHAR, answer VARCHAR, who VARCHAR, why VARCHAR,
            version BIGINT, sha256 VARCHAR, forced BOOLEAN, reason VARCHAR, changes VARCHAR[],
            limit_usd VARCHAR, spent_usd VARCHAR, reserved_usd VARCHAR, what VARCHAR,
            trials BIGINT, complete BOOLEAN
        )'
    }
);
