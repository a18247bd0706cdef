# Everything a developer runs. Needs rustup, gcc, make and python3; no Docker, no AWS account.
# Local state (virtual environments, tools, stacks) lives in .local, build output where cargo puts it.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup setup-lint build test lint demo up down bench simulate search drill soak mutants fuzz nightly clean

LOCAL := .local
BIN_DIR := $(or $(CARGO_TARGET_DIR),target)/debug
RECOUP_LOCAL := $(BIN_DIR)/recoup-local
CARGO_DENY_VERSION := 0.20.2
CARGO_DENY := $(LOCAL)/cargo-deny-$(CARGO_DENY_VERSION)
CARGO_FUZZ_VERSION := 0.13.2
CARGO_FUZZ := $(LOCAL)/cargo-fuzz-$(CARGO_FUZZ_VERSION)
FUZZ_SECONDS ?= 60
TARGET ?=
SIMULATE := $(BIN_DIR)/simulate
PARTS := --bin-dir $(BIN_DIR)
SEED ?= 1
EVENTS ?= 200
ARGS ?=

# $(call timed,what,command): runs a command and prints how long it took.
timed = began=$$(date +%s); $(2); echo "$(1): $$(( $$(date +%s) - began )) s"

# $(call venv,folder,requirements): makes a virtual environment of pinned, hashed packages.
define venv
if ! command -v python3 >/dev/null; then \
  echo "python3 is missing. Run: apt-get install python3 python3-venv" >&2; exit 1; \
fi; \
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then \
  echo "python3 is older than 3.10: install a newer one and put it first on PATH" >&2; exit 1; \
fi; \
if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then \
  if [ -f /etc/debian_version ] && [ "$$(id -u)" = 0 ]; then \
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv; \
  else \
    echo "python3 cannot make virtual environments. Run: sudo apt-get install python3-venv" >&2; exit 1; \
  fi; \
fi; \
rm -rf $(1); python3 -m venv $(1); \
$(1)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $(2); \
cp $(2) $(1)/installed.txt
endef

help: ## Lists the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(LOCAL)/venv/installed.txt ## Installs the local AWS into .local/venv, once

$(LOCAL)/venv/installed.txt: infra/local/requirements.txt
	@$(call timed,install the local AWS,$(call venv,$(LOCAL)/venv,$<))

setup-lint: $(LOCAL)/venv-lint/installed.txt $(CARGO_DENY)

$(LOCAL)/venv-lint/installed.txt: infra/requirements-lint.txt
	@$(call timed,install cfn-lint,$(call venv,$(LOCAL)/venv-lint,$<))

# A link to the one on PATH when that is the pinned version, else a build of it.
$(CARGO_DENY):
	@mkdir -p $(LOCAL); \
	if [ "$$(cargo-deny --version 2>/dev/null)" = "cargo-deny $(CARGO_DENY_VERSION)" ]; then \
	  ln -sf "$$(command -v cargo-deny)" $@; \
	else \
	  $(call timed,install cargo-deny,cargo install --quiet --locked --root $(LOCAL)/tools --version $(CARGO_DENY_VERSION) cargo-deny); \
	  ln -sf tools/bin/cargo-deny $@; \
	fi

$(CARGO_FUZZ):
	@mkdir -p $(LOCAL); \
	if [ "$$(cargo-fuzz --version 2>/dev/null)" = "cargo-fuzz $(CARGO_FUZZ_VERSION)" ]; then \
	  ln -sf "$$(command -v cargo-fuzz)" $@; \
	else \
	  $(call timed,install cargo-fuzz,cargo install --quiet --locked --root $(LOCAL)/tools --version $(CARGO_FUZZ_VERSION) cargo-fuzz); \
	  ln -sf tools/bin/cargo-fuzz $@; \
	fi

nightly:
	@if ! rustup toolchain list | grep -q '^nightly'; then \
	  echo "Fuzzing needs a nightly toolchain. Run: rustup toolchain install nightly --profile minimal" >&2; exit 1; \
	fi

