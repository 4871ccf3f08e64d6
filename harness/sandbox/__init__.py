"""The only room that starts processes: hostile code in isolation, and the host's own trusted tools.

``open_sandbox(minimum)`` picks the strongest level that works here and never a weaker one than asked for.
To add a backend: one file with a class that has ``isolation`` and ``run`` (``core.ports.Sandbox``), one row in
``probing.py``, one line in ``tests/sandbox/test_probing.py``.
"""

from harness.sandbox.bubblewrap import Bubblewrap
from harness.sandbox.container import Container
from harness.sandbox.host import ToolRan, run_git, run_tool
from harness.sandbox.interpreter import base_interpreter, interpreter_mounts
from harness.sandbox.probing import Probe, kept_warm, open_sandbox, probe
from harness.sandbox.process import PlainProcess
from harness.sandbox.selftest import SelfTest, self_test
from harness.sandbox.warm import WarmSandbox, yard_of

__all__ = [
    "Bubblewrap",
    "Container",
    "PlainProcess",
    "Probe",
    "SelfTest",
    "ToolRan",
    "WarmSandbox",
    "base_interpreter",
    "interpreter_mounts",
    "kept_warm",
    "open_sandbox",
    "probe",
    "run_git",
    "run_tool",
    "self_test",
    "yard_of",
]
