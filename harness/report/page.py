"""Self-contained HTML pages: one file, no request, a strict policy, everything escaped and visible."""

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, TemplateNotFound, TemplateSyntaxError
from markupsafe import Markup

from harness.core.errors import ConfigError
from harness.report.formats import FORMATS, between
from harness.report.text import short, visible


def _finalize(value: object) -> object:
    # Whatever a template prints passes here before it is escaped; no field can be forgotten.
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _environment(templates: Path) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(FORMATS, short=short)
    environment.globals.update(between=between, formats=FORMATS)
    return environment


def _asset(templates: Path, name: str) -> str:
    path = templates / name
    try:
        text = path.read_text(encoding="utf-8").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}; `harness init` writes a fresh copy") from error
    if "</" in text:
        raise ConfigError(f"{path}: holds '</', which would end the element it is put into")
    return text


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def render_page(templates: Path, name: str, values: Mapping[str, object]) -> str:
    """The template *name* of the folder *templates*, filled with *values*, as one HTML file.

    ``style.css`` and ``app.js`` of the folder are put into the page and are the only style and script that its
    content security policy admits. Raises ConfigError when one of the three cannot be read or does not hold together.
    """
    css, js = _asset(templates, "style.css"), _asset(templates, "app.js")
    policy = (
        f"default-src 'none'; style-src '{_hash(css)}'; script-src '{_hash(js)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    # Markup: the folder's own files, which hold no '</'.
    page = {"css": Markup(css), "js": Markup(js), "policy": policy}  # noqa: S704 -- not text of a model
    try:
        return _environment(templates).get_template(name).render(page=page, **values)
    except TemplateNotFound as error:
        raise ConfigError(f"{templates / name}: there is no template {error.name!r}") from error
    except TemplateSyntaxError as error:
        raise ConfigError(f"{error.filename}:{error.lineno}: {error.message}") from error
    except TemplateError as error:
        raise ConfigError(f"{templates / name}: {error.message}") from error
