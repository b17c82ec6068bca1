# `make setup` prepares .venv; `make demo` shows the main job; `make test` runs every test.
SHELL := /bin/bash
PY := .venv/bin/python

.PHONY: setup demo test check lint types format clean

setup:
	@scripts/setup

demo: setup
	@$(PY) examples/demo.py $(ARGS)

test: setup check
	@$(PY) -m pytest $(ARGS)

check: lint types

lint:
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

types:
	@$(PY) -m mypy

format:
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

clean:
	rm -rf .venv .venv-* tests/compat/node/node_modules .pytest_cache .mypy_cache .ruff_cache