build: ## Builds the functions and the tools
	@$(call timed,build,cargo build --workspace --bins --locked)

test: setup build ## Runs all tests, the end-to-end tests on the local AWS included
	@$(call timed,tests of the workspace,cargo test --workspace --locked)
	@$(call timed,self-test of the local AWS,$(LOCAL)/venv/bin/python3 infra/local/test_aws.py)
	@$(call timed,end-to-end tests,cargo test --workspace --locked --features recoup-tests/end_to_end --test end_to_end --test wire_faults -- --nocapture)

lint: setup-lint ## Checks format, clippy, dependencies and template.yaml
	@$(call timed,fmt,cargo fmt --all --check)
	@$(call timed,clippy,cargo clippy --workspace --all-targets --locked -- -D warnings)
	@$(call timed,deny,$(CARGO_DENY) --locked check bans licenses sources)
	@$(call timed,cfn-lint,$(LOCAL)/venv-lint/bin/cfn-lint template.yaml)

demo: setup build ## Plays failed payments through the real functions and shows what was sent, when and why
	@$(RECOUP_LOCAL) demo $(PARTS) $(ARGS)

up: setup build ## Starts a stack in the background; .local/stack.json says where everything is
	@$(RECOUP_LOCAL) up $(PARTS) $(ARGS)

down: ## Stops it
	@if [ -x $(RECOUP_LOCAL) ]; then $(RECOUP_LOCAL) down $(ARGS); else echo "Nothing is up: nothing was built"; fi

bench: ## Measures the hot paths and each function's cold start; PEER=1 measures the same webhook in JavaScript beside it
	@$(call timed,release build,cargo build --release --bins --locked)
	@$(call timed,runtime client alone,cargo build --release --locked -p recoup-tests --example echo)
	@$(call timed,hot paths,cargo bench --locked -p recoup-tests --bench hot_path)
ifdef PEER
	@cd tests/benches/peer && npm ci --no-audit --no-fund --loglevel=error && npm run --silent build && npm run --silent verify
endif
	@$(call timed,cold starts,cargo bench --locked -p recoup-tests --bench cold_start -- --tls \
	  $(if $(PEER),--peer $(CURDIR)/tests/benches/peer/dist/payment-webhook.cjs) $(ARGS))

simulate: ## Plays the simulation of SEED=1 with EVENTS=200 deliveries; one that fails is printed as short as can be
	@cargo build --quiet --locked -p recoup-tests --bin simulate
	@$(SIMULATE) seed $(SEED) --events $(EVENTS) $(ARGS)

search: ## Looks at every interleaving of a few processes with a few faults
	@cargo build --quiet --locked -p recoup-tests --bin simulate
	@$(SIMULATE) search $(ARGS)

drill: setup build ## Plays 50,000 mixed events through the simulation and 5,000 through the deployed functions
	@$(call timed,simulation,$(SIMULATE) drill --events 50000)
	@$(call timed,deployed functions,$(RECOUP_LOCAL) drill $(PARTS) --events 5000)

soak: ## Plays 1,000,000 events through the simulation; for a machine with nothing else to do
	@cargo build --quiet --locked -p recoup-tests --bin simulate
	@$(call timed,simulation,$(SIMULATE) drill --events 1000000 $(ARGS))

mutants: ## Removes one safeguard at a time and shows which tests notice
	@$(call timed,mutants,tests/mutants/run.py $(ARGS))

fuzz: nightly $(CARGO_FUZZ) ## Runs every fuzz target for FUZZ_SECONDS=60, or only TARGET=name
	@CARGO_FUZZ=$(CARGO_FUZZ) fuzz/run.sh $(FUZZ_SECONDS) $(TARGET)

clean: down ## Stops the stack and removes .local; cargo clean removes the rest
	@rm -rf $(LOCAL)
