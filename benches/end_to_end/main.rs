//! runner beside raw byte forwarders and beside Python, end to end over HTTP on this machine.
//!
//! `cargo bench --bench end_to_end` runs everything and writes `docs/performance.md`. `BENCH_PYTHON`
//! is a Python that has `benches/python/requirements.txt`; `BENCH_ROUNDS` is how often each program
//! runs (5).

#![allow(clippy::cast_precision_loss, reason = "figures for people")]

mod channel;
mod contest;
mod feed;
mod forward;
mod page;
mod products;
mod sources;
mod stand_in;
mod targets;

use std::env;
use std::error::Error;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use contest::{Api, Contestant, Figures, Run, median};
use feed::{Feed, Writing};
use forward::Forward;
use page::{Page, Peak, Start, Table};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["stand-in", rows, writing, how @ ..] => serve(rows, writing, how),
        ["products", records] => products(records),
        ["forward", url, how] => forward(url, how),
        ["peak", command @ ..] => contest::peak(command),
        ["channel"] => channel::serve().map_err(Into::into),
        ["sources"] => sources::print(),
        ["targets"] => targets::print(),
        filter => everything(filter),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(rows: &str, writing: &str, how: &[&str]) -> Result<(), Box<dyn Error>> {
    let writing = match writing {
        "php" => Writing::Php,
        _ => Writing::Plain,
    };
    let delay = if how.contains(&"slow") {
        DELAY
    } else {
        Duration::ZERO
    };
    let keep = how.contains(&"keep");
    Ok(stand_in::serve(rows.parse()?, writing, keep, delay)?)
}

fn products(records: &str) -> Result<(), Box<dyn Error>> {
    Ok(products::serve(records.parse()?)?)
}

fn forward(url: &str, how: &str) -> Result<(), Box<dyn Error>> {
    let known = Forward::ALL.into_iter().find(|known| known.word() == how);
    forward::forward(url, known.ok_or("sequential, overlapped or tuned")?)
}

/// A piece of work, as a spec and as a Python program have it.
struct Work {
    letter: char,
    title: &'static str,
    /// `benches/specs/NAME.yaml`, and the word for `connector.py`.
    name: &'static str,
    writing: &'static str,
    /// Rows for plain Python and for Jinja2: about two seconds each.
    python_rows: [usize; 2],
    writes_all: bool,
}

const WORKS: [Work; 5] = [
    Work {
        letter: 'a',
        title: "copy one column",
        name: "copy",
        writing: "plain",
        python_rows: [100_000, 50_000],
        writes_all: true,
    },
    Work {
        letter: 'b',
        title: "ten light templates",
        name: "light",
        writing: "plain",
        python_rows: [50_000, 20_000],
        writes_all: true,
    },
    Work {
        letter: 'c',
        title: "ten heavier templates: slugify, strip_tags, truncate, replace, arithmetic",
        name: "heavy",
        writing: "plain",
        python_rows: [20_000, 15_000],
        writes_all: true,
    },
    Work {
        letter: 'd',
        title: "where, drop and rename",
        name: "filter",
        writing: "plain",
        python_rows: [100_000, 50_000],
        writes_all: false,
    },
    Work {
        letter: 'e',
        title: "copy one column of rows that PHP has escaped",
        name: "copy",
        writing: "php",
        python_rows: [100_000, 50_000],
        writes_all: true,
    },
];

/// Rows for programs that are not Python.
const ROWS: usize = 1_000_000;
/// Rows for the forwarder in Python.
const FORWARDED: usize = 500_000;
/// How long a call takes where the stand-in is one that takes its time.
const DELAY: Duration = Duration::from_millis(1);
/// Rows that are compared before anything is measured.
const COMPARED: usize = 4_321;

const RUNNER: &str = "runner";
const SEQUENTIAL: &str = "forwarder in Rust, sequential";
const OVERLAPPED: &str = "forwarder in Rust, overlapped";
const TUNED: &str = "forwarder in Rust, overlapped, buffers reused";
const PYTHON_FORWARDER: &str = "forwarder in Python, sequential";
const PYTHON: &str = "tuned Python";
const JINJA: &str = "Python with Jinja2";

