//! What can be written on the command line.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use crate::spec::Mode;
use crate::state::{StatePlace, StatePlaceError};

/// Turns a YAML file into a working connector for the Productsup platform.
#[derive(Debug, Parser)]
#[command(
    name = "runner",
    version,
    args_conflicts_with_subcommands = true,
    after_long_help = AFTER_HELP
)]
pub struct Arguments {
    /// The command; without one, `--spec` runs a connector.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The run.
    #[command(flatten)]
    pub run: RunArguments,
}

const AFTER_HELP: &str = "\
Examples:
  runner --spec connectors/data-service.yaml
      runs the connector against the Container API
  runner --spec connectors/data-service.yaml --health-check
      loads and compiles the spec, touches no network
  runner --spec connectors/data-service.yaml --help
      lists the options of that spec
  runner sandbox --spec connectors/data-service.yaml --input products.csv --out out
      runs it on a file, without the platform
  runner preview --spec connectors/data-source.yaml
      shows the first rows and writes nothing
  runner record --spec connectors/data-source.yaml --records 20
      keeps what it asked and was answered; preview and sandbox take it with --replay
  runner check connectors/*.yaml
      names every mistake in the specs

Options of a spec are read from flags (--new-column-name=value), else from the environment
(NEW_COLUMN_NAME), else from the spec's defaults.

Exit codes: 0 done, 1 the run failed, 2 the spec or the command line is wrong, 130 and 143 after
SIGINT and SIGTERM.";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Writes a spec to start from.
    New(NewArguments),
    /// Writes specs of what another tool runs.
    Convert(ConvertArguments),
    /// Names every mistake in specs, each with its place and what to do about it.
    Check(CheckArguments),
    /// Runs a connector against an embedded Container API: no platform needed.
    #[cfg(feature = "sandbox")]
    Sandbox(SandboxArguments),
    /// Runs a connector in the sandbox and keeps what it asked and was answered on a tape.
    #[cfg(feature = "sandbox")]
    Record(RecordArguments),
    /// Shows the first rows that a connector would write, and writes nothing.
    #[cfg(feature = "sandbox")]
    Preview(PreviewArguments),
    /// Runs the cases written beside specs, in NAME.test.yaml.
    #[cfg(feature = "sandbox")]
    Test(TestArguments),
    /// Prints the JSON Schema of specs, or of test files.
    Schema(SchemaArguments),
    /// Says what is to be filled in at the dev portal for a spec.
    Portal(PortalArguments),
    /// Says what a key, a filter, a function, a test, a method or a check's code means.
    Explain(ExplainArguments),
    /// Answers an editor over standard input and output: the language server.
    #[cfg(feature = "lsp")]
    Lsp,
    /// Prints the completions for a shell.
    Completions(CompletionsArguments),
    /// Prints the manual page.
    Man,
}

/// `runner --spec FILE`.
#[derive(Debug, Args)]
pub struct RunArguments {
    /// The spec that is run.
    #[arg(long, value_name = "FILE")]
    pub spec: Option<PathBuf>,
    /// Where the Container API is.
    #[arg(long, value_name = "URL", env = "CONTAINER_API_URL", default_value = crate::container_api::DEFAULT_URL, value_parser = container_api_url)]
    pub container_api: String,
    /// The directory that is shared with the Container API, for files that the platform delivers.
    #[arg(long, value_name = "DIR", env = "CONTAINER_API_SHARED", default_value = crate::container_api::SHARED)]
    pub shared: PathBuf,
    /// Only loads and compiles the spec; options need not be set.
    #[arg(long)]
    pub health_check: bool,
    /// Prints the requests that an export would send, and sends none; no feedback is written.
    #[arg(long)]
    pub dry_run: bool,
    /// Where `incremental` and refresh tokens that rotate are remembered from run to run: a file, or
    /// bucket:NAME, a file of the platform's bucket.
    #[arg(long, value_name = "FILE")]
    pub state: Option<StatePlace>,
    /// How much is said.
    #[command(flatten)]
    pub verbosity: Verbosity,
}

/// `runner convert`.
#[derive(Debug, Args)]
pub struct ConvertArguments {
    /// Of what.
    #[command(subcommand)]
    pub from: ConvertFrom,
}

/// What specs are made of.
#[derive(Debug, Subcommand)]
pub enum ConvertFrom {
    /// A manifest of Airbyte's low-code framework: a spec for each stream. What has no counterpart is a TODO
    /// with the original beside it.
    Airbyte(AirbyteArguments),
}

/// `runner convert airbyte`.
#[derive(Debug, Args)]
pub struct AirbyteArguments {
    /// The manifest.
    #[arg(value_name = "MANIFEST")]
    pub manifest: PathBuf,
    /// Only this stream.
    #[arg(long, value_name = "NAME")]
    pub stream: Option<String>,
    /// Where specs are written.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub out: PathBuf,
}

/// How much is said on standard error.
#[derive(Debug, Args)]
pub struct Verbosity {
    /// Shows the summary also where standard error is no terminal.
    #[arg(short, long, action = ArgAction::SetTrue)]
    pub verbose: bool,
    /// Shows neither progress nor summary.
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
}

/// `runner new`.
#[derive(Debug, Args)]
pub struct NewArguments {
    /// The name of the connector; it is written to NAME.yaml.
    /// Without it one is asked for, on a terminal.
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// What kind of connector it is.
    #[arg(long, value_enum, conflicts_with = "from")]
    pub mode: Option<ModeArgument>,
    /// A request that lists records, as an API's documentation or a browser has it: 'curl …'; an API's
    /// description by OpenAPI; or a feed, a file or its address. Secrets become options and are not
    /// written.
    #[arg(long, value_name = "CURL|FILE")]
    pub from: Option<String>,
    /// An API's description by OpenAPI, for an export to one of its operations.
    #[arg(long, value_name = "FILE", conflicts_with = "from")]
    pub to: Option<String>,
    /// The operation of the description: its operationId, its path, or METHOD PATH.
    #[arg(long, value_name = "OPERATION")]
    pub operation: Option<String>,
    /// Sends the request once, or fetches the feed once, to find the list of records, the way of paging,
    /// the id and the columns. A feed that is a file is looked at without it.
    #[arg(long = "try", requires = "from")]
    pub r#try: bool,
    /// Where it is written.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// A mode on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ModeArgument {
    /// Imports.
    DataSource,
    /// Changes what is on the site.
    DataService,
    /// Sends everything to a channel.
    Export,
    /// Sends what changed to a channel.
    ExportDelta,
}

impl From<ModeArgument> for Mode {
    fn from(mode: ModeArgument) -> Self {
        match mode {
            ModeArgument::DataSource => Self::DataSource,
            ModeArgument::DataService => Self::DataService,
            ModeArgument::Export => Self::Export,
            ModeArgument::ExportDelta => Self::ExportDelta,
        }
    }
}

/// `runner check`.
#[derive(Debug, Args)]
pub struct CheckArguments {
    /// Specs, folders with specs in them, and Markdown pages with specs in `yaml` blocks.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// How mistakes are printed.
    #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
    pub format: CheckFormat,
}

/// How mistakes are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// For people.
    Text,
    /// For programs: a list of objects.
    Json,
    /// For a GitHub workflow: a command for each, shown beside the line.
    Github,
    /// For code scanning: a SARIF 2.1.0 document.
    Sarif,
}

/// How something is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// `runner test`.
#[derive(Debug, Args)]
pub struct TestArguments {
    /// Test files, specs that have one beside them, or folders; the folder one is in where nothing is
    /// named.
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Writes what came into the test files, in the place of what was expected.
    #[arg(long)]
    pub update: bool,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t = TestFormat::Text)]
    pub format: TestFormat,
}

/// How the result of tests is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TestFormat {
    /// For people.
    Text,
    /// For programs: a list of objects.
    Json,
    /// For CI systems: XML as `JUnit` writes it.
    Junit,
    /// For a GitHub workflow: a command for each difference.
    Github,
}

/// `runner schema`.
#[derive(Debug, Args)]
pub struct SchemaArguments {
    /// Of what.
    #[arg(value_enum, default_value_t = SchemaOf::Spec)]
    pub of: SchemaOf,
}

/// What a schema is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaOf {
    /// Specs.
    Spec,
    /// Test files.
    #[cfg(feature = "sandbox")]
    Test,
    /// The language, as a page of Markdown.
    Language,
}

/// `runner portal`.
#[derive(Debug, Args)]
pub struct PortalArguments {
    /// The spec.
    #[arg(value_name = "FILE")]
    pub spec: PathBuf,
    /// Prints the document that the platform's `POST /connectors/copy` takes.
    #[arg(long)]
    pub json: bool,
    /// The spec as it lies in the image, where that is another place.
    #[arg(long, value_name = "PATH")]
    pub path: Option<PathBuf>,
}

/// `runner explain`.
#[derive(Debug, Args)]
pub struct ExplainArguments {
    /// A key (`pages`, `http.timeout`), a filter (`truncate`), or a code (`unknown-key`).
    #[arg(value_name = "NAME")]
    pub name: String,
}

/// `runner completions`.
#[derive(Debug, Args)]
pub struct CompletionsArguments {
    /// The shell.
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// `runner sandbox`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct SandboxArguments {
    /// `serve`.
    #[command(subcommand)]
    pub command: Option<SandboxCommand>,
    /// The spec that is run.
    #[arg(long, value_name = "FILE", required = true)]
    pub spec: Option<PathBuf>,
    /// Prints the requests that an export would send, and sends none; no feedback is written.
    #[arg(long)]
    pub dry_run: bool,
    /// Where `incremental` and refresh tokens that rotate are remembered from run to run: a file, or
    /// bucket:NAME, a file of the platform's bucket.
    #[arg(long, value_name = "FILE")]
    pub state: Option<StatePlace>,
    /// Takes the answers from a tape, NAME.tape.jsonl beside the spec where none is named: nothing is
    /// sent, nothing is waited for, and no credentials are needed.
    #[arg(long, value_name = "TAPE", num_args = 0..=1, default_missing_value = "")]
    pub replay: Option<String>,
    /// What is served.
    #[command(flatten)]
    pub served: Served,
    /// How much is said.
    #[command(flatten)]
    pub verbosity: Verbosity,
}

/// `runner record`.
#[derive(Debug, Args)]
pub struct RecordArguments {
    /// The spec that is run.
    #[arg(long, value_name = "FILE", required = true)]
    pub spec: Option<PathBuf>,
    /// The tape; beside the spec, as NAME.tape.jsonl, where none is named.
    #[arg(long, value_name = "FILE")]
    pub tape: Option<PathBuf>,
    /// Ends an import after so many records; of CSV and JSON lines no more is kept.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub records: Option<u64>,
    /// Where `incremental` and refresh tokens that rotate are remembered from run to run.
    #[arg(long, value_name = "FILE")]
    pub state: Option<StatePlace>,
    /// What is served.
    #[command(flatten)]
    pub served: Served,
    /// How much is said.
    #[command(flatten)]
    pub verbosity: Verbosity,
}

/// `runner preview`.
#[derive(Debug, Args)]
pub struct PreviewArguments {
    /// The spec that is looked at.
    #[arg(long, value_name = "FILE", required = true)]
    pub spec: Option<PathBuf>,
    /// How many records or rows are read.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=999))]
    pub rows: u32,
    /// Shows beside each row the record, or the row, that it came from.
    #[arg(long)]
    pub record: bool,
    /// Shows of each column how often it is filled, how many values it has, and which.
    #[arg(long)]
    pub profile: bool,
    /// Shows each request and its answer, without secrets.
    #[arg(long)]
    pub requests: bool,
    /// How it is shown.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Takes the answers from a tape, NAME.tape.jsonl beside the spec where none is named: nothing is
    /// sent, nothing is waited for, and no credentials are needed.
    #[arg(long, value_name = "TAPE", num_args = 0..=1, default_missing_value = "")]
    pub replay: Option<String>,
    /// The file in which `incremental` remembers; only refresh tokens that change are written to it.
    #[arg(long, value_name = "FILE", value_parser = state_file)]
    pub state: Option<PathBuf>,
    /// Rows of the site, where the connector reads any: a .csv, .tsv, .jsonl or .json file, as input or as
    /// the TYPE new, modified, unchanged or deleted.
    #[arg(long, value_name = "[TYPE=]FILE")]
    pub input: Vec<String>,
}

/// Commands of the sandbox.
#[derive(Debug, Subcommand)]
pub enum SandboxCommand {
    /// Serves only the embedded Container API, for a connector in any language.
    Serve(ServeArguments),
}

/// `runner sandbox serve`.
#[derive(Debug, Args)]
pub struct ServeArguments {
    /// The address that is listened at; 0.0.0.0 lets in a connector in a container of its own, and
    /// everybody else who reaches this machine.
    #[arg(long, value_name = "ADDRESS", default_value_t = std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST))]
    pub host: std::net::IpAddr,
    /// The port; 0 takes one that is free.
    #[arg(long, default_value_t = 8080)]
    pub port: u16,
    /// What is served.
    #[command(flatten)]
    pub served: Served,
}

/// What the sandbox serves, and where it writes.
#[derive(Debug, Args)]
pub struct Served {
    /// Rows to be read: a .csv, .tsv, .jsonl or .json file, as input or as the TYPE new, modified,
    /// unchanged or deleted.
    #[arg(long, value_name = "[TYPE=]FILE")]
    pub input: Vec<String>,
    /// The folder for output.csv, output.jsonl, feedback.csv, feedback.jsonl and logs.jsonl.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// A preview has no platform, and no bucket.
fn state_file(text: &str) -> Result<PathBuf, StatePlaceError> {
    match text.parse()? {
        StatePlace::File(file) => Ok(file),
        StatePlace::Bucket(_) => Err(StatePlaceError::NoBucket),
    }
}

/// The platform's Container API speaks plain HTTP.
fn container_api_url(text: &str) -> Result<String, ApiUrlError> {
    let url = reqwest::Url::parse(text).map_err(|error| ApiUrlError::Url(error.to_string()))?;
    if url.scheme() == "http" {
        Ok(text.to_owned())
    } else {
        Err(ApiUrlError::Scheme)
    }
}

/// The Container API is not there.
#[derive(Debug, thiserror::Error)]
enum ApiUrlError {
    #[error("the Container API speaks plain HTTP: http://HOST or http://HOST:PORT")]
    Scheme,
    #[error("{0}: write http://HOST or http://HOST:PORT")]
    Url(String),
}
