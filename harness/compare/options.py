"""Reads a comparator's options: every fault names the option, the value and what would have worked."""

import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from harness.compare.documents import Path, steps
from harness.core.errors import ConfigError
from harness.core.hashing import Json


class Options:
    """The options of one comparator, taken out one by one; what is left at the end is unknown to it."""

    def __init__(self, name: str, given: Mapping[str, Json]) -> None:
        self._name = name
        self._given = dict(given)
        self._known: list[str] = []

    def _take(self, key: str) -> Json:
        self._known.append(key)
        return self._given.pop(key, None)

    def _fault(self, key: str, value: Json, wanted: str) -> ConfigError:
        return ConfigError(f"comparator {self._name!r}: option {key!r} is {value!r}; it must be {wanted}")

    def flag(self, key: str, *, default: bool) -> bool:
        """A boolean."""
        value = self._take(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self._fault(key, value, "true or false")
        return value

    def word(self, key: str, allowed: Sequence[str], *, default: str) -> str:
        """One of *allowed*."""
        value = self._take(key)
        if value is None:
            return default
        if value not in allowed:
            raise self._fault(key, value, f"one of {', '.join(allowed)}")
        return str(value)

    def amount(self, key: str, *, default: str, below: int | None = None) -> Fraction:
        """A decimal number of at least 0, exact: ``0.1`` is one tenth."""
        value = self._take(key)
        wanted = "a number of at least 0" if below is None else f"a number from 0 to {below}"
        try:
            number = Decimal(str(default if value is None else value))
        except InvalidOperation:
            raise self._fault(key, value, wanted) from None
        reasonable = number.is_finite() and number >= 0 and abs(number.adjusted()) < 1000
        if isinstance(value, bool) or not reasonable or (below is not None and number > below):
            raise self._fault(key, value, wanted)
        return Fraction(number)

    def text(self, key: str, *, default: str | None = None) -> str:
        """A string that says something; it has to be there, unless there is a *default*."""
        value = self._take(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or not value.strip():
            raise self._fault(key, value, "given, as a text")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings; one string stands for a list of one."""
        value = self._take(key)
        found = [value] if isinstance(value, str) else value
        if found is None:
            return ()
        if not isinstance(found, list | tuple) or not all(isinstance(item, str) for item in found):
            raise self._fault(key, value, "a list of texts")
        return tuple(found)

    def paths(self, key: str) -> tuple[Path, ...]:
        """A list of JSON paths."""
        return tuple(map(steps, self.texts(key)))

    def table(self, key: str) -> Mapping[str, Json]:
        """An object; empty when it is not given."""
        value = self._take(key)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            raise self._fault(key, value, "an object of names and values")
        return value

    def names(self, key: str) -> Mapping[str, str]:
        """An object of names and lists of their aliases, as alias (case-folded) to name. No alias has two names."""
        made: dict[str, str] = {}
        for name, given in self.table(key).items():
            others = [given] if isinstance(given, str) else given
            if not isinstance(others, list | tuple) or not all(
                isinstance(item, str) and item.strip() for item in others
            ):
                raise self._fault(key, given, f"a list of texts for {name!r}")
            for alias in (name, *map(str, others)):
                plain = " ".join(unicodedata.normalize("NFC", alias).split()).casefold()
                if made.setdefault(plain, name) != name:
                    raise self._fault(key, alias, f"an alias of one name, and is one of {made[plain]!r} and {name!r}")
        return made

    def done(self) -> None:
        """Complain of options that nobody asked for."""
        for key in self._given:
            there = ", ".join(sorted(self._known)) or "none"
            raise ConfigError(f"comparator {self._name!r} has no option {key!r}; there are: {there}")
