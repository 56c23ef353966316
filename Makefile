# GVRC: few words. `make run` and `make test` do all their own set-up.
.DEFAULT_GOAL := run
.PHONY: run test check audit bench docs screenshots lock browser compiled clean

VENV := .venv
BIN := $(VENV)/bin
PYTHON := $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { command -v $$p; break; }; done)

run: $(VENV)/.installed compiled
	$(BIN)/python -m gvrc.ui.server

test: $(VENV)/.installed-test browser compiled
	$(BIN)/python -m pytest -n logical --maxprocesses 4 --dist worksteal $(PYTEST_ARGS)

check: $(VENV)/.installed-test
	$(BIN)/python -m ruff check .
	$(BIN)/python -m mypy --strict gvrc
	$(BIN)/python deploy/audit.py
	$(BIN)/python -m pytest -q tests/test_architecture.py tests/test_documentation.py

# known vulnerabilities of the pinned dependencies, asked of a public database: needs the internet, so it is no part of check
audit: $(VENV)/.installed-test
	$(BIN)/python deploy/audit.py
	$(BIN)/python -m pip_audit --disable-pip --require-hashes -r requirements.txt -r requirements-test.txt \
		|| { echo "Either a dependency is known to be vulnerable (named above), or the database could not be asked; see the lines above."; exit 1; }

bench: $(VENV)/.installed-test compiled
	$(BIN)/python -m benchmarks

docs: $(VENV)/.installed-test
	$(BIN)/python -m gvrc.docs

# a picture of every page and the tour that shows them, from the real application on the sample lists
screenshots: $(VENV)/.installed-test browser
	$(BIN)/python -m tests.e2e.screenshots

# the requirements, compiled anew from pyproject.toml for every Python from 3.11 upwards
lock:
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -o requirements.txt
	uv pip compile pyproject.toml --extra test --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -c requirements.txt -o requirements-test.txt

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "GVRC needs Python 3.11 or later; install it and try again."; exit 2; }
	"$(PYTHON)" -m venv $(VENV) || { rm -rf $(VENV); echo "Python's venv module is missing; on Debian and Ubuntu: apt-get install python3-venv"; exit 2; }

$(VENV)/.installed: requirements.txt $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.installed-test: requirements-test.txt $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.txt
	@touch $@

# the bytecode beforehand: where Python may not write any (PYTHONDONTWRITEBYTECODE, a read-only folder) each process would make it anew, for a third of a second
compiled: $(VENV)/bin/python
	@$(BIN)/python -m compileall -q app.py gvrc pages

# Chromium for the tests that drive the real application: by the system's package manager when absent and permitted
browser:
	@sh tests/e2e/browser.sh

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
