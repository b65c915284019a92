# make run and make test are all that a newcomer needs: both set up what they use.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

GO_MIN := $(shell sed -n 's/^go \([0-9]*\.[0-9]*\).*/\1/p' go.mod)
NODE_MIN := $(shell sed -n 's/.*"node": *">=\([0-9.]*\)".*/\1/p' overlay/web/package.json)
export GO_MIN NODE_MIN

# One kind of object for binary, tests and linter, so that each package is compiled
# once; only the race detector and the fuzzer need their own.
export CGO_ENABLED := 0

GOLANGCI_LINT := .cache/bin/golangci-lint-v2.15.0
WEB := overlay/web
WEB_SOURCES = $(shell find $(WEB) \( -name node_modules -o -name dist \) -prune -o -type f ! -name '*.go' -print)

# What starts whole nodes with real FFmpeg and Chromium: timing matters there, so
# the race detector stays out.
E2E := ./internal/node/... ./cmd/...

# What takes hours of virtual time on one goroutine, where the race detector has
# nothing to find and takes ten times as long: its files say !race.
HOURS := ./packager

TESTFLAGS ?=
FUZZTIME ?= 100000x
SOAK ?= 1h
BENCHCOUNT ?= 10

.PHONY: help run build test test-clients bench lint fmt fuzz soak ci ci-rest cross verify clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 16

run: build ## build, then a server with a synthetic host on air
	@.make/need ffmpeg
	bin/vitrine demo

build: $(WEB)/dist/.built ## bin/vitrine, with the web pages inside
	@.make/need go certificates
	go build -o bin/vitrine ./cmd/vitrine

test: $(WEB)/dist/.built ## all tests but those that need heavy clients
	@.make/need go certificates cc ffmpeg chromium
	cd $(WEB) && npm test
	go vet ./...
	CGO_ENABLED=1 go test $(TESTFLAGS) -race -timeout 8m $$(.make/packages except $(E2E))
	go test $(TESTFLAGS) -timeout 8m $(HOURS) $$(.make/packages only $(E2E))

test-clients: $(WEB)/dist/.built ## the tests with OBS and GStreamer
	@.make/need go certificates ffmpeg chromium obs xvfb gstreamer
	.make/tagged clients $(TESTFLAGS) -timeout 8m

bench: $(WEB)/dist/.built ## Go benchmarks, then the figures from end to end
	@.make/need go certificates ffmpeg chromium
	go test -run '^$$' -bench . -benchmem -count $(BENCHCOUNT) $$(.make/packages except $(E2E))
	.make/tagged bench -v -timeout 60m

lint: $(GOLANGCI_LINT) ## golangci-lint with the house rules
	$(GOLANGCI_LINT) run ./...

fmt: $(GOLANGCI_LINT) ## gofumpt and goimports over the tree
	$(GOLANGCI_LINT) fmt

fuzz: ## every fuzz target for FUZZTIME each, inputs (100000x) rather than time
	@.make/need go certificates
	.make/fuzz $(FUZZTIME)

soak: $(WEB)/dist/.built ## the long tests, for SOAK
	@.make/need go certificates ffmpeg chromium
	SOAK=$(SOAK) .make/tagged soak -v -timeout 0

ci: test test-clients ci-rest ## all that .ci/run runs

ci-rest: lint verify build cross
	$(MAKE) fuzz FUZZTIME=20000x

cross: $(WEB)/dist/.built ## the binary for every promised platform
	.make/cross $(CROSS)

# Not `go mod tidy -diff`: it asks for tests of dependencies that the module proxy
# does not have. A test in internal/house holds go.mod against the imports.
verify: ## the modules are those that go.sum names
	go mod verify

clean: ## remove what was built
	rm -rf bin .cache $(WEB)/node_modules
	find $(WEB)/dist -mindepth 1 ! -name .keep -delete

# npm writes .package-lock.json last; touched, so that it is newer than what it came from.
$(WEB)/node_modules/.package-lock.json: $(WEB)/package.json $(WEB)/package-lock.json
	@.make/need node
	cd $(WEB) && npm ci --no-audit --no-fund
	touch $@

# The bundler empties dist, .keep included, which Git holds so that Go can embed an unbuilt tree.
$(WEB)/dist/.built: $(WEB)/node_modules/.package-lock.json $(WEB_SOURCES)
	cd $(WEB) && npm run build
	touch $(WEB)/dist/.keep $@

$(GOLANGCI_LINT):
	@.make/need go certificates
	mkdir -p $(@D)
	GOBIN=$(CURDIR)/$(@D) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(lastword $(subst -, ,$@))
	mv $(@D)/golangci-lint $@
