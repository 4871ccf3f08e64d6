"""``uv``, the one tool that reaches the package index: found, given a bare environment, and asked."""

import os
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

from harness.core.errors import SandboxError
from harness.sandbox import ToolRan, run_tool

INSTALL_S = 900.0
_PROXIES = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"})
_PASSED = frozenset({"HOME", "SSL_CERT_FILE", "SSL_CERT_DIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"})
_PASSED |= _PROXIES | {name.lower() for name in _PROXIES}
_UNREACHABLE = (
    "error sending request",
    "Could not connect",
    "dns error",
    "Connection refused",
    "client error (Connect)",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Uv:
    """The program, and the folder that it is started in: one of ours, so that no repository's settings are read."""

    program: str
    cwd: Path
    env: dict[str, str] = field(default_factory=lambda: network_settings())  # noqa: PLW0108 - defined below

    async def run(self, *args: str, stdin: bytes = b"") -> ToolRan:
        """Run it with *args*. Raises SandboxError when it cannot be started or does not end."""
        return await run_tool((self.program, *args), cwd=self.cwd, env=self.env, stdin=stdin, timeout_s=INSTALL_S)


def network_settings() -> dict[str, str]:
    """Of this process's environment: what uv needs to find an index, and no more."""
    return {name: value for name, value in os.environ.items() if name in _PASSED or name.startswith("UV_")}


def find_uv() -> str:
    """The program beside this Python, else the one on PATH. Raises SandboxError when there is none."""
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.is_file() else shutil.which("uv")
    if found is None:
        raise SandboxError("`uv` is neither beside this Python nor on PATH; `pip install uv` installs it")
    return found


def unreachable(ran: ToolRan) -> bool:
    """Whether uv failed because no index answered: that says nothing about what was asked for."""
    said = ran.stderr.decode(errors="replace")
    return ran.exit_code != 0 and any(word in said for word in _UNREACHABLE)


def last_words(ran: ToolRan, limit: int = 300) -> str:
    """The end of what uv said, in one line."""
    return " ".join(ran.stderr.decode(errors="replace").split())[-limit:]
