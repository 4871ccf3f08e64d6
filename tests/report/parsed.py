"""What a parser makes of a page, and what must hold of every page whatever is in it."""

import re
from html.parser import HTMLParser

_VOID = {"meta", "input", "br", "link", "base", "img"}
OURS = {
    "html", "head", "meta", "title", "style", "body", "a", "header", "h1", "h2", "h3", "h4", "p", "span", "strong", "main",
    "section", "ul", "li", "div", "table", "thead", "tbody", "tr", "th", "td", "br", "button", "details", "summary", "dl",
    "dt", "dd", "code", "pre", "label", "select", "option", "input", "output", "script", "ins", "del", "svg", "desc", "line",
    "text", "tspan", "rect", "g", "polygon", "path", "circle",
}  # fmt: skip
"""The elements our templates and charts are made of."""
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\u200b\u2028\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class Page(HTMLParser):
    """Elements, attributes, texts by element, and whether tags nest."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.open: list[str] = []
        self.unbalanced: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.setdefault(self.open[-1] if self.open else "", []).append(data)

    def text(self, tag: str) -> str:
        return " ".join(self.texts.get(tag, ()))


def assert_inert(text: str) -> Page:
    """*text* is one page of ours: whole, nested, with one script, no way out, and nothing that cannot be seen."""
    page = Page(text)
    text.encode("utf-8")
    names = [tag for tag, _ in page.elements]
    assert set(names) <= OURS, set(names) - OURS
    assert (names.count("script"), names.count("style"), names.count("html")) == (1, 1, 1)
    assert (page.open, page.unbalanced) == ([], [])
    attributes = {name for _, attrs in page.elements for name in attrs}
    assert not {name for name in attributes if name.startswith("on")}
    assert not attributes & {"style", "src", "action", "srcdoc", "formaction", "xlink:href", "autofocus"}
    assert {attrs["href"] for _, attrs in page.elements if "href" in attrs} <= {
        f"#{attrs['id']}" for _, attrs in page.elements if attrs.get("id")
    }
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    references = [name for _, attrs in page.elements for name in (attrs.get("aria-labelledby") or "").split()]
    assert set(references) <= set(ids)
    assert all(attrs.get("scope") for tag, attrs in page.elements if tag == "th")
    assert not UNSEEN.search(text)
    assert not re.search(
        r"\b(nan|inf|None|Undefined)\b",
        re.sub(r"<pre.*?</pre>", "", text[: text.index("<script>")], flags=re.DOTALL).replace("None: ", ""),
    ), "a number that is none"
    return page


def tile(page: str, name: str) -> str:
    """The words of a tile."""
    inner = page.split(f'id="tile-{name}">')[1].split("</div>", maxsplit=1)[0]
    return " ".join(re.sub(r"<[^>]+>", " ", inner).split())


def cells(page: str, table: str) -> list[list[str]]:
    """The texts of a table's rows."""
    body = re.split(rf'<table id="{table}"[^>]*>', page)[1].split("</table>")[0].split("<tbody>")[1]
    rows = [row.split("</tr>")[0] for row in re.split(r"<tr\b[^>]*>", body)[1:]]
    return [
        [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in re.split(r"<t[hd]\b[^>]*>", row)[1:]]
        for row in rows
    ]
