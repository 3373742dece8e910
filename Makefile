# Newcomers need only `make serve` and `make test`; both create .venv.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
FUZZ_SECONDS ?= 20
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
PYTEST = $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(PYTEST_ARGS)
# What `make test` runs, the longest first; `make test-all` runs these first, then all others.
EVERY_DAY := tests/e2e/test_start_your_own.py tests/e2e/test_judges.py tests/unit tests/property
# `make test-all` measures coverage, of these tests alone, and tries each property with all its examples
# (tests/thoroughness.py).
MEASURED := $(if $(filter test-all,$(MAKECMDGOALS)),--cov --cov-report=term:skip-covered --cov-fail-under=93)
export EXAMPLES ?= $(if $(MEASURED),all,some)
# Many everyday tests wait for a process or a time limit, so that two cores have time for a third.
WORKERS ?= $(if $(MEASURED),2,3)
LOCKED := $(PIP) --no-deps --require-hashes --no-build-isolation -r

export HOST PORT
# Always cache bytecode, as the tests start hundreds of processes.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help serve test test-all lint format messages bench fuzz verifier-suite docs lock clean

help: ## Show make targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo '  PORT=8080 HOST=0.0.0.0 make serve   listens elsewhere than on http://$(HOST):$(PORT)/'

serve: .venv/.made-serve ## Publish the register if it is not published yet, and serve it
	@exec $(BIN)/register-api run

test: .venv/.made-test lint ## Style, types, imports, unit and property tests, one real run (5 minutes)
	$(PYTEST) $(MEASURED) $(EVERY_DAY)

test-all: test ## The same and its coverage, then attacks, all end-to-end tests, fuzzing (30 minutes)
	$(PYTEST) tests $(EVERY_DAY:%=--ignore=%)

lint: .venv/.made-test ## Check style, types, and which part may import which
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/.made-test ## Format the code with ruff
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

messages: .venv/.made-test ## Bring the message catalogue up to date with the code
	$(BIN)/python tests/messages.py

bench: .venv/.made-test ## Measure against peers, as ratios within one run; BESIDE=REVISION: against that one
	$(BIN)/python bench/$(if $(BESIDE),beside.py $(BESIDE),all.py $(if $(WRITE),--write))

fuzz: .venv/.made-test ## Fuzz all parsers, each for FUZZ_SECONDS (20)
	$(BIN)/python tests/fuzz/run.py --seconds $(FUZZ_SECONDS)

verifier-suite: .venv/.made-test ## Write the trees that any verifier can be tried with into var/verifier-suite
	rm -rf var/verifier-suite
	PYTHONPATH=tests $(BIN)/python tests/verifier_suite/write.py var/verifier-suite

docs: .venv/.made-test ## Write the site of the documentation into build/docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

lock: .venv/.made-test ## Pin all dependencies again, with hashes and without any index address
	$(BIN)/uv pip compile $(LOCK_OPTIONS) requirements/build.in -o requirements/build.txt
	$(BIN)/uv pip compile $(LOCK_OPTIONS) pyproject.toml --extra publish --extra serve --extra import --extra notify --extra watch -o requirements/serve.txt
	$(BIN)/uv pip compile $(LOCK_OPTIONS) pyproject.toml --all-extras --group dev -o requirements/test.txt

LOCK_OPTIONS := --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	--no-emit-find-links --no-emit-package register-api --custom-compile-command 'make lock'

clean: ## Remove build results, but neither keys nor published files
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage*

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("register-api needs Python 3.11 or newer") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv

.venv/.made-serve: requirements/build.txt requirements/serve.txt pyproject.toml | .venv/bin/python
	@echo 'Installing what serving needs into .venv …'
	$(LOCKED) requirements/build.txt
	$(LOCKED) requirements/serve.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.made-test: requirements/test.txt .venv/.made-serve
	@echo 'Installing what the tests need into .venv …'
	$(LOCKED) requirements/test.txt
	@touch $@
