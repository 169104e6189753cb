# make demo: all eight stages on examples/, offline, on a CPU.
# make test: the tests.   make test-slurm: those on a real SLURM, of this machine.   All set up .venv first, once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# Empty, whatever the caller has: each process that a test or the demo starts would compile every file anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: setup demo test test-slurm test-all lint clean

setup: $(VENV)/ready

$(VENV)/ready: requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

demo: setup
	PATH="$(CURDIR)/$(BIN):$$PATH" bash runs/demo.sh

test: setup
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow" tests

test-slurm: setup
	$(BIN)/python -m pytest -rs -m slurm tests

test-all: setup
	$(BIN)/python -m pytest -n 2 --dist worksteal tests

lint: setup
	$(BIN)/ruff check .

clean:
	rm -rf data/demo* runs/demo/ runs/demo-smallest/
