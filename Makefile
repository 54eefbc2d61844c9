# make setup   an environment in .venv with everything (Python >= 3.11 and a package registry are enough)
# make test    set up, lint, test: what CI runs
# make check   lint, and the quick tests that need no sandbox, no warehouse and no vendor's client; a minute
# make test-orchestrators  the load on Airflow and Dagster, and states in a bucket, each in an environment of its own; half an hour
# make demo    the four taps against the local sandbox, into DuckDB, through Meltano
# make transform  the models of transform/ on what make demo loaded: dbt, in an environment of its own
#              (make transform WAREHOUSE=ads.duckdb: on your own)
# make bench   speed, memory, latency and requests, held to their bounds; an hour and a half
#              (make bench BENCH=--write: into docs/performance.md too)
# make bench-quick  the same at one size, in a minute
# make generate  the files that are made from the plugins: plugins/, hub/, docs/reference/
# make docs    the pages of docs/ as a site, in site/
# Another Python: make setup PYTHON=python3.13

# The first Python that really runs and is new enough: version managers put names on PATH that do not run.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$p; break; }; done)
# Twice the cores of a small machine: tests also wait, for answers that come late and for retries.
WORKERS ?= 4
WAREHOUSE ?= .cache/demo/ads.duckdb
BIN := .venv/bin
STAMP := .venv/.complete
WANTED := -c constraints.txt -e '.[dev,meltano]'
PACKAGES = $(shell grep -c == constraints.txt)
# Of what pip says, every tenth package; all of its last words if it fails. (Silent, it looks dead for minutes.)
SHOW_PIP := '/^(Collecting|Processing)/ { if (++n % 10 == 0) { print "  " n " of about " total; fflush() } } \
	/^Installing collected/ { print "  unpacking them"; fflush() } \
	/^exit / { code = $$2; next } { said[NR] = $$0; delete said[NR - 30] } \
	END { if (code) for (i = NR - 29; i <= NR; i++) if (i in said) print said[i]; exit code }'

# Finds uv, and tells it of pip's index and pip's certificates (a company's proxy has its own), unless it was told of
# some itself: the variable would beat that.
define FIND_UV
uv=$$(command -v uv) || uv=$(BIN)/uv; \
index=$${PIP_INDEX_URL:-$$($(BIN)/python -m pip config get global.index-url 2>/dev/null)}; \
[ -z "$$index" ] || [ -n "$$UV_DEFAULT_INDEX$$UV_INDEX_URL$$UV_INDEX" ] || \
	grep -qs index "$${XDG_CONFIG_HOME:-$$HOME/.config}/uv/uv.toml" /etc/uv/uv.toml "$${UV_CONFIG_FILE:-/dev/null}" || \
	export UV_DEFAULT_INDEX="$$index"; \
cert=$${PIP_CERT:-$$($(BIN)/python -m pip config get global.cert 2>/dev/null)}; \
[ -z "$$cert" ] || [ -n "$$SSL_CERT_FILE" ] || export SSL_CERT_FILE="$$cert"
endef

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
# Some images set it; without what is kept compiled, each program that is started compiles the project anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup lint rules format test check test-orchestrators generate demo transform docs bench bench-quick clean

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@'$(PYTHON)' -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || { \
		echo "adtaps needs Python 3.11 or newer, and $(if $(PYTHON),$(PYTHON) is not or does not run,none was found on PATH). Install one, or name it: make setup PYTHON=/path/to/python3.12" >&2; exit 1; }
	@'$(PYTHON)' -c 'import ensurepip, venv' >/dev/null 2>&1 || { \
		echo "$(PYTHON) cannot make virtual environments: its module venv or ensurepip is missing (on Debian and Ubuntu: apt install python3-venv)." >&2; exit 1; }
	@echo "Setting up .venv with $$('$(PYTHON)' --version)"
	@'$(PYTHON)' -m venv .venv
	@command -v uv >/dev/null || { echo "Fetching uv"; $(BIN)/python -m pip install -q -c constraints.txt uv >/dev/null 2>&1; }; \
	$(FIND_UV); \
	if [ -x "$$uv" ]; then \
		echo "Installing with uv"; \
		"$$uv" pip install --python $(BIN)/python --compile-bytecode $(WANTED) && exit 0; \
		echo "uv could not (of pip's configuration it knows the index alone): pip tries" >&2; \
	fi; \
	echo "Installing with pip, about $(PACKAGES) packages; two to four minutes"; \
	{ $(BIN)/python -m pip install $(WANTED) 2>&1; echo "exit $$?"; } | awk -v total=$(PACKAGES) $(SHOW_PIP)
	@touch $(STAMP)

