# The commands of this repository; README.md says what they are for.
#
#   make run          plays the flagship scenario and prints its report
#   make test         checks the style and runs every test, in release mode; compares a debug build byte for byte
#   make conformance  prints how many lines of each conformance program match the real kernel
#   make bench        measures speed and size beside the named references
#   make format       formats the sources; `make lint` only checks them

SHELL := /bin/bash
.DEFAULT_GOAL := run

FLAGSHIP ?= Scenarios/ipc/reply-and-wait.json
# Tests are built once, optimised: the simulator is ten times slower without, and a second build costs minutes.
RELEASE := -c release
TESTABLE := $(RELEASE) -Xswiftc -enable-testing
# Different flags would rebuild everything in one folder.
TEST_BUILD := --scratch-path .build-test
DEBUG_BUILD := --scratch-path .build-debug

RUN_PACKAGES := libelf-dev
TEST_PACKAGES := $(RUN_PACKAGES) binutils elfutils gdb-multiarch qemu-user

.PHONY: run build test conformance bench format lint tools test-tools same-bytes clean

run: build
	@$$(swift build $(RELEASE) --show-bin-path)/stasis run $(FLAGSHIP)

build: tools
	@swift build $(RELEASE) --product stasis

test: test-tools lint
	swift test $(TESTABLE) $(TEST_BUILD)
	@$(MAKE) --no-print-directory same-bytes

# The promise of determinism across optimisation levels: every shipped scenario gives the same bytes.
same-bytes:
	swift build $(DEBUG_BUILD) --product stasis
	.ci/same-bytes "$$(swift build $(DEBUG_BUILD) --show-bin-path)/stasis" \
	  "$$(swift build $(TESTABLE) $(TEST_BUILD) --show-bin-path)/stasis"

conformance: test-tools
	STASIS_CONFORMANCE_TABLE=1 swift test $(TESTABLE) $(TEST_BUILD) --filter ConformanceTests

bench: tools
	@swift build $(RELEASE) --product Benchmarks
	@$$(swift build $(RELEASE) --show-bin-path)/Benchmarks

format:
	swift format format --in-place --parallel --recursive Package.swift Sources Tests

lint:
	swift format lint --strict --parallel --recursive Package.swift Sources Tests

tools:
	@.ci/install $(RUN_PACKAGES)

test-tools:
	@.ci/install $(TEST_PACKAGES)

clean:
	rm -rf .build .build-test .build-debug
