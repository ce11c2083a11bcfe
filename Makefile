# `make` alone lists the targets. Everything runs in .venv, which `setup` keeps up to date.
PYTHON := $(shell for p in python3 python3.13 python3.12 python3.11; do \
  "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { command -v "$$p"; break; }; done)
BIN := .venv/bin
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test test-unit test-web test-e2e test-long check bench bench-janus docs python

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed and none was found on the PATH." >&2; exit 1; }

setup: python ## make or refresh .venv and the web app (what run does before it serves)
	@"$(PYTHON)" tools/bootstrap.py

setup-dev: python
	@"$(PYTHON)" tools/bootstrap.py --dev --browser

run: setup ## serve on http://localhost:8080 in development mode (ARGS="--port 9000" and so on)
	@exec $(BIN)/roomtone serve --dev $(ARGS)

test: setup-dev ## run every test: checks, units, web, real clients, Chromium (10 to 20 minutes on 2 cores)
	@$(BIN)/python tools/run_tests.py $(ARGS)

test-long: setup-dev ## soaks, kill sweeps, churn and impairment sweeps
	@$(BIN)/pytest -m long --timeout 1800 $(ARGS)

check: setup-dev ## lint, types, layers, repository rules
	@$(BIN)/python tools/run_tests.py --only check

bench: setup-dev ## measure CPU, memory and join time on this machine
	@$(BIN)/python -m bench $(ARGS)

bench-janus: setup-dev ## the same load against Janus, where `janus` is installed
	@command -v janus >/dev/null || { echo "bench-janus needs the program janus: install the package janus." >&2; exit 1; }
	@$(BIN)/python -m bench --janus $(ARGS)

docs: setup-dev ## build the documentation into build/docs
	@$(BIN)/sphinx-build -q -W -n -b html docs build/docs && echo "open build/docs/index.html"
