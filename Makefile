# The commands of this repository. `make demo` shows Virgil on the sample platform; `make test` runs every test.

DATA_DIR ?= data
PROFILE ?= release
PORT ?= 8642
# The profile's folder below target/: Cargo calls the one of `dev` `debug`.
PROFILE_DIR := $(if $(filter dev,$(PROFILE)),debug,$(PROFILE))
TARGET_DIR := $(if $(CARGO_TARGET_DIR),$(CARGO_TARGET_DIR),target)
VIRGIL := $(TARGET_DIR)/$(PROFILE_DIR)/virgil
TOOLS := $(TARGET_DIR)/tools
GATEWAY := $(TARGET_DIR)/litellm

RETRIEVAL_BENCH := $(TARGET_DIR)/retrieval-bench

.PHONY: demo test test-gateway check model web build bench bench-retrieval retrieval citations corpora openlineage page format

## Sets everything up, reads the sample platform and starts the server on loopback.
demo: model web build
	@VIRGIL=$(VIRGIL) DATA_DIR=$(DATA_DIR) PORT=$(PORT) sh deploy/demo.sh

## Runs every test: the model's set-up, the web page, the crates, the program from outside.
test: model web
	VIRGIL_DATA_DIR=$(DATA_DIR) python3 -B deploy/model/test_setup.py
	cd web && npm run --silent test
	cargo test --workspace --locked

## Tests the program against a real LiteLLM proxy, which is installed below target/ the first time (some minutes).
test-gateway: model web $(GATEWAY)/installed
	LITELLM=$(abspath $(GATEWAY))/bin/litellm VIRGIL_MODEL_DIR=$(abspath $(DATA_DIR)) \
		cargo test -p virgil --test program --locked -- gateway::litellm --nocapture

$(GATEWAY)/installed: deploy/gateway/requirements.txt
	@python3 -m venv --help >/dev/null 2>&1 || { echo "Python's venv module is missing: install it (on Debian: apt-get install python3-venv)" >&2; exit 1; }
	python3 -m venv $(GATEWAY)
	$(GATEWAY)/bin/pip install --quiet --disable-pip-version-check -r deploy/gateway/requirements.txt
	@touch $@

## Measures Virgil against what the machine can do; a quarter of an hour, on a quiet machine.
bench: model build
	VIRGIL_MODEL_DIR=$(abspath $(DATA_DIR)) cargo bench -p virgil-index --locked
	VIRGIL_MODEL_DIR=$(abspath $(DATA_DIR)) cargo bench -p virgil-graph --locked
	python3 -B tests/bench.py $(VIRGIL) $(DATA_DIR)
	python3 -B tests/bench_askers.py $(VIRGIL) $(DATA_DIR)
	python3 -B tests/bench_cache.py $(VIRGIL) $(DATA_DIR)

## Measures retrieval on public question sets: `make retrieval RETRIEVAL_DATA=FOLDER` (tests/retrieval.rs says which files).
retrieval: model
	@test -n "$(RETRIEVAL_DATA)" || { echo "say where the question sets are: make retrieval RETRIEVAL_DATA=FOLDER" >&2; exit 1; }
	RETRIEVAL_DATA=$(abspath $(RETRIEVAL_DATA)) cargo test -p virgil --test retrieval --locked

## Virgil's retrieval beside LlamaIndex's and LangChain's quick-starts: `make bench-retrieval CORPUS=FOLDER [SET=website]` (tests/retrieval_bench
## says which corpora). Installs the two below target/ the first time.
bench-retrieval: model build $(RETRIEVAL_BENCH)/installed
	@test -n "$(CORPUS)" || { echo "say where the corpus is: make bench-retrieval CORPUS=FOLDER [SET=website or cookbook]" >&2; exit 1; }
	$(RETRIEVAL_BENCH)/bin/python -B tests/retrieval_bench $(or $(SET),website) --corpus $(CORPUS) --program $(VIRGIL) --model $(DATA_DIR) \
		--work $(RETRIEVAL_BENCH)/work

$(RETRIEVAL_BENCH)/installed: tests/retrieval_bench/requirements.txt
	@python3 -m venv --help >/dev/null 2>&1 || { echo "Python's venv module is missing: install it (on Debian: apt-get install python3-venv)" >&2; exit 1; }
	python3 -m venv $(RETRIEVAL_BENCH)
	$(RETRIEVAL_BENCH)/bin/pip install --quiet --disable-pip-version-check -r tests/retrieval_bench/requirements.txt
	@touch $@

## Compares the graph with what the files of public repositories state: `make corpora CORPORA=FOLDER` (tests/corpora says which).
corpora: model build
	@test -n "$(CORPORA)" || { echo "say where the clones are: make corpora CORPORA=FOLDER" >&2; exit 1; }
	python3 -c "import yaml" || { echo "PyYAML is missing: pip install pyyaml" >&2; exit 1; }
	python3 -B tests/corpora $(CORPORA) --virgil $(VIRGIL) --model $(DATA_DIR) --work $(TARGET_DIR)/corpora

## The OpenLineage Python client against the real server, and how many events a minute it takes; installs the client from PyPI.
openlineage: model build
	python3 -B tests/openlineage/test_client.py $(VIRGIL) $(DATA_DIR) $(TARGET_DIR)/openlineage

## Drives the chat page in Chromium (`CHROMIUM=FILE`, if it is not /usr/bin/chromium); installs playwright-core from npm.
page: model web build
	cd tests/page && npm ci --silent --no-audit --no-fund
	VIRGIL=$(VIRGIL) VIRGIL_MODEL_DIR=$(DATA_DIR) node tests/page/story.mjs

## Measures the check of citations: `make citations CLAIMS_DATA=FOLDER`, a checkout of the corpus that tests/questions/claims.yaml names.
citations:
	@test -n "$(CLAIMS_DATA)" || { echo "say where the corpus is: make citations CLAIMS_DATA=FOLDER" >&2; exit 1; }
	CLAIMS_DATA=$(abspath $(CLAIMS_DATA)) cargo test -p virgil --test citations --locked

## Formatting, lints, documentation and dependency policy, as CI wants them.
check: web
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --locked
	@TOOLS=$(TOOLS) sh deploy/deny.sh
	cd web && npm run --silent check && npm run --silent lint

## The embedding model and the ONNX Runtime library, by pinned version and hash.
model:
	@python3 deploy/model/setup.py --data-dir $(DATA_DIR)

## The chat page, which is built into the binary.
web: web/dist/index.html

web/node_modules/.package-lock.json: web/package.json web/package-lock.json
	@command -v npm >/dev/null || { echo "npm is missing: install Node.js 20 or newer" >&2; exit 1; }
	cd web && npm ci --no-audit --no-fund --loglevel=error

web/dist/index.html: web/node_modules/.package-lock.json $(shell find web/src web/public web/index.html web/vite.config.ts 2>/dev/null)
	cd web && npm run --silent build

build: web
	@command -v cargo >/dev/null || { echo "cargo is missing: install Rust 1.95 or newer" >&2; exit 1; }
	@command -v cc >/dev/null || { echo "a C compiler is missing: install one (on Debian: apt-get install build-essential)" >&2; exit 1; }
	cargo build --profile $(PROFILE) --bin virgil --locked

format:
	cargo fmt --all
