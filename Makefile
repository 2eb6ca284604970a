# my21staff: `make run` shows the product, `make test` proves it, `make help` lists the rest.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# The tools, pinned. `go run` fetches and caches them; nothing else is installed.
GOTESTSUM   := go run gotest.tools/gotestsum@v1.13.0
STATICCHECK := go run honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOLANGCI    := go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
GOVULNCHECK := go run golang.org/x/vuln/cmd/govulncheck@v1.9.0

# Packages in which goroutines meet; they are tested with the race detector too.
RACED := ./adapters/... ./host/... ./crm/directory/... ./crm/outbox/... ./crm/inbox/...

FUZZTIME ?= 30s
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
BINARY   := .build/my21staff
TESTFORMAT ?= pkgname

.PHONY: golangci help run demo build test race fuzz bench check fmt fmt-check lint vet tidy-check vuln wasm generate deps clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## build and start everything with a sample workspace and a WhatsApp simulator (Ctrl-C ends it)
	@$(BINARY) serve --demo --data-dir .build/demo

demo: run ## the same as run

build: ## build the program into .build/my21staff
	@mkdir -p .build
	@CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o $(BINARY) ./host/cmd/my21staff
	@echo "built $(BINARY) ($$(du -m $(BINARY) | cut -f1) MB)"

test: deps ## run every test, on the embedded database and on a real PostgreSQL
	@$(GOTESTSUM) --format $(TESTFORMAT) --hide-summary=skipped -- -count=1 -timeout 25m ./...

race: deps ## run the tests of the packages with goroutines under the race detector
	@$(GOTESTSUM) --format $(TESTFORMAT) -- -race -count=1 -timeout 25m $(RACED)

fuzz: ## run each fuzz target for FUZZTIME (30s)
	@grep -roE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' . | sed 's/:func / /' | while read -r file target; do \
	  echo "== $$(dirname "$$file") $$target for $(FUZZTIME)"; \
	  go test "$$(dirname "$$file")" -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x </dev/null; \
	done

bench: ## run the benchmarks
	@go test -run '^$$' -bench . -benchmem ./...

check: fmt-check vet lint tidy-check vuln race ## all that must hold before a change lands: format, vet, staticcheck, rules, tidiness, race detector

fmt: ## format the code
	@gofmt -w $$(git ls-files -co --exclude-standard '*.go')

fmt-check:
	@bad=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); \
	if [ -n "$$bad" ]; then echo "not formatted (run make fmt):"; echo "$$bad"; exit 1; fi

vet:
	@go vet ./...

lint: ## run staticcheck
	@$(STATICCHECK) ./...

golangci: ## run golangci-lint with .golangci.yml (slow the first time)
	@$(GOLANGCI) run ./...

tidy-check:
	@go mod tidy -diff || { echo "go.mod or go.sum is not tidy (run go mod tidy)"; exit 1; }

vuln: ## look for known vulnerabilities in what the program calls
	@if ! command -v curl >/dev/null || ! curl -sSf -m 10 -o /dev/null https://vuln.go.dev/index/db.json 2>/dev/null; then \
	  echo "NOT SCANNED for known vulnerabilities: the Go vulnerability database cannot be reached from here"; \
	else $(GOVULNCHECK) ./...; fi

wasm: ## build what there is of the domain for WASI, which shows that it needs no operating system
	@GOOS=wasip1 GOARCH=wasm go build ./crm/...

generate: ## write generated files anew (goldens: go test ./... -update)
	@go generate ./...

deps: ## look for what the tests need and install it where that is allowed
	@.ci/deps

clean: ## remove what was built, the demo's data included
	@rm -rf .build