RULES := $(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports && $(BIN)/deptry .

lint: rules
	$(BIN)/mypy

rules: setup
	$(RULES)

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test: setup
	$(call LINT_AND,$(BIN)/pytest -n $(WORKERS))

check: setup
	$(call LINT_AND,$(BIN)/pytest -n $(WORKERS) -m "not sandbox and not warehouse and not vendor and not kill and not slow" tests/core tests/plugin tests/tap_*)

# Whether the tests' processes would each compile much at their start.
MUCH_IS_NEW = [ ! -e .venv/.compiled-$@ ] || find adtap_* tap_* tests -name '*.py' -newer .venv/.compiled-$@ 2>/dev/null | \
	awk 'NR == 40 { exit } END { exit NR < 40 }'

# Beside the rules: types, whose faults are said last, and what would be compiled several times.
# None of them goes on when make has ended; Ctrl-C alone does not reach what a shell runs beside.
define LINT_AND
@mkdir -p .cache; $(BIN)/mypy > .cache/mypy.txt 2>&1 & types=$$!; compiled=; \
if $(MUCH_IS_NEW); then $(1) --collect-only -q > /dev/null 2>&1 & compiled=$$!; fi; \
trap 'kill $$types $$compiled 2>/dev/null; exit 130' INT TERM; \
echo '$(RULES)'; $(RULES); tests=$$?; [ -z "$$compiled" ] || { wait $$compiled; touch .venv/.compiled-$@; }; \
[ $$tests != 0 ] || { echo '$(1)'; $(1); tests=$$?; }; \
wait $$types || { cat .cache/mypy.txt; exit 1; }; exit $$tests
endef

# Heavy, and of no use to the taps: not in .venv, not in `make test`.
.cache/%/.complete: orchestrate/%/requirements.txt orchestrate/%/constraints.txt
	@$(call APART,.cache/$*,orchestrate/$*)

.cache/s3/.complete: tests/orchestrators/s3/requirements.txt tests/orchestrators/s3/constraints.txt
	@$(call APART,.cache/s3,tests/orchestrators/s3)

define APART
'$(PYTHON)' -m venv $(1) && \
{ $(FIND_UV); [ -x "$$uv" ] && "$$uv" pip install -q --python $(1)/bin/python -r $(2)/requirements.txt -c $(2)/constraints.txt || \
$(1)/bin/python -m pip install -q -r $(2)/requirements.txt -c $(2)/constraints.txt; } && \
touch $(1)/.complete
endef

test-orchestrators: setup .cache/airflow/.complete .cache/dagster/.complete .cache/s3/.complete
	$(BIN)/pytest -m orchestrators -n 0 -p no:randomly --timeout 3600 tests/orchestrators

generate: setup
	@$(BIN)/python -m adtap_cli.generate

demo: setup
	@$(BIN)/adtap demo

transform: setup
	@$(BIN)/python -m adtap_cli.dbt build --duckdb '$(WAREHOUSE)'

docs: setup
	@$(BIN)/mkdocs build --strict --quiet
	@echo "site/index.html"

bench: setup
	@$(BIN)/python -m benchmarks $(BENCH)

bench-quick: setup
	@$(BIN)/python -m benchmarks --quick

clean:
	rm -rf .venv .cache .meltano .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist site
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
