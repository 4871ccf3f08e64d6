"""The proxy over its real socket, with the relay before it: what an agent asks is asked of the candidate, and counted."""

import asyncio
import json
import socket
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from harness.core.errors import JournalError
from harness.core.event import Call
from harness.core.ids import CandidateId, TaskClass, TraceId
from harness.core.request import Sampling
from harness.core.response import FailureKind, Finish
from harness.core.suite import SolverLimits
from harness.evals.solvers.allowance import Allowance
from harness.evals.solvers.command import RELAY
from harness.evals.solvers.proxy import BODY_BYTES, Proxy, served
from tests.engine.cases import Table, engine, failure, policy, reply

HI = {"model": "x", "messages": [{"role": "user", "content": "hi"}]}


def talk(answers, *requests, limits=None, policies=(), candidate="a", **fields):
    """The replies to *requests* (path, body), the proxy, and the journal."""
    made, memory = engine(Table(answers), *policies)

    async def go():
        proxy = Proxy(
            engine=made,
            candidate=CandidateId(candidate),
            trace_id=TraceId("r/t/a/0"),
            task_class=TaskClass("x"),
            sampling=Sampling(seed=3),
            allowance=Allowance(limits=limits or SolverLimits()),
            **fields,
        )
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model"
            async with served(proxy, path):
                transport = httpx.AsyncHTTPTransport(uds=str(path))
                async with httpx.AsyncClient(transport=transport, base_url="http://harness") as client:
                    found = []
                    for address, body in requests:
                        sent = {"content": body} if isinstance(body, bytes) else {"json": body}
                        found.append(await (client.get(address) if body is None else client.post(address, **sent)))
                    return found, proxy

    found, proxy = asyncio.run(go())
    return found, proxy, memory


def test_a_question_is_put_to_the_candidate_and_recorded():
    (reply_,), proxy, memory = talk({"a": "hello"}, ("/v1/chat/completions", HI))
    body = reply_.json()
    assert (reply_.status_code, body["choices"][0]["message"]["content"], body["model"]) == (200, "hello", "x")
    assert body["usage"]["total_tokens"] == 15
    (call,) = memory.of(Call)
    assert (call.trace_id, call.request.sampling.seed) == ("r/t/a/0", 3)
    assert (proxy.allowance.steps, proxy.allowance.tokens, proxy.allowance.cost_usd) == (1, 15, Decimal("0.001"))


def test_all_addresses_and_streams():
    stream = {**HI, "stream": True}
    replies, _, _ = talk(
        {"a": "hello"},
        ("/chat/completions", stream),
        ("/v1/messages", {**stream, "max_tokens": 9}),
        ("/responses", {"input": "hi", "stream": True}),
        ("/v1/models", None),
        ("/v1/embeddings", HI),
    )
    assert [each.status_code for each in replies] == [200, 200, 200, 200, 404]
    assert replies[0].text.endswith("data: [DONE]\n\n")
    assert "event: message_stop" in replies[1].text
    assert "event: response.completed" in replies[2].text
    assert all("hello" in each.text for each in replies[:3])


def test_a_panel_answers_like_a_model():
    (reply_,), _, memory = talk({"a": "7", "b": "7", "c": "8"}, ("/v1/messages", HI), policies=[policy()], candidate="consensus/p")  # fmt: skip
    assert reply_.json()["content"] == [{"type": "text", "text": "7"}]
    assert len(memory.of(Call)) >= 2


def test_calls_are_read_out_of_the_text():
    text = 'I look.\n<tool_call>\n{"name": "bash", "arguments": {"command": "ls"}}\n</tool_call>'
    (reply_,), _, _ = talk({"a": text}, ("/v1/chat/completions", HI))
    choice = reply_.json()["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["tool_calls"][0]["function"] == {"name": "bash", "arguments": '{"command": "ls"}'}


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (failure("a", FailureKind.THROTTLED), 429, "throttled"),
        (failure("a", FailureKind.CONTEXT_EXCEEDED), 400, "context_length_exceeded"),
        (failure("a", FailureKind.UNREACHABLE), 502, "unreachable"),
        (failure("a", FailureKind.BUDGET, attempts=0), 403, "permission_error"),
    ],
    ids=["throttled", "context", "unreachable", "budget"],
)
def test_failures_have_a_status_that_clients_know(answer, status, code):
    (reply_,), proxy, _ = talk({"a": answer}, ("/v1/chat/completions", HI))
    assert (reply_.status_code, reply_.json()["error"]["code"]) == (status, code)
    assert proxy.stopped.is_set() is (status == 403)


