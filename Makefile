# Two commands matter: `make demo` and `make test`. Both make .venv first, from requirements.lock and nothing else.
PYTHON ?= python3
BIN := .venv/bin
# one process a core; the tests of a file share one, as they share servers
PARALLEL := -n logical --dist loadfile
GROUPS := --all-extras --group test --group lint --group bench --group build

.PHONY: help demo test test-all lint format lock bench clean
help:  ## what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: .venv/installed  ## a simulated platform, collected over HTTP, with its dashboards
	$(BIN)/meterline demo

test: .venv/installed  ## the tests, under 10 minutes on 2 cores
	$(BIN)/python -m pytest $(PARALLEL) -m "not slow and not evidently"

test-all: .venv/installed  ## the tests with the slow and the opt-in ones
	$(BIN)/python -m pytest $(PARALLEL)

lint: .venv/installed  ## style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/installed  ## let ruff lay out the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock:  ## resolve pyproject.toml anew (needs uv)
	uv pip compile --universal --generate-hashes $(GROUPS) --no-header --no-annotate pyproject.toml -o requirements.lock

bench: .venv/installed  ## speed and memory against the usual ways, as ratios
	$(BIN)/python bench/collector.py
	$(BIN)/python bench/allocation.py
	$(BIN)/python bench/slo.py
	$(BIN)/python bench/alerts.py

# uv where there is one, else venv and pip; the project itself is installed in place, without dependencies. The lock is
# complete, so pip gets --no-deps: with hashes it would refuse `pandas[parquet]`, which Evidently asks for.
.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "error: Meterline needs Python 3.11 or newer, $$($(PYTHON) --version) is $(PYTHON)"; \
	    echo "  fix: make PYTHON=python3.11"; exit 1; }
	@if command -v uv >/dev/null; then \
	  uv venv --quiet --allow-existing --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" .venv && \
	  uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock && \
	  uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable . ; \
	else \
	  $(PYTHON) -m venv .venv && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . ; \
	fi
	@touch $@

clean:  ## forget the environment and the demo's data
	rm -rf .venv demo-data
