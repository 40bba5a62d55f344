//! Servers of databases, from the machine's own packages: each a real one, in a folder that goes with the test.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

/// Who is let in.
pub const USER: &str = "runner";
pub const PASSWORD: &str = "db-password-1";

/// A server that ends with the test.
pub struct DatabaseServer {
    pub port: u16,
    child: Child,
    /// The server's own client, and how it is called.
    client: (PathBuf, Vec<String>),
    _folder: TempDir,
}

impl Drop for DatabaseServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Servers refuse to run for root: then for another user.
fn user(name: &str) -> Option<(u32, u32)> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let numbers = |name: &str| {
        let line = users
            .lines()
            .find(|line| line.starts_with(&format!("{name}:")))?;
        let mut fields = line.split(':').skip(2).map(str::parse);
        Some((fields.next()?.ok()?, fields.next()?.ok()?))
    };
    numbers(name).or(Some((65_534, 65_534)))
}

fn command(program: &Path, user: Option<(u32, u32)>) -> Command {
    let mut command = Command::new(program);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if let Some((uid, gid)) = user {
        command.uid(uid).gid(gid);
    }
    command
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

fn folder_of(user: Option<(u32, u32)>) -> TempDir {
    let folder = TempDir::new().expect("a folder");
    if let Some((uid, gid)) = user {
        std::os::unix::fs::chown(folder.path(), Some(uid), Some(gid)).expect("root may");
    }
    folder
}

fn program(name: &str, folders: &[&str]) -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = folders.iter().map(PathBuf::from).collect();
    // Debian has one for each version.
    for version in fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
    {
        found.push(version.path().join("bin"));
    }
    found
        .into_iter()
        .map(|folder| folder.join(name))
        .find(|path| path.exists())
}

impl DatabaseServer {
    /// `PostgreSQL`; nothing where the machine has none, which is said.
    pub fn postgres() -> Option<Self> {
        let (Some(initdb), Some(postgres), Some(psql)) = (
            program("initdb", &["/usr/bin", "/usr/local/bin"]),
            program("postgres", &["/usr/bin", "/usr/local/bin"]),
            program("psql", &["/usr/bin", "/usr/local/bin"]),
        ) else {
            eprintln!("skipped: this machine has no PostgreSQL (Debian: postgresql)");
            return None;
        };
        let user = user("postgres");
        let folder = folder_of(user);
        let password = folder.path().join("password");
        fs::write(&password, PASSWORD).expect("written");
        let data = folder.path().join("data");
        let made = command(&initdb, user)
            .args(["-A", "scram-sha-256", "-N", "-U", USER, "--pwfile"])
            .arg(&password)
            .arg("-D")
            .arg(&data)
            .status();
        assert!(made.expect("initdb").success(), "initdb");
        let port = free_port();
        let child = command(&postgres, user)
            .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-F", "-k"])
            .arg(folder.path())
            .arg("-D")
            .arg(&data)
            .spawn()
            .expect("postgres");
        let client = |database: &str| {
            let address = format!("host=127.0.0.1 port={port} user={USER} dbname={database}");
            let args = ["-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", &address];
            (psql.clone(), args.map(str::to_owned).to_vec())
        };
        let mut server = Self::started(port, child, client("postgres"), folder);
        server.sql("CREATE DATABASE shop");
        server.client = client("shop");
        Some(server)
    }

