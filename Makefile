# `make help` prints the targets whose line carries two number signs.
#
# `.venv` is filled on first use and again when the requirements change. A stamp is written only
# after the last step, so an interrupted install is taken up again by the next `make`.

ARGS ?=
PYTHON ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input -qq

# An environment made in another folder, or for a Python that is gone, is made anew.
ifneq ($(shell cat $(VENV)/made-in 2>/dev/null),$(CURDIR))
REMADE := remade
else ifneq ($(shell $(BIN)/python -c 'print("runs")' 2>/dev/null),runs)
REMADE := remade
endif

# Prints the first Python that will do; a command may exist and still not run (pyenv).
define find_python
found=; \
for python in $(or $(PYTHON),python3 python3.13 python3.12 python3.11); do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	found=$$python; \
	"$$python" -c 'import ensurepip, venv' 2>/dev/null && command -v "$$python" && exit 0; \
done; \
if [ -n "$$found" ]; then \
	echo "$$found can't make virtual environments. Install its venv package" \
		"(on Debian and Ubuntu: apt-get install python3-venv), then run make again." >&2; \
else \
	echo "No Python 3.11 or newer was found. Install one, or name it:" \
		"make PYTHON=/path/to/python3 ..." >&2; \
fi; \
exit 1
endef

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help up test check bench faults python remade

help: ## print this list
	@echo 'make TARGET [ARGS="..."] [PYTHON=/path/to/python3]'
	@echo
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: $(VENV)/installed ## start the library and print its link; ARGS="--port 9000"
	@exec $(BIN)/alexandria up $(ARGS)

test: $(VENV)/installed-dev ## run the tests; ARGS="-k search"
ifdef ARGS
	@exec $(BIN)/pytest $(ARGS)
else
	@$(BIN)/pytest -n 2 --dist loadfile -m 'not alone and not long'
	@$(BIN)/pytest -m 'alone and not long'
endif

check: $(VENV)/installed-dev ## lint, format, types, layers, containers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	$(BIN)/hadolint Dockerfile

bench: $(VENV)/installed-dev ## run the benchmarks; ARGS="search_update_speed" runs one
	@set -e; for name in $(or $(ARGS),$(basename $(notdir $(wildcard benchmarks/[a-z]*.py)))); do \
		$(BIN)/python benchmarks/$$name.py; \
	done

faults: $(VENV)/installed-dev ## kill processes at seeded moments; SECONDS=600 SEED=1
	@$(BIN)/pytest -m long tests/faults
	@PYTHONPATH=tests:tests/faults exec $(BIN)/python tests/faults/run.py \
		--seconds $(or $(SECONDS),600) --seed $(or $(SEED),1)

python:
	@$(find_python)

$(VENV)/made-in: $(REMADE)
	@python=$$($(find_python)) && \
	echo "Making the virtual environment $(VENV) with $$python." >&2 && \
	"$$python" -m venv --clear $(VENV) && \
	echo "$(CURDIR)" > $@

$(VENV)/installed: $(VENV)/made-in requirements.txt pyproject.toml
	@echo "Installing what Alexandria needs into $(VENV): a minute or two, mostly downloads." >&2
	@$(PIP) install --require-hashes -r requirements.txt
	@$(PIP) install --no-deps --editable .
	@touch $@

$(VENV)/installed-dev: $(VENV)/made-in requirements-dev.txt requirements.txt pyproject.toml
	@echo "Installing Alexandria with its test tools into $(VENV): a minute or two, mostly downloads." >&2
	@$(PIP) install --require-hashes -r requirements-dev.txt
	@$(PIP) install --no-deps --editable .
	@touch $(VENV)/installed $@
