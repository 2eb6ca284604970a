# my21staff: `make run` shows the product, `make test` proves it, `make help` lists the rest.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# The tools, pinned. `go run` fetches and caches them; nothing else is installed.
GOTESTSUM   := go run gotest.tools/gotestsum@v1.13.0
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOLANGCI    := go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
GOVULNCHECK := go run golang.org/x/vuln/cmd/govulncheck@v1.9.0

# What is compiled for WebAssembly, and how it is looked at.
MAINS := ./wasm/edge ./wasm/command ./wasm/httpwasm ./wasm/wasihttp
WASI  := GOOS=wasip1 GOARCH=wasm

# Packages in which goroutines meet; they are tested with the race detector too.
RACED := ./adapters/... ./host/... ./edge/runner/... ./crm/directory/... ./crm/outbox/... ./crm/inbox/...
# Not with it: what one goroutine does step after step. One browser goes through the pages for
# minutes (what meets in the host then meets in the walks of several too); tables are filled, and
# laws are tried, in a database that the detector makes ten times slower.
ALONE := ^(TestNoLinkIsDead|TestHostileTexts|TestPagesAreAccessible|TestKeyboardReachesEverything)$$|^(TestGrowingTables|TestSearchesAskOneIndex|TestWholesAreAWorkspacesOwn)$$|^TestStore$$/^(Model|Filter|Value)$$

FUZZTIME ?= 30s
PARITY   ?= 10000000
CYCLES   ?= 10
SCENARIO ?= all
DATABASE ?= both
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
BINARY   := .build/my21staff
TESTFORMAT ?= pkgname-and-test-fails

.PHONY: help run demo build test test-runtimes screenshots lighthouse pages test-suites parity race fuzz torture bench bench-quick bench-growth bench-contacts check fmt fmt-check lint \
  golangci vet tidy-check vuln wasm wasm-check generate deps clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## build and start everything with a sample workspace and a WhatsApp simulator (Ctrl-C ends it)
	@$(BINARY) serve --demo --data-dir .build/demo

demo: run ## the same as run

build: ## build the program into .build/my21staff
	@mkdir -p .build
	@CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o $(BINARY) ./host/cmd/my21staff
	@echo "built $(BINARY) ($$(du -m $(BINARY) | cut -f1) MB)"

test: deps wasm ## run every test, on the embedded database and a real PostgreSQL, the edge module in its runtimes
	@$(GOTESTSUM) --format $(TESTFORMAT) --hide-summary=skipped -- -count=1 -timeout 25m ./...
	@$(GOTESTSUM) --format $(TESTFORMAT) --hide-summary=skipped -- -tags torture -count=1 -timeout 25m ./host/torture

test-runtimes: deps wasm ## run the edge module in the runtimes that take longer: http-wasm, wasi:http, command lines
	@M21_TEST_RUNTIMES=all go test -count=1 -timeout 30m -v ./wasm/runtimetest

screenshots: deps ## write a picture of every page, in both languages, wide and phone, light and dark, to .build/screenshots
	@rm -rf .build/screenshots
	@M21_SCREENSHOTS=all go test -count=1 -timeout 20m -run TestScreenshots ./host/webtest
	@echo "$$(ls .build/screenshots/*.png | wc -l) pictures in .build/screenshots"

lighthouse: deps ## score the inbox, a conversation, the contacts, the dashboard, the settings and the sign-in with Lighthouse, as on a slow phone; at least 95 each
	@M21_LIGHTHOUSE=all go test -count=1 -timeout 20m -v -run TestLighthouse ./host/webtest

pages: deps ## print how fast the pages are: what the server takes at 50,000 conversations in PostgreSQL, and what somebody waits for in Chromium
	@go run ./bench/crm -only pages -database postgres -out .build/pages
	@M21_TIMES=all go test -count=1 -timeout 20m -v -run 'TestTimes|TestFirstPageIsLight' ./host/webtest

test-suites: ## run the standard library's own tests, restructured as the edge module is
	@M21_TEST_SUITES=all go test -count=1 -timeout 60m -v -run TestStandardLibrary ./wasm/internal/restructure

parity: wasm ## decide PARITY (10,000,000) requests natively and in the module, and compare every byte
	@M21_TEST_PARITY=$(PARITY) go test -count=1 -timeout 4h -v -run Parity ./edge

