# Everything sets itself up: a .venv from requirements.lock, made by uv where it is installed, else by pip.
SCENARIO ?= workloads/scenarios/quick.yaml
export SCENARIO
STACK ?= process
PYTHON ?= python3
ARGS ?=
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: bench claims nightly test test-all lint docs perf lock audit campaign clean help

help: ## show this
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10
	@echo
	@echo "SCENARIO=FILE chooses what bench measures, STACK=compose measures it in containers, STACK=kubernetes in a cluster;"
	@echo "ARGS='--set load.repeats=5' is handed on to it."

.venv/.ready: requirements.lock pyproject.toml
	@PYTHON="$(PYTHON)" sh .ci/venv

bench: .venv/.ready ## measure a code server, print its constants, write the report
	@$(BIN)/dagster-sizing bench $(SCENARIO) --stack $(STACK) $(ARGS)

claims: .venv/.ready ## test every claim of the sizing guide, 45 minutes; ARGS=--resume goes on with it
	@$(BIN)/dagster-sizing claims --stack $(STACK) $(ARGS)

nightly: .venv/.ready ## measure versions in turns, compare them, add them to the trend; VERSIONS, ROUNDS, REPEATS
	@bash .ci/nightly

test: .venv/.ready ## the tests, ten minutes; ARGS=tests/unit or ARGS='-m e2e' chooses some
	@bash .ci/test $(ARGS)

test-all: .venv/.ready ## every test, with the long measurements: an hour
	@bash .ci/test --all

lint: .venv/.ready ## style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@bash .ci/check-workflows

docs: .venv/.ready ## write the generated pages anew, and build the site in build/docs
	@$(BIN)/python -m harness.scenario.reference >docs/scenario.md
	@$(BIN)/python -m harness.compare.constants_reference >docs/constants.md
	@$(BIN)/python -m harness.results.column_reference >docs/result-format.md
	@$(BIN)/python -m harness.cli.exit_codes_reference >docs/exit-codes.md
	@$(BIN)/python -m harness.report.claims_reference results/claims >docs/claims.md
	@$(BIN)/sphinx-build -q -W -n --keep-going -c docs . build/docs
	@echo "build/docs/index.html"

perf: .venv/.ready ## speed of the harness itself, printed as ratios
	@$(BIN)/python -m tests.perf.bench_start
	@$(BIN)/python -m tests.perf.bench_sampler
	@$(BIN)/python -m tests.perf.bench_load
	@$(BIN)/python -m tests.perf.bench_trend
	@$(BIN)/python -m tests.perf.bench_report
	@$(BIN)/python -m tests.perf.bench_prometheus

lock: .venv/.ready ## resolve the dependencies anew into requirements.lock
	@$(BIN)/uv pip compile -q --universal --upgrade --generate-hashes --python-version 3.11 pyproject.toml \
		--group dev --all-extras --custom-compile-command "make lock" -o requirements.lock

audit: .venv/.ready ## known vulnerabilities of what is locked; a bill of materials in build/sbom.json
	@mkdir -p build
	@$(BIN)/uv tool run -q --from cyclonedx-bom==7.5.0 cyclonedx-py requirements requirements.lock -o build/sbom.json
	@$(BIN)/uv tool run -q pip-audit@2.10.1 -r requirements.lock --require-hashes --disable-pip --progress-spinner off

campaign: .venv/.ready ## faults at random moments of real experiments; ARGS='--stack compose --seed 2'
	@$(BIN)/python -m tests.campaign --out build/campaign $(ARGS)

clean: ## remove the environment, caches, and what killed experiments left
	@if [ -x $(BIN)/dagster-sizing ]; then $(BIN)/dagster-sizing clean; fi
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
