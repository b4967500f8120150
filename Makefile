# The two commands of a stranger: `make demo` and `make test`. Both install what
# they need where they may (.ci/deps), and otherwise say what is missing and do
# all that can be done without.

GO      ?= go
BIN     := bin/rollcall
REPORT  := demo-report
export GOTOOLCHAIN ?= local
# What was compiled in one clone serves the next: paths of this one are in nothing.
export GOFLAGS ?= -trimpath
# Containers in tests: no clean-up sidecar (it can't be pulled offline; the tests
# end what they start), and published ports are on this host.
export TESTCONTAINERS_RYUK_DISABLED ?= true
export TESTCONTAINERS_HOST_OVERRIDE ?= 127.0.0.1

.PHONY: help demo test steps format tidy vet walls unit conformance matrix pairs products browser test-all bench mutants fuzz docs build deps clean release-test snapshot

help:
	@echo 'make demo    bring up the reference district, judge it, write the reports to $(REPORT)/'
	@echo 'make test    everything that continuous integration runs'
	@echo 'make test-all  the same without samples: every fault, 150 pairs of faults, 400 mutants; hours'
	@echo 'make bench   every figure that the documentation names'
	@echo 'make mutants  mistakes that a program makes in the source of the reference, judged; hours'
	@echo 'make fuzz    each fuzz target for FUZZTIME (default 30s)'
	@echo 'make docs    write the generated pages of docs/ anew'
	@echo 'make release-test  the program for other systems, and the image: minutes'
	@echo 'make snapshot  a release that is not published, in dist/'
	@echo 'make build   the program, as $(BIN)'

build:
	$(GO) build -trimpath -o $(BIN) ./cmd/rollcall

demo: build
	@.ci/deps chromium
	$(BIN) demo --out $(REPORT)

deps:
	@.ci/deps compiler chromium postgresql docker

# What soon says that something is wrong comes first. The other steps wait for half of their time, for services
# that don't answer and for pages, each on its own ports and in folders of its own: two go side by side.
test: deps format tidy vet walls
	@$(MAKE) --no-print-directory -j 2 steps
	@echo 'make test: all green'

# The longest comes first; whoever is done takes the next.
steps: unit conformance matrix pairs products browser

test-all: export ROLLCALL_MATRIX = all
test-all: test

format:
	@bad=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$bad" ]; then echo "gofmt would change:"; echo "$$bad"; exit 1; fi

# go.mod says what is imported, and nothing else.
tidy:
	$(GO) mod tidy -diff

# An example is compiled, and called by nobody. deadcode has the whole program in memory (4 GB): where the
# collector comes seldom it takes a third less.
vet:
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	@dead=$$(GOGC=400 $(GO) tool deadcode -test ./... | grep -v 'func: Example$$'); if [ -n "$$dead" ]; then echo "nothing calls:"; echo "$$dead"; exit 1; fi

# The walls between the rooms (docs/architecture.md), and the pages that are made of data.
walls:
	$(GO) test ./cmd/rollcall -run '^Test(Walls|Docs|RecordedMatrix)' -count=1

# Unit tests beside the code, with the race detector. Some packages would take minutes with
# it: the suites of rosters, resources and gradebooks judge some hundreds of bent services, the store has SQLite in it,
# the district's data are made by one goroutine and schemas are walked by one, broken bundles are many, and the program and
# the judge of importers run whole judgements,
# which `products` does without it. There the detector looks on while every check meets a
# service that isn't bent, while several write to a store at once or leave in the midst of it, and while the program
# judges a part of the reference, another one each day. Many of these wait for services that don't answer: four go
# side by side (by GOMAXPROCS, for Ginkgo refuses to run under -parallel).
ROSTERS := ./suites/oneroster/rostering ./suites/oneroster/resources ./suites/oneroster/gradebook
STORE   := ./reference/store
SCHEMAS := ./schemas
KERNEL  := ./suites/harness
# Whole runs, each with processes of its own that take a second to begin under the detector.
RUNS    := '^Test(HostileTargetFiles|DeadChildSparesTheOthers|InterruptedRunLeavesAReport|HostileTargets|KilledParent|ExitCodes|Verdicts|Waivers)$$'
PROGRAM := ./cmd/rollcall
# SQLite is C in Go's clothes: it keeps its data outside of Go's memory, where the detector doesn't look, and asks
# at each access all the same. It goes without; what calls it doesn't.
RACE    := -race -gcflags=modernc.org/sqlite/lib=-race=false -gcflags=modernc.org/libc=-race=false
BUNDLES := ./fixtures ./fixtures/bundle ./fixtures/broken ./suites/oneroster/csv/importer
unit:
	@race='$(RACE)'; if ! command -v "$${CC:-gcc}" >/dev/null 2>&1; then \
		race=; echo 'unit tests run without the race detector: it needs a C compiler'; fi; \
	run() { echo "$(GO) test $$*"; $(GO) test "$$@"; }; \
	apart=$$($(GO) list $(ROSTERS) $(STORE) $(SCHEMAS) $(KERNEL) $(PROGRAM) $(BUNDLES)); \
	run $$race -short -timeout 40m $$($(GO) list ./... | grep -vxF "$$apart") && \
	run $$race -short -timeout 40m $(ROSTERS) -run '^TestUnbent$$' && \
	run $$race -short -timeout 40m $(STORE) $(SCHEMAS) -run '^Test(TwoWriters|Reopened|KilledSQLite|AbandonedWrites|Together)$$' && \
	run $$race -short -timeout 40m $(KERNEL) -skip $(RUNS) && \
	run $$race -short -timeout 40m $(PROGRAM) -run '^TestConformance$$/^strict$$' && \
	run -short -timeout 40m $(KERNEL) -run $(RUNS) && \
	GOMAXPROCS=4 run -short -timeout 40m $(ROSTERS) $(STORE) $(SCHEMAS) $(BUNDLES)

