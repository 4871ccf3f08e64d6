"""No telemetry: no socket is opened but to the models the user configured. The interpreter itself is the witness."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.e2e.home import Home, make_home, sums
from tests.servers.vendor import Options, spawn

WITNESS = """
import json, socket, sys

seen = []

def audit(event, args):
    if event == "socket.__new__":
        family = args[1]
        if family != socket.AF_UNIX:  # asyncio wakes itself up through a pair of those
            seen.append([event, int(family)])
    elif event.startswith("socket.") and event not in ("socket.gethostname",):
        seen.append([event, *[part if isinstance(part, (str, int)) else list(part) for part in args[1:2]]]
                    if event in ("socket.connect", "socket.bind", "socket.sendto") else [event, str(args[0])])

sys.addaudithook(audit)
from harness.cli.main import run

code = run(sys.argv[2:])
with open(sys.argv[1], "w") as file:
    json.dump(seen, file)
sys.exit(code)
"""
SCRIPT = {"id": "s/one", "api": "scripted", "family": "one", "file": "one.jsonl"}


def watched(home: Home, *words: str, code: int = 0, environ: Mapping[str, str] | None = None) -> list[list[object]]:
    """What the command did with sockets."""
    report = home.root / "sockets.json"
    argv = [sys.executable, "-c", WITNESS, str(report), "--home", str(home.root), *words]
    ended = home.run(args=argv, env=environ or home.environ)
    assert ended.returncode == code, ended.stderr
    found: list[list[object]] = json.loads(report.read_text())
    return found


@pytest.fixture
def scripted(tmp_path: Path) -> Home:
    home = make_home(tmp_path, "http://127.0.0.1:9/v1", tasks=sums(5))
    models = [{**SCRIPT, "id": f"s/{name}", "family": name} for name in ("one", "two", "three")]
    home.write("registry/models.yaml", json.dumps({"models": models}))
    home.write("registry/one.jsonl", json.dumps({"text": "It is 42."}))
    return home


def test_scripted_models_open_no_socket(scripted: Home):
    models = "s/one,s/two,s/three"
    assert watched(scripted, "run", "sums", "--models", models) == []
    assert watched(scripted, "ask", "What is 20 + 22?", "--models", models, "--compare", "numeric") == []


@pytest.mark.slow
def test_reports_and_the_store_open_no_socket(scripted: Home):
    assert watched(scripted, "run", "sums", "--models", "s/one,s/two") == []
    assert watched(scripted, "runs", "list") == []
    (run,) = {given.run_id for given in scripted.grades()}
    assert watched(scripted, "report", "ab", run, "-o", str(scripted.root / "ab.html"), code=5) == []
    assert watched(scripted, "doctor") == []


@pytest.mark.slow
def test_models_are_the_only_ones_connected_to(tmp_path: Path):
    """Not even a proxy that the environment names: only the address on the card."""
    with spawn(Options()) as vendor:
        home = make_home(tmp_path, vendor.base_url, tasks=sums(5))
        elsewhere = {
            "HTTP_PROXY": "http://127.0.0.1:9",
            "http_proxy": "http://127.0.0.1:9",
            "ALL_PROXY": "http://127.0.0.1:9",
        }
        models = "v/a,v/b,v/c,v/d,consensus/p"
        seen = watched(home, "run", "sums", "--models", models, environ={**home.environ, **elsewhere})
        seen += watched(home, "ask", "What is 20 + 22?", "--policy", "p", environ={**home.environ, **elsewhere})
        assert {tuple(entry[1]) for entry in seen if entry[0] == "socket.connect"} == {("127.0.0.1", vendor.port)}  # type: ignore[arg-type]
        assert {entry[0] for entry in seen} <= {"socket.__new__", "socket.connect", "socket.getaddrinfo"}
        assert {entry[1] for entry in seen if entry[0] == "socket.getaddrinfo"} <= {"127.0.0.1"}
        assert vendor.stats()["requests"] > 0
