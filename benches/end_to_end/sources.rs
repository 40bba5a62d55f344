//! Reading a paged API, beside dlt and Airbyte's CDK; and what does not fit into memory.

use std::error::Error;
use std::process::{Command, Stdio};
use std::time::Instant;

use super::Bench;
use super::contest::{Api, median};

/// Products of the race.
const RECORDS: usize = 100_000;
/// Products of the long run.
const MANY: usize = 1_000_000;
/// Rounds of the race.
const ROUNDS: usize = 5;

/// What reading came to.
pub struct Sources {
    /// Records a second: of runner, of dlt, of Airbyte's CDK.
    pub speeds: Vec<(&'static str, f64)>,
    /// Long runs of runner.
    pub large: Vec<Large>,
}

/// A long run.
pub struct Large {
    pub what: &'static str,
    pub records: u64,
    pub seconds: f64,
    pub peak_mb: f64,
}

/// What is asked of the race: runner by the faster of the others.
pub const ASKED: f64 = 5.0;
/// What is asked of long runs, in MB.
pub const PEAK: f64 = 100.0;

impl Sources {
    /// runner by the faster of the others.
    pub fn ratio(&self) -> f64 {
        let others = self.speeds[1..].iter().map(|(_, speed)| *speed);
        self.speeds[0].1 / others.fold(f64::NAN, f64::max)
    }
}

impl Sources {
    /// The highest peak of the long runs, in MB.
    pub fn peak(&self) -> f64 {
        self.large
            .iter()
            .map(|large| large.peak_mb)
            .fold(0.0, f64::max)
    }
}

/// Measures and prints.
pub fn print() -> Result<(), Box<dyn Error>> {
    let bench = Bench::new()?;
    let sources = measure(&bench)?;
    for (name, speed) in &sources.speeds {
        println!("{name}: {speed:.0} records/s");
    }
    println!(
        "runner is {:.1} times as fast as the faster",
        sources.ratio()
    );
    for large in &sources.large {
        println!(
            "{}: {} records in {:.1} s, peak {:.1} MB",
            large.what, large.records, large.seconds, large.peak_mb
        );
    }
    Ok(())
}

/// Measures.
pub fn measure(bench: &Bench) -> Result<Sources, Box<dyn Error>> {
    eprintln!("sources");
    let mut runner = Vec::new();
    let mut dlt = Vec::new();
    let mut airbyte = Vec::new();
    let api = products(bench, RECORDS)?;
    for _ in 0..ROUNDS {
        let run = run(bench, &api, "products")?;
        if run.records != RECORDS as u64 {
            return Err(format!("runner wrote {} rows", run.records).into());
        }
        runner.push(RECORDS as f64 / run.seconds);
        dlt.push(peer(bench, &api, "dlt")?);
        airbyte.push(peer(bench, &api, "airbyte")?);
        eprintln!("  {runner:.0?} {dlt:.0?} {airbyte:.0?}");
    }
    drop(api);
    let many = products(bench, MANY)?;
    let paged = Large {
        what: "1,000,000 records, 250 a page",
        ..run(bench, &many, "products")?
    };
    let document = Large {
        what: "one JSON document of 1 GB",
        ..run(bench, &many, "document")?
    };
    Ok(Sources {
        speeds: vec![
            ("runner, into rows of 12 templates", median(runner)),
            ("dlt, rest_api source", median(dlt)),
            ("Airbyte CDK, a manifest", median(airbyte)),
        ],
        large: vec![paged, document],
    })
}

fn products(bench: &Bench, records: usize) -> Result<Api, Box<dyn Error>> {
    Api::start(&[
        bench.itself.clone(),
        "products".to_owned(),
        records.to_string(),
    ])
}

/// A run of runner, from its start to its end, against a Container API that counts rows.
fn run(bench: &Bench, api: &Api, spec: &str) -> Result<Large, Box<dyn Error>> {
    let container = Api::start(&bench.stand_in(0, "plain"))?;
    let spec = bench.path(&format!("benches/specs/{spec}.yaml"));
    let began = Instant::now();
    let output = Command::new(&bench.itself)
        .args(["peak", env!("CARGO_BIN_EXE_runner"), "--spec", &spec])
        .args(["--container-api", &container.url, "--api", &api.url])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
    let seconds = began.elapsed().as_secs_f64();
    if !output.status.success() {
        return Err("runner failed".into());
    }
    let seen = String::from_utf8(container.ask("/seen")?)?;
    Ok(Large {
        what: "",
        records: seen.split(' ').nth(2).unwrap_or_default().parse()?,
        seconds,
        peak_mb: String::from_utf8(output.stdout)?.trim().parse()?,
    })
}

/// Records a second of a program in Python, by its own clock: imports do not count.
fn peer(bench: &Bench, api: &Api, engine: &str) -> Result<f64, Box<dyn Error>> {
    let output = Command::new(&bench.python)
        .arg(bench.path("benches/python/sources.py"))
        .args([&api.url, engine])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
    let text = String::from_utf8(output.stdout)?;
    let last = text.lines().last().unwrap_or_default();
    let (count, seconds) = last.split_once(' ').ok_or(format!("{engine} failed"))?;
    if count.parse::<usize>()? != RECORDS {
        return Err(format!("{engine} read {count} records").into());
    }
    Ok(RECORDS as f64 / seconds.parse::<f64>()?)
}
