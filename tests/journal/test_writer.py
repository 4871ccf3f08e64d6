"""Writing: durable, chained, one writer, and nothing lost when the disk is full."""

import asyncio
import os
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from harness.core.errors import JournalError
from harness.guard import redactor
from harness.journal import open_journal, read, recorded, verify
from harness.journal.writer import _Patience

CANARY = "sk-canary-0123456789abcdef"


async def test_positions_name_file_and_line(tmp_path, clock, call):
    async with open_journal(tmp_path / "r1.jsonl", clock=clock) as journal:
        assert await journal.append(call(1)) == "r1.jsonl:1"
        assert await journal.append(call(2)) == "r1.jsonl:2"
        assert journal.seq == 2
        assert journal.head_hash == verify(journal.path).head_hash
        assert journal.notices == ()


async def test_an_append_that_returned_is_in_the_file(tmp_path, clock, call):
    path = tmp_path / "r1.jsonl"
    async with open_journal(path, clock=clock) as journal:
        for number in range(1, 6):
            await journal.append(call(number))
            assert len(list(read(path))) == number


async def test_appends_at_once_keep_their_order_and_share_syncs(tmp_path, clock, call):
    path = tmp_path / "r1.jsonl"
    async with open_journal(path, clock=clock) as journal, asyncio.TaskGroup() as group:
        tasks = [group.create_task(journal.append(call(number))) for number in range(3000)]
    assert [task.result() for task in tasks] == [f"r1.jsonl:{seq}" for seq in range(1, 3001)]
    assert [line.body["key"] for line in read(path)] == [f"k{number}" for number in range(3000)]
    times = [line.at for line in read(path)]
    assert times == sorted(times)


async def test_a_journal_is_continued(tmp_path, clock, call):
    path = tmp_path / "r1.jsonl"
    for number in range(3):
        async with open_journal(path, clock=clock) as journal:
            assert journal.recovered == number
            await journal.append(call(number))
    assert verify(path).lines == 3


async def test_only_its_owner_may_read_it(tmp_path, clock, call):
    path = tmp_path / "deep" / "journal" / "r1.jsonl"
    umask = os.umask(0)
    try:
        async with open_journal(path, clock=clock) as journal:
            await journal.append(call(1))
    finally:
        os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_a_second_writer_is_told_who_is_first(tmp_path, clock):
    path = tmp_path / "r1.jsonl"
    async with open_journal(path, clock=clock):
        with pytest.raises(JournalError, match=rf"is being written by process {os.getpid()}; a journal has one writer"):
            async with open_journal(path, clock=clock):
                pass
        (tmp_path / "r1.jsonl.lock").unlink()
        with pytest.raises(JournalError, match="is being written by process unknown"):
            async with open_journal(path, clock=clock):
                pass
    async with open_journal(path, clock=clock):
        pass


async def test_a_lock_left_by_a_killed_writer_does_not_hold(tmp_path, clock, call):
    (tmp_path / "r1.jsonl.lock").write_text("999999\n")
    async with open_journal(tmp_path / "r1.jsonl", clock=clock) as journal:
        await journal.append(call(1))
    assert [file.name for file in tmp_path.iterdir()] == ["r1.jsonl"]


@pytest.mark.parametrize("kept", [0, 2])
def test_an_unfinished_last_line_is_set_aside_and_told(written, clock, call, kept):
    path = written(*[call(number) for number in range(kept)])
    with path.open("ab") as file:
        file.write(b'{"seq":9,"at":"20')
    path.with_name(f"{path.name}.torn-{kept + 1}").write_text("from before")

    async def go_on() -> tuple[str, ...]:
        async with open_journal(path, clock=clock) as journal:
            await journal.append(call(7))
            return journal.notices

    (notice,) = asyncio.run(go_on())
    assert f"r1.jsonl:{kept + 1}: unfinished last line dropped (17 bytes" in notice
    assert path.with_name(f"{path.name}.torn-{kept + 2}").read_bytes() == b'{"seq":9,"at":"20'
    assert verify(path).lines == kept + 1


def test_a_journal_that_does_not_chain_is_not_continued(written, clock, call):
    path = written(call(1), call(2))
    path.write_bytes(path.read_bytes().replace(b'"42"', b'"41"', 1))
    before = path.read_bytes()

    async def go_on() -> None:
        async with open_journal(path, clock=clock):
            pass

    with pytest.raises(JournalError, match=r"r1\.jsonl:1: was changed"):
        asyncio.run(go_on())
    assert path.read_bytes() == before


async def test_a_folder_that_cannot_be_made_is_told(tmp_path, clock):
    (tmp_path / "file").touch()
    with pytest.raises(JournalError, match=r"x\.jsonl: cannot be opened for writing: "):
        async with open_journal(tmp_path / "file" / "x.jsonl", clock=clock):
            pass


