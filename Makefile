# Everything here sets itself up from a fresh clone: Python 3.11 or newer is all it needs.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
FUZZ_SECONDS ?= 600
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help demo test test-all fuzz bench bench-memory bench-images screenshots check format clean

help: ## what can be done here
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 12

demo: $(VENV)/demo ## a photograph is opted out, filtered, audited: in a minute
	@$(BIN)/optout demo optout-demo

test: $(VENV)/dev ## every test that needs nothing but PyPI
	@mkdir -p build && rm -f build/provoked
	OPTOUT_PROVOKED=$(CURDIR)/build/provoked PYTHONPATH=$(CURDIR)/tests/house/recording \
		$(BIN)/python -m pytest -n 2 --dist worksteal -m "not long and not debian" --ignore tests/browser
	$(BIN)/python tests/house/provoked.py build/provoked

test-all: test $(VENV)/debian ## also what is long or needs Debian packages
	$(BIN)/python -m pytest -n 2 -m "long or debian" --ignore tests/browser
	# Apart: whoever drives a browser has an event loop of its own for as long as the process lives.
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "long or debian" tests/browser

bench: $(VENV)/dev build/peers ## measure it beside others: twenty minutes; BENCH=quick for a few
	$(BIN)/python -m benchmarks

fuzz: $(VENV)/dev ## hold compiled code against the reference, FUZZ_SECONDS (600) for each part
	@for each in tests/fuzz/*.py; do \
		$(BIN)/python -m tests.fuzz.$$(basename $$each .py) $(FUZZ_SECONDS) || exit 1; \
	done

bench-memory: $(VENV)/dev ## measure the memory of filter and verify; 10 GB of disk, half an hour
	$(BIN)/python benchmarks/memory.py --write

bench-images: $(VENV)/dev build/peers ## measure pictures: what is found, who is met by mistake, how fast; an hour
	$(BIN)/python -m benchmarks.images
	$(BIN)/python -m benchmarks.image_speed

screenshots: $(VENV)/debian ## take a picture of every page for creators; a minute
	$(BIN)/python -m tests.browser.screenshots

check: $(VENV)/dev build/house ## ruff and mypy strict
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy -p optout.registry -p optout.filter -p optout.api

format: $(VENV)/dev ## let ruff lay out the code
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format --quiet .

clean: ## remove environment, caches and the demo
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis optout-demo

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "optout needs Python 3.11 or newer; set PYTHON=/path/to/it" >&2; exit 1; }
	@echo "Setting up $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)

$(VENV)/demo: $(BIN)/python pyproject.toml requirements.txt
	@echo "Installing optout and its demo (once) ..."
	@$(PIP) install --constraint requirements.txt --editable '.[demo]'
	@touch $@

$(VENV)/dev: $(BIN)/python pyproject.toml requirements.txt
	@echo "Installing optout and its tools (once) ..."
	@$(PIP) install --requirement requirements.txt
	@$(PIP) install --no-deps --editable .
	@touch $@

$(VENV)/debian: $(VENV)/dev requirements-debian.txt
	@$(PIP) install --requirement requirements-debian.txt
	@touch $@

# What only a peer needs stays out of the project's environment; without it that peer is left out.
build/peers: benchmarks/requirements.txt | $(VENV)/dev
	@rm -rf $@
	@$(PIP) install --no-deps --target $@ --requirement $< || mkdir -p $@
	@touch $@

# mypy cannot follow an editable install's import hook: it reads the three folders through links.
build/house:
	@mkdir -p build/house/optout
	@ln -sfn ../../../registry build/house/optout/registry
	@ln -sfn ../../../filter build/house/optout/filter
	@ln -sfn ../../../api build/house/optout/api