race: deps ## run the tests of the packages with goroutines under the race detector
	@$(GOTESTSUM) --format $(TESTFORMAT) -- -race -skip '$(ALONE)' -count=1 -timeout 25m $(RACED)
	@$(GOTESTSUM) --format $(TESTFORMAT) -- -tags torture -race -count=1 -timeout 25m ./host/torture

fuzz: ## run each fuzz target for FUZZTIME (30s)
	@grep -roE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' . | sed 's/:func / /' | while read -r file target; do \
	  echo "== $$(dirname "$$file") $$target for $(FUZZTIME)"; \
	  go test "$$(dirname "$$file")" -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x </dev/null; \
	done

torture: deps ## kill hosts and databases, fill disks, cut connections, plant bugs, CYCLES (10) times each, and check what is left
	@go run ./bench/torture -scenario $(SCENARIO) -database $(DATABASE) -cycles $(CYCLES)

bench: wasm ## run the benchmarks: the packages' own, the edge's ladder, the product over HTTP beside its limits (bench/results)
	@go test -run '^$$' -bench . -benchmem ./...
	@go run ./bench/edge
	@go run ./bench/crm

bench-quick: wasm ## the edge's ladder and the product over HTTP, everything small, in some three minutes
	@go run ./bench/edge -quick
	@go run ./bench/crm -quick

bench-contacts: ## the contacts' lists at ten thousand and at a million contacts beside each other (PostgreSQL, 7 GB of disk)
	@go run ./bench/crm -contacts 1000000 -messages 1000000 -database postgres

bench-growth: ## the product's reads from 10 thousand to 10 million messages (an hour, 30 GB of disk)
	@go run ./bench/crm -growth

check: fmt-check vet lint tidy-check vuln wasm-check race ## all that must hold before a change lands: format, vet, staticcheck, tidiness, the edge module as its source gives it, race detector

fmt: ## format the code
	@gofmt -w $$(git ls-files -co --exclude-standard '*.go')

fmt-check:
	@bad=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); \
	if [ -n "$$bad" ]; then echo "not formatted (run make fmt):"; echo "$$bad"; exit 1; fi

vet:
	@go vet ./...
	@go vet -tags torture ./host/...
	@$(WASI) go vet -unsafeptr=false -tags kernel ./crm/webhook/tape ./edge ./edge/mac $(MAINS)

lint: ## run staticcheck
	@mkdir -p .build && GOBIN=$(CURDIR)/.build go install $(STATICCHECK)
	@.build/staticcheck ./...
	@.build/staticcheck -tags torture ./host/...
	@$(WASI) .build/staticcheck -checks inherit,-U1000 -tags kernel ./crm/webhook/tape ./edge ./edge/mac $(MAINS) # U1000: it does not know go:wasmexport

golangci: ## run golangci-lint with .golangci.yml (slow the first time)
	@$(GOLANGCI) run ./...

tidy-check:
	@go mod tidy -diff || { echo "go.mod or go.sum is not tidy (run go mod tidy)"; exit 1; }

vuln: ## look for known vulnerabilities in what the program calls
	@if ! command -v curl >/dev/null || ! curl -sSf -m 10 -o /dev/null https://vuln.go.dev/index/db.json 2>/dev/null; then \
	  echo "NOT SCANNED for known vulnerabilities: the Go vulnerability database cannot be reached from here"; \
	else $(GOVULNCHECK) ./...; fi

wasm: ## build the edge module and the mains beside it into wasm/dist
	@go run ./wasm/internal/build/cmd -steps
	@$(WASI) go build -trimpath -ldflags "-s -w" -o wasm/dist/command.wasm ./wasm/command
	@for main in httpwasm wasihttp; do \
	  $(WASI) go build -trimpath -ldflags "-s -w" -buildmode=c-shared -o wasm/dist/$$main.wasm ./wasm/$$main; \
	done

wasm-check: ## see that the embedded edge module is what its source gives, byte for byte
	@go run ./wasm/internal/build/cmd -check -out=

generate: ## write generated files anew (goldens: go test ./... -update)
	@go generate ./...

deps: ## look for what the tests need and install it where that is allowed
	@.ci/deps

clean: ## remove what was built, the demo's data included
	@rm -rf .build wasm/dist
