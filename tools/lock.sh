#!/usr/bin/env bash
# Writes the two lock files from pyproject.toml. Needs uv in .venv (pip install uv).
set -eu
cd "$(dirname "$0")/.."
compile() { .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --no-annotate --no-header "$@"; }
compile pyproject.toml --group dev --output-file requirements-dev.lock
compile pyproject.toml --extra browser --constraint requirements-dev.lock --output-file requirements.lock