def test_refusals_and_cuts_are_answers():
    cut, _, _ = talk({"a": reply("a", "half", finish=Finish.LENGTH)}, ("/v1/chat/completions", HI))
    assert cut[0].json()["choices"][0]["finish_reason"] == "length"
    no, _, _ = talk({"a": reply("a", "", finish=Finish.REFUSAL)}, ("/v1/chat/completions", HI))
    assert no[0].json()["choices"][0]["finish_reason"] == "content_filter"


def test_limits_are_looked_at_before_the_call():
    replies, proxy, memory = talk({"a": "hello"}, *[("/v1/chat/completions", HI)] * 3, limits=SolverLimits(steps=1))
    assert [each.status_code for each in replies] == [200, 403, 403]
    assert replies[1].json()["error"]["message"] == "harness: limit of 1 calls"
    assert (proxy.limit, proxy.stopped.is_set(), len(memory.of(Call))) == ("limit of 1 calls", True, 1)


@pytest.mark.parametrize(
    ("body", "why"),
    [(b"{", "Expecting"), (b"[]", "no JSON object"), (b"[" * 200_000, ""), (b"x" * (BODY_BYTES + 1), "larger than"), (b'{"messages": []}', "last message"), (b"\xff", "")],
    ids=range(6),
)  # fmt: skip
def test_bad_bodies_are_refused(body, why):
    (reply_,), proxy, memory = talk({"a": "hello"}, ("/v1/chat/completions", body))
    assert reply_.status_code == 400
    assert why in reply_.text
    assert proxy.error is None
    assert not memory.of(Call)


def test_an_error_of_the_journal_is_kept_for_whoever_runs_the_agent():
    def full(_request):
        raise JournalError("the disk is full")

    (reply_,), proxy, _ = talk({"a": full}, ("/v1/chat/completions", HI))
    assert reply_.status_code == 500
    assert isinstance(proxy.error, JournalError)
    assert proxy.stopped.is_set()


# --- the relay ------------------------------------------------------------------------------------------------------


def relayed(tmp_path: Path, argv: list[str], *, place: str = "@url@") -> "subprocess.CompletedProcess[bytes]":
    order = {"socket": str(tmp_path / "s"), "argv": argv, "env": {"URL": place}, "place": place}
    return subprocess.run(
        [sys.executable, "-I", str(RELAY)],
        input=json.dumps(order).encode(),
        capture_output=True,
        timeout=30,
        check=False,
    )


def test_the_relay_passes_bytes_both_ways(tmp_path):
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        code = "import os, socket; h, p = os.environ['URL'][7:].split(':'); s = socket.create_connection((h, int(p))); s.sendall(b'ping'); s.shutdown(1); print(s.recv(99)); raise SystemExit(5)"  # fmt: skip
        order = {"socket": str(path), "argv": [sys.executable, "-c", code], "env": {"URL": "@u@"}, "place": "@u@"}
        child = subprocess.Popen([sys.executable, "-I", str(RELAY)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert child.stdin is not None
        child.stdin.write(json.dumps(order).encode())
        child.stdin.close()
        server.settimeout(20)
        near, _ = server.accept()
        with near:
            heard = b""
            while data := near.recv(99):
                heard += data
            near.sendall(b"pong")
        assert heard == b"ping"
        assert child.stdout is not None
        assert child.stdout.read() == b"b'pong'\n"
        assert child.wait(20) == 5
        child.stdout.close()


def test_the_relay_without_a_server_and_without_a_program(tmp_path):
    code = "import os, socket; h, p = os.environ['URL'][7:].split(':'); s = socket.create_connection((h, int(p))); print(s.recv(9))"  # fmt: skip
    done = relayed(tmp_path, [sys.executable, "-c", code])
    assert (done.returncode, done.stdout) == (0, b"b''\n")
    lost = relayed(tmp_path, ["/nowhere/agent"])
    assert lost.returncode == 127
    assert b"cannot be started" in lost.stderr
    killed = relayed(tmp_path, ["/bin/sh", "-c", "kill -9 $$"])
    assert killed.returncode == 137
