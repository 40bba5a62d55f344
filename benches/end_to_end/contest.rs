//! Programs that do the same work against the same Container API, in turn, several times.

use std::error::Error;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use wait4::Wait4 as _;

/// A program, and how many rows it gets: enough for a second or two.
pub struct Contestant {
    pub name: &'static str,
    /// The program and its arguments; `{}` is the API's address.
    pub command: Vec<String>,
    pub rows: usize,
    /// Whether it writes all that it reads.
    pub writes_all: bool,
}

/// A Container API to run against.
pub struct Api {
    child: Child,
    pub url: String,
}

/// What one run came to.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    /// Rows read, by the time from the first read to the last write.
    pub rows_per_second: f64,
    pub peak_mb: f64,
}

/// What several runs came to.
#[derive(Debug, Clone)]
pub struct Figures {
    pub name: &'static str,
    pub median: f64,
    pub least: f64,
    pub most: f64,
    pub peak_mb: f64,
}

impl Figures {
    /// The figures of several runs.
    pub fn of(name: &'static str, runs: &[Run]) -> Self {
        let speeds = || runs.iter().map(|run| run.rows_per_second);
        Self {
            name,
            median: median(speeds().collect()),
            least: speeds().fold(f64::INFINITY, f64::min),
            most: speeds().fold(0.0, f64::max),
            peak_mb: runs.iter().map(|run| run.peak_mb).fold(0.0, f64::max),
        }
    }
}

impl Api {
    /// Starts one; the first line that it prints is its address.
    pub fn start(command: &[String]) -> Result<Self, Box<dyn Error>> {
        let mut child = Command::new(&command[0])
            .args(&command[1..])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{}: {error}", command[0]))?;
        let mut url = String::new();
        let stdout = child.stdout.take().ok_or("no standard output")?;
        BufReader::new(stdout).read_line(&mut url)?;
        Ok(Self {
            child,
            url: url.trim().to_owned(),
        })
    }

    /// Asks it something.
    pub fn ask(&self, path: &str) -> Result<Vec<u8>, Box<dyn Error>> {
        use std::io::{Read as _, Write as _};
        let address = self.url.strip_prefix("http://").ok_or("no address")?;
        let mut stream = std::net::TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
        )?;
        let mut reader = BufReader::new(stream);
        let mut length = 0;
        let mut line = String::new();
        while reader.read_line(&mut line)? > 2 {
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
            line.clear();
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        Ok(body)
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Contestant {
    /// Runs against `url` to the end; the peak of its memory in MB.
    pub fn run(&self, url: &str) -> Result<f64, Box<dyn Error>> {
        // The peak of a process is at least that of the one that started it, so a small one does.
        let output = Command::new(std::env::current_exe()?)
            .arg("peak")
            .args(self.command.iter().map(|word| word.replace("{}", url)))
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()?;
        if !output.status.success() {
            return Err(format!("{} failed", self.name).into());
        }
        Ok(String::from_utf8(output.stdout)?.trim().parse()?)
    }

    /// One measured run against a stand-in, which must have got every row.
    pub fn measure(&self, api: &[String]) -> Result<Run, Box<dyn Error>> {
        let api = Api::start(api)?;
        let peak_mb = self.run(&api.url)?;
        let seen = String::from_utf8(api.ask("/seen")?)?;
        let seen: Vec<&str> = seen.split(' ').collect();
        let (rows, seconds): (usize, f64) = (seen[2].parse()?, seen[5].parse()?);
        if self.writes_all && rows != self.rows {
            return Err(format!("{}: {rows} rows written of {}", self.name, self.rows).into());
        }
        let rows_per_second = self.rows as f64 / seconds;
        Ok(Run {
            rows_per_second,
            peak_mb,
        })
    }
}

/// Runs a command and prints the peak of its memory in MB.
pub fn peak(command: &[&str]) -> Result<(), Box<dyn Error>> {
    let (program, arguments) = command.split_first().ok_or("peak PROGRAM ARGUMENT...")?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .spawn()?;
    let used = child.wait4()?;
    if !used.status.success() {
        return Err(format!("{program}: {}", used.status).into());
    }
    println!("{}", used.rusage.maxrss as f64 / 1e6);
    Ok(())
}

/// The middle of some figures.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
