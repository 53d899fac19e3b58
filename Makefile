# make chat: the web chat on http://127.0.0.1:7860; make test: every test; make check: format, lint, types;
# make bench: speed, beside other programs.
PYTHON ?= python3
VENV ?= .venv
HOST ?= 127.0.0.1
PORT ?= 7860
# holds dev/newsqa.jsonl and test/newsqa.jsonl, for make bench
DATA ?= data

# torch first and by its exact version: where a CPU build of it is at hand, pip takes that one
INSTALL = $(VENV)/bin/python -m pip install --quiet --constraint constraints.txt

.PHONY: chat test check bench

chat: $(VENV)/installed
	$(VENV)/bin/pullquote serve --host $(HOST) --port $(PORT)

test: $(VENV)/installed-test
	@command -v chromium >/dev/null || { echo "Chromium is missing: apt-get install chromium"; exit 1; }
	$(VENV)/bin/python -m pytest

check: $(VENV)/installed-test
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy

bench: $(VENV)/installed
	$(VENV)/bin/python -m benchmarks.speed --data $(DATA)

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) torch
	$(INSTALL) --editable .
	@touch $@

$(VENV)/installed-test: $(VENV)/installed
	$(INSTALL) --editable '.[test,check]'
	@touch $@
