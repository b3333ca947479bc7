# Thin: people and CI call the same. Needs Python 3.11 or later and make; every target
# sets up what it needs. ARGS is passed on: make test ARGS=tests/unit
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo dev test fuzz openapi lint format bench drills lock clean

demo: $(READY)
	$(BIN)/python manage.py demo $(ARGS)

dev: $(READY)
	$(BIN)/python manage.py dev $(ARGS)

# Two at a time, each with servers of its own; ARGS="-n 0 ..." runs them in turn.
test: $(READY)
	PYTHONDEVMODE=1 $(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

# As the description is tested, with more examples, and others each time.
fuzz: $(READY)
	FUZZ_EXAMPLES=$(or $(EXAMPLES),500) PYTHONDEVMODE=1 $(BIN)/python -m pytest -n 2 \
		--dist worksteal tests/contract/test_openapi_answers.py $(ARGS)

# Writes the API's description anew.
openapi: $(READY)
	$(BIN)/python manage.py spectacular --settings tests.settings --validate \
		--fail-on-warn --file docs/openapi.yaml

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy apps webhooks_project tests benchmarks manage.py
	$(BIN)/python -m tests.migrations_are_complete

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# ONLY=P1,P2 chooses targets; QUICK=1 shortens them.
bench: $(READY)
	$(BIN)/python -m benchmarks --only "$(ONLY)" $(if $(QUICK),--quick) $(ARGS)

# Exact versions with hashes and no index addresses, for machines without uv too.
lock: $(READY)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url \
		--no-emit-find-links --no-header --no-strip-extras --extra dev -o requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) .services build *.egg-info

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	touch $@
