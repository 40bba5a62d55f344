//! An FTP server that does what real ones are known for, and a proper one does not.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What is odd about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Odd {
    /// Nothing.
    Not,
    /// It names an address of its own network for its files.
    Elsewhere,
    /// It sends a file and never its end.
    Hangs,
    /// The first time it breaks off in the middle, and says so.
    BreaksOnce,
    /// The first time it breaks off in the middle, and says that all was sent.
    LiesOnce,
    /// The first time it takes a file and says that it broke off.
    LosesOnce,
    /// It goes away instead of saying that a file has its name.
    GoesAway,
}

const FILE: &[u8] = b"id,name\n1,one\n2,two\n";

/// A server that ends with the test.
pub struct OddFtp {
    pub port: u16,
    commands: Arc<Mutex<Vec<String>>>,
}

impl OddFtp {
    /// Starts it.
    pub fn start(odd: Odd) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let commands = Arc::<Mutex<Vec<String>>>::default();
        let noted = Arc::clone(&commands);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let noted = Arc::clone(&noted);
                // A client that goes away ends its thread.
                thread::spawn(move || serve(stream, odd, &noted));
            }
        });
        Self { port, commands }
    }

    /// What it was told, passwords included.
    pub fn commands(&self) -> Vec<String> {
        self.commands.lock().expect("the commands").clone()
    }
}

fn serve(mut stream: TcpStream, odd: Odd, noted: &Mutex<Vec<String>>) -> Option<()> {
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines();
    let mut data: Option<TcpListener> = None;
    let mut held = Vec::new();
    stream.write_all(b"220 ready\r\n").ok()?;
    loop {
        let line = lines.next()?.ok()?;
        let count = {
            let mut noted = noted.lock().expect("the commands");
            noted.push(line.clone());
            let moves = |line: &&String| line.starts_with("RETR") || line.starts_with("STOR");
            noted.iter().filter(moves).count()
        };
        let answer = match line.split(' ').next()? {
            "USER" => "331 and the password".to_owned(),
            "PASS" => "230 let in".to_owned(),
            "TYPE" => "200 as you like".to_owned(),
            "SIZE" => format!("213 {}", FILE.len()),
            "PASV" => {
                let listener = TcpListener::bind("127.0.0.1:0").ok()?;
                let port = listener.local_addr().ok()?.port();
                data = Some(listener);
                let host = if odd == Odd::Elsewhere {
                    // Loopback too: nothing leaves the machine, and nobody listens.
                    "127,9,9,9"
                } else {
                    "127,0,0,1"
                };
                format!("227 at ({host},{},{})", port >> 8, port & 255)
            }
            "RETR" => {
                stream.write_all(b"150 here it comes\r\n").ok()?;
                let (mut to, _) = data.take()?.accept().ok()?;
                let is_first = count == 1;
                let half = &FILE[..FILE.len() / 2];
                match odd {
                    Odd::Hangs => {
                        to.write_all(FILE).ok()?;
                        held.push(to);
                        continue;
                    }
                    Odd::BreaksOnce if is_first => {
                        to.write_all(half).ok()?;
                        "426 it broke off".to_owned()
                    }
                    Odd::LiesOnce if is_first => {
                        to.write_all(half).ok()?;
                        "226 that was all".to_owned()
                    }
                    Odd::Not
                    | Odd::Elsewhere
                    | Odd::BreaksOnce
                    | Odd::LiesOnce
                    | Odd::LosesOnce
                    | Odd::GoesAway => {
                        to.write_all(FILE).ok()?;
                        "226 that was all".to_owned()
                    }
                }
            }
            "STOR" => {
                stream.write_all(b"150 give it to me\r\n").ok()?;
                let (mut from, _) = data.take()?.accept().ok()?;
                std::io::copy(&mut from, &mut std::io::sink()).ok()?;
                if odd == Odd::LosesOnce && count == 1 {
                    "426 it broke off".to_owned()
                } else {
                    "226 that was all".to_owned()
                }
            }
            "RNFR" => "350 and its name".to_owned(),
            "RNTO" if odd == Odd::GoesAway => return None,
            "RNTO" | "DELE" => "250 as you like".to_owned(),
            "QUIT" => return stream.write_all(b"221 bye\r\n").ok(),
            _ => "502 what is that?".to_owned(),
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).ok()?;
    }
}
