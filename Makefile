# make demo   installs what is missing, builds, and runs the whole analysis on the bundled recording
# make test   installs what is missing, checks the style, builds, and runs every test

SWIFT_BUILD := swift build -c release --build-tests
CODEC := .build/release/codec
STYLED := Package.swift Sources RetinaData VisionAdapters Tests Benchmarks

.PHONY: demo test build lint install format clean

demo: build
	$(CODEC) demo

test: lint build
	@scripts/install-dependencies --tests
	swift test -c release --skip-build
	scripts/check-page
	scripts/check-notebooks

# One build serves both commands.
build: install
	$(SWIFT_BUILD)

install:
	@scripts/install-dependencies

lint: install
	swift format lint --strict --parallel --recursive $(STYLED)
	@scripts/check-memory-safety

format:
	swift format --in-place --parallel --recursive $(STYLED)

clean:
	rm -rf .build Benchmarks/.build
