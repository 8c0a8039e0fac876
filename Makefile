.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## build ./amirotate
	go build -o amirotate ./cmd/amirotate

.PHONY: demo
demo: ## replay the outage of July 2015 on the embedded sandbox
	go run ./cmd/amirotate demo

.PHONY: test
test: ## all tests; installs what they need on Debian and Ubuntu
	./test.sh

.PHONY: replay
replay: ## replay the outage with real hosts, stunnel and Buildbot; needs root
	go test -count=1 -v -run TestOutage ./internal/replay

.PHONY: chaos
chaos: ## 200 seeds of random faults and kills; a failing one says how to replay it
	AMIROTATE_CHAOS_SEEDS=200 go test -count=1 -v -timeout 90m -run TestChaos ./internal/crashtest

.PHONY: lint
lint: ## formatting, vet, and golangci-lint with the import arrows
	.ci/lint

.PHONY: bench
bench: ## benchmarks, each beside a peer or a limit
	go test -run '^$$' -bench . -benchtime 1x -count 5 ./internal/slavelist
	go test -run '^$$' -bench . -benchtime 1x -timeout 2h -v ./internal/bench

.PHONY: fuzz
fuzz: ## a minute of fuzzing for each parser
	.ci/fuzz
