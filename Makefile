# Thin: people and CI call the same. Needs Python 3.11 or later and make; every target
# sets up what it needs. ARGS is passed on: make test ARGS=tests/unit
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# A process that finds its modules compiled starts in three quarters of the time, and
# tests and drills start hundreds.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo dev trial test test-release screenshots fuzz openapi docs messages lint audit licences format bench growth \
	figures drills drills-long lock clean

demo: $(READY)
	$(BIN)/python manage.py demo $(ARGS)

dev: $(READY)
	$(BIN)/python manage.py dev $(ARGS)

# As in production, with Debian's PostgreSQL, Redis, Prometheus and Alertmanager, which it
# starts itself: two minutes. FULL=1 lets alerts wait as long as shipped: ten.
trial: $(READY)
	$(BIN)/python -m tests.trial $(if $(FULL),--full) $(ARGS)

# Three at a time, of whom one waits for something as a rule, each with servers of its own;
# ARGS="-n 0 ..." runs them in turn. Python's development mode, but for what it does to
# each allocation: that takes a sixth of the time and would find faults in C.
test: $(READY)
	PYTHONDEVMODE=1 PYTHONMALLOC=pymalloc $(BIN)/python -m pytest -n 3 --dist worksteal $(ARGS)

# What is shipped: the wheel, and the previous release's workers on this schema.
test-release: $(READY)
	PYTHONDEVMODE=1 $(BIN)/python -m pytest tests/release $(ARGS)

# Every screen of the console, light, dark and narrow, in English and French, to look at.
screenshots: $(READY)
	$(BIN)/python -m pytest -q -n 0 tests/browser/screenshots.py $(ARGS)

# As the description is tested, with more examples, and others each time.
fuzz: $(READY)
	FUZZ_EXAMPLES=$(or $(EXAMPLES),500) PYTHONDEVMODE=1 $(BIN)/python -m pytest -n 2 \
		--dist worksteal tests/contract/test_openapi_answers.py $(ARGS)

# Writes the API's description anew.
openapi: $(READY)
	$(BIN)/python manage.py spectacular --settings tests.settings --validate \
		--fail-on-warn --file docs/openapi.yaml

# The documentation as a site, in build/site. ARGS goes to mkdocs.
docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet $(ARGS)

# Collects what the console says, and compiles its French; fails if some is missing.
messages: $(READY)
	DJANGO_SETTINGS_MODULE=tests.settings $(BIN)/python -m tests.messages

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy apps webhooks_project tests benchmarks manage.py
	$(BIN)/python -m tests.migrations_are_complete
	$(BIN)/bandit -q -c pyproject.toml -ll -ii -r apps webhooks_project deploy
	$(BIN)/python -m tests.supply_chain.secret_scan

# What the project is made of: secrets ever committed, packages with known faults (asks the
# package index, and says so where it cannot), licences, and a bill of materials.
audit: $(READY)
	$(BIN)/bandit -q -c pyproject.toml -ll -ii -r apps webhooks_project deploy
	$(BIN)/python -m tests.supply_chain.secret_scan --history
	$(BIN)/python -m pytest -q -n 0 tests/unit/test_supply_chain.py
	mkdir -p build
	$(BIN)/cyclonedx-py requirements --output-reproducible --of JSON \
		-o build/bankhooks.cdx.json --pyproject pyproject.toml requirements-runtime.lock
	$(BIN)/python -m tests.supply_chain.vulnerabilities

# Writes the page of the packages' licences anew.
licences: $(READY)
	$(BIN)/python -m tests.supply_chain.licences

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The ten targets in a quarter of an hour. ONLY=P1,P2 chooses; FULL=1 measures at the
# targets' own numbers, QUICK=1 takes a look.
bench: $(READY)
	$(BIN)/python -m benchmarks --only "$(ONLY)" $(if $(QUICK),--quick) \
		$(if $(FULL),--full) $(ARGS)

# How throughput and cost grow, which is no target; then the figures of docs/performance.md
# from the newest results of both.
growth: $(READY)
	$(BIN)/python -m benchmarks.growth $(ARGS)

figures: $(READY)
	$(BIN)/python -m benchmarks.page $(ARGS)

# The service is broken on purpose, and must lose nothing. ONLY=D-01,D-04 chooses;
# MUTANTS=1 runs each with the guard removed that it tests, and wants it to fail.
drills: $(READY)
	$(BIN)/python -m tests.drills --only "$(ONLY)" $(if $(MUTANTS),--mutants) $(ARGS)

drills-long: $(READY)
	$(BIN)/python -m tests.drills --only "$(ONLY)" --long $(ARGS)

# Exact versions with hashes and no index addresses, for machines without uv too: of
# everything for this folder, and of what production runs for the image.
LOCKED := pip compile --quiet --universal --generate-hashes --no-emit-index-url \
	--no-emit-find-links --no-header --no-strip-extras
lock: $(READY)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv $(LOCKED) --extra dev -o requirements.lock pyproject.toml
	$(BIN)/uv $(LOCKED) --no-annotate -c requirements.lock --extra tracing \
		-o requirements-runtime.lock pyproject.toml

clean:
	rm -rf $(VENV) .services build *.egg-info

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	touch $@
