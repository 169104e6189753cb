# make setup: .venv, in which the stages run.   make demo: all eight stages on examples/, offline, on a CPU.
# make demo-real: a pretrained model of 135 million parameters instead, some 20 minutes; MODEL names another, or a folder.
# make test: the tests, in a minute.   make test-ci: those that take seconds each.   make test-slurm: those on a real SLURM, of this machine.
# make test-all: these and the slow ones, in half an hour.   All of them set up .venv first, once.
# make constraints: write constraints.txt from the packages in .venv, once the tests pass with them.   make check-constraints: compare them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# Empty, whatever the caller has: each process that a test or the demo starts would compile every file anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: setup demo demo-real test test-ci test-slurm test-all lint constraints check-constraints clean

setup: $(VENV)/ready
	@echo 'ready: source $(VENV)/bin/activate'

$(VENV)/ready: requirements.txt constraints.txt
	@$(PYTHON) -c 'import common'
	@test -e $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m common.environment install
	@touch $@

$(VENV)/ready-dev: $(VENV)/ready pyproject.toml
	@$(BIN)/python -m common.environment install dev
	@touch $@

demo: $(VENV)/ready
	PATH="$(CURDIR)/$(BIN):$$PATH" bash runs/demo.sh

demo-real: $(VENV)/ready
	PATH="$(CURDIR)/$(BIN):$$PATH" bash runs/demo_real.sh

test: $(VENV)/ready-dev
	$(BIN)/python -m pytest -n 2 -m "not slow and not ci" tests

test-ci: $(VENV)/ready-dev
	$(BIN)/python -m pytest -n 2 -m "ci and not slow" tests

test-slurm: $(VENV)/ready-dev
	$(BIN)/python -m pytest -m slurm tests/test_slurm.py

test-all: $(VENV)/ready-dev
	$(BIN)/python -m pytest -n 2 tests

lint: $(VENV)/ready-dev
	$(BIN)/ruff check .

constraints: $(VENV)/ready-dev
	$(BIN)/python -m common.environment constraints

check-constraints: $(VENV)/ready-dev
	$(BIN)/python -m common.environment check

clean:
	rm -rf data/demo* runs/demo/ runs/demo-smallest/ runs/demo-real/
