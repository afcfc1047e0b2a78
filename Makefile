# `make` runs the main job, `make check` the fast tests, `make test` all of them.

PYTHON ?= python3
VENV := .venv
PHOTOS ?= 240
SEED ?= 0
FUZZ_XML ?= 200000
FUZZ_JPEG ?= 20000
FUZZ_FOLDERS ?= 2000

INSTALL := $(PYTHON) -m pipeline.commands.install

bin := $(abspath $(VENV))/bin
export PATH := $(bin):$(PATH)

.PHONY: all setup run doctor demo check test lint fuzz messages help

all: setup raw run  ## set up, draw the sample where there is no raw/, run the pipeline

setup: $(VENV)/installed  ## make the environment, once

run:  ## reproduce what changed
	digits doctor --brief
	dvc repro

doctor:  ## look at all that a run needs, say what to type where something is missing
	@python3 -m pipeline.commands.doctor

demo: $(VENV)/installed-for-service  ## photos arrive, are read, corrected, learned from: in demo/
	python -m service.demo

check: $(VENV)/installed-for-tests lint  ## set up, check style and types, run the fast tests
	pytest -n auto --dist loadfile -m "not slow"

test: $(VENV)/installed-for-tests lint  ## set up, check style and types, run all tests
	pytest -n auto --dist loadfile --no-loadscope-reorder

lint: $(VENV)/installed-for-tests  ## check style and types
	ruff check .
	ruff format --check .
	mypy

fuzz: $(VENV)/installed-for-tests  ## try 200,000 mutated XML, 20,000 JPEG, 2,000 folders, 120 kills
	FUZZ_XML=$(FUZZ_XML) FUZZ_JPEG=$(FUZZ_JPEG) FUZZ_FOLDERS=$(FUZZ_FOLDERS) KILLS=20 \
		pytest tests/test_fuzz.py tests/test_faults.py --durations=3

messages: $(VENV)/installed-for-tests  ## bring the Korean catalogue up to date
	python tests/catalogue.py

raw:
	digits sample raw --photos $(PHOTOS) --seed $(SEED)

$(VENV)/installed: pyproject.toml
	@$(INSTALL)
	@touch $@

$(VENV)/installed-for-tests: pyproject.toml
	@$(INSTALL) --extra test
	@touch $@ $(VENV)/installed $(VENV)/installed-for-service

$(VENV)/installed-for-service: pyproject.toml
	@$(INSTALL) --extra service
	@touch $@ $(VENV)/installed

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*##  *\(.*\)/make \1|\2/p' Makefile | column -t -s '|'
