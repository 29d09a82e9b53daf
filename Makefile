# Colophon: the front door. Logic lives in report/ (the engine) and tools/ (set-up).

PROFILE  ?= demo
DATA_DIR ?=
RENDERER ?= auto
EXECUTOR ?= local
JOBS     ?= 2
DOC      ?= report
PORT     ?= 8000
PAGE     ?= 18
FROZEN   ?=
STALE    ?=
PRUNE    ?=

ENGINE   ?= .
VENV     ?= $(ENGINE)/.venv
PY       := "$(VENV)/bin/python"
# Experiments are deterministic only with a fixed order of sets.
override PROFILE := $(or $(PROFILE),demo)
export PYTHONHASHSEED := 0
export PROFILE DATA_DIR RENDERER EXECUTOR FROZEN STALE
export COLOPHON_JOBS := $(JOBS)
export COLOPHON_SIDE_BY_SIDE := $(if $(filter-out 1,$(JOBS)),1)
export PYTHONPATH := $(if $(filter-out .,$(ENGINE)),$(ENGINE))

ifneq ($(filter 1 2 3,$(firstword $(subst ., ,$(MAKE_VERSION)))),)
$(error GNU make 4 or newer is needed, this is $(MAKE_VERSION): install a newer one and call it)
endif

.DEFAULT_GOAL := help
.PHONY: help report html pdf figures experiments claims diff run status record record-check clean preview new test test-slurm test-faults lint benchmark benchmark-engine benchmark-render picture lock setup latex chromium slurm

## Build

report: setup latex ## experiments, figures, HTML and PDF, tables as CSV and LaTeX: what is stale
html: setup ## the HTML alone (needs no LaTeX)
pdf: setup latex ## the PDF alone
figures: setup ## the experiments, figures and animations
experiments: setup ## the experiments alone
report html pdf: PLAN = build/$(PROFILE)/$@.$(DOC).mk
figures experiments: PLAN = build/$(PROFILE)/$@.mk
report html pdf figures experiments:
	@$(PY) -m report plan $@ --render --doc "$(DOC)" --jobs "$(JOBS)"
	@+if [ -f "$(PLAN)" ]; then exec $(PY) -m report make --doc "$(DOC)" $@ $(MAKE) --no-print-directory -f "$(PLAN)" $(if $(filter -j%,$(MAKEFLAGS)),,-j$(JOBS)); fi

figures: $(if $(filter claims diff,$(MAKECMDGOALS)),asked)
.PHONY: asked
asked: setup # refuses what the two would refuse after an hour of stages
	@$(PY) -m report check "$(DOC)" $(if $(filter diff,$(MAKECMDGOALS)),--ref "$(REF)")

claims: figures ## the claims of DOC with their tests and verdicts; runs first what is stale
	@$(PY) -m report claims "$(DOC)"

diff: figures ## how values, claims and figures differ from REF, a build's folder or a commit; COMMENT=file.md, ALL=1
	@$(PY) -m report diff "$(DOC)" --ref "$(REF)" --comment "$(COMMENT)" $(if $(ALL),--all)

run: setup ## the stage STAGE alone, and before it what it needs and is stale; FORCE=1 also if it is fresh
	@$(PY) -m report run "$(STAGE)" $(if $(FORCE),--force)

status: setup ## each stage: fresh, stale and why, missing, running or failed
	@$(PY) -m report status

record: setup ## keep the fresh results under recorded/, from where builds restore them
	@$(PY) -m report record

record-check: setup ## whether recorded results are as written; PRUNE=1 drops those of no present key
	@$(PY) -m report record-check $(if $(PRUNE),--prune)

clean: setup ## remove what the build made for PROFILE
	@$(PY) -m report clean

## Write your own

preview: setup ## the HTML of DOC in a browser, at PORT of this machine, built anew at each edit
	@$(PY) -m report preview "$(DOC)" --port "$(PORT)" --jobs "$(JOBS)"

