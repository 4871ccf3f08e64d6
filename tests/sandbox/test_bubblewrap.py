"""What only bubblewrap keeps from whom."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from harness.core.errors import SandboxError
from harness.core.execution import Ending
from harness.core.ports import Job, Mount
from harness.sandbox.bubblewrap import system_options


def test_read_only_mounts_refuse_and_writable_ones_take(bubblewrap, run, tmp_path):
    for name in ("shut", "open"):
        (tmp_path / name).mkdir()
    mounts = (
        Mount(source=tmp_path / "shut", target="/shut"),
        Mount(source=tmp_path / "open", target="/open", writable=True),
    )
    script = """
for folder in ('/shut', '/open', '/', '/dev', '/usr'):
    try:
        open(folder + '/x', 'w').write('x')
        print(folder, 'taken')
    except OSError:
        print(folder, 'refused')
"""
    ran = run(bubblewrap, script, mounts=mounts)
    assert ran.stdout.split() == b"/shut refused /open taken / refused /dev refused /usr refused".split()
    assert (tmp_path / "open" / "x").read_text() == "x"


def test_a_mount_below_tmp_is_not_hidden(bubblewrap, run, tmp_path):
    (tmp_path / "x").write_text("seen")
    ran = run(bubblewrap, f"print(open('{tmp_path}/x').read())", mounts=(Mount(source=tmp_path, target=str(tmp_path)),))
    assert ran.stdout == b"seen\n"


def test_what_was_read_from_stdin_cannot_be_read_again(bubblewrap, run):
    script = """
import sys
sys.stdin.read()
import os
left = b''
for pid in (1, os.getpid()):
    try:
        fd = os.open(f'/proc/{pid}/fd/0', os.O_RDONLY | os.O_NONBLOCK)
        left += os.read(fd, 1000)
    except OSError:
        pass
print(left)
"""
    assert run(bubblewrap, script, stdin=b"the hidden tests").stdout == b"b''\n"


def test_the_first_process_holds_no_channel_of_ours(bubblewrap, run):
    ran = run(bubblewrap, "import os; print(sorted(map(int, os.listdir('/proc/1/fd')))[:4])", report=True)
    assert ran.exit_code == 0
    others = run(bubblewrap, "import os; print([fd for fd in os.listdir('/proc/self/fd') if int(fd) > 3])")
    assert others.stdout.strip() == b"[]", "only standard streams and the listing itself"


def test_forged_words_of_bwrap_are_not_believed(bubblewrap, run):
    ran = run(bubblewrap, "import sys; sys.stderr.write('bwrap: No such file\\n'); sys.exit(1)")
    assert (ran.ending, ran.exit_code) == (Ending.EXITED, 1)


def test_a_mount_that_is_not_there_is_our_fault_not_the_codes(bubblewrap):
    job = Job(argv=("/bin/true",), mounts=(Mount(source=Path("/no/such"), target="/w"),))
    with pytest.raises(SandboxError, match=r"bwrap did not start '/bin/true'.*no/such"):
        asyncio.run(bubblewrap.run(job))


def test_more_options_than_a_pipe_holds(bubblewrap):
    job = Job(argv=("/bin/true",), env={f"V{n}": "x" * 1000 for n in range(100)})
    with pytest.raises(SandboxError, match=r"options of a job take"):
        asyncio.run(bubblewrap.run(job))


def test_a_bwrap_that_dies(bubblewrap, tmp_path):
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\nkill -9 $$\n")
    broken.chmod(0o755)
    ran = asyncio.run(replace(bubblewrap, program=broken).run(Job(argv=("/bin/true",))))
    assert (ran.ending, ran.exit_code) == (Ending.KILLED, None)


def test_links_of_the_hosts_root_stay_links(tmp_path):
    (tmp_path / "usr" / "bin").mkdir(parents=True)
    (tmp_path / "bin").symlink_to("usr/bin")
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "localtime").write_text("")
    options = system_options(tmp_path)
    assert options[:3] == ("--ro-bind", str(tmp_path / "usr"), "/usr")
    assert options[3:6] == ("--symlink", "usr/bin", "/bin")
    assert options[6:] == ("--ro-bind", str(tmp_path / "etc/localtime"), "/etc/localtime")
