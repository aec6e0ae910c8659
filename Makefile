# What a newcomer needs: `make plan`, `make test`. `make help` lists the rest.
#
# Everything is installed into .venv, which is made anew when it is broken or was moved here from
# another folder. Stamp files in it say what is installed, so a second run installs nothing.

# A Python of your choice: make plan PYTHON=/path/to/python3.12
PYTHON ?=
# Handed on to the program of a target: make test ARGS='-k graph'
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
RGRAPH := $(BIN)/rgraph
CONSTRAINTS := tests/constraints.txt
CANDIDATES := $(if $(PYTHON),$(PYTHON),python3 python3.14 python3.13 python3.12 python3.11 python)
# -qq: errors only. PIP_USER: somebody's pip configuration may ask for it, and a venv refuses it.
PIP_INSTALL = PIP_USER=0 $(BIN)/python -m pip install -qq --disable-pip-version-check --no-input

unexport PYTHONHOME PYTHONPATH

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help plan test lint format generate check audit bench buildx e2e constraints clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

plan: $(VENV)/.installed ## Set all up and print the build plan of the shipped catalogue
	@$(RGRAPH) plan $(ARGS)

test: $(VENV)/.dev ## Set up what is missing and run the tests
	@$(BIN)/python -m pytest $(ARGS)

lint: $(VENV)/.dev ## Run ruff, mypy and import-linter, all of them also after one failed
	@failed=; \
	for tool in 'ruff check .' 'ruff format --check .' mypy 'lint-imports --no-logo'; do \
	    echo "$$tool" >&2; \
	    $(BIN)/$$tool || failed=yes; \
	done; \
	test -z "$$failed"

format: $(VENV)/.dev ## Let ruff mend and format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

generate: $(VENV)/.installed ## Write generated/ from manifests/
	@$(RGRAPH) generate $(ARGS)

check: $(VENV)/.installed ## Check the manifests, and that what is generated from them is up to date
	$(RGRAPH) check
	$(RGRAPH) generate --check
	$(RGRAPH) schema --check docs/schemas
	$(RGRAPH) schema --markdown --check docs/manifests.md

audit: $(VENV)/.installed ## Audit the shipped catalogue, at the date that it states
	@$(RGRAPH) audit --as-of audited --fail-on note $(ARGS)

bench: $(VENV)/.dev ## Measure on made-up catalogues and print a table (takes minutes)
	@$(BIN)/python -m tests.benchmarks $(ARGS)

e2e: $(VENV)/.dev ## Build, test, verify and promote images for real, and what can go wrong (Debian, as root)
	@tests/tools/get-engine
	@tests/tools/get-buildx >/dev/null
	@RGRAPH_E2E=yes $(BIN)/python -m pytest tests/e2e $(ARGS)

buildx: ## Bring docker-buildx into .cache for the tests that need it (Debian only)
	@tests/tools/get-buildx

constraints: $(VENV)/.made ## Pin the newest versions that pyproject.toml allows for the tests
	@rm -rf .cache/newest
	@$(BIN)/python -m venv .cache/newest
	@$(subst $(BIN),.cache/newest/bin,$(PIP_INSTALL)) -e '.[dev]'
	@{ echo '# The versions that the tests run with. Written by `make constraints`.'; \
	   .cache/newest/bin/python -m pip freeze --exclude-editable --disable-pip-version-check; } >$(CONSTRAINTS).new
	@mv $(CONSTRAINTS).new $(CONSTRAINTS)
	@rm -rf .cache/newest

clean: ## Remove the virtual environment and all caches (generated/ stays)
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.installed: pyproject.toml $(VENV)/.made
	@echo 'Installing rgraph into $(VENV) ...' >&2
	@$(PIP_INSTALL) -e .
	@touch $@

$(VENV)/.dev: pyproject.toml $(CONSTRAINTS) $(VENV)/.made
	@echo 'Installing rgraph and what its tests need into $(VENV) ...' >&2
	@$(PIP_INSTALL) -c $(CONSTRAINTS) -e '.[dev]'
	@touch $(VENV)/.installed $@

# .made holds the folder that the environment was made in: its programs name that folder. Where
# it is another one, or where the Python behind it is gone, the environment is made anew.
ifneq ($(shell $(BIN)/python -c 'print(open("$(VENV)/.made").read().strip())' 2>/dev/null),$(CURDIR))
.PHONY: $(VENV)/.made
endif

$(VENV)/.made:
	@for python in $(CANDIDATES); do \
	    if "$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
	        echo "Making a virtual environment in $(VENV) with $$python ..." >&2; \
	        "$$python" -m venv --clear $(VENV) || exit 1; \
	        pwd -P >$@; \
	        exit 0; \
	    fi; \
	done; \
	echo 'rgraph needs Python 3.11 or newer with its venv module. Found:' >&2; \
	for python in $(CANDIDATES); do \
	    if command -v "$$python" >/dev/null; then \
	        version=$$("$$python" --version 2>&1 | tail -n 1); \
	        "$$python" -c 'import venv, ensurepip' 2>/dev/null || version="$$version, without venv"; \
	        echo "  $$python: $$version" >&2; \
	    fi; \
	done; \
	echo 'Debian, Ubuntu: apt-get install python3-venv. Another Python: make PYTHON=/path/to/python3' >&2; \
	exit 1
