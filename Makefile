# Two commands for a newcomer: `make demo`, `make test`. Everything else is for people who change the code.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help env sandbox demo test slow fast all lint types imports house bench wheel clean

help:  ## this list
	@grep -hE '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

env: $(READY)  ## the environment, as pinned by requirements.lock
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "harness needs Python 3.11 or newer; say which with: make PYTHON=python3.12 …" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { echo "python3 -m venv does not work here; on Debian: apt-get install -y python3-venv" >&2; exit 2; }
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

sandbox:  ## bubblewrap, where it can be installed
	@command -v bwrap >/dev/null 2>&1 || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 && { apt-get update -qq && apt-get install -y -qq bubblewrap; } >/dev/null 2>&1; } || echo "not installed: bubblewrap (apt-get install -y bubblewrap, as root); the starter code will run without isolation" >&2

demo: env sandbox  ## the whole loop with scripted models: no key, no network
	@$(BIN)/harness demo

test: env sandbox  ## every test but the slow ones and the benchmarks, with coverage
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile --cov --cov-report=
	@$(BIN)/coverage report --fail-under=90 | tail -n 30
	@$(BIN)/coverage report --fail-under=100 --include='harness/core/*,harness/wire/*,harness/compare/*,harness/consensus/*,harness/stats/*,harness/routing/*,harness/guard/*'

slow: env sandbox  ## the slow tests: recorded corpora, kill -9, whole repositories
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile -m "slow and not bench"

FAST := tests/core tests/routing tests/compare/test_groups.py tests/compare/test_extract.py tests/consensus/test_machine.py tests/consensus/test_picking.py

fast: env  ## the heart of the pure rooms, without coverage
	@$(BIN)/python -m pytest -q -x $(FAST)

lint: env
	@$(BIN)/ruff format --check -q .
	@$(BIN)/ruff check -q .

types: env
	@$(BIN)/mypy

imports: env
	@$(BIN)/lint-imports --no-cache | tail -n 12

all: lint types imports test  ## what CI runs

bench: env  ## ratios against a floor, in one run; table in tests/bench/README.md
	@$(BIN)/python -m tests.bench
	@$(BIN)/python -m tests.sim.nightly

wheel: env  ## dist/*.whl
	@$(BIN)/python -m hatchling build -t wheel

clean:  ## remove the environment and everything generated
	rm -rf $(VENV) dist .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .harness
