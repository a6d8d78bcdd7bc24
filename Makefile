# Every command that a developer needs; CI calls the same targets.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
DATA ?= .reelbus
PORT ?= 8000

.DEFAULT_GOAL := help
.PHONY: help setup setup-tests setup-deploy demo up down status test lint types check check-deploy unit media chassis integration chaos rolling bench docs images lock clean

help: ## Show this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

setup: $(VENV)/.installed ## Make .venv from requirements.lock and the speech model, and make sure of ffmpeg

$(VENV)/.installed: requirements.lock pyproject.toml scripts/setup.sh
	@./scripts/setup.sh

setup-tests: setup ## Make sure of what only tests use
	@./scripts/setup-tests.sh

demo: setup ## Send a real video through the whole system and show what comes out
	@$(BIN)/reelbus demo

up: setup ## Start the stack on port $(PORT) in the background
	@$(BIN)/reelbus up --detach --port $(PORT) --data $(DATA)

down: setup ## Stop the stack
	@$(BIN)/reelbus down --data $(DATA)

status: setup ## Show the processes of the stack
	@$(BIN)/reelbus status --data $(DATA)

setup-deploy: setup ## Make sure of what only the checks of deploy/ use
	@./scripts/setup-deploy.sh

test: check setup-tests setup-deploy ## Lint, type-check and run all tests: those that compute beside those that wait
	@$(MAKE) --no-print-directory -j3 integration media chassis unit check-deploy

unit: setup-tests ## Run the tests of code (the contract tests start a nats-server)
	$(BIN)/pytest tests/contract tests/unit

media: setup-tests ## Run the tests that decode, cut, encode, compose and recognise real media
	$(BIN)/pytest tests/media

chassis: setup-tests ## Run the tests of single parts against real servers, of the embedded stack, and of the demo
	$(BIN)/pytest tests/chassis tests/stack tests/e2e

integration: setup-tests ## Run the tests of a whole stack
	$(BIN)/pytest tests/integration

chaos: setup ## Kill workers and servers at random while users have videos edited; lose nothing
	$(BIN)/python -m tests.chaos

rolling: setup ## Restart every service one by one while all of them are used; lose nothing, disturb nobody
	$(BIN)/python -m tests.chaos --rolling

images: setup ## Build every container image without an engine, and have them do the main jobs (as root)
	@./scripts/setup-images.sh
	@$(BIN)/python -m deploy.images

check: lint types ## Lint, types, import rules and freshness of generated documents
	$(BIN)/lint-imports --no-logo
	$(BIN)/reelbus docs check

check-deploy: setup-deploy ## Render deploy/ and check every object: schemas, policies, settings, Compose
	$(BIN)/pytest tests/deploy

lint: setup ## Check style
	$(BIN)/ruff check --no-cache .
	$(BIN)/ruff format --check .

types: setup ## Check types
	$(BIN)/mypy

bench: setup ## Measure against bare ffmpeg, S3 and HTTP; writes bench/results.json
	$(BIN)/python -m bench

docs: setup ## Generate schemas, events, settings and API documents
	$(BIN)/reelbus docs build

lock: setup ## Resolve the dependencies of pyproject.toml anew into requirements.lock
	$(BIN)/uv pip compile pyproject.toml --all-extras --group dev --universal --generate-hashes \
	  --no-emit-index-url --no-header --no-annotate --upgrade -o requirements.lock

clean: ## Remove what setup, demo and tests made
	rm -rf $(VENV) .reelbus .chaos .images demo-output .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
