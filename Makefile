# Two commands start: `make demo` shows the program, `make test` proves it. `make help` lists the rest.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
# Most tests wait for a clock or a socket: two processes for each of two cores keep both busy. The quick ones only work.
PYTEST := $(BIN)/pytest -n 4
QUICKLY := $(BIN)/pytest -n 2
# Tests start hundreds of processes: without a place to keep what it compiled each would compile the package anew.
unexport PYTHONDONTWRITEBYTECODE
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url

.PHONY: help demo test check lint bench chaos lock

help: ## list what can be made
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 8

demo: .venv/runtime.stamp ## start everything on this machine and publish while you watch
	@$(BIN)/campaign demo

test: .venv/dev.stamp ## run every test, then say what each kind took
	@scripts/test-needs
	@PYTEST="$(PYTEST)" scripts/test-all

check: lint ## before every commit: format, lint, types, floors, quick tests
	$(QUICKLY) -q tests/unit tests/property tests/shape -m "not slow and not thorough"

lint: .venv/dev.stamp ## format, lint, types and floors alone
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: .venv/dev.stamp ## measure against the peers (QUICK=1: under a minute)
	$(BIN)/python -m benchmarks

chaos: .venv/dev.stamp ## the long fault tests, about 35 minutes (CHAOS_SEED=N repeats a run)
	$(BIN)/pytest tests/chaos -m slow -q -rA

lock: .venv/dev.stamp ## bring both locks in line with pyproject.toml, versions kept (UPGRADE=--upgrade renews them)
	$(COMPILE) $(UPGRADE) pyproject.toml --all-extras --group dev -o requirements-dev.lock
	$(COMPILE) $(UPGRADE) pyproject.toml --group build -o requirements.lock
	$(COMPILE) $(UPGRADE) --group node -o requirements-node.lock

# The editable install takes its build tools from the lock, so that nothing comes in unhashed. It copies the pages'
# style sheets in, for which npm is asked once: where there is none, npm comes from a wheel.
BUILT_FROM := pyproject.toml hatch_build.py package.json package-lock.json
NPM := command -v npm >/dev/null || $(INSTALL) --require-hashes -r requirements-node.lock

.venv/runtime.stamp: requirements.lock $(BUILT_FROM) | .venv/bin/python
	$(INSTALL) --require-hashes -r requirements.lock
	@$(NPM)
	$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

# uv installs in half the time; where it finds less than pip does (a mirror that only pip was told of), pip goes on.
.venv/dev.stamp: requirements-dev.lock requirements.lock $(BUILT_FROM) | .venv/bin/python
	@awk '/^uv==/, !/\\$$/' requirements-dev.lock > .venv/uv.lock
	$(INSTALL) --require-hashes -r .venv/uv.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r requirements-dev.lock || \
		$(INSTALL) --require-hashes -r requirements-dev.lock
	@$(NPM)
	$(INSTALL) --no-deps --no-build-isolation -e .
	@touch .venv/runtime.stamp $@

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "campaign needs Python 3.11 or newer; name one: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
