# `make serve` and `make test` are all that a newcomer needs; both make .venv themselves.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
FUZZ_SECONDS ?= 20
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
PYTEST := $(BIN)/python -m pytest -n 2 --dist worksteal
LOCKED := $(PIP) --no-deps --require-hashes --no-build-isolation -r

export HOST PORT

.DEFAULT_GOAL := help
.PHONY: help serve test lint format bench fuzz lock clean

help: ## Say what there is to make
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo '  PORT=8080 HOST=0.0.0.0 make serve   listens elsewhere than on http://$(HOST):$(PORT)/'

serve: .venv/.made-serve ## Publish the register if that was not done yet, and serve it
	@exec $(BIN)/register-api run

test: .venv/.made-test lint ## Check style, types and walls, and run all tests with coverage
	$(PYTEST) tests/attacks
	$(PYTEST) --ignore=tests/attacks --cov --cov-report=term:skip-covered --cov-fail-under=95 $(PYTEST_ARGS)

lint: .venv/.made-test ## Check style, types and which part may import which
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/.made-test ## Let ruff put the code in its usual form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.made-test ## Measure against peers, as ratios within one run
	$(BIN)/python bench/all.py $(if $(WRITE),--write)

fuzz: .venv/.made-test ## Feed every parser with damaged input for FUZZ_SECONDS (20) each
	$(BIN)/python tests/fuzz/run.py --seconds $(FUZZ_SECONDS)

lock: .venv/.made-test ## Pin all dependencies anew, with hashes and without any index address
	$(BIN)/uv pip compile $(LOCK_OPTIONS) requirements/build.in -o requirements/build.txt
	$(BIN)/uv pip compile $(LOCK_OPTIONS) pyproject.toml --extra publish --extra serve --extra import -o requirements/serve.txt
	$(BIN)/uv pip compile $(LOCK_OPTIONS) pyproject.toml --all-extras --group dev -o requirements/test.txt

LOCK_OPTIONS := --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	--no-emit-find-links --no-emit-package register-api --custom-compile-command 'make lock'

clean: ## Remove what was made, but neither keys nor what was published
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