async def test_a_closed_journal_takes_nothing(tmp_path, clock, call):
    async with open_journal(tmp_path / "r1.jsonl", clock=clock) as journal:
        pass
    with pytest.raises(JournalError, match="the journal is closed"):
        await journal.append(call(1))


async def test_closing_writes_what_was_handed_in(tmp_path, clock, call):
    path = tmp_path / "r1.jsonl"
    async with open_journal(path, clock=clock) as journal:
        waiting = [asyncio.ensure_future(journal.append(call(number))) for number in range(3)]
        await asyncio.sleep(0)
    assert verify(path).lines == 3
    assert [await append for append in waiting] == ["r1.jsonl:1", "r1.jsonl:2", "r1.jsonl:3"]


async def test_a_cancelled_append_harms_nobody(tmp_path, clock, call):
    path = tmp_path / "r1.jsonl"
    async with open_journal(path, clock=clock) as journal:
        first = asyncio.ensure_future(journal.append(call(1)))
        second = asyncio.ensure_future(journal.append(call(2)))
        await asyncio.sleep(0)
        first.cancel()
        assert await second == "r1.jsonl:2"
    assert first.cancelled()
    assert sorted(recorded(path).replies()) == ["k1", "k2"]


@pytest.mark.parametrize("capture", ["full", "hashes"])
async def test_no_key_enters(tmp_path, clock, call, capture):
    path = tmp_path / "r1.jsonl"
    pem = "-----BEGIN PRIVATE KEY-----\nMIIEvQcanary\n-----END PRIVATE KEY-----"
    async with open_journal(path, clock=clock, redact=redactor({"ACME_KEY": CANARY}), capture=capture) as journal:
        await journal.append(call(1, text=f"it is {CANARY}\nand {pem}", prompt=f'{{"key": "{CANARY}"}}'))
    assert b"canary" not in path.read_bytes()
    (line,) = read(path)
    if capture == "full":
        assert line.body["reply"]["text"] == "it is [redacted:ACME_KEY]\nand [redacted:private-key]"
    assert line.body["trace_id"] == "t1"


async def test_without_a_redactor_usual_formats_are_still_hidden(tmp_path, clock, call):
    async with open_journal(tmp_path / "r1.jsonl", clock=clock) as journal:
        await journal.append(call(1, text=f"it is {CANARY}"))
    (line,) = read(tmp_path / "r1.jsonl")
    assert line.body["reply"]["text"] == "it is [redacted:api-key]"


FULL = """
    import asyncio, resource, signal, sys
    from pathlib import Path
    sys.path.insert(0, sys.argv[2])
    from conftest import TickingClock, make_call
    from harness.core.errors import JournalError
    from harness.journal import open_journal

    async def main():
        async with open_journal(Path(sys.argv[1]), clock=TickingClock()) as journal:
            await journal.append(make_call(0))
            resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))
            results = await asyncio.gather(*[journal.append(make_call(n)) for n in range(1, 40)], return_exceptions=True)
            assert all(isinstance(result, JournalError) for result in results), results
            try:
                await journal.append(make_call(99))
            except JournalError as error:
                print(error)
    asyncio.run(main())
"""


def test_a_full_disk_is_told_to_everybody_and_loses_nothing(tmp_path, clock, call):
    path = tmp_path / "r1.jsonl"
    here = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FULL), str(path), str(here)],
        capture_output=True, text=True, check=False, cwd=here.parents[1],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "r1.jsonl: cannot be written: File too large; 1 lines are safe, nothing more is recorded" in done.stdout
    assert path.stat().st_size == 4000
    found = verify(path)
    assert found.intact
    assert found.lines >= 1
    assert call(0) in recorded(path).events()

    async def go_on() -> None:
        async with open_journal(path, clock=clock) as journal:
            assert journal.notices
            await journal.append(call(1))

    asyncio.run(go_on())
    assert verify(path).torn_bytes == 0


def test_patience_ends_when_nobody_comes_and_returns_when_somebody_does():
    patience = _Patience()
    for _ in range(3):
        assert patience.linger_s > 0
        patience.learn(lines=1)
    lingers = []
    for _ in range(33):
        lingers.append(patience.linger_s > 0)
        patience.learn(lines=1)
    assert lingers == [False] * 32 + [True]
    for _ in range(32):  # that one was in vain too
        patience.learn(lines=1)
    patience.learn(lines=2)
    patience.learn(lines=1)
    assert patience.linger_s > 0


def test_a_crowd_does_not_wait_for_more_company(tmp_path, clock, call):
    async def main() -> None:
        async with open_journal(tmp_path / "r1.jsonl", clock=clock) as journal, asyncio.TaskGroup() as group:
            places = [group.create_task(journal.append(call(number))) for number in range(200)]
        assert [place.result() for place in places] == [f"r1.jsonl:{number}" for number in range(1, 201)]

    asyncio.run(main())
    assert [event.key for event in recorded(tmp_path / "r1.jsonl").events()] == [call(n).key for n in range(200)]
