# runner with the connectors of this repository. In the dev portal the command is `runner`, the
# arguments are `--spec connectors/NAME.yaml`, the health check is `--health-check`.

FROM rust:1.95-slim-trixie AS build
WORKDIR /build
# Dependencies are built on their own, so that a change of the source does not build them again.
COPY Cargo.toml Cargo.lock ./
RUN mkdir src \
    && echo '//! Nothing yet.' > src/lib.rs \
    && printf '//! Nothing yet.\nfn main() {}\n' > src/main.rs \
    && cargo build --profile dist --locked --features parquet,pkcs12,sql \
    && rm -r src
COPY src src
# Cargo goes by times: the empty sources above are newer than those that were copied.
RUN touch src/main.rs src/lib.rs \
    && cargo build --profile dist --locked --features parquet,pkcs12,sql

FROM debian:trixie-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home connector
COPY --from=build /build/target/dist/runner /usr/local/bin/runner
WORKDIR /connector
COPY connectors connectors
# A spec with a mistake is found here, not in a run.
RUN runner check connectors/*.yaml
# By its number: a platform that refuses root can't look up a name.
USER 10001
CMD ["runner", "--help"]
