.DEFAULT_GOAL := help
BIN := .venv/bin
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for each in python3 python3.13 python3.12 python3.11; do $$each -c '$(FITS)' 2>/dev/null && echo $$each && break; done)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement
# uv takes a fraction of the time; where it cannot, as behind a mirror that only pip knows, pip does it.
install = $(if $(shell command -v uv),uv pip install --quiet --python $(BIN)/python --requirement $(1) || { echo "uv could not install; pip tries." >&2 && $(PIP) $(1); },$(PIP) $(1))
COMPILE := $(BIN)/pip-compile --quiet --upgrade --strip-extras --no-header --no-annotate --no-emit-options --no-emit-index-url --no-emit-trusted-host --no-emit-find-links
JOBS ?= auto

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
run: .venv/base ## start the relay (the first time it is installed)
	@$(BIN)/python manage.py serve
demo: .venv/base ## the same with a simulated provider and a little traffic
	@$(BIN)/python manage.py serve --demo
test: .venv/dev ## run the tests; ARGS="tests/relay -x" for some
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)
coverage: .venv/dev ## run the tests and show what they do not reach
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder --cov --cov-report=term-missing:skip-covered $(ARGS)
lint: .venv/dev ## formatting, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
format: .venv/dev ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
bench: .venv/dev ## measure what the relay adds to a call
	$(BIN)/python -m bench $(ARGS)
conformance: .venv/dev ## find out what holds and write docs/conformance.md (needs node and npm for the SDKs in JavaScript)
	$(BIN)/python -m tests.conformance $(ARGS)
messages: .venv/dev ## collect the texts to translate, and compile what is translated (needs GNU gettext)
	$(BIN)/python -m tests.messages
screenshots: .venv/dev ## take pictures of the console's pages for the docs (needs Chromium); ARGS="logs keys" for some
	$(BIN)/python -m tests.console.screenshots $(ARGS)
lock: .venv/dev ## write the pinned versions of requirements/*.in anew
	$(COMPILE) --generate-hashes --output-file requirements/base.txt requirements/base.in
	$(COMPILE) --output-file requirements/dev.txt requirements/dev.in
docker-build: ## the image llm-relay
	docker build --tag llm-relay .
docker-run: ## the image alone, its data in the volume llm-relay-data
	docker run --rm --publish 8000:8000 --volume llm-relay-data:/app/data $(addprefix --env-file ,$(wildcard .env)) llm-relay
docker-smoke: ## start the image, call it, stop it
	deploy/smoke.sh
.venv/base: requirements/base.txt
	@$(or $(PYTHON),false) -c '$(FITS)' || { echo "LLM Relay needs Python 3.11, 3.12 or 3.13, and found $$($(or $(PYTHON),python3) --version 2>&1)." >&2; exit 1; }
	@test -x $(BIN)/pip || { echo "Installing into .venv with $(PYTHON)"; $(PYTHON) -m venv --clear .venv; }
	@$(call install,requirements/base.txt)
	@printf '#!/bin/sh\nPYTHONPATH="%s" exec "%s" -P -m relay.llm_proxy "$$@"\n' "$(CURDIR)" "$(CURDIR)/$(BIN)/python" >$(BIN)/llm-proxy
	@chmod +x $(BIN)/llm-proxy && touch $@
.venv/dev: .venv/base requirements/dev.txt
	@$(call install,requirements/dev.txt)
	@touch $@
.PHONY: help run demo test coverage lint format bench conformance messages screenshots lock docker-build docker-run docker-smoke
