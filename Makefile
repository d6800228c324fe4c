# Everything starts from a machine with the Swift toolchain, git and make.
.POSIX:
.PHONY: help build demo test lint sanitize fuzz bench install deps deps-test
.DEFAULT_GOAL := help

PREFIX ?= /usr/local
SWIFT ?= swift
# On Linux the Swift runtime goes into the program: it then runs where no Swift is, in less memory.
BUILD = $(SWIFT) build -c release --product bstk \
	$$(test "$$(uname)" = Linux && echo --static-swift-stdlib)

help:
	@echo "make build    build the program, .build/release/bstk"
	@echo "make demo     compress, publish, fetch, grow, trim and export a small model"
	@echo "make test     build and run every test"
	@echo "make lint     check the formatting"
	@echo "make sanitize run the transport tests under ThreadSanitizer and AddressSanitizer"
	@echo "make fuzz     feed mutated bytes to every reader, a minute each"
	@echo "make bench    run the benchmarks"
	@echo "make install  put bstk into PREFIX/bin (now $(PREFIX)/bin)"
	@echo "make deps     install the system libraries (apt) or say which are needed"

build: deps
	@$(BUILD)

demo: build
	@.build/release/bstk demo

# One test at a time: many start servers and programs and kill them, on few cores.
test: deps-test
	@$(SWIFT) build --build-tests
	@OPENBLAS_NUM_THREADS=1 $(SWIFT) test --skip-build --no-parallel

lint:
	@$(SWIFT) format lint --strict --parallel --recursive Package.swift Sources Tests Fuzz
	@echo "lint: clean"

# LeakSanitizer needs ptrace, which containers seldom allow.
sanitize: deps-test
	@for kind in thread address; do \
	  ASAN_OPTIONS=detect_leaks=0 $(SWIFT) test --sanitize=$$kind --scratch-path .build/$$kind \
	    --no-parallel --filter BSTKTransportTests || exit 1; \
	done

fuzz: deps
	@Fuzz/run

bench: deps
	@Benchmarks/run
	@Benchmarks/run loopback --report-only

install: build
	@install -d "$(DESTDIR)$(PREFIX)/bin"
	@install -m 755 .build/release/bstk "$(DESTDIR)$(PREFIX)/bin/bstk"
	@echo "installed $(DESTDIR)$(PREFIX)/bin/bstk"

deps:
	@./.ci/deps

deps-test:
	@./.ci/deps --test
