"""From what a trial run misses to the distribution that brings it. Pure; kept small on purpose.

On an index anybody may register a name. So a module's name is never taken for a distribution's: only what the tables
here know, or a dependency file of the repository names, is added. The rest is for a person to name.
"""

import re
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

DISTRIBUTIONS = {
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "Crypto": "pycryptodome",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "flask_sqlalchemy": "flask-sqlalchemy",
    "git": "gitpython",
    "google.protobuf": "protobuf",
    "jose": "python-jose",
    "jwt": "pyjwt",
    "markdown_it": "markdown-it-py",
    "multipart": "python-multipart",
    "nacl": "pynacl",
    "OpenSSL": "pyopenssl",
    "PIL": "pillow",
    "pkg_resources": "setuptools",
    "psycopg2": "psycopg2-binary",
    "ruamel": "ruamel.yaml",
    "serial": "pyserial",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "socks": "pysocks",
    "yaml": "pyyaml",
    "zmq": "pyzmq",
}
"""Import names whose distribution is called otherwise."""
SAME_NAME = frozenset(
    {
        "aiohttp",
        "anyio",
        "asgiref",
        "babel",
        "cffi",
        "click",
        "colorama",
        "cryptography",
        "cython",
        "django",
        "docutils",
    }
    | {"fastapi", "flask", "freezegun", "greenlet", "httpx", "hypothesis", "jinja2", "jsonschema", "lxml", "mock"}
    | {"msgpack", "multidict", "numpy", "packaging", "pandas", "pexpect", "pluggy", "pretend", "psutil", "pydantic"}
    | {"pygments", "pytz", "requests", "responses", "rich", "scipy", "setuptools", "simplejson", "six", "sqlalchemy"}
    | {
        "time_machine",
        "tomli",
        "tomlkit",
        "tornado",
        "trio",
        "trustme",
        "typing_extensions",
        "tzdata",
        "ujson",
        "urllib3",
    }
    | {"werkzeug", "wheel", "yarl"}
)
"""Import names, in small letters, that well-known distributions share."""
FIXTURES = {
    "benchmark": "pytest-benchmark",
    "event_loop": "pytest-asyncio",
    "freezer": "pytest-freezer",
    "fs": "pyfakefs",
    "httpserver": "pytest-httpserver",
    "httpx_mock": "pytest-httpx",
    "mocker": "pytest-mock",
    "requests_mock": "requests-mock",
    "responses": "pytest-responses",
    "snapshot": "syrupy",
    "subtests": "pytest-subtests",
    "datadir": "pytest-datadir",
    "shared_datadir": "pytest-datadir",
}
"""Fixtures that a plugin brings."""
SETTINGS = {
    "asyncio_mode": "pytest-asyncio",
    "asyncio_default_fixture_loop_scope": "pytest-asyncio",
    "timeout": "pytest-timeout",
    "env": "pytest-env",
    "mock_use_standalone_module": "pytest-mock",
    "DJANGO_SETTINGS_MODULE": "pytest-django",
}
"""Options of pytest's configuration that a plugin reads."""
_PLUGINS = frozenset({*FIXTURES.values(), *SETTINGS.values()})
_MODULE = re.compile(r"(?:ModuleNotFoundError|ImportError): No module named '?([\w.]+)'?")
_FIXTURE = re.compile(r"fixture '(\w+)' not found")
_ASYNC = re.compile(r"async def functions are not natively supported")
_SETTING = re.compile(r"Unknown config option: (\w+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """What a trial run did not find."""

    distributions: frozenset[str]
    """To be added."""
    own: frozenset[str]
    """Modules of the repository's own packages."""
    unknown: frozenset[str]
    """Other modules, whose distribution nothing names."""


def missed(messages: Iterable[str], own: AbstractSet[str], named: AbstractSet[str] = frozenset()) -> Missed:
    """What *messages* of tests that did not pass say is missing.

    *own*: the repository's top-level packages. *named*: normal names of the distributions that its files name.
    """
    wanted: set[str] = set()
    absent: set[str] = set()
    unknown: set[str] = set()
    for message in messages:
        for module in _MODULE.findall(message):
            if module.partition(".")[0] in own:
                absent.add(module)
            elif found := distribution_of(module, named):
                wanted.add(found)
            else:
                unknown.add(module.partition(".")[0])
        wanted.update(_plugins(message))
    return Missed(distributions=frozenset(wanted), own=frozenset(absent), unknown=frozenset(unknown))


def distribution_of(module: str, named: AbstractSet[str] = frozenset()) -> str | None:
    """The distribution that brings *module*, if it is well known or one of those *named*.

    >>> distribution_of("yaml.nodes"), distribution_of("pytest_mock"), distribution_of("company_tools")
    ('pyyaml', 'pytest-mock', None)
    >>> distribution_of("company_tools", {"company-tools"})
    'company-tools'
    """
    top = module.partition(".")[0]
    if found := DISTRIBUTIONS.get(".".join(module.split(".")[:2])) or DISTRIBUTIONS.get(top):
        return found
    same = re.sub(r"[-_.]+", "-", top).lower()
    known = same in named or same in _PLUGINS or top.lower() in SAME_NAME
    return same if known else None


def plugins_for(options: Iterable[str]) -> frozenset[str]:
    """Distributions of plugins that the names of pytest's configured *options* call for."""
    return frozenset(SETTINGS[name] for name in options if name in SETTINGS)


def _plugins(message: str) -> Iterator[str]:
    yield from (FIXTURES[name] for name in _FIXTURE.findall(message) if name in FIXTURES)
    yield from (SETTINGS[name] for name in _SETTING.findall(message) if name in SETTINGS)
    if _ASYNC.search(message):
        yield "pytest-asyncio"
