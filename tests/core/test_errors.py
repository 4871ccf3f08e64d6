"""What a user is told: one line per fault, with its file and its place."""

import pickle

import pytest

from harness.core import errors
from harness.core.errors import ConfigError, Fault, FaultsError, HarnessError

PLACED = Fault(file="registry/models.yaml", place="models[3].price.input", problem="-1 is below 0")
WHOLE = Fault(file="registry/models.yaml", place="", problem="is not YAML")


def test_a_fault_is_a_line():
    assert str(PLACED) == "registry/models.yaml: models[3].price.input: -1 is below 0"
    assert str(WHOLE) == "registry/models.yaml: is not YAML"


def test_all_faults_of_a_file_are_told_at_once():
    error = FaultsError([PLACED, WHOLE])
    assert str(error).splitlines() == [str(PLACED), str(WHOLE)]
    assert error.faults == (PLACED, WHOLE)
    assert isinstance(error, ConfigError), "exit code 2"


@pytest.mark.parametrize(
    "kind", [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, Exception)]
)
def test_every_error_is_one_of_ours(kind):
    assert issubclass(kind, HarnessError)
    assert kind.__doc__


def test_a_plain_error_crosses_processes():
    assert str(pickle.loads(pickle.dumps(ConfigError("x: 1 is wrong")))) == "x: 1 is wrong"
