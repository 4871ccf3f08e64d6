"""The call filter: as a program of its own, and over real calls of hostile code."""

import struct

import pytest

from harness.sandbox.seccomp import ALLOW, ERRNO, KILL, filter_for
from harness.sandbox.syscalls import AARCH64, MACHINES, X86_64


def judged(program: bytes, number: int, architecture: int, *args: int) -> int:
    """What the kernel would answer: the six instructions, carried out."""
    data = struct.pack("<iIQ6Q", number, architecture, 0, *(*args, *[0] * (6 - len(args))))
    steps = list(struct.iter_unpack("<HBBI", program))
    held, at = 0, 0
    while True:
        code, if_true, if_false, value = steps[at]
        at += 1
        match code:
            case 0x20:
                held = struct.unpack_from("<I", data, value)[0]
            case 0x06:
                return int(value)
            case _:
                met = {0x15: held == value, 0x35: held >= value, 0x45: bool(held & value)}[code]
                at += if_true if met else if_false


@pytest.mark.parametrize("name", MACHINES)
def test_every_unwanted_call_is_refused_and_others_are_not(name):
    machine, program = MACHINES[name], filter_for(name)
    for number in machine.denied.values():
        assert judged(program, number, machine.audit) == ERRNO | 1
    others = set(range(300)) - {*machine.denied.values(), machine.clone, machine.socket, machine.ioctl}
    assert {judged(program, number, machine.audit) for number in others} == {ALLOW}


@pytest.mark.parametrize("machine", [X86_64, AARCH64])
def test_arguments_decide_where_a_call_has_a_good_use(machine):
    program = filter_for("x86_64" if machine is X86_64 else "aarch64")

    def answer(number: int, *args: int) -> int:
        return judged(program, number, machine.audit, *args)

    assert answer(machine.clone, 17) == ALLOW
    for flag in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
        assert answer(machine.clone, 17 | flag) == ERRNO | 1
    assert answer(machine.clone3) == ERRNO | 38
    assert [answer(machine.socket, family) for family in (1, 2, 10, 16)] == [ALLOW] * 4
    assert [answer(machine.socket, family) for family in (17, 38, 40)] == [ERRNO | 97] * 3
    assert [answer(machine.ioctl, 0, request) for request in (0x5412, 0x541C, 0x5401)] == [ERRNO | 1, ERRNO | 1, ALLOW]


def test_another_architecture_is_killed_and_an_unknown_one_has_no_filter():
    assert judged(filter_for("x86_64"), 20, 0x40000003) == KILL
    assert judged(filter_for("x86_64"), 0x40000000 | 39, X86_64.audit) == KILL
    assert filter_for("riscv64") is None


CALLS = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *args):
    ctypes.set_errno(0)
    return libc.syscall(number, *args), ctypes.get_errno()
"""
REAL = {
    "mount": "call(165, b'none', b'/tmp', b'tmpfs', 0, None)",
    "ptrace": "call(101, 0, 0, 0, 0)",
    "keyctl": "call(250, 0, -3, 1)",
    "bpf": "call(321, 0, None, 0)",
    "userfaultfd": "call(323, 1)",
    "unshare": "call(272, 0x10000000)",
    "clone of a user namespace": "call(56, 0x10000000 | 17, 0, 0, 0, 0)",
    "perf_event_open": "call(298, None, 0, -1, -1, 0)",
    "kexec_load": "call(246, 0, 0, None, 0)",
    "io_uring_setup": "call(425, 8, None)",
    "process_vm_readv": "call(310, os.getpid(), None, 0, None, 0, 0)",
    "open_tree": "call(428, -100, b'/usr', 1)",
    "pidfd_getfd": "call(438, 0, 0, 0)",
}


@pytest.mark.parametrize("kept", ["bubblewrap", "warm"])
def test_real_calls_are_refused(kept, request, bubblewrap, run):
    needs_filter(bubblewrap)
    sandbox = request.getfixturevalue(kept)
    script = CALLS + "\n".join(f"print({name!r}, {text})" for name, text in REAL.items())
    said = run(sandbox, script).stdout.decode().splitlines()
    assert said == [f"{name} (-1, 1)" for name in REAL]


INTO_32_BITS = """
import ctypes, mmap
code = b'\\xb8\\x14\\x00\\x00\\x00\\xcd\\x80\\xc3'  # mov eax, 20 (getpid of 32 bits); int 0x80; ret
page = mmap.mmap(-1, 4096, prot=7)
page.write(code)
at = ctypes.addressof(ctypes.c_char.from_buffer(page))
print('entered', ctypes.CFUNCTYPE(ctypes.c_int)(at)() > 0)
"""


@pytest.mark.parametrize("kept", ["bubblewrap", "warm"])
def test_the_door_of_another_architecture_kills(kept, request, bubblewrap, run):
    needs_filter(bubblewrap)
    ran = run(request.getfixturevalue(kept), INTO_32_BITS)
    assert (ran.ending.value, ran.stdout) == ("killed", b"")


def needs_filter(bubblewrap) -> None:
    import platform

    if bubblewrap.seccomp is None or platform.machine() != "x86_64":
        pytest.skip("the calls are numbered for x86_64 under a filter")