/// Where everything is.
struct Bench {
    root: PathBuf,
    itself: String,
    python: String,
    rounds: usize,
}

impl Bench {
    fn new() -> Result<Self, Box<dyn Error>> {
        let rounds = env::var("BENCH_ROUNDS").unwrap_or_else(|_| "5".to_owned());
        Ok(Self {
            root: PathBuf::from(env!("CARGO_MANIFEST_DIR")),
            itself: env::current_exe()?.display().to_string(),
            python: env::var("BENCH_PYTHON").unwrap_or_else(|_| "python3".to_owned()),
            rounds: rounds.parse()?,
        })
    }

    fn path(&self, path: &str) -> String {
        self.root.join(path).display().to_string()
    }

    fn stand_in(&self, rows: usize, writing: &str) -> Vec<String> {
        let rows = rows.to_string();
        [&self.itself, "stand-in", &rows, writing]
            .map(str::to_owned)
            .to_vec()
    }

    fn runner(&self, name: &str) -> Vec<String> {
        let spec = self.path(&format!("benches/specs/{name}.yaml"));
        let runner = env!("CARGO_BIN_EXE_runner");
        [runner, "--spec", &spec, "--container-api", "{}"]
            .map(str::to_owned)
            .to_vec()
    }

    fn forwarder(&self, how: Forward) -> Vec<String> {
        [&self.itself, "forward", "{}", how.word()]
            .map(str::to_owned)
            .to_vec()
    }

    fn connector(&self, work: &str, engine: &str) -> Vec<String> {
        let program = self.path("benches/python/connector.py");
        [&self.python, &program, "{}", work, engine]
            .map(str::to_owned)
            .to_vec()
    }

    fn python_forwarder(&self) -> Vec<String> {
        let program = self.path("benches/python/forward.py");
        [&self.python, &program, "{}"].map(str::to_owned).to_vec()
    }

    fn contestants(&self, work: &Work) -> Vec<Contestant> {
        let contestant = |name, command, rows, writes_all| Contestant {
            name,
            command,
            rows,
            writes_all,
        };
        let [plain, jinja] = work.python_rows;
        let is_all = work.writes_all;
        vec![
            contestant(RUNNER, self.runner(work.name), ROWS, is_all),
            contestant(SEQUENTIAL, self.forwarder(Forward::Sequential), ROWS, true),
            contestant(OVERLAPPED, self.forwarder(Forward::Overlapped), ROWS, true),
            contestant(TUNED, self.forwarder(Forward::Tuned), ROWS, true),
            contestant(PYTHON_FORWARDER, self.python_forwarder(), FORWARDED, true),
            contestant(PYTHON, self.connector(work.name, "plain"), plain, is_all),
            contestant(JINJA, self.connector(work.name, "jinja"), jinja, is_all),
        ]
    }

    /// How often each program does a piece of work. Copying is nearest to the limit, and over soonest.
    fn rounds_of(&self, work: &Work) -> usize {
        if work.letter == 'a' {
            2 * self.rounds + 1
        } else {
            self.rounds
        }
    }

    /// Rows that a contestant writes, parsed.
    fn rows(
        &self,
        contestant: &Contestant,
        writing: &str,
    ) -> Result<Vec<serde_json::Value>, Box<dyn Error>> {
        let mut api = self.stand_in(COMPARED, writing);
        api.push("keep".to_owned());
        let api = Api::start(&api)?;
        contestant.run(&api.url)?;
        let mut rows = Vec::new();
        for body in api.ask("/kept")?.split(|byte| *byte == b'\n') {
            if !body.is_empty() {
                let mut body: serde_json::Value = serde_json::from_slice(body)?;
                let data = body["data"].take();
                rows.extend(data.as_array().cloned().ok_or("no rows")?);
            }
        }
        Ok(rows)
    }

