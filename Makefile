# `make setup` prepares .venv; `make demo` shows the main job; `make test` runs every test.
SHELL := /bin/bash
PY := .venv/bin/python
# Processes that share the tests, file by file; 0 runs them in this one.
WORKERS ?= 2

.PHONY: setup demo test check lint types format clean

setup:
	@scripts/setup

demo: setup
	@$(PY) examples/demo.py $(ARGS)

test: setup check
	@$(PY) -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

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
	rm -rf .venv .venv-* .weights tests/compat/node/node_modules .pytest_cache .mypy_cache .ruff_cache
