# The two commands are `make run` and `make test`; the rest are for people who work on In Camera.
.DEFAULT_GOAL := run
.PHONY: run demo test bench bench-sfu bench-footprint bench-abuse bench-faults soak vendored-diff fuzz fmt web wasm check rust-test wasm-test web-test browser-test clean

SETUP := scripts/setup.sh
TIME ?= 60
HOURS ?= 1

run: ## serve http://localhost:8080 with the embedded defaults
	$(SETUP) build
	$(MAKE) --no-print-directory web
	cargo run --release --quiet -p incamera-server -- --data-dir data

demo: ## a meeting with headless people in it, for someone alone
	$(SETUP) demo
	$(MAKE) --no-print-directory web
	cargo build --release -p incamera-server -p incamera-cli
	scripts/demo.sh

test: ## everything that continuous integration runs
	$(SETUP) test
	$(MAKE) --no-print-directory web check rust-test wasm-test web-test browser-test

wasm: ## the participant core for the browser
	scripts/build-wasm.sh

web: wasm ## the page, ready to be embedded in the server
	cd web && npm run --silent build

check: ## formatting, lints, licences, who may use whom
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	scripts/deny.sh

rust-test:
	cargo test --workspace --locked

wasm-test:
	node --test crates/wasm/tests-node/

web-test:
	cd web && npm run --silent check && npm run --silent lint && npm test --silent && npm run --silent budget

browser-test:
	cargo build --locked -p incamera-server -p incamera-cli
	cd e2e && npm test --silent

bench: ## prints every figure of docs/performance.md
	$(SETUP) test
	$(MAKE) --no-print-directory web
	scripts/bench.sh

bench-sfu: ## what forwarding costs the server, beside the least it could cost, in all ROOMS or those named; needs two cores
	scripts/bench-sfu.sh $(ROOMS)

bench-footprint: ## lines of cache and instructions that a forwarded packet and a report take, simulated; needs valgrind
	scripts/bench-footprint.sh

bench-abuse: ## a call of thirteen while each of eighteen attacks runs for TIME seconds: what it does to them
	$(SETUP) test
	$(MAKE) --no-print-directory web
	cargo build --release --quiet --locked -p incamera-server -p incamera-cli
	cargo build --release --quiet --locked -p incamera-cli --example attack
	INCAMERA_BIN="$${CARGO_TARGET_DIR:-target}/release" node e2e/bench/abuse.mjs $(TIME)

bench-faults: ## a call while its server's database, disk, descriptors, clock and process fail for TIME seconds each
	$(SETUP) test
	$(MAKE) --no-print-directory web
	cargo build --release --quiet --locked -p incamera-server -p incamera-cli
	INCAMERA_BIN="$${CARGO_TARGET_DIR:-target}/release" node e2e/bench/faults.mjs $(TIME)

soak: ## people come and go for HOURS hours: memory growth and leaked descriptors of the server
	$(SETUP) test
	$(MAKE) --no-print-directory web
	cargo build --release --quiet --locked -p incamera-server -p incamera-cli
	INCAMERA_BIN="$${CARGO_TARGET_DIR:-target}/release" node e2e/bench/soak.mjs $(HOURS)

vendored-diff: ## what third_party/str0m has changed of the published crate
	@scripts/vendored-diff.sh

fuzz: ## every fuzz target for TIME seconds each; needs cargo-fuzz and a nightly toolchain
	scripts/fuzz.sh $(TIME)

fmt:
	cargo fmt --all
	cd web && npm run --silent lint -- --fix

clean:
	cargo clean
	rm -rf web/dist web/src/wasm
