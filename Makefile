# make demo   the main job on a built-in system: from trajectories to an equation and a report, in demo/
# make quick  the inner loop, under a minute: ruff and the unit tests of space, energy, dynamics and laws
# make test   lint, types and the tests, in a few minutes
# make test-full  what is too slow for every change as well: kernels, killed processes, compiled scripts
# make docs   these pages as a site, in site/, with the notebooks run: about 3 minutes
# make fuzz   10,000 mutated data files and run folders, hostile formulas, names and HDF5 files
# make bench-recovery, bench-verdicts  equations found in noise; verdicts on members and others: half an hour each
# make bench-fields  equations of the systems of several fields, clean and at 1 % noise: hours
# make bench-noise  equations found where noise is as large as the field: half an hour
# make bench  accuracy against other methods, speed and memory, in benchmarks/results/; bench-full takes hours
# All need Python 3.11 or newer and make only: they make .venv and install what requirements.txt pins.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed
export OMP_WAIT_POLICY ?= PASSIVE

# the official files of arXiv 2605.16211; trajectories of the catalogue take the place of those that are missing
OFFICIAL ?= ../shared/data/official
RESULTS ?= benchmarks/results
BENCH := $(VENV)/bench-installed
SYSTEMS := allen_cahn kdv cahn_hilliard ohta_kawasaki drifting_allen_cahn benjamin_ono
UNITS := $(addprefix tests/,hybrid/space hybrid/energy hybrid/dynamics symbolic/law project/test_layout.py)

.PHONY: demo quick test test-full fuzz lint docs bench bench-full bench-recovery bench-fields bench-noise bench-verdicts clean

demo: $(INSTALLED)
	$(BIN)/mesoscribe run kdv --out demo --seed 0 --trajectories 24 --force

quick: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest -m "not slow and not full" $(UNITS)

test: lint
	$(BIN)/python -m pytest

test-full: lint
	$(BIN)/python -m pytest -m ""

fuzz: $(INSTALLED)
	$(BIN)/python -m pytest tests/project/test_fuzz.py --fuzz 10000 --numprocesses 0 --timeout 0 -rP

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy -p mesoscribe -p benchmarks -p tests

docs: $(INSTALLED)
	$(BIN)/python docs/draw_architecture.py
	$(BIN)/python -m sphinx --fresh-env --fail-on-warning --keep-going --quiet -d build/doctrees docs build/site
	rm -rf site && mv build/site site

bench: $(BENCH)
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.accuracy --data $(OFFICIAL) --out $(RESULTS) \
	  --systems allen_cahn kdv --seconds 15 --long 2
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.speed --out $(RESULTS) --seconds 2 \
	  --parts training simulation points trajectories memory

bench-full: $(BENCH)
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.accuracy --data $(OFFICIAL) --out $(RESULTS) \
	  --seconds 60 --longer 180 --long 8
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.accuracy --data $(OFFICIAL) --out $(RESULTS) \
	  --systems allen_cahn_2d --seconds 180 --long 2
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.speed --out $(RESULTS)

bench-recovery: $(INSTALLED)
	OMP_NUM_THREADS=1 PYTHONPATH=. $(BIN)/python benchmarks/catalogue.py --only $(SYSTEMS) \
	  --seeds 18 19 20 --steps 20 --frames 2 --points 2 --noise 0 0.01 0.05 0.1

bench-fields: $(INSTALLED)
	OMP_NUM_THREADS=1 PYTHONPATH=. $(BIN)/python benchmarks/catalogue.py --coupled \
	  --seeds 10 11 12 --steps 20 --noise 0 0.01

bench-noise: $(INSTALLED)
	OMP_NUM_THREADS=1 PYTHONPATH=. $(BIN)/python benchmarks/noise.py

bench-verdicts: $(INSTALLED)
	OMP_NUM_THREADS=1 PYTHONPATH=. $(BIN)/python benchmarks/verdicts.py --noise 0 0.01 --seed 10

$(BENCH): $(INSTALLED) benchmarks/requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps -r benchmarks/requirements.txt
	@touch $@

$(INSTALLED): requirements.txt setup.cfg pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "expected Python 3.11 or newer as $(PYTHON); install it, or name another: make PYTHON=python3.11" >&2; \
	  exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
	  echo "expected a Python that can make a virtual environment; on Debian: apt-get install python3-venv" >&2; \
	  exit 1; }
	$(BIN)/python -m pip install --quiet -r requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps -e .
	@touch $@

clean:
	rm -rf $(VENV) demo site benchmarks/results build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
