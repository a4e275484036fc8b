# Every target sets up what it needs in $(VENV); a fresh clone wants no more than make and Python >= 3.11.
#   make test PYTHON=python3.12 VENV=.venv-3.12     another interpreter, beside the first
#   make test ARGS="-k floors"                      arguments for the tool behind the target

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help demo test conformance walks faults setpoints mutants trials tlscases lint format types bench compiled fuzz interop clean

VENV ?= .venv
PYTHON ?=
JOBS ?= 2
ARGS ?=

BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

help:  ## what can be made
	@awk -F ':.*## *' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.demo  ## a car and a charger on this machine, without hardware
	$(BIN)/chargeloop demo $(ARGS)

test: $(VENV)/.dev  ## the tests
	$(BIN)/python -m pytest -n $(JOBS) $(ARGS)

conformance: $(VENV)/.dev  ## the tests, and what they prove of every conformance case: build/conformance.md and .json
	$(BIN)/python -m pytest -n $(JOBS) -q --conformance=build/conformance $(ARGS)

walks: $(VENV)/.dev  ## ten thousand random walks of misbehaving cars: make walks ARGS="--walks 500"
	$(BIN)/python -m tools.walks $(ARGS)

faults: $(VENV)/.dev  ## every fault in every phase, and what becomes of metal
	$(BIN)/python -m tools.faults $(ARGS)

setpoints: $(VENV)/.dev  ## what a guard tells a supply, judged over a million random turns
	$(BIN)/python -m tools.setpoints $(ARGS)

mutants: $(VENV)/.dev  ## faults planted in guard and procedures, and who finds them
	$(BIN)/python -m tools.mutants $(ARGS)

trials: $(VENV)/.dev  ## the charger killed, stopped, blocked while energy flows, in real time: make trials ARGS="--trials 2"
	$(BIN)/python -m tools.trials $(ARGS)

tlscases: $(VENV)/.dev  ## our TLS against the cases of tlsfuzzer
	$(BIN)/python -m tools.tlscases $(ARGS)

lint: $(VENV)/.dev  ## rules and format, changing nothing
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .

format: $(VENV)/.dev  ## put the format right, and what rules can mend by themselves
	$(BIN)/python -m ruff check --fix-only .
	$(BIN)/python -m ruff format .

types: $(VENV)/.dev  ## mypy --strict over the package
	$(BIN)/python -m mypy --strict iso15118

bench: $(VENV)/.dev $(VENV)/.fast  ## how fast
	$(BIN)/python -m tools.bench $(ARGS)

compiled: $(VENV)/.dev  ## the codec in C, beside the pure one: needs a C compiler, and only makes it faster
	$(BIN)/python tools/compiled/build.py

fuzz: $(VENV)/.dev  ## mutated frames against the codec: make fuzz ARGS="--frames 1000000"
	$(BIN)/python -m tools.fuzz $(ARGS)

interop: $(VENV)/.dev  ## against other implementations
	$(BIN)/python tools/interop/run.py $(ARGS)

clean:  ## remove environments, caches and builds
	rm -rf .venv .venv-* .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
	rm -f iso15118/exi/_compiled*.so
	find . -name .git -prune -o -name __pycache__ -type d -print0 | xargs -0 rm -rf

# The stamps: an environment, and in it what pyproject.toml asks for.

$(VENV)/.made:
	@python='$(PYTHON)'; \
	if [ -z "$$python" ]; then \
	    for candidate in python3.13 python3.12 python3.11 python3; do \
	        if $$candidate -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	            python=$$candidate; break; \
	        fi; \
	    done; \
	fi; \
	if [ -z "$$python" ]; then \
	    echo 'make: no Python >= 3.11 with venv found (on Debian: apt-get install python3-venv); or say which: make PYTHON=/path/to/python' >&2; \
	    exit 1; \
	fi; \
	echo "environment $(VENV) ($$($$python --version))"; \
	$$python -m venv --clear $(VENV)
	@touch $@

$(VENV)/.demo: pyproject.toml $(VENV)/.made
	@$(INSTALL) --editable '.[cli]'
	@touch $@

$(VENV)/.fast: pyproject.toml $(VENV)/.made
	@$(INSTALL) --editable '.[fast]'
	@touch $@

$(VENV)/.dev: pyproject.toml $(VENV)/.made
	@$(INSTALL) --editable '.[dev]'
	@touch $@
