# Everyday commands. `.ci/run` runs the recipe `ci`'s steps.

# List the recipes.
default:
    @just --list

# Run all tests.
[group('test')]
test:
    cargo test --locked

# Format the code.
[group('dev')]
fmt:
    cargo fmt

# Check format and lints.
[group('check')]
lint:
    cargo fmt -- --check
    cargo clippy --locked --all-targets -- -D warnings

# Measure everything end to end and write docs/performance.md.
[group('bench')]
bench:
    python3 -m venv target/bench-python
    target/bench-python/bin/pip install --quiet --requirement benches/python/requirements.txt
    BENCH_PYTHON=target/bench-python/bin/python cargo bench --locked --bench end_to_end

# Measure clean builds and write what they cost into docs/performance.md.
[group('bench')]
bench-build before='':
    python3 benches/build.py --dist {{ if before == '' { '' } else { '--before ' + before } }}

# Write docs/dependencies.md: what each dependency costs and why it stays.
[group('dev')]
dependencies:
    python3 benches/dependencies.py

# Check what dependencies are: versions, licences, sources.
[group('check')]
deny:
    cargo deny --version || cargo install --locked cargo-deny
    cargo deny check bans licenses sources

# Measure the parts of the row path.
[group('bench')]
bench-micro:
    cargo bench --locked --bench micro

# Look for bytes that are read otherwise than serde_json reads them.
[group('test')]
fuzz seconds='60':
    mkdir -p fuzz/corpus/rows
    cargo +nightly fuzz run rows fuzz/corpus/rows fuzz/seeds/rows -- -max_total_time={{ seconds }}

# Build the documentation.
[group('doc')]
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps

# Write the schema that editors use.
[group('dev')]
schema:
    cargo run --locked --quiet -- schema > schemas/connector.schema.json
    cargo run --locked --quiet -- schema test > schemas/test.schema.json

# Run what CI runs.
[group('check')]
ci:
    bash .ci/run

# Build the book of docs/ into target/book.
[group('doc')]
book:
    mdbook --version || cargo install --locked mdbook
    mdbook build docs
