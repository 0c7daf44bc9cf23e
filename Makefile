# make demo   set everything up and run the main job on real documents
# make test   set everything up and run every test, on real servers
# make test-faults  kill and break what there is, at each stage (docs/reliability.md)
# make test-secured   each right of the printed roles is needed, on a secured OpenSearch 2.19
# make test-clients  write with clients of other languages (node, go, java), where they are installed
# make fast-test    the tests that need no server
# make check  ruff, its format, mypy and the import contracts
# make wheel  the package as a wheel, in dist
# make docs   the documentation as a web site, in build/docs
# make audit  vulnerabilities, licences and a bill of materials, in build
# make lock   the lock files anew, after a change of dependencies

PYTHON ?= python3
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
export PATH := $(BIN):$(PATH)
# Two processes share the tests, file by file; each has servers of its own. Tests mostly wait, so
# that two are worth it on two cores.
WORKERS := -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: demo test test-faults test-secured test-clients fast-test check types imports wheel docs audit lock setup clean

# The demo counts from the start of make, so that setting up is part of its time.
demo: export DEMO_STARTED := $(shell date +%s)
demo: setup
	examples/demo.sh $(SOURCE)

test: setup check
	pytest $(WORKERS)
	lmtx-search up --prepare-only
	tests/support/browser.sh
	pytest -m integration --durations=15 $(WORKERS)

test-faults: setup
	lmtx-search up --prepare-only
	pytest tests/faults -m 'faults or integration' --durations=15
	pytest -m several_nodes --durations=15

test-secured: setup
	lmtx-search up --prepare-only
	pytest -m secured --durations=5

test-clients: setup
	lmtx-search up --prepare-only
	pytest -m clients -rs --durations=5

fast-test: setup
	pytest $(WORKERS)

check: setup
	ruff check .
	ruff format --check .
	$(MAKE) --no-print-directory types imports

# The package as it is installed: cli and index_templates lie beside lmtx_search in a checkout.
build/types: FORCE
	rm -rf build/types
	mkdir -p build/types/lmtx_search
	ln -sfn $(CURDIR)/lmtx_search/* $(CURDIR)/cli $(CURDIR)/index_templates build/types/lmtx_search/
FORCE:

types: setup build/types
	cd build/types && mypy --config-file $(CURDIR)/pyproject.toml -p lmtx_search

imports: setup build/types
	cd build/types && lint-imports --config $(CURDIR)/pyproject.toml

wheel: setup
	rm -rf build/lib build/bdist.*
	python -m build --wheel --no-isolation --outdir dist .

docs: setup
	python -m pip install --quiet --disable-pip-version-check -e '.[docs]'
	NO_MKDOCS_2_WARNING=true mkdocs build --strict --quiet
	@echo "Open build/docs/index.html"

audit: setup
	rm -f build/vulnerabilities.json
	scripts/audit.sh build/audit

lock: setup
	scripts/audit.sh build/audit lock

setup: $(VENV)/.ready

$(VENV)/.ready: pyproject.toml requirements/dev.lock
	@PYTHON=$(PYTHON) scripts/setup.sh $(VENV)
	@touch $@

clean:
	rm -rf $(VENV) build dist demo-run
