"""From what a trial run misses to the distribution that brings it. Pure; kept small on purpose.

A name that is not in the table is taken for that of its distribution. That is a guess about an index where anybody may
register a name: what comes of it is never built, only installed as a wheel and imported inside the sandbox.
"""

import re
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet

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
_MODULE = re.compile(r"(?:ModuleNotFoundError|ImportError): No module named '?([\w.]+)'?")
_FIXTURE = re.compile(r"fixture '(\w+)' not found")
_ASYNC = re.compile(r"async def functions are not natively supported")
_SETTING = re.compile(r"Unknown config option: (\w+)")


def missed(messages: Iterable[str], own: AbstractSet[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Distributions to add, and modules of the repository's *own* packages that are not there."""
    wanted: set[str] = set()
    absent: set[str] = set()
    for message in messages:
        for module in _MODULE.findall(message):
            if module.partition(".")[0] in own:
                absent.add(module)
            else:
                wanted.add(distribution_of(module))
        wanted.update(_plugins(message))
    return frozenset(wanted), frozenset(absent)


def distribution_of(module: str) -> str:
    """The distribution that most likely brings *module*.

    >>> distribution_of("yaml.nodes"), distribution_of("pytest_mock")
    ('pyyaml', 'pytest-mock')
    """
    top = module.partition(".")[0]
    return DISTRIBUTIONS.get(".".join(module.split(".")[:2])) or DISTRIBUTIONS.get(top) or top.replace("_", "-")


def plugins_for(options: Iterable[str]) -> frozenset[str]:
    """Distributions of plugins that the names of pytest's configured *options* call for."""
    return frozenset(SETTINGS[name] for name in options if name in SETTINGS)


def _plugins(message: str) -> Iterator[str]:
    yield from (FIXTURES[name] for name in _FIXTURE.findall(message) if name in FIXTURES)
    yield from (SETTINGS[name] for name in _SETTING.findall(message) if name in SETTINGS)
    if _ASYNC.search(message):
        yield "pytest-asyncio"