    /// `MariaDB`; nothing where the machine has none, which is said.
    pub fn mariadb() -> Option<Self> {
        let folders = ["/usr/sbin", "/usr/bin", "/usr/local/bin"];
        let (Some(install), Some(mariadbd), Some(mariadb)) = (
            program("mariadb-install-db", &folders),
            program("mariadbd", &folders),
            program("mariadb", &folders),
        ) else {
            eprintln!("skipped: this machine has no MariaDB (Debian: mariadb-server)");
            return None;
        };
        let user = user("mysql");
        let folder = folder_of(user);
        let data = folder.path().join("data");
        let made = command(&install, user)
            .args([
                "--no-defaults",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
            ])
            .arg(format!("--datadir={}", data.display()))
            .status();
        assert!(
            made.expect("mariadb-install-db").success(),
            "mariadb-install-db"
        );
        let port = free_port();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let child = command(&mariadbd, user)
            .args(["--no-defaults", "--bind-address=127.0.0.1"])
            .arg(format!("--datadir={}", data.display()))
            .arg(format!("--port={port}"))
            .arg(format!("--socket={}", path("socket")))
            .arg(format!("--pid-file={}", path("pid")))
            .arg("--innodb-flush-log-at-trx-commit=0")
            .spawn()
            .expect("mariadbd");
        let port_of = format!("-P{port}");
        let args = [
            "--no-defaults",
            "-uroot",
            "-h127.0.0.1",
            &port_of,
            "-N",
            "-B",
        ];
        let client = (mariadb, args.map(str::to_owned).to_vec());
        let mut server = Self::started(port, child, client, folder);
        for host in ["127.0.0.1", "localhost"] {
            server.sql(&format!(
                "CREATE USER {USER}@'{host}' IDENTIFIED BY '{PASSWORD}'"
            ));
            server.sql(&format!("GRANT ALL ON *.* TO {USER}@'{host}'"));
        }
        server.sql("CREATE DATABASE shop CHARACTER SET utf8mb4");
        server.client.1.push("shop".to_owned());
        Some(server)
    }

    /// A server, once it answers.
    fn started(port: u16, child: Child, client: (PathBuf, Vec<String>), folder: TempDir) -> Self {
        let server = Self {
            port,
            child,
            client,
            _folder: folder,
        };
        for _ in 0..300 {
            if server.asked("SELECT 1").is_some() {
                return server;
            }
            thread::sleep(Duration::from_millis(100));
        }
        panic!("the server does not start");
    }

    fn client(&self) -> Command {
        let (program, args) = &self.client;
        let mut client = Command::new(program);
        client.args(args).env("PGPASSWORD", PASSWORD);
        client
    }

    fn asked(&self, sql: &str) -> Option<String> {
        let mut client = self.client();
        let mut child = client
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a client");
        let mut input = child.stdin.take().expect("a way in");
        // One that is refused reads nothing.
        let _ = input.write_all(sql.as_bytes());
        drop(input);
        let ended = child.wait_with_output().expect("its end");
        let text = String::from_utf8_lossy(&ended.stdout).into_owned();
        ended.status.success().then_some(text)
    }

    /// The same beside the test.
    pub fn spawn(&self, sql: &'static str) -> thread::JoinHandle<()> {
        let mut client = self.client();
        client
            .args(["-e", sql])
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        thread::spawn(move || {
            client.status().expect("a client");
        })
    }

    /// What the server's own client says.
    pub fn sql(&mut self, sql: &str) -> String {
        self.asked(sql).unwrap_or_else(|| panic!("{sql}"))
    }
}

/// What is done with what the client sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// It is passed on, and the connection breaks off before the answer.
    Behind,
    /// The connection breaks off before it.
    Before,
}

/// A way to a server that breaks off at the first of some words, so many times.
pub fn cutting(to: u16, word: &'static str, cut: Cut, times: u32) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let left = Arc::new(AtomicU32::new(times));
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let server = TcpStream::connect(("127.0.0.1", to)).expect("the server");
            let left = Arc::clone(&left);
            thread::spawn(move || {
                let (mut from, mut back) = (
                    server.try_clone().expect("a socket"),
                    client.try_clone().expect("a socket"),
                );
                thread::spawn(move || {
                    let _ = std::io::copy(&mut from, &mut back);
                    let _ = back.shutdown(std::net::Shutdown::Both);
                });
                pass_on(client, server, word, cut, &left);
            });
        }
    });
    port
}

fn pass_on(mut client: TcpStream, mut server: TcpStream, word: &str, cut: Cut, left: &AtomicU32) {
    let mut piece = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = client.read(&mut piece) {
        let has_word = piece[..read]
            .windows(word.len())
            .any(|some| some == word.as_bytes());
        if has_word && left.load(Ordering::SeqCst) > 0 {
            left.fetch_sub(1, Ordering::SeqCst);
            if cut == Cut::Behind {
                // Nobody hears the answer.
                let _ = client.shutdown(std::net::Shutdown::Both);
                let _ = server.write_all(&piece[..read]);
                thread::sleep(Duration::from_millis(200));
            }
            let _ = client.shutdown(std::net::Shutdown::Both);
            let _ = server.shutdown(std::net::Shutdown::Both);
            return;
        }
        if server.write_all(&piece[..read]).is_err() {
            return;
        }
    }
    let _ = server.shutdown(std::net::Shutdown::Both);
}
