# Silver Fox: make run | make test | make proofs | make faults | make screenshots | make lint | make format | make lock | make stop | make clean

PYTHON ?= python3.11
HOST ?= 127.0.0.1
PORT ?= 8000
BIN := .venv/bin

.DEFAULT_GOAL := run
.PHONY: run test proofs faults screenshots lint format lock stop clean
# A recipe that fails leaves no target that would be taken for finished.
.DELETE_ON_ERROR:

# A stamp is written after pip has finished, so an interrupted installation is repeated.
# The lock files name every file that may be installed by its SHA-256, and nothing beside them is looked for.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r

.venv/run.stamp: requirements.lock
	$(PYTHON) -m venv .venv
	$(INSTALL) requirements.lock
	@touch $@

.venv/dev.stamp: requirements-dev.lock
	$(PYTHON) -m venv .venv
	$(INSTALL) requirements-dev.lock
	@touch .venv/run.stamp $@

run: .venv/run.stamp
	@exec $(BIN)/python manage.py run --host $(HOST) --port $(PORT) $(if $(DEMO_WEB),--demo-web)

test: lint
	$(BIN)/python -m pytest --numprocesses 2 --cov --cov-report=term

# What takes minutes: the QR codes of 1,000 orders, read back by two decoders.
proofs: .venv/dev.stamp
	$(BIN)/python -m pytest -m proofs

# Every line of the fault matrix, with real kills of real programs; the table goes to a file as well.
FAULTS_TABLE ?= var/faults.md
faults: .venv/dev.stamp
	@mkdir -p $(dir $(FAULTS_TABLE))
	$(BIN)/python -m pytest tests/faults tests/orders tests/inventory -m "faults or fault" --faults-table=$(FAULTS_TABLE)

# Pictures of every page, or of those whose name has PAGES in it, in both themes, on a desk and on a phone.
SCREENSHOTS ?= var/screenshots
screenshots: .venv/dev.stamp
	SCREENSHOTS='$(SCREENSHOTS)' PAGES='$(PAGES)' $(BIN)/python -m pytest tests/browser/screenshots.py -q -s

lint: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/bandit --quiet --configfile pyproject.toml --severity-level high --recursive .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports --no-logo
	$(BIN)/djlint --quiet --lint templates
	$(BIN)/djlint --quiet --check templates
	$(BIN)/python manage.py makemigrations --check --dry-run

format: .venv/dev.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/djlint --quiet --reformat templates

# To be run after requirements.txt or requirements-dev.txt was changed; asks the package index for the hashes.
LOCK := $(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11.5 --generate-hashes --no-annotate \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"
lock: .venv/dev.stamp
	$(LOCK) requirements.txt --output-file requirements.lock
	$(LOCK) requirements-dev.txt --output-file requirements-dev.lock

stop: .venv/run.stamp
	@$(BIN)/python manage.py db stop

clean:
	rm -rf .coverage .coverage.* htmlcov .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -path ./.venv -prune -o -path ./var -prune -o -name __pycache__ -exec rm -rf {} +
