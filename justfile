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

# Build the documentation.
[group('doc')]
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps

# Write the schema that editors use.
[group('dev')]
schema:
    cargo run --locked --quiet -- schema > schemas/connector.schema.json

# Run what CI runs.
[group('check')]
ci:
    bash .ci/run
