//! `docs/performance.md`: the figures, and what was asked of them.

use std::fmt;

use super::channel;
use super::contest::Figures;
use super::sources::{self, Sources};
use super::targets::Sent;
use super::{JINJA, OVERLAPPED, PYTHON, PYTHON_FORWARDER, RUNNER, TUNED};

/// The figures of one piece of work.
pub struct Table {
    letter: char,
    title: &'static str,
    figures: Vec<Figures>,
}

/// How long runner takes to start and end, in milliseconds.
pub struct Start {
    pub health_check: f64,
    pub small_run: f64,
}

/// Peak megabytes of a piece of work at 100,000 and at 1,000,000 rows.
pub struct Peak {
    pub letter: char,
    pub small: f64,
    pub large: f64,
}

/// All figures of one run of the bench.
pub struct Page {
    pub tables: Vec<Table>,
    /// (a) against a Container API that takes its time.
    pub slow: Vec<Figures>,
    /// (a) against a Container API in Python.
    pub python: Vec<Figures>,
    /// Rows a second through `sandbox serve`.
    pub sandbox: f64,
    pub memory: Vec<Peak>,
    /// Reading a paged API, and what does not fit into memory.
    pub sources: Sources,
    /// Exports to a channel that takes its time.
    pub sent: Vec<Sent>,
    pub start: Start,
    pub rounds: usize,
    /// Bytes of a row, on average.
    pub row_bytes: usize,
}

/// Something asked, and what was measured.
struct Target {
    what: String,
    measured: String,
    is_met: bool,
}

/// runner's median by another's.
fn ratio(figures: &[Figures], other: &str) -> f64 {
    let median = |name: &str| {
        let found = figures.iter().find(|figures| figures.name == name);
        found.map_or(f64::NAN, |figures| figures.median)
    };
    median(RUNNER) / median(other)
}

impl Table {
    pub fn new(letter: char, title: &'static str, figures: Vec<Figures>) -> Self {
        Self {
            letter,
            title,
            figures,
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n### ({}) {}\n", self.letter, self.title)?;
        write_figures(&self.figures, f)
    }
}

fn write_figures(figures: &[Figures], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(
        f,
        "| Program | rows/s, median | least – most | runner is × as fast | peak MB |"
    )?;
    writeln!(f, "|---|--:|--:|--:|--:|")?;
    for one in figures {
        writeln!(
            f,
            "| {} | {} | {} – {} | {:.2} | {:.0} |",
            one.name,
            thousands(one.median),
            thousands(one.least),
            thousands(one.most),
            ratio(figures, one.name),
            one.peak_mb
        )?;
    }
    Ok(())
}

fn thousands(figure: f64) -> String {
    format!("{:.0} k", figure / 1e3)
}

impl Page {
    fn table(&self, letter: char) -> &[Figures] {
        let found = self.tables.iter().find(|table| table.letter == letter);
        found.map_or(&[], |table| &table.figures)
    }

    fn targets(&self) -> Vec<Target> {
        let times = |letter: char, other: &str, least: f64| {
            let ratio = ratio(self.table(letter), other);
            Target {
                what: format!("({letter}) at least {least} × {other}"),
                measured: format!("{ratio:.2}"),
                is_met: ratio >= least,
            }
        };
        let against = |figures: &[Figures], api: &str, other: &str, least: f64| {
            let ratio = ratio(figures, other);
            Target {
                what: format!("(a) against {api}: at least {least} × {other}"),
                measured: format!("{ratio:.2}"),
                is_met: ratio >= least,
            }
        };
        let (slow, python) = ("one that takes 1 ms a call", "one in Python");
        let peaks = self.memory.iter();
        let peak = peaks.fold(0.0_f64, |most, peak| most.max(peak.small).max(peak.large));
        vec![
            times('a', OVERLAPPED, 0.9),
            times('a', TUNED, 0.9),
            times('a', PYTHON_FORWARDER, 2.0),
            times('a', PYTHON, 8.0),
            against(&self.slow, slow, PYTHON_FORWARDER, 2.0),
            against(&self.slow, slow, PYTHON, 8.0),
            against(&self.python, python, PYTHON_FORWARDER, 2.0),
            against(&self.python, python, PYTHON, 8.0),
            times('b', JINJA, 40.0),
            times('c', JINJA, 25.0),
            Target {
                what: "peak memory below 24 MB in every work, at 100,000 and 1,000,000 rows"
                    .to_owned(),
                measured: format!("{peak:.1} MB"),
                is_met: peak < 24.0,
            },
            Target {
                what: "health check below 10 ms".to_owned(),
                measured: format!("{:.1} ms", self.start.health_check),
                is_met: self.start.health_check < 10.0,
            },
            Target {
                what: "a run of five rows in the sandbox below 10 ms".to_owned(),
                measured: format!("{:.1} ms", self.start.small_run),
                is_met: self.start.small_run < 10.0,
            },
            Target {
                what: format!(
                    "100,000 nested products from a paged API: at least {} × the faster of dlt and Airbyte's CDK",
                    sources::ASKED
                ),
                measured: format!("{:.1}", self.sources.ratio()),
                is_met: self.sources.ratio() >= sources::ASKED,
            },
            Target {
                what: format!(
                    "1,000,000 records and a document of 1 GB: peak below {} MB",
                    sources::PEAK
                ),
                measured: format!("{:.1} MB", self.sources.peak()),
                is_met: self.sources.peak() < sources::PEAK,
            },
            Target {
                what: "`sandbox serve` at least 1,000 k rows/s".to_owned(),
                measured: thousands(self.sandbox),
                is_met: self.sandbox >= 1e6,
            },
        ]
    }
}

impl Page {
    fn write_sources(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n## Sources: 100,000 nested products, 250 a page\n\n\
             From a prepared API (`benches/end_to_end/products.rs`). runner maps each product by 12 templates and writes the rows \
             to a Container API, its time is that of the whole process; the others are iterated to the end without a destination, \
             their imports do not count (`benches/python/sources.py`). `cargo bench --bench end_to_end -- sources` measures this alone.\n\n\
             | Program | records/s, median | runner is × as fast |\n|---|--:|--:|"
        )?;
        let ours = self.sources.speeds[0].1;
        for (name, speed) in &self.sources.speeds {
            writeln!(
                f,
                "| {name} | {} | {:.1} |",
                thousands(*speed),
                ours / speed
            )?;
        }
        writeln!(
            f,
            "\n| What does not fit into memory | records | seconds | peak MB |\n|---|--:|--:|--:|"
        )?;
        for large in &self.sources.large {
            writeln!(
                f,
                "| {} | {} | {:.1} | {:.1} |",
                large.what, large.records, large.seconds, large.peak_mb
            )?;
        }
        Ok(())
    }
}

