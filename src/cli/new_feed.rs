//! `runner new --from FILE` of a feed: what is in it is looked at, so that the spec has its records and
//! fields.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use reqwest::Url;
use serde_json::Value;
use tempfile::TempDir;

use super::new::PATIENCE;
use super::run::in_runtime;
use crate::authoring::{Found, LOOKED_AT, Sample, feed, found_of};
use crate::diagnostics::in_words;
use crate::exit::Exit;
use crate::http::Fault;

/// So many records are looked at.
#[cfg(feature = "sandbox")]
const RECORDS: u32 = 100;

/// The spec of a feed. A file of the disk is looked at; one at an address where that is asked for.
pub fn of_feed(name: &str, from: &str, is_tried: bool) -> Result<String, (Exit, String)> {
    if !from.contains("://") {
        let path =
            std::path::absolute(from).map_err(|error| (Exit::Wrong, format!("{from}: {error}")))?;
        let (sample, found) = looked_at(&path, from)?;
        return Ok(feed(
            name,
            &path.display().to_string(),
            &sample,
            found.as_ref(),
        ));
    }
    if !is_tried {
        return Ok(feed(name, from, &Sample::default(), None));
    }
    let folder = TempDir::new().map_err(|error| (Exit::Failed, error.to_string()))?;
    let mut fetched = None;
    in_runtime(async {
        fetched = Some(fetch(from, folder.path()).await);
        Exit::Done
    });
    let file = fetched.unwrap_or_else(|| Err("the runtime can't start".to_owned()));
    let file = file.map_err(|message| (Exit::Failed, message))?;
    let (sample, found) = looked_at(&file, &without_secrets(from))?;
    Ok(feed(name, from, &sample, found.as_ref()))
}

/// What the bytes of a file show, and what its records do; `shown` is how the file is called.
fn looked_at(file: &Path, shown: &str) -> Result<(Sample, Option<Found>), (Exit, String)> {
    let opened = File::open(file)
        .map_err(|error| (Exit::Wrong, format!("{shown}: {}", in_words(&error))))?;
    let path = file.display().to_string();
    let sample = Sample::of(&path, opened);
    let text = feed("looked-at", &path, &sample, None);
    match records_of(&text) {
        Ok(records) => {
            let found = found_of(&records);
            if records.is_empty() {
                eprintln!("{shown}: no record is in it");
            } else {
                let count = |number: usize, word: &str| match number {
                    1 => format!("1 {word}"),
                    _ => format!("{number} {word}s"),
                };
                eprintln!(
                    "{shown}: {} in the first {}",
                    count(found.columns.len(), "field"),
                    count(records.len(), "record")
                );
            }
            Ok((sample, Some(found).filter(|_| !records.is_empty())))
        }
        // The spec is a beginning all the same: what it needs is said.
        Err(message) => {
            eprintln!("{shown} can't be read yet: {message}");
            Ok((sample, None))
        }
    }
}

/// The first records that a spec reads.
#[cfg(feature = "sandbox")]
fn records_of(text: &str) -> Result<Vec<Value>, String> {
    use std::sync::Arc;

    use super::stage::Stage;
    use crate::container_api::SHARED;
    use crate::plan::{Environment, OptionValues, load};
    use crate::run::RunInput;

    let plan = load("spec.yaml", text)
        .map_err(|report| report.to_string())?
        .plan;
    let options = OptionValues::resolve(
        &plan.options,
        &std::collections::HashMap::new(),
        &Environment::new(std::iter::empty()),
    )
    .map_err(|errors| errors.to_string())?;
    let mut read = Err("the runtime can't start".to_owned());
    in_runtime(async {
        read = match Stage::set(&options).await {
            Ok(stage) => {
                let given = RunInput::new(&options, stage.api.clone(), SHARED);
                let preview = crate::run::preview(Arc::new(plan), given, RECORDS).await;
                match (preview.failure, preview.rows) {
                    (Some(failure), rows) if rows.is_empty() => Err(failure),
                    (_, rows) => Ok(rows
                        .iter()
                        .filter_map(|row| serde_json::from_str(&row.record).ok())
                        .collect()),
                }
            }
            Err(message) => Err(message),
        };
        Exit::Done
    });
    read
}

#[cfg(not(feature = "sandbox"))]
fn records_of(_: &str) -> Result<Vec<Value>, String> {
    Err("this build has no sandbox".to_owned())
}

/// Fetches the beginning of a feed into a folder, under the name that it has.
async fn fetch(from: &str, folder: &Path) -> Result<std::path::PathBuf, String> {
    let shown = without_secrets(from);
    let url = Url::parse(from).map_err(|error| format!("{shown}: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!(
            "{shown}: addresses of http and https are tried, others are not; leave --try out"
        ));
    }
    let name = url
        .path()
        .rsplit('/')
        .next()
        .filter(|name| !name.is_empty());
    let path = folder.join(name.unwrap_or("feed"));
    let failed =
        |error: reqwest::Error| format!("{shown}: {}", Fault::of(&error, &without_secrets(from)));
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(crate::http::tls(true))
        .timeout(PATIENCE)
        .build()
        .map_err(failed)?;
    let mut answer = client.get(url).send().await.map_err(failed)?;
    if !answer.status().is_success() {
        return Err(format!("{shown} was answered {}", answer.status()));
    }
    let unwritten = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut file = File::create(&path).map_err(unwritten)?;
    let mut left = usize::try_from(LOOKED_AT).unwrap_or(usize::MAX);
    while let Some(piece) = answer.chunk().await.map_err(failed)? {
        if piece.len() >= left {
            return Err(format!(
                "{shown} has more than {} MB: leave --try out, and look with runner preview",
                LOOKED_AT >> 20
            ));
        }
        left -= piece.len();
        file.write_all(&piece).map_err(unwritten)?;
    }
    Ok(path)
}

/// An address without what may be secret in it.
fn without_secrets(from: &str) -> String {
    let Ok(mut url) = Url::parse(from) else {
        return "the address".to_owned();
    };
    url.set_query(None);
    // Addresses that can have none have none.
    let _ = url.set_password(None);
    let _ = url.set_username("");
    url.to_string()
}

/// Whether this is a file that is read as records, by its ending.
pub fn is_feed(from: &str) -> bool {
    let path = from.split(['?', '#']).next().unwrap_or(from).to_lowercase();
    // What is in a zip nobody knows by its name.
    if path.rsplit('.').next() == Some("zip") {
        return true;
    }
    let path = [".gz", ".zst"]
        .iter()
        .find_map(|packed| path.strip_suffix(packed))
        .unwrap_or(&path)
        .to_owned();
    [
        ".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".xml", ".xlsx", ".ods",
    ]
    .iter()
    .any(|ending| path.ends_with(ending))
}
