"""Which comparators there are, and how a policy's choice becomes one."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from harness.compare.behaviour import by_behaviour
from harness.compare.choice import Choice
from harness.compare.code import Code
from harness.compare.exact import Exact
from harness.compare.fields import ByField
from harness.compare.fuzzy import Fuzzy
from harness.compare.judge import ByJudge
from harness.compare.numeric import Numeric
from harness.compare.options import Options
from harness.compare.structure import Structure
from harness.compare.value import Value
from harness.core.ballot import Comparator, Compare
from harness.core.errors import ConfigError


def _json(options: Options) -> Comparator:
    """``vote: whole``, or ``vote: fields`` with the fields that are voted on."""
    whole = Structure.build(options)
    by_field = options.word("vote", ("whole", "fields"), default="whole") == "fields"
    return ByField.of(whole, options) if by_field else whole


COMPARATORS: Mapping[str, Callable[[Options], Comparator]] = MappingProxyType(
    {
        "choice": Choice.build,
        "code": Code.build,
        "exact": Exact.build,
        "fuzzy": Fuzzy.build,
        "json": _json,
        "judge": ByJudge.build,
        "numeric": Numeric.build,
        "tests": by_behaviour,
        "value": Value.build,
    }
)
"""Name to factory."""


def comparator(spec: Compare) -> Comparator:
    """The comparator that *spec* names.

    Raises ConfigError for an unknown name, an unknown option, or an option's value that makes no sense.
    """
    if spec.name not in COMPARATORS:
        raise ConfigError(f"no comparator {spec.name!r}; there are: {', '.join(sorted(COMPARATORS))}")
    options = Options(spec.name, spec.options)
    made = COMPARATORS[spec.name](options)
    options.done()
    return made