# Every suite against the clean reference, over real sockets. They wait more than they work: four go
# side by side (by GOMAXPROCS, as above).
conformance:
	GOMAXPROCS=4 $(GO) test ./cmd/rollcall -run '^Test(CSV|Tool|Platform|Catalog|Consumer|ConsumersProvider|District|Searcher)?Conformance' -count=1 -timeout 40m

# Every fault must be caught, no variant may be minded. Requests wait for each other, and
# launches for pages: three cells go side by side.
matrix:
	$(GO) test ./cmd/rollcall -run 'Matrix$$' -skip '^Test(CSV|Tool|Platform|Picker|Picks|Recorded)' -count=1 -timeout 60m -parallel 3
	$(GO) test ./cmd/rollcall -run '^TestCSVMatrix' -count=1 -timeout 60m
	$(GO) test ./cmd/rollcall -run '^Test(Tool|Platform|PlatformNRPS|PlatformGrades|Picker|Picks)Matrix$$' -count=1 -timeout 60m -parallel 3

# Two faults at once, and changes that a program made: a sample that is another one
# every day; ROLLCALL_SEED takes others.
pairs:
	@out=$$(mktemp); echo "$(GO) test ./cmd/rollcall -run '^Test((Tool|Platform)?(Service)?Pairs|Mutants)$$' -v"; \
	$(GO) test ./cmd/rollcall -run '^Test((Tool|Platform)?(Service)?Pairs|Mutants)$$' -v -count=1 -timeout 300m -parallel 3 >$$out 2>&1; code=$$?; \
	grep -v '^=== \(RUN\|PAUSE\|CONT\)' $$out; rm -f $$out; exit $$code

# Products that answer as nobody scripted, bundles and set-ups of all kinds, runs that
# die: what of the command line's tests stands in none of the other lists.
products:
	$(GO) test ./suites/harness ./reports ./reference/sis ./suites/oneroster/csv/source -count=1 -timeout 60m \
		-run '^Test(NoCanaryLeaves|(Reports|Secrets|People|LongStrings)AreBounded|DearTexts|PageIsBounded|Seeds|Bounds)$$'
	$(GO) test ./cmd/rollcall ./suites/oneroster/csv/importer -count=1 -timeout 60m \
		-skip 'Conformance|(Matrix|Pairs|Mutants)$$|^Test(Container|Walls|Docs)|Browser'

# Pages in a real browser, targets in real containers.
browser:
	$(GO) test ./reports ./cmd/rollcall ./cmd/rollcall/gradestory -run 'Browser|^TestContainer|^TestStory' -count=1 -timeout 20m

bench:
	$(GO) test ./schemas ./fixtures/... ./reference/... ./suites/oneroster/csv/... ./cmd/rollcall -run '^$$' -bench . -benchtime 3s -timeout 60m

# Other seeds draw other mutants. What survives needs a check, or a reason in
# tools/mutants/survivors.yaml.
SEED ?= 1
mutants:
	$(GO) run ./tools/mutants -role sis -n 100 -seed $(SEED)
	$(GO) run ./tools/mutants -role gradebook -n 60 -seed $(SEED)
	$(GO) run ./tools/mutants -role tool -n 60 -seed $(SEED)
	$(GO) run ./tools/mutants -role platform -n 60 -seed $(SEED)
	$(GO) run ./tools/mutants -role tool-services -n 40 -seed $(SEED)
	$(GO) run ./tools/mutants -role platform-services -n 60 -seed $(SEED)

FUZZTIME ?= 30s
fuzz:
	@for package in $$($(GO) list ./...); do \
		for target in $$($(GO) test $$package -list '^Fuzz' 2>/dev/null | grep '^Fuzz'); do \
			echo "$$package $$target"; \
			$(GO) test $$package -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) || exit 1; \
		done; \
	done

docs:
	$(GO) test ./cmd/rollcall -run '^TestDocs' -count=1 -update

# What is released: the program for other systems, and the image. Minutes, for all is compiled anew.
release-test:
	ROLLCALL_RELEASE=1 $(GO) test ./cmd/rollcall -run '^Test(Release|Manual)' -count=1 -timeout 40m

# A release that is not published, in dist/. Its tools are pinned in a module of their own, for they come
# with some nine hundred others: 2 GB to download.
snapshot:
	$(GO) tool -modfile=tools/release/go.mod goreleaser release --snapshot --clean

clean:
	rm -rf bin $(REPORT) rollcall-report