new: setup ## a small project that builds at once, in the folder NAME
	@$(PY) -m report new "$(NAME)"

## Develop

test: setup latex chromium ## every test, with one report built from end to end
	@$(PY) -m pytest $(TESTS)

test-slurm: setup ## stages as jobs of a Slurm of one node, which the test starts and stops here
	@$(MAKE) --no-print-directory slurm || echo "without it every test that follows is skipped" >&2
	@$(PY) -m pytest -m slurm tests/report/slurm

test-faults: setup ## builds that are killed a hundred times, at moments that seeds choose
	@KILLS=100 $(PY) -m pytest tests/report/build/test_kills.py

lint: setup ## ruff, pyright, the boundaries between the parts, no number typed by hand
	@$(PY) -m ruff check . && $(PY) -m ruff format --check . && "$(VENV)/bin/lint-imports" --no-cache && $(PY) -m report lint && $(PY) -m pyright --pythonpath $(PY)

benchmark: setup ## images per second of our extraction, class visualisation, sweeps and GANs, and of the practicals' loops
	@$(PY) -m benchmarks.extraction --data-dir "$(or $(DATA_DIR),data)"
	@$(PY) -m benchmarks.ascent --data-dir "$(or $(DATA_DIR),data)"
	@$(PY) -m benchmarks.sweep --data-dir "$(or $(DATA_DIR),data)"
	@$(PY) -m benchmarks.gan

benchmark-engine: setup ## our builds beside those of make, doit, Snakemake and DVC, as a table
	@$(PY) -m benchmarks.engine

benchmark-render: report ## our pandoc route beside pandoc and latexmk alone, and Quarto where it is installed
	@$(PY) -m benchmarks.render "build/$(PROFILE)/$(DOC)/$(DOC).qmd"

picture: pdf ## docs/page.png, the README's picture: page PAGE of the PDF
	@pdftoppm -png -singlefile -r 84 -x 50 -y 20 -W 595 -H 780 -f $(PAGE) -l $(PAGE) "build/$(PROFILE)/$(DOC).pdf" docs/page

lock: setup ## renew requirements.lock from requirements.in
	@"$(VENV)/bin/uv" pip compile requirements.in -o requirements.lock --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

## Set-up (done by the targets above where it is needed)

setup: ## .venv with everything in requirements.lock
	@cmp -s "$(ENGINE)/requirements.lock" "$(VENV)/installed.lock" || sh "$(ENGINE)/tools/setup.sh" "$(ENGINE)" "$(VENV)"

latex: ## LaTeX, where it is missing: installs it as root or with sudo
	@command -v latexmk >/dev/null && command -v pdftotext >/dev/null || xargs <"$(ENGINE)/tools/latex-packages.txt" sh "$(ENGINE)/tools/debian.sh" "LaTeX (500 MB; make html needs none)"

chromium: ## a browser, for the tests that look at pages: installs it as root or with sudo
	@command -v chromium >/dev/null || sh "$(ENGINE)/tools/debian.sh" "Chromium" chromium

slurm: ## Slurm's daemons, for test-slurm: installs them as root or with sudo
	@PATH="$$PATH:/usr/sbin" && command -v slurmctld >/dev/null && command -v munged >/dev/null || sh "$(ENGINE)/tools/debian.sh" "Slurm" slurm-wlm munge

help: ## this list
	@echo "make TARGET [PROFILE=$(PROFILE)] [JOBS=$(JOBS)] [DATA_DIR=data] [RENDERER=auto|pandoc|quarto] [DOC=$(DOC)] [EXECUTOR=local|slurm] [FROZEN=1 [STALE=show]]"
	@awk -F ':.*## ' '/^## /{print "\n" substr($$0, 4)} /^[a-z-]+:.*## /{printf "  %-16s %s\n", $$1, $$2}' "$(ENGINE)/Makefile"
	@printf '\nProfiles: %s\n' "$$(ls profiles | sed -n 's/\.yaml$$//p' | tr '\n' ' ')"