    /// Whoever does the work must come to the same rows.
    fn compare(&self, work: &Work) -> Result<(), Box<dyn Error>> {
        let contestants = self.contestants(work);
        let ours = self.rows(&contestants[0], work.writing)?;
        for contestant in contestants
            .iter()
            .filter(|one| [PYTHON, JINJA].contains(&one.name))
        {
            let theirs = self.rows(contestant, work.writing)?;
            if ours.len() != theirs.len() {
                return Err(format!(
                    "({}) {}: {} rows, not {}",
                    work.letter,
                    contestant.name,
                    theirs.len(),
                    ours.len()
                )
                .into());
            }
            for (ours, theirs) in ours.iter().zip(&theirs) {
                if ours != theirs {
                    return Err(format!(
                        "({}) {}: {theirs}, not {ours}",
                        work.letter, contestant.name
                    )
                    .into());
                }
            }
        }
        Ok(())
    }

    /// How long a command takes from its start to its end, in milliseconds.
    fn start(&self, arguments: &[&str]) -> Result<f64, Box<dyn Error>> {
        let mut times = Vec::new();
        for _ in 0..30 {
            let began = Instant::now();
            let status = Command::new(env!("CARGO_BIN_EXE_runner"))
                .args(arguments)
                .current_dir(&self.root)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()?;
            times.push(began.elapsed().as_secs_f64() * 1e3);
            if !status.success() {
                return Err(format!("runner {arguments:?} failed").into());
            }
        }
        Ok(median(times))
    }
}

/// Every contestant in turn, several times.
fn contest(
    contestants: &[Contestant],
    rounds: usize,
    api: impl Fn(&Contestant) -> Vec<String>,
) -> Result<Vec<Figures>, Box<dyn Error>> {
    let mut runs: Vec<Vec<Run>> = vec![Vec::new(); contestants.len()];
    for _ in 0..rounds {
        for (contestant, runs) in contestants.iter().zip(&mut runs) {
            let run = contestant.measure(&api(contestant))?;
            eprintln!("  {}: {:.0} rows/s", contestant.name, run.rows_per_second);
            runs.push(run);
        }
    }
    let figures = contestants.iter().zip(runs);
    Ok(figures
        .map(|(contestant, runs)| Figures::of(contestant.name, &runs))
        .collect())
}

fn everything(filter: &[&str]) -> Result<(), Box<dyn Error>> {
    let bench = Bench::new()?;
    let is_wanted = |letter: char| {
        let letter = letter.to_string();
        filter.is_empty() || filter.contains(&letter.as_str())
    };
    let mut tables = Vec::new();
    for work in WORKS.iter().filter(|work| is_wanted(work.letter)) {
        eprintln!("({}) {}", work.letter, work.title);
        bench.compare(work)?;
        let contestants = bench.contestants(work);
        let rounds = bench.rounds_of(work);
        let figures = contest(&contestants, rounds, |contestant| {
            bench.stand_in(contestant.rows, work.writing)
        })?;
        tables.push(Table::new(work.letter, work.title, figures));
    }
    if !filter.is_empty() {
        for table in &tables {
            print!("{table}");
        }
        return Ok(());
    }
    let page = Page {
        tables,
        slow: against_a_slow_one(&bench)?,
        python: against_python(&bench)?,
        sandbox: against_the_sandbox(&bench)?,
        memory: memory(&bench)?,
        sources: sources::measure(&bench)?,
        sent: targets::measure(&bench)?,
        start: Start {
            health_check: bench.start(&[
                "--spec",
                "connectors/data-service.yaml",
                "--health-check",
            ])?,
            small_run: bench.start(&[
                "sandbox",
                "--spec",
                "connectors/data-service.yaml",
                "--input",
                "examples/products.csv",
                "--new-column-name=copy",
                "--source-column=title",
            ])?,
        },
        rounds: bench.rounds,
        row_bytes: Feed::new(feed::BATCH, Writing::Plain).answer(0).len() / feed::BATCH,
    };
    let file = bench.path("docs/performance.md");
    // `benches/build.py` measures that.
    let before = std::fs::read_to_string(&file).unwrap_or_default();
    let build = before
        .find("\n## What a build costs")
        .map_or("", |at| &before[at..]);
    std::fs::write(&file, format!("{page}{build}"))?;
    println!("{page}");
    Ok(())
}

