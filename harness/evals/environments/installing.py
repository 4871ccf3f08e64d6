"""Installs a lock into a new environment by uv, from wheels only, and starts nothing of what it has installed."""

from pathlib import Path
from typing import Final

from harness.core.errors import SandboxError
from harness.evals.environments.building import Builder, NotBuiltError, without_wheel
from harness.evals.environments.interpreters import Interpreter
from harness.evals.environments.locks import pins, with_wheels
from harness.evals.environments.uv import last_words, unreachable
from harness.sandbox import run_tool

COMPILE_S: Final = 600.0


async def install(builder: Builder, interpreter: Interpreter, lock: str, folder: Path) -> None:
    """Make a virtual environment of *interpreter* at *folder* that holds exactly what *lock* names, by its hashes.

    What has no wheel is built in the sandbox from the source that the lock's hash is of. Raises SandboxError when uv
    cannot install it, NotBuiltError when it cannot be built.
    """
    made = ("venv", "--quiet", "--relocatable", "--no-python-downloads", "--python", str(interpreter.path))
    (await builder.uv.run(*made, str(folder))).checked()
    path = folder.with_name("requirements.lock")
    text, built = lock, set[str]()
    while True:
        path.write_text(text, encoding="utf-8")
        ran = await builder.uv.run(
            *("pip", "install", "--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:"),
            *("--python", str(folder / "bin" / "python"), "-r", str(path)),
        )
        missing = without_wheel(ran.stderr.decode(errors="replace")) - built
        if ran.exit_code == 0:
            break
        if unreachable(ran) or not missing:
            raise SandboxError(f"uv cannot install the lock under Python {interpreter.text}: {last_words(ran, 600)}")
        text = with_wheels(text, {name: await _wheel(builder, interpreter, lock, name) for name in missing})
        built |= missing
    await _compile(interpreter, folder)


async def _wheel(builder: Builder, interpreter: Interpreter, lock: str, name: str) -> tuple[str, str]:
    """Address and hash of a wheel of what *lock* pins *name* to."""
    pin = pins(lock).get(name)
    if pin is None:
        raise NotBuiltError(f"{name} has no wheel and is not pinned by the lock")
    made = await builder.wheel([f"{pin.name}=={pin.version}"], interpreter, None)
    if pin.hashes and made.source_sha256 not in pin.hashes:
        raise NotBuiltError(f"{name} {pin.version}: the source has the hash {made.source_sha256}, not one of the lock")
    return made.wheel.as_uri(), made.wheel_sha256


async def _compile(interpreter: Interpreter, folder: Path) -> None:
    """Bytecode, read-only later. By the installed interpreter without site: the environment's own would run .pth files.

    Files that do not compile are of no interest: some are for another Python.
    """
    words = ("-I", "-S", "-m", "compileall", "-q", "-q", str(folder / "lib"))
    await run_tool((str(interpreter.path), *words), cwd=folder, timeout_s=COMPILE_S)