impl Page {
    fn write_targets(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n## Exports to a channel that takes {} ms to answer\n\n\
             From the stand-in to a channel that counts (`benches/end_to_end/channel.rs`), feedback of every row written. The time is that of the \
             whole process; the limit is what delay and concurrency allow. `cargo bench --bench end_to_end -- targets` measures this alone.\n\n\
             | | rows/s, median | limit, rows/s | of the limit | peak MB |\n|---|--:|--:|--:|--:|",
            channel::DELAY.as_millis()
        )?;
        for sent in &self.sent {
            writeln!(
                f,
                "| {} | {:.0} | {:.0} | {:.0} % | {:.1} |",
                sent.way.what,
                sent.speed,
                sent.limit(),
                100.0 * sent.speed / sent.limit(),
                sent.peak_mb
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        writeln!(
            f,
            "# Performance\n\n\
             Written by `just bench`; nothing here is written by hand. Medians of {} runs ({} of (a)) on {cores} cores, all \
             programs in turn, on the loopback.\n\n\
             Rows have 20 columns and {} bytes. The Container API is a stand-in whose answers are prepared, and \
             which counts and hashes what it gets; rows a second are those between the first read and the last \
             write, as it sees them. On two cores it shares the processor with the program that is measured.\n\n\
             Before anything is measured, runner, Python and Python with Jinja2 must come to the same rows. A forwarder moves bytes and looks at none of them: it is the limit. *Tuned Python* \
             is the sample connector's client with one connection kept, whole batches and json in C. All programs \
             are in `benches/`. Machines differ and drift: compare ratios within one table.",
            self.rounds,
            2 * self.rounds + 1,
            self.row_bytes
        )?;
        writeln!(
            f,
            "\n## What was asked\n\n| Asked | Measured | Met |\n|---|--:|---|"
        )?;
        for target in self.targets() {
            let met = if target.is_met { "yes" } else { "no" };
            writeln!(f, "| {} | {} | {met} |", target.what, target.measured)?;
        }
        writeln!(f, "\n## Against a stand-in that is never the bottleneck")?;
        for table in &self.tables {
            table.fmt(f)?;
        }
        writeln!(
            f,
            "\n## (a) against a Container API that takes 1 ms a call\n\n\
             The same stand-in: no sidecar answers in no time.\n"
        )?;
        write_figures(&self.slow, f)?;
        writeln!(
            f,
            "\n## (a) against a Container API in Python\n\n\
             `benches/python/stand_in.py` on Python's own HTTP server. It is the bottleneck: what the \
             forwarders in Rust reach is all there is.\n"
        )?;
        write_figures(&self.python, f)?;
        self.write_sources(f)?;
        self.write_targets(f)?;
        writeln!(
            f,
            "\n## Peak memory of runner, MB\n\n| Work | 100,000 rows | 1,000,000 rows |\n|---|--:|--:|"
        )?;
        for peak in &self.memory {
            let (letter, small, large) = (peak.letter, peak.small, peak.large);
            writeln!(f, "| ({letter}) | {small:.1} | {large:.1} |")?;
        }
        Ok(())
    }
}
