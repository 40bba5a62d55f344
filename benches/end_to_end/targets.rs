//! Exports to a channel that takes 5 ms to answer, beside the limit that this and the concurrency set.

use std::error::Error;
use std::process::{Command, Stdio};
use std::time::Instant;

use super::Bench;
use super::channel::DELAY;
use super::contest::{Api, median};

/// Rounds of each.
const ROUNDS: usize = 3;

/// A way of sending.
pub struct Way {
    pub what: &'static str,
    /// `benches/specs/NAME.yaml`.
    spec: &'static str,
    rows: usize,
    /// Rows of a request.
    batch: usize,
    concurrency: usize,
}

const WAYS: [Way; 3] = [
    Way {
        what: "100,000 rows in batches of 100, one at a time",
        spec: "export-batches",
        rows: 100_000,
        batch: 100,
        concurrency: 1,
    },
    Way {
        what: "100,000 rows in batches of 100, four at a time",
        spec: "export-batches",
        rows: 100_000,
        batch: 100,
        concurrency: 4,
    },
    Way {
        what: "20,000 rows one by one, 16 at a time",
        spec: "export-rows",
        rows: 20_000,
        batch: 1,
        concurrency: 16,
    },
];

/// What a way of sending came to.
pub struct Sent {
    pub way: &'static Way,
    /// Rows a second, by the time of the whole process.
    pub speed: f64,
    pub peak_mb: f64,
}

impl Sent {
    /// Rows a second that delay and concurrency allow.
    pub fn limit(&self) -> f64 {
        (self.way.concurrency * self.way.batch) as f64 / DELAY.as_secs_f64()
    }
}

/// Measures and prints.
pub fn print() -> Result<(), Box<dyn Error>> {
    for sent in measure(&Bench::new()?)? {
        println!(
            "{}: {:.0} rows/s, limit {:.0}, peak {:.1} MB",
            sent.way.what,
            sent.speed,
            sent.limit(),
            sent.peak_mb
        );
    }
    Ok(())
}

/// Measures.
pub fn measure(bench: &Bench) -> Result<Vec<Sent>, Box<dyn Error>> {
    eprintln!("targets");
    let mut all = Vec::new();
    for way in &WAYS {
        let mut speeds = Vec::new();
        let mut peak_mb: f64 = 0.0;
        for _ in 0..ROUNDS {
            let (seconds, peak) = run(bench, way)?;
            speeds.push(way.rows as f64 / seconds);
            peak_mb = peak_mb.max(peak);
        }
        eprintln!("  {speeds:.0?}");
        all.push(Sent {
            way,
            speed: median(speeds),
            peak_mb,
        });
    }
    Ok(all)
}

fn run(bench: &Bench, way: &Way) -> Result<(f64, f64), Box<dyn Error>> {
    let container = Api::start(&bench.stand_in(way.rows, "plain"))?;
    let channel = Api::start(&[bench.itself.clone(), "channel".to_owned()])?;
    let spec = bench.path(&format!("benches/specs/{}.yaml", way.spec));
    // How many at a time stands in the spec as a number.
    let text = std::fs::read_to_string(&spec)?;
    let folder = tempfile::tempdir()?;
    let spec = folder.path().join("spec.yaml");
    let concurrency = format!("concurrency: {}", way.concurrency);
    std::fs::write(&spec, text.replace("concurrency: 1", &concurrency))?;
    let began = Instant::now();
    let output = Command::new(&bench.itself)
        .args(["peak", env!("CARGO_BIN_EXE_runner"), "--spec"])
        .arg(&spec)
        .args(["--container-api", &container.url, "--api", &channel.url])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
    let seconds = began.elapsed().as_secs_f64();
    if !output.status.success() {
        return Err("runner failed".into());
    }
    let seen = String::from_utf8(channel.ask("/seen")?)?;
    let wanted = format!("{} {}", way.rows / way.batch, way.rows);
    if seen != wanted {
        return Err(format!("the channel got {seen} requests and rows, not {wanted}").into());
    }
    let told = String::from_utf8(container.ask("/seen")?)?;
    if told.split(' ').nth(2) != Some(&way.rows.to_string()) {
        return Err(format!("feedback: {told}").into());
    }
    Ok((seconds, String::from_utf8(output.stdout)?.trim().parse()?))
}
