"""Building blocks of charts: elements with escaped text, scales, ticks. Attributes and classes only, no style."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from harness.report.text import visible


def _written(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, float) else visible(str(value))


def tag(name: str, *children: object, **attributes: object) -> Markup:
    """One element. ``cls`` is ``class``, underscores are hyphens, floats get one digit, None is left out.

    Children that are not markup, and all attributes, are made visible and escaped.
    """
    pairs = ((key.replace("cls", "class").replace("_", "-"), value) for key, value in attributes.items())
    head = "".join(f' {key}="{escape(_written(value))}"' for key, value in pairs if value is not None)
    body = "".join(child if isinstance(child, Markup) else str(escape(_written(child))) for child in children)
    return Markup(f"<{name}{head}>{body}</{name}>")  # noqa: S704 -- every part was escaped above


def drawing(
    *body: Markup, name: str, title: str, description: str, width: float, height: float, cls: str = ""
) -> Markup:
    """An SVG image with *title* and *description* for those who cannot see it; *name* makes its ids unique."""
    return tag(
        "svg",
        tag("title", title, id=f"{name}-title"),
        tag("desc", description, id=f"{name}-desc"),
        *body,
        viewBox=f"0 0 {width:g} {height:g}",
        role="img",
        aria_labelledby=f"{name}-title {name}-desc",
        cls=f"chart {cls}".strip(),
    )


def table(headers: Sequence[str], rows: Sequence[Sequence[object]], *, summary: str = "The same as a table") -> Markup:
    """The numbers of a chart as a table that can be opened."""
    head = tag("tr", *(tag("th", header, scope="col") for header in headers))
    body = [tag("tr", tag("th", row[0], scope="row"), *(tag("td", cell) for cell in row[1:])) for row in rows]
    return tag(
        "details",
        tag("summary", summary),
        tag("div", tag("table", tag("thead", head), tag("tbody", *body)), cls="scroll"),
        cls="data",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A linear map from values to places on paper."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        span = (self.high - self.low) or 1.0
        return self.start + (value - self.low) * (self.end - self.start) / span


def ticks(low: float, high: float, *, about: int = 5) -> list[float]:
    """Round values within [*low*, *high*], some *about* of them."""
    rough = (high - low) / about or 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    return [round(index * step, 12) + 0.0 for index in range(first, math.floor(high / step + 1e-9) + 1)]
