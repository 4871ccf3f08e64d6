"""The test vendor itself: it must be predictable, and its count of paid replies exact."""

import http.client
import json
import socket

from tests.servers.vendor import LASTING, TRANSIENT, Options, answer, kind_of, serve, spawn

PROMPTS = [f"What is {n}+1?" for n in range(300)]


def test_the_right_answer_is_known():
    assert [answer(prompt) for prompt in ("What is 17+25?", "3 * 4", "5 - 9", "-2*3")] == ["42", "12", "-4", "-6"]
    assert answer("hello") == answer("hello") != answer("bye")


def test_faults_depend_on_seed_model_prompt_and_attempt_only():
    options = Options(faults=0.3)
    first = [kind_of(options, "m", prompt, 1) for prompt in PROMPTS]
    assert first == [kind_of(options, "m", prompt, 1) for prompt in PROMPTS]
    assert first != [kind_of(options, "m", prompt, 2) for prompt in PROMPTS]
    assert first != [kind_of(options, "n", prompt, 1) for prompt in PROMPTS]
    assert first != [kind_of(Options(faults=0.3, seed=8), "m", prompt, 1) for prompt in PROMPTS]
    met = {kind_of(options, "m", f"question {n}", 1) for n in range(3000)}
    assert {*TRANSIENT, *LASTING, "ok"} == met


def test_how_a_prompt_ends_does_not_depend_on_the_attempt():
    options = Options(faults=0.4)
    for prompt in PROMPTS:
        ends = {kind_of(options, "m", prompt, attempt) for attempt in range(1, 9)} - {*TRANSIENT}
        assert len(ends) == 1
        assert kind_of(options, "m", prompt, 3) in ends


def test_a_prompt_can_say_what_it_wants():
    assert [kind_of(Options(), "m", "1+1 [[cut, 429, ok]]", n) for n in (1, 2, 3, 4)] == ["cut", "429", "ok", "ok"]
    assert {kind_of(Options(faults=1, kinds=("cut",)), "m", prompt, 1) for prompt in PROMPTS} == {"cut"}


def _post(port: int, prompt: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        body = json.dumps({"model": "m", "messages": [{"role": "user", "content": prompt}]})
        connection.request("POST", "/v1/chat/completions", body)
        text: str = json.loads(connection.getresponse().read())["choices"][0]["message"]["content"]
        return text
    finally:
        connection.close()


def test_only_replies_that_somebody_waited_for_are_paid():
    with serve(Options(latency_ms=150)) as vendor:
        body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "1+1"}]})
        gone = socket.create_connection(("127.0.0.1", vendor.port))
        gone.sendall(
            f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode()
        )
        gone.close()
        assert _post(vendor.port, "1+1") == "2"
        stats, log = vendor.stats(), vendor.log()
    assert stats["requests"] == 2
    assert stats["paid"] == {"m": {"1+1": 1}}
    assert [(entry["attempt"], entry["paid"]) for entry in log] == [(1, False), (2, True)]


def test_it_runs_as_a_process_of_its_own_and_errs_as_told():
    with spawn(Options(wrong=1.0, seed=3, kinds=("429", "cut"))) as vendor:
        assert _post(vendor.port, "What is 1+1?") == "3"
        assert vendor.stats()["paid"] == {"m": {"What is 1+1?": 1}}
        assert vendor.log(after=1) == []