/// The same against a stand-in that takes a millisecond for every call.
fn against_a_slow_one(bench: &Bench) -> Result<Vec<Figures>, Box<dyn Error>> {
    eprintln!("a Container API that takes its time");
    let work = &WORKS[0];
    let mut contestants = bench.contestants(work);
    for contestant in &mut contestants {
        contestant.rows = contestant.rows.min(FORWARDED);
    }
    contest(&contestants, bench.rounds, |contestant| {
        let mut api = bench.stand_in(contestant.rows, work.writing);
        api.push("slow".to_owned());
        api
    })
}

/// The same against a Container API in Python, which takes longer to answer.
fn against_python(bench: &Bench) -> Result<Vec<Figures>, Box<dyn Error>> {
    eprintln!("a Container API in Python");
    let answer = env::temp_dir().join(format!("runner-bench-{}.json", std::process::id()));
    {
        let api = Api::start(&bench.stand_in(feed::BATCH, "plain"))?;
        std::fs::write(&answer, api.ask("/input/input/next_batch?size=999")?)?;
    }
    let program = bench.path("benches/python/stand_in.py");
    let work = &WORKS[0];
    let mut contestants = bench.contestants(work);
    for contestant in &mut contestants {
        // Its batches are all whole.
        contestant.rows = (contestant.rows / 4).next_multiple_of(feed::BATCH);
    }
    let figures = contest(&contestants, bench.rounds, |contestant| {
        let rows = contestant.rows.to_string();
        let answer = answer.display().to_string();
        [&bench.python, &program, &rows, &answer]
            .map(String::clone)
            .to_vec()
    });
    std::fs::remove_file(answer)?;
    figures
}

/// Rows a second through `sandbox serve`, by the whole run of a forwarder.
fn against_the_sandbox(bench: &Bench) -> Result<f64, Box<dyn Error>> {
    eprintln!("runner sandbox serve");
    let folder = env::temp_dir().join(format!("runner-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let input = folder.join("input.jsonl");
    let rows = feed::lines(ROWS / 2);
    std::fs::write(&input, rows)?;
    let serve = [
        env!("CARGO_BIN_EXE_runner").to_owned(),
        "sandbox".to_owned(),
        "serve".to_owned(),
        "--port".to_owned(),
        "0".to_owned(),
        "--input".to_owned(),
        input.display().to_string(),
    ];
    let forwarder = Contestant {
        name: TUNED,
        command: bench.forwarder(Forward::Tuned),
        rows: ROWS / 2,
        writes_all: true,
    };
    let mut speeds = Vec::new();
    for _ in 0..bench.rounds {
        let api = Api::start(&serve)?;
        let began = Instant::now();
        forwarder.run(&api.url)?;
        speeds.push(forwarder.rows as f64 / began.elapsed().as_secs_f64());
    }
    std::fs::remove_dir_all(folder)?;
    Ok(median(speeds))
}

/// Peak memory at a hundred thousand rows and at a million, for each work.
fn memory(bench: &Bench) -> Result<Vec<Peak>, Box<dyn Error>> {
    eprintln!("memory");
    let mut peaks = Vec::new();
    for work in &WORKS {
        let mut contestant = bench.contestants(work).swap_remove(0);
        let mut peak = |rows: usize| {
            contestant.rows = rows;
            let mut peak: f64 = 0.0;
            for _ in 0..bench.rounds {
                let run = contestant.measure(&bench.stand_in(rows, work.writing))?;
                peak = peak.max(run.peak_mb);
            }
            Ok::<_, Box<dyn Error>>(peak)
        };
        peaks.push(Peak {
            letter: work.letter,
            small: peak(100_000)?,
            large: peak(1_000_000)?,
        });
    }
    Ok(peaks)
}
