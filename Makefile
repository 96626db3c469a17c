# Every habit of the project is a target here; .ci/run and pre-commit call the same ones. `make` prints the list.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help install dev demo up check schemas-check format schemas test test-unit chaos bench lock clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install
# Only wheels whose hashes are locked: nothing is built here, and nothing unlocked is fetched to build it.
LOCKED := $(PIP) --require-hashes --only-binary :all: --requirement
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"
# Both write or compare what is generated from the events: `make schemas`, `make schemas-check`.
SCHEMAS := $(BIN)/python -m deploy.schemas

help: ## print this list
	@awk -F ':.*## ' '/^[a-z -]+:.*## / { printf "  make %-22s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(VENV)/.runtime $(VENV)/.editable ## make .venv with the locked runtime and the osler command
dev: install $(VENV)/.dev ## add the locked tools for checks and tests

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'Osler needs Python 3.11 or newer, and' \
	  '$(PYTHON) is older or missing. Name another: make install PYTHON=/path/to/python3.11' >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV) || { echo '$(PYTHON) cannot make a virtual environment.' \
	  'On Debian and Ubuntu: apt-get install python3-venv' >&2; exit 1; }
	@touch $@
$(VENV)/.runtime: requirements/runtime.txt | $(VENV)/.made
	@echo 'Installing the locked runtime into $(VENV) (300 MB)'
	@$(LOCKED) $<
	@touch $@
$(VENV)/.editable: pyproject.toml | $(VENV)/.runtime
	@$(PIP) --no-index --no-deps --no-build-isolation --editable .
	@touch $@
$(VENV)/.dev: requirements/dev.txt | $(VENV)/.runtime
	@echo 'Installing the locked tools for checks and tests into $(VENV) (600 MB)'
	@$(LOCKED) $<
	@touch $@

demo: install ## live through twelve weeks on real Kafka and PostgreSQL, and stay up on a terminal
	@exec $(BIN)/osler demo
up: install ## start the local parts and every service, without the story
	@exec $(BIN)/osler up

check: dev ## format, lint, types, imports, schemas
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports
	$(SCHEMAS) --check
format: dev ## rewrite the code in the house format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
schemas schemas-check: dev ## write what is generated from the events, or only say what is out of date
	$(SCHEMAS) $(if $(filter %-check,$@),--check)

test: dev ## every test, on real Kafka and PostgreSQL, in two processes (BACKEND=containers: both in Docker)
	$(BIN)/pytest --numprocesses 2 --dist loadscope --no-loadscope-reorder $(ARGS)
test-unit: dev ## only what needs neither Kafka nor PostgreSQL
	$(BIN)/pytest tests/unit tests/contract tests/docs $(ARGS)
chaos: dev ## attack the spine in seeded runs, then outlast every limit (SEEDS=200 MINUTES=60; SEED=17: that one again)
	$(BIN)/python -m tests.chaos $(if $(SEED),--seed $(SEED)) $(if $(SEEDS),--seeds $(SEEDS)) \
	  $(if $(MINUTES),--minutes $(MINUTES))
	$(if $(SEED),,$(BIN)/pytest tests/chaos/long_outages.py $(ARGS))
bench: dev ## the hot paths' speed beside bare library code's, in turn (ROWS=relay: only these; ROUNDS=5)
	$(BIN)/pytest tests/$@ --capture no --show-capture no --timeout 3600 $(if $(ROWS),-k '$(ROWS)') $(ARGS)

lock: dev ## write requirements/*.txt from pyproject.toml (UPGRADE=--upgrade for newer versions)
	$(COMPILE) $(UPGRADE) pyproject.toml --extra local --group build --output-file requirements/runtime.txt
	$(COMPILE) $(UPGRADE) --group dev --constraint requirements/runtime.txt --output-file requirements/dev.txt
clean: ## delete .venv and what the tools remember; the data in .osler stays
	rm -rf $(VENV) dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache test-results
