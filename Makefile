# Two commands do everything on a fresh machine: `make demo` and `make test`. `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
# The newest Python that the project supports and this machine has.
PYTHON ?= $(shell for p in python3.14 python3.13 python3.12 /usr/bin/python3.14 /usr/bin/python3.13 /usr/bin/python3.12 python3 /usr/bin/python3; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && { echo "$$p"; break; }; done)
# One more than there are cores: a test that waits for its database leaves its core to another.
JOBS ?= $(shell echo $$(($$(nproc) + 1)))
SCALE ?= 1
FAULT_JOBS ?= 1
NEW_DRAWS ?= 1
LANGUAGES ?= ko en
TOKEN ?= 1
IMAP ?= 1
MARIADB ?= 1
export PORTAL_HOME ?= $(CURDIR)/var

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

$(STAMP): requirements.lock
	@test -n "$(PYTHON)" || { echo "No Python 3.12 or newer found. Install one (Debian: apt-get install python3 python3-venv) or call make PYTHON=/path/to/python3."; exit 1; }
	@test -x $(PY) || $(PYTHON) -m venv $(VENV) || { \
		echo "$(PYTHON) can't make virtual environments (Debian: apt-get install python3-venv)."; rm -rf $(VENV); exit 1; }
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements.lock
	@touch $@

