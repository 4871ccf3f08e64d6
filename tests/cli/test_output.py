"""Where a command prints, and what may reach a terminal."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout

import pytest

from harness.cli.options import Options
from harness.cli.output import Output, open_streams, visible


def printed(options: Options, write) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        write(Output(options))
    return out.getvalue(), err.getvalue()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb", "a\\x1b[31mb"), ("a\rb", "a\\rb"), ("a\u202eb", "a\\u202eb"), ("a\u2066b", "a\\u2066b"),
        ("tab\tand\nline", "tab\tand\nline"), ("größer ★ 日本", "größer ★ 日本"), ("\udc80", "\\udc80"), ("\x00", "\\x00"),
    ],
)  # fmt: skip
def test_nothing_of_a_model_drives_the_terminal(text, shown):
    assert visible(text) == shown


def test_markup_is_text():
    out, _ = printed(Options(), lambda output: output.line("[bold]no[/bold] [link=x]"))
    assert out == "[bold]no[/bold] [link=x]\n"


def test_with_json_only_the_document_is_on_stdout():
    def write(output: Output) -> None:
        output.title("t")
        output.prose("p")
        output.table(["a"], [["b"]])
        output.facts([("a", "b")])
        output.hint("h")
        output.json({"a": ["\udc80", "ü"]})

    out, err = printed(Options(json=True), write)
    assert out == '{\n  "a": [\n    "\\udc80",\n    "ü"\n  ]\n}\n'
    assert err == ""


@pytest.mark.parametrize(
    "text", ["\x9b31m", "a\u202eb\u2066", "\x7f\x85", "\U000e0041", "\udc80", "\x1b[0m\x00", "ü ★ 日本"]
)
def test_json_means_the_same_and_drives_no_terminal(text):
    out, _ = printed(Options(json=True), lambda output: output.json({text: [text]}))
    assert json.loads(out) == {text: [text]}
    assert visible(out) == out


def test_quiet_keeps_results_and_errors():
    def write(output: Output) -> None:
        output.line("result")
        output.hint("next")
        output.remark("aside")
        output.error("wrong")

    assert printed(Options(quiet=True), write) == ("result\n", "wrong\n")
    assert printed(Options(), write) == ("result\n", "next\naside\nwrong\n")


def test_what_a_stream_cannot_say_is_spelled_out():
    raw = io.BytesIO()
    with redirect_stdout(io.TextIOWrapper(raw, encoding="latin-1")) as out:
        open_streams()
        Output(Options()).line("ü ★")
        Output(Options(json=True)).json("★")
        out.flush()
        assert raw.getvalue() == b'\xfc \\u2605\n"\\u2605"\n'


def test_prose_is_wrapped_at_100_columns():
    out, _ = printed(Options(), lambda output: output.prose("word " * 60))
    assert max(map(len, out.splitlines())) <= 100
    assert len(out.splitlines()) == 3
