# `make demo` runs the trial, `make test` tests it.  README.md says the rest.

PYTHON ?= python3
export PORT ?= 8000

RUN := .venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help demo
help: ## Say what there is to make
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: ## Run the trial on this machine, with simulated participants
	@$(PYTHON) scripts/environment.py requirements.txt --port $(PORT)
	@$(RUN) -m demo