# the catalogue of the project is compiled last, after those of the apps
locale/ko/LC_MESSAGES/django.mo: $(wildcard $(addsuffix locale/ko/LC_MESSAGES/django.po,./ */ privacy/*/)) tools/catalogue.py $(STAMP)
	@$(PY) tools/catalogue.py compile

.PHONY: setup
setup: $(STAMP) locale/ko/LC_MESSAGES/django.mo ## Make the virtual environment from the hash-pinned lock

.PHONY: demo
demo: setup ## Run the portal with example data on the embedded PostgreSQL (PORT, PORTAL_HOME)
	@exec $(PY) manage.py demo

.PHONY: run
run: setup ## Run the portal on the databases of the environment or .env: pages, intake, worker, sealer, notary
	@exec $(PY) manage.py demo --without-examples

WITH := $(if $(filter 0,$(TOKEN)), and not token)$(if $(filter 0,$(IMAP)), and not imap)$(if $(filter 0,$(MARIADB)), and not mariadb)
# What failed is tried once more, alone, and told (tests/once_more.py).
PYTEST = ONCE_MORE=1 $(PY) -m pytest -q -n $(JOBS) --dist loadfile --no-loadscope-reorder --durations=25

.PHONY: test
test: setup token imap mariadb ## Run the tests (TOKEN=0, IMAP=0, MARIADB=0 leave out those that need SoftHSM2, Dovecot, MariaDB); more: make long, make visit
	$(PYTEST) -m 'not long and not faults and not visit and not documents and not browser$(WITH)'

.PHONY: long
long: setup token imap mariadb ## Run the tests that kill, race and start processes on databases of their own, and those that go through everything
	$(PYTEST) -m 'long and not faults and not visit and not documents and not browser$(WITH)'

# The rules that a first change breaks most easily, and a main verb from form to database.
SMOKE := $(addprefix tests/,house/test_tree.py house/test_texts.py house/test_only_actions_write.py house/test_keys_point_downwards.py \
	house/test_facts_have_names.py house/test_documents.py privacy/rights/test_refusals.py devices/test_registration.py)

.PHONY: smoke
smoke: setup ## Under a minute, without a browser: what a first change breaks most easily
	$(VENV)/bin/ruff check --quiet .
	$(PY) -m pytest -q -n $(JOBS) $(SMOKE)

.PHONY: browser
browser: $(STAMP) # a Chromium for the browser tests: Debian's package, where we may install it
	@command -v chromium >/dev/null || test -x /usr/bin/chromium || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk >/dev/null; \
		else echo "The browser tests need Chromium: apt-get install chromium fonts-noto-cjk (as root)."; exit 1; fi; }

.PHONY: token
token: # SoftHSM2 for the tests of the master key in a token: Debian's package, where we may install it
ifneq ($(TOKEN),0)
	@command -v softhsm2-util >/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends softhsm2 >/dev/null; \
		else echo "The tests of the master key in a token need SoftHSM2: apt-get install softhsm2 (as root), or TOKEN=0 make test."; exit 1; fi; }
endif

.PHONY: imap
imap: # Dovecot for the tests of the office's mailbox: Debian's package, where we may install it
ifneq ($(IMAP),0)
	@test -x /usr/sbin/dovecot || command -v dovecot >/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends dovecot-imapd >/dev/null; \
		else echo "The tests of the mailbox need Dovecot: apt-get install dovecot-imapd (as root), or IMAP=0 make test."; exit 1; fi; }
endif

.PHONY: mariadb
mariadb: # MariaDB for the tests of the connector: Debian's package, where we may install it
ifneq ($(MARIADB),0)
	@command -v mariadb-install-db >/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends mariadb-server >/dev/null; \
		else echo "The tests of the connector need MariaDB: apt-get install mariadb-server (as root), or MARIADB=0 make test."; exit 1; fi; }
endif

.PHONY: check
check: setup ## Everything a commit must pass: lint, types, contracts, migrations, all tests without a browser
	@$(MAKE) --no-print-directory -j2 --output-sync=target lint types contracts migrations
	@$(MAKE) --no-print-directory test
	@$(MAKE) --no-print-directory long

.PHONY: lint
lint: $(STAMP) ## ruff: rules and format
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

.PHONY: types
types: $(STAMP) ## mypy --strict
	$(VENV)/bin/mypy

.PHONY: contracts
contracts: $(STAMP) ## import-linter: who may import whom
	PYTHONPATH=sdk/connector:sdk/python $(VENV)/bin/lint-imports

.PHONY: migrations
migrations: setup ## No model without its migration
	PORTAL_HOME=$(CURDIR)/build/test-home $(PY) manage.py makemigrations --check --dry-run

.PHONY: reviews
reviews: setup ## Rules of the law and exceptions of ASVS that were to be looked at again by today (a release asks; a commit is right on any day)
	$(PY) tools/law.py check
	$(PY) tools/asvs.py check

.PHONY: faults
faults: setup token browser ## The long fault runs (SCALE=0.1 for a tenth, FAULT_JOBS=2 for two at once; the seed is printed)
	-@deploy/drill/packages faults
	SCALE=$(SCALE) NEW_DRAWS=$(NEW_DRAWS) $(PY) -m pytest -q -m 'faults$(if $(filter 0,$(TOKEN)), and not token)' \
		$(if $(filter 1,$(FAULT_JOBS)),-s,-n $(FAULT_JOBS) --dist loadfile --no-loadscope-reorder --durations=15)

.PHONY: mutation
mutation: setup ## Change the code in SAMPLE=400 places, one at a time, and see whether a test notices (hours; SEED repeats it)
	@test -s build/mutation/map.jsonl || $(PY) tools/mutation.py map
	$(PY) tools/mutation.py run --sample $(or $(SAMPLE),400) $(if $(SEED),--seed $(SEED))

.PHONY: visit
visit: setup browser ## Run the tests in a browser, and visit every page as everybody, light and dark, in both languages or in LANGUAGES=ko (screens in build/visit)
	$(PY) -m pytest -q -n $(JOBS) --dist loadfile -m 'not visit' tests/browser
	VISIT_LANGUAGES="$(LANGUAGES)" $(PY) -m pytest -q -n $(JOBS) --maxschedchunk 1 -m visit tests/browser/test_visit.py

.PHONY: main-job
main-job: setup browser ## Run the main job in a browser: asked on a phone, frozen, corrected, destroyed, audited
	$(PY) -m pytest -q tests/browser/test_main_job.py

.PHONY: documents
documents: setup ## Run every command of README, docs and guides as printed, on the demo of DEMO_HOME and PORT or one of its own
	@command -v unzip >/dev/null && command -v curl >/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends unzip curl >/dev/null; \
		else echo "The guides use unzip and curl: apt-get install unzip curl (as root)."; exit 1; fi; }
	$(PY) -m pytest -q -m documents tests/documents

.PHONY: production
production: setup ## Install the portal on a bare machine inside this one, drill it, restore it (root; FULL=1: the long drills too)
	@deploy/drill/packages$(if $(FULL), full)
	$(PY) -m pytest -q tests/deploy/test_documented.py::test_the_balancer_takes_its_configuration
	deploy/drill/production$(if $(FULL), full)
ifneq ($(FULL),)
	$(PY) -m deploy.drill.failover
endif

.PHONY: bench
bench: setup ## Run every benchmark and rewrite benchmarks/RESULTS.md (some: benchmarks/all.py --only …)
	$(PY) benchmarks/all.py

.PHONY: bench-quick
bench-quick: setup ## Run every benchmark at a small size, to see that each still works
	$(PY) benchmarks/all.py --quick

.PHONY: guide
guide: setup browser ## Take the pictures of the guides again (docs/guide/images)
	GUIDE_IMAGES=$(CURDIR)/docs/guide/images $(PY) -m pytest -q tests/browser/test_guide.py

.PHONY: fmt
fmt: $(STAMP) ## Format the code
	$(VENV)/bin/ruff check --fix-only .
	$(VENV)/bin/ruff format .

.PHONY: lock
lock: ## Resolve the dependencies again into requirements.lock
	@test -x $(VENV)/bin/uv || { test -x $(PY) || $(PYTHON) -m venv $(VENV); $(PY) -m pip install -q uv; }
	$(VENV)/bin/uv pip compile -q --universal --python-version 3.12 --generate-hashes --no-emit-index-url --no-header \
		--group pyproject.toml:test --group pyproject.toml:lint --group pyproject.toml:tools pyproject.toml -o requirements.lock

.PHONY: clean
clean: ## Remove the virtual environment and everything that was built (never var/)
	rm -rf $(VENV) build .mypy_cache .ruff_cache /dev/shm/portal-tests$(subst /,-,$(CURDIR))
