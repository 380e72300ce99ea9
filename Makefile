# Fireside: `make run` starts the product, `make test` proves it. `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export FIRESIDE_HOME ?= var
export PORT ?= 8000

.PHONY: help setup run test check format lint types contracts migrations bench clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/.installed: pyproject.toml requirements/constraints.txt requirements/install.sh
	@PYTHON=$(PYTHON) bash requirements/install.sh $(VENV)
	@touch $@

setup: $(VENV)/.installed ## Install what the product needs into .venv and build the FHIR catalogue
	@$(BIN)/python manage.py build_catalogue

run: $(VENV)/.installed ## Start Fireside: web, worker and a demo tenant (PORT, FIRESIDE_HOME)
	@exec $(BIN)/python manage.py run

# A browser keeps an event loop in its process, and Django then keeps database connections apart: hence two runs.
test: setup ## Run every test, browser tests included
	@bash requirements/browser.sh
	$(BIN)/pytest -n auto -m "not browser"
	$(BIN)/pytest -n auto --dist loadgroup -m browser

check: format lint types contracts migrations test ## Everything CI runs

format: setup ## Check the formatting
	$(BIN)/ruff format --check .

lint: setup ## Lint Python and templates
	$(BIN)/ruff check .
	$(BIN)/djlint templates --lint --quiet

types: setup ## Check the types
	$(BIN)/mypy

contracts: setup ## Check the import contracts
	$(BIN)/lint-imports

migrations: setup ## Check that no migration is missing
	DJANGO_SETTINGS_MODULE=config.settings.test $(BIN)/python manage.py makemigrations --check --dry-run

bench: setup ## Measure the engine, and the explorer beside Swagger UI (one JSON object a line, then a table)
	@bash requirements/browser.sh
	@$(BIN)/python -m tests.bench
	@$(BIN)/python -m tests.bench --explorer

clean: ## Remove the virtual environment and all data
	rm -rf $(VENV) var
