"""A seccomp filter as the bytes the kernel takes: an assembler of five instructions, and the one program for it. Pure.

A program is an array of ``struct sock_filter {u16 code; u8 jt; u8 jf; u32 k;}`` that runs on ``struct seccomp_data
{int nr; u32 arch; u64 instruction_pointer; u64 args[6];}``: Linux ``Documentation/userspace-api/seccomp_filter.rst``
and ``networking/filter.rst``. Jumps count the instructions that are skipped.
"""

import errno
import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from harness.sandbox.syscalls import MACHINES, Machine

LOAD, EQUALS, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
"""``BPF_LD|BPF_W|BPF_ABS``, ``BPF_JMP|BPF_JEQ|BPF_K``, ``…JGE…``, ``…JSET…``, ``BPF_RET|BPF_K``."""
ALLOW, ERRNO, KILL = 0x7FFF_0000, 0x0005_0000, 0x8000_0000
"""``SECCOMP_RET_ALLOW``, ``…_ERRNO`` (the number in the low bits), ``…_KILL_PROCESS``."""
NUMBER_AT, ARCHITECTURE_AT, ARGUMENTS_AT = 0, 4, 16
IN_A_ROW = 4
"""Numbers that are compared one after the other."""
NEW_NAMESPACES = 0x7E02_0000 | 0x80
"""Every ``CLONE_NEW*`` flag of clone: mount, cgroup, uts, ipc, user, pid, net, time."""
FAMILIES = {"unix": 1, "inet": 2, "inet6": 10, "netlink": 16}
"""Kinds of socket a job may open: those that a network namespace encloses, as it does not a machine's vsock."""
TERMINAL_INPUT = (0x5412, 0x541C)
"""``TIOCSTI`` and ``TIOCLINUX``: put words into a terminal's mouth."""


class Instruction(NamedTuple):
    """One step."""

    code: int
    value: int
    if_true: int = 0
    if_false: int = 0


def filter_for(machine: str) -> bytes | None:
    """The filter for a machine by its ``uname -m``; ``None`` where we do not know the numbers of its calls."""
    known = MACHINES.get(machine)
    return None if known is None else assembled(tuple(_program(known)))


def assembled(program: tuple[Instruction, ...]) -> bytes:
    """*program* as the kernel takes it, little-endian as both supported machines are."""
    return b"".join(struct.pack("<HBBI", step.code, step.if_true, step.if_false, step.value) for step in program)


def _program(machine: Machine) -> Iterator[Instruction]:
    yield Instruction(LOAD, ARCHITECTURE_AT)
    yield Instruction(EQUALS, machine.audit, if_true=1)
    yield Instruction(RETURN, KILL)
    yield Instruction(LOAD, NUMBER_AT)
    if machine.foreign_from is not None:
        yield Instruction(AT_LEAST, machine.foreign_from, if_false=1)
        yield Instruction(RETURN, KILL)
    refused = {number: (_refuse(errno.EPERM),) for number in machine.denied.values()}
    known = {
        **refused,
        # clone3 hides its flags behind a pointer; without it the C library uses clone.
        machine.clone3: (_refuse(errno.ENOSYS),),
        machine.clone: tuple(_clone()),
        machine.socket: tuple(_socket()),
        machine.ioctl: tuple(_ioctl()),
    }
    yield from _search(sorted(known.items()))


def _search(known: Sequence[tuple[int, tuple[Instruction, ...]]]) -> tuple[Instruction, ...]:
    """What to do about a number, found in a few steps: the kernel tries all numbers whenever the filter is put on."""
    if len(known) <= IN_A_ROW:
        return (*(step for number, body in known for step in _when(number, body)), Instruction(RETURN, ALLOW))
    middle = len(known) // 2
    lower = _search(known[:middle])
    return (Instruction(AT_LEAST, known[middle][0], if_true=len(lower)), *lower, *_search(known[middle:]))


def _when(number: int, body: tuple[Instruction, ...]) -> Iterator[Instruction]:
    """*body*, which returns, for the call *number*."""
    yield Instruction(EQUALS, number, if_false=len(body))
    yield from body


def _clone() -> Iterator[Instruction]:
    yield _argument(0)
    yield Instruction(ANY_BIT, NEW_NAMESPACES, if_false=1)
    yield _refuse(errno.EPERM)
    yield Instruction(RETURN, ALLOW)


def _socket() -> Iterator[Instruction]:
    yield _argument(0)
    for family in FAMILIES.values():
        yield Instruction(EQUALS, family, if_false=1)
        yield Instruction(RETURN, ALLOW)
    yield _refuse(errno.EAFNOSUPPORT)


def _ioctl() -> Iterator[Instruction]:
    yield _argument(1)
    for request in TERMINAL_INPUT:
        yield Instruction(EQUALS, request, if_false=1)
        yield _refuse(errno.EPERM)
    yield Instruction(RETURN, ALLOW)


def _argument(position: int) -> Instruction:
    """Load the low half of an argument: all that the kernel itself looks at for those we test."""
    return Instruction(LOAD, ARGUMENTS_AT + 8 * position)


def _refuse(number: int) -> Instruction:
    return Instruction(RETURN, ERRNO | number)
