"""System calls that code under test has no business making, by number, for the two architectures that are supported.

Each of them either reaches past the namespaces (keys, tracing, performance counters, the kernel's own log), changes
the machine (modules, clocks, swap), opens a large part of the kernel that has a history of holes (bpf, io_uring,
userfaultfd), or makes namespaces and mounts, which the sandbox has finished with when the code begins.

Numbers: Linux ``arch/x86/entry/syscalls/syscall_64.tbl`` and ``include/uapi/asm-generic/unistd.h``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What a filter has to know of an architecture."""

    audit: int
    """``AUDIT_ARCH_*``: how the kernel tells a filter by which door a call came in."""
    clone: int
    clone3: int
    socket: int
    ioctl: int
    denied: Mapping[str, int]
    foreign_from: int | None = None
    """Numbers from here on belong to another calling convention under the same name."""


# fmt: off - by what they are for, not one to a line
_SAME = {
    "pidfd_getfd": 438,
    "process_madvise": 440,
    "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430,
    "fsconfig": 431,
    "fsmount": 432,
    "fspick": 433,
    "mount_setattr": 442,
    "quotactl_fd": 443,
    "io_uring_setup": 425,
    "io_uring_enter": 426,
    "io_uring_register": 427,
    "set_mempolicy_home_node": 450,
    "statmount": 457,
    "listmount": 458,
    "open_tree_attr": 467,
}
"""Calls of recent kernels have one number everywhere."""
X86_64 = Machine(
    audit=0xC000003E,
    clone=56,
    clone3=435,
    socket=41,
    ioctl=16,
    foreign_from=0x4000_0000,
    denied=MappingProxyType(
        {
            **_SAME,
            "ptrace": 101,
            "process_vm_readv": 310,
            "process_vm_writev": 311,
            "kcmp": 312,
            "add_key": 248,
            "request_key": 249,
            "keyctl": 250,
            "mount": 165,
            "umount2": 166,
            "pivot_root": 155,
            "unshare": 272,
            "setns": 308,
            "chroot": 161,
            "bpf": 321,
            "userfaultfd": 323,
            "perf_event_open": 298,
            "fanotify_init": 300,
            "name_to_handle_at": 303,
            "open_by_handle_at": 304,
            "lookup_dcookie": 212,
            "kexec_load": 246,
            "kexec_file_load": 320,
            "reboot": 169,
            "swapon": 167,
            "swapoff": 168,
            "init_module": 175,
            "finit_module": 313,
            "delete_module": 176,
            "acct": 163,
            "quotactl": 179,
            "syslog": 103,
            "vhangup": 153,
            "settimeofday": 164,
            "clock_settime": 227,
            "adjtimex": 159,
            "clock_adjtime": 305,
            "sethostname": 170,
            "setdomainname": 171,
            "move_pages": 279,
            "migrate_pages": 256,
            "mbind": 237,
            "set_mempolicy": 238,
            "iopl": 172,
            "ioperm": 173,
            "modify_ldt": 154,
            "uselib": 134,
            "ustat": 136,
            "sysfs": 139,
            "_sysctl": 156,
            "nfsservctl": 180,
        }
    ),
)
AARCH64 = Machine(
    audit=0xC00000B7,
    clone=220,
    clone3=435,
    socket=198,
    ioctl=29,
    denied=MappingProxyType(
        {
            **_SAME,
            "ptrace": 117,
            "process_vm_readv": 270,
            "process_vm_writev": 271,
            "kcmp": 272,
            "add_key": 217,
            "request_key": 218,
            "keyctl": 219,
            "mount": 40,
            "umount2": 39,
            "pivot_root": 41,
            "unshare": 97,
            "setns": 268,
            "chroot": 51,
            "bpf": 280,
            "userfaultfd": 282,
            "perf_event_open": 241,
            "fanotify_init": 262,
            "name_to_handle_at": 264,
            "open_by_handle_at": 265,
            "lookup_dcookie": 18,
            "kexec_load": 104,
            "kexec_file_load": 294,
            "reboot": 142,
            "swapon": 224,
            "swapoff": 225,
            "init_module": 105,
            "finit_module": 273,
            "delete_module": 106,
            "acct": 89,
            "quotactl": 60,
            "syslog": 116,
            "vhangup": 58,
            "settimeofday": 170,
            "clock_settime": 112,
            "adjtimex": 171,
            "clock_adjtime": 266,
            "sethostname": 161,
            "setdomainname": 162,
            "move_pages": 239,
            "migrate_pages": 238,
            "mbind": 235,
            "set_mempolicy": 237,
            "nfsservctl": 42,
        }
    ),
)
# fmt: on
MACHINES: Mapping[str, Machine] = MappingProxyType({"x86_64": X86_64, "aarch64": AARCH64})
"""By the name that ``uname -m`` gives."""
