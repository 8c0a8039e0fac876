.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

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

.PHONY: report-check
report-check: ## the report in Chromium, with HTML and accessibility checkers; needs npm
	.ci/report-check

.PHONY: powershell-check
powershell-check: ## the PowerShell scripts by an independent grammar; needs npm
	.ci/powershell-check

.PHONY: bench
bench: ## benchmarks, each beside a peer or a limit
	go test -run '^$$' -bench . -benchtime 1x ./internal/slavelist
	go test -run '^$$' -bench '(BesidePacker|k26|k100|d100|d1000|OneSlow|Link|Start)$$' -benchtime 1x -timeout 1h -v ./internal/bench

.PHONY: fuzz
fuzz: ## a minute of fuzzing for each parser
	.ci/fuzz

.PHONY: dist
dist: ## build what is handed out into dist: archives, Debian packages, checksums
	go run -C .ci/release .

.PHONY: dist-check
dist-check: ## build it twice, from two folders, and compare every byte
	.ci/dist-check

.PHONY: deb-check
deb-check: ## the demo in a fresh Debian with the package alone; needs root, after dist
	.ci/deb-check dist/amirotate_*_amd64.deb
