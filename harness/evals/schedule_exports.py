"""Schedules for those who keep time: a GitHub workflow, lines for cron, units for systemd."""

import json
import shlex
from collections.abc import Collection, Mapping, Sequence

from harness.content import Schedule

WEEKDAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")

_WORKFLOW = """\
# Made by: harness schedule export {name} --format github
# Put it at .github/workflows/harness-{name}.yml on the default branch: GitHub runs schedules nowhere else.
# GitHub starts late when it is busy, most of all at minute 0, and stops schedules of repositories without commits.
name: harness {name}
on:
  schedule:
    - cron: {cron}
  workflow_dispatch: {{}}
permissions:
  contents: read
concurrency:
  group: harness-{name}
  cancel-in-progress: false
jobs:
  nightly:
    runs-on: ubuntu-latest
    timeout-minutes: 350
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - run: pip install {package}
      - name: What earlier nights measured
        uses: actions/cache@v4
        with:
          path: .harness/journal
          key: harness-{name}-${{{{ github.run_id }}}}-${{{{ github.run_attempt }}}}
          restore-keys: harness-{name}-
      - name: Run, compare, report
{env}        run: |
          set +e
          harness --home . schedule once {name} --out-dir harness-out
          code=$?
          cat harness-out/annotations.txt 2>/dev/null
          cat harness-out/summary.md >> "$GITHUB_STEP_SUMMARY" 2>/dev/null
          # 5: suspected, not measured, or too early to compare. It is told, and does not stop the line.
          if [ "$code" -eq 5 ]; then exit 0; fi
          exit "$code"
      - uses: actions/upload-artifact@v4
        if: always()
        with:
          name: harness-{name}
          path: harness-out
          if-no-files-found: ignore
"""


def to_github(schedule: Schedule, *, keys: Collection[str]) -> str:
    """A workflow that works as it is, once the secrets named *keys* exist."""
    names = sorted({*keys, *([schedule.alert_env] if schedule.alert_env else [])})
    lines = [f"          {name}: ${{{{ secrets.{name} }}}}\n" for name in names]
    package = '"consensus-harness[notify]"' if schedule.alert_via == "apprise" else "consensus-harness"
    return _WORKFLOW.format(
        name=schedule.name,
        cron=json.dumps(_sundays_as_0(schedule.cron)),
        package=package,
        env="".join(["        env:\n", *lines]) if lines else "",
    )


def _sundays_as_0(cron: str) -> str:
    # GitHub's weekdays end at 6.
    *first, weekday = cron.split()
    if "7" in weekday:
        weekday = ",".join(map(str, sorted({value % 7 for value in _values(weekday, 0, 7)})))
    return " ".join([*first, weekday])


def to_cron(schedules: Sequence[Schedule], *, home: str) -> str:
    """Lines for ``crontab``, times in UTC."""
    lines = [f"{one.cron} {shlex.join(_command(one, home))}".replace("%", "\\%") for one in schedules if one.enabled]
    return "\n".join(["# Made by: harness schedule export --format cron", "CRON_TZ=UTC", *lines, ""])


def _command(schedule: Schedule, home: str) -> list[str]:
    return ["harness", "--home", home, "schedule", "once", schedule.name, "--quiet"]


def to_systemd(schedule: Schedule, *, home: str) -> Mapping[str, str]:
    """A service and its timer, by file name. ``Persistent`` makes up for a machine that was off."""
    unit = f"harness-{schedule.name}"
    words = " ".join(_quoted(word) for word in _command(schedule, home)[1:])
    service = (
        f"[Unit]\nDescription=harness: {schedule.name}\nWants=network-online.target\nAfter=network-online.target\n\n"
        f"[Service]\nType=oneshot\nExecStart=/usr/bin/env harness {words}\n"
        "# 3: a regression, 4: the budget, 5: not enough data; only the first should alarm.\nSuccessExitStatus=4 5\n"
    )
    times = "".join(f"OnCalendar={time}\n" for time in calendar(schedule.cron))
    timer = (
        f"[Unit]\nDescription=harness: {schedule.name}\n\n[Timer]\n{times}Persistent=true\nRandomizedDelaySec=120\n\n"
        "[Install]\nWantedBy=timers.target\n"
    )
    return {f"{unit}.service": service, f"{unit}.timer": timer}


def _quoted(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if not word or escaped != word or " " in word else word


def calendar(cron: str) -> list[str]:
    """*cron* as systemd's OnCalendar; two where day and weekday are both restricted, since cron takes either.

    >>> calendar("0 2 * * 1-5")
    ['Mon,Tue,Wed,Thu,Fri *-*-* 02:00:00 UTC']
    """
    minute, hour, day, month, weekday = cron.split()
    clock = f"{_list(hour, 0, 23)}:{_list(minute, 0, 59)}:00 UTC"
    months, days = _list(month, 1, 12), _list(day, 1, 31)
    names = ",".join(
        WEEKDAYS[number] for number in sorted({value % 7 for value in _values(weekday, 0, 7)}, key=_monday)
    )
    if weekday.startswith("*") and _values(weekday, 0, 6) == list(range(7)):
        return [f"*-{months}-{days} {clock}"]
    if day == "*":
        return [f"{names} *-{months}-* {clock}"]
    return [f"*-{months}-{days} {clock}", f"{names} *-{months}-* {clock}"]


def _monday(number: int) -> int:
    return (number - 1) % 7


def _list(field: str, least: int, most: int) -> str:
    return "*" if field == "*" else ",".join(f"{value:02d}" for value in _values(field, least, most))


def _values(field: str, least: int, most: int) -> list[int]:
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        low, _, high = span.partition("-")
        first = least if low == "*" else int(low)
        # As cron does it: a step after a single number runs to the end of the field.
        last = most if low == "*" or (step and not high) else int(high or low)
        found.update(range(first, last + 1, int(step or 1)))
    return sorted(found)
