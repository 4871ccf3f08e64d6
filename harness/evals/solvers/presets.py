"""Known agents: how each is started without a terminal, without questions, and with the harness as its model.

Templates: ``{prompt}`` the task, ``{prompt_file}`` a file with it, ``{workspace}`` the repository, ``{model}`` a name
for the candidate, ``{base_url}`` the address without ``/v1``. The keys in ``env`` are words that clients insist on;
nobody checks them. To add one: a row here. A suite may put its own ``argv`` and ``env`` over a row.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.core.errors import ConfigError
from harness.core.suite import AgentCommand


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """One agent."""

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    install: str
    """How people get it."""


_NO_KEY = "none-needed"
_OPENAI = {"OPENAI_API_KEY": _NO_KEY, "OPENAI_BASE_URL": "{base_url}/v1", "OPENAI_API_BASE": "{base_url}/v1"}
_ANTHROPIC = {"ANTHROPIC_API_KEY": _NO_KEY, "ANTHROPIC_BASE_URL": "{base_url}"}

PRESETS: Mapping[str, Preset] = {
    "mini": Preset(
        argv=("mini", "--yolo", "--exit-immediately", "-m", "openai/{model}", "-l", "0", "-t", "{prompt}"),
        env={
            **_OPENAI,
            "MSWEA_CONFIGURED": "true",
            "MSWEA_COST_TRACKING": "ignore_errors",
            "MSWEA_SILENT_STARTUP": "1",
            "MSWEA_GLOBAL_CONFIG_DIR": "/tmp/mini",  # noqa: S108 - inside the sandbox
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        },
        install="uv tool install mini-swe-agent",
    ),
    "claude": Preset(
        argv=(
            *("claude", "--print", "--output-format", "stream-json", "--verbose"),
            *("--permission-mode", "bypassPermissions", "{prompt}"),
        ),
        env={
            **_ANTHROPIC,
            "ANTHROPIC_MODEL": "{model}",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
        },
        install="npm install --global @anthropic-ai/claude-code",
    ),
    "codex": Preset(
        argv=(
            *("codex", "exec", "--json", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox"),
            *("-c", 'model_provider="harness"', "-c", 'model_providers.harness.name="harness"'),
            *("-c", 'model_providers.harness.base_url="{base_url}/v1"'),
            *("-c", 'model_providers.harness.wire_api="responses"', "-m", "{model}", "{prompt}"),
        ),
        env={"OPENAI_API_KEY": _NO_KEY, "CODEX_HOME": "/tmp"},  # noqa: S108 - inside the sandbox
        install="npm install --global @openai/codex",
    ),
    "aider": Preset(
        argv=(
            *("aider", "--yes-always", "--no-auto-commits", "--no-check-update", "--no-show-model-warnings"),
            *("--analytics-disable", "--model", "openai/{model}", "--message-file", "{prompt_file}"),
        ),
        env=_OPENAI,
        install="uv tool install aider-chat",
    ),
    "opencode": Preset(
        argv=("opencode", "run", "--model", "openai/{model}", "{prompt}"),
        env=_OPENAI,
        install="npm install --global opencode-ai",
    ),
}
"""Only ``mini`` is run by the tests; the others are written down from their documentation."""


def resolved(command: AgentCommand) -> AgentCommand:
    """*command* with its preset filled in. Raises ConfigError for an unknown one."""
    if not command.preset:
        return command
    preset = PRESETS.get(command.preset)
    if preset is None:
        raise ConfigError(f"command: no preset {command.preset!r}; there are: {', '.join(PRESETS)}")
    return AgentCommand(
        preset=command.preset,
        argv=command.argv or preset.argv,
        env={**preset.env, **command.env},
        pass_env=command.pass_env,
    )


def how_to_install(command: AgentCommand) -> str:
    """What helps when the program of *command* is not there."""
    preset = PRESETS.get(command.preset)
    return f"; install it: {preset.install}" if preset else "; name an absolute path in argv, or add its folder to PATH"
