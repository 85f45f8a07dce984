# `make demo` runs the trial, `make test` tests it.  README.md says the rest.

PYTHON ?= python3
export PORT ?= 8000

RUN := .venv/bin/python
BIN := .venv/bin
# What the checks run with: no database of this machine, no secret of anyone.
CHECKED := DATABASE_URL=sqlite://:memory: SECRET_KEY=for-checks-only-0123456789-abcdefghijklmnopqrstuvwxyz

.DEFAULT_GOAL := help
.PHONY: help demo demo-reset test bench validate messages requirements runtime development \
	lint lint-code lint-types lint-imports lint-templates lint-django lint-documents \
	lint-translations lint-compose

help: ## Say what there is to make
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: runtime ## Run the trial on this machine, with ten simulated participants
	@$(RUN) -m demo

demo-reset: runtime ## The same, from the beginning
	@$(RUN) -m demo --reset

test: development ## Run the whole suite, on every database that answers
	@$(RUN) -m tests $(ARGS)

bench: development ## Measure the speed of pages, as ratios
	@$(RUN) -m bench

lint: lint-code lint-types lint-imports lint-templates lint-django lint-documents lint-translations lint-compose ## Check what can be checked without running it

lint-code: development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

lint-types: development
	$(BIN)/mypy .

lint-imports: development
	$(BIN)/lint-imports

lint-templates: development
	$(BIN)/djlint --lint --quiet templates

lint-django: development
	$(CHECKED) $(RUN) manage.py check --deploy --fail-level WARNING
	$(CHECKED) $(RUN) manage.py makemigrations --check --dry-run

lint-documents: development
	$(CHECKED) $(RUN) manage.py protocol_doc --check
	$(RUN) -m scripts.requirements_table --check

lint-translations: development
	$(RUN) -m scripts.translations

lint-compose:
	sh scripts/check_compose.sh

validate: development ## Run the long checks and keep what they came to in docs/validation.md
	@$(RUN) -m bench.validation

messages: development ## Collect the texts to translate (needs gettext)
	$(RUN) -m django makemessages --locale zh_Hans --no-location --no-wrap --no-obsolete --ignore '.venv/*' --ignore 'tests/*' --ignore 'bench/*'

requirements: development ## Pin the newest versions that pyproject.toml allows
	$(BIN)/pip-compile --upgrade --generate-hashes --strip-extras --no-emit-options --output-file requirements.txt pyproject.toml
	$(BIN)/pip-compile --upgrade --generate-hashes --strip-extras --no-emit-options --allow-unsafe --extra dev --constraint requirements.txt --output-file requirements-dev.txt pyproject.toml

runtime:
	@$(PYTHON) scripts/environment.py requirements.txt --port $(PORT)

development:
	@$(PYTHON) scripts/environment.py requirements-dev.txt
