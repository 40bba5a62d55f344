//! A channel that loses, repeats, delays, truncates and reorders its answers, and knows what it applied.
//! What it does is worked out from a seed and from what it is asked, so that a run can be had again.

use std::collections::BTreeMap;
use std::io::{BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::http::Message;

/// How long an answer takes that nobody waits for.
pub const TOO_LONG: Duration = Duration::from_millis(900);

/// Numbers that look random, from a seed.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Dice of their own for something that has a name.
    pub fn of(&self, name: &str) -> Self {
        let mut state = self.0;
        for byte in name.bytes() {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Self(state)
    }

    /// `SplitMix64`.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Whether so many of a hundred.
    pub fn percent(&mut self, share: u64) -> bool {
        self.below(100) < share
    }

    fn shuffle<T>(&mut self, list: &mut [T]) {
        for index in (1..list.len()).rev() {
            let other = usize::try_from(self.below(index as u64 + 1)).unwrap();
            list.swap(index, other);
        }
    }
}

/// How odd it is.
#[derive(Debug, Clone, Copy)]
pub struct Oddity {
    /// Of a hundred requests so many are not simply answered.
    pub faults: u64,
    /// Whether results may come in another order, twice, or not at all.
    pub keeps_no_order: bool,
    /// Whether its answers are read, so that an empty one may be a lie.
    pub is_read: bool,
    /// Whether a batch or a job with a bad row applies nothing.
    pub all_or_nothing: bool,
    /// How many rows of a batch it takes at once.
    pub most: usize,
}

#[derive(Default)]
struct Known {
    /// How often each row was applied, by step.
    applied: BTreeMap<(String, String), u32>,
    /// Keys that were seen.
    keys: Vec<String>,
    /// How often each request came.
    seen: BTreeMap<String, u32>,
    /// Jobs: their rows, whether they fail, how often they were asked about.
    jobs: Vec<(Vec<String>, bool, u32)>,
    versions: BTreeMap<String, u64>,
    log: Vec<String>,
}

impl Known {
    fn has(&self, step: &str, id: &str) -> bool {
        let key = (step.to_owned(), id.to_owned());
        self.applied.contains_key(&key)
    }
}

/// A channel that is running.
pub struct OddChannel {
    pub url: String,
    shared: Arc<Shared>,
}

struct Shared {
    dice: Dice,
    oddity: Oddity,
    known: Mutex<Known>,
}

/// What it does with an answer.
enum Sending {
    Whole(Message),
    Half(Message),
    Late(Message),
    Nothing,
}

impl OddChannel {
    pub fn start(dice: &Dice, oddity: Oddity) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let shared = Arc::new(Shared {
            dice: dice.clone(),
            oddity,
            known: Mutex::default(),
        });
        let served = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&served);
                thread::spawn(move || shared.serve(stream));
            }
        });
        Self { url, shared }
    }

    /// How often a row was applied by a step.
    pub fn applied(&self, step: &str, id: &str) -> u32 {
        let known = self.shared.known.lock().unwrap();
        let key = (step.to_owned(), id.to_owned());
        known.applied.get(&key).copied().unwrap_or_default()
    }

    /// What it was asked, and what it did.
    pub fn log(&self) -> String {
        self.shared.known.lock().unwrap().log.join("\n")
    }
}

impl Shared {
    fn serve(&self, stream: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream);
        loop {
            let request = Message::read(&mut reader).ok()??;
            let stream = reader.get_mut();
            match self.answer(&request) {
                Sending::Whole(answer) => stream.write_all(&answer.bytes(0)).ok()?,
                Sending::Late(answer) => {
                    thread::sleep(TOO_LONG);
                    stream.write_all(&answer.bytes(0)).ok()?;
                }
                Sending::Half(mut answer) => {
                    let half = answer.body.len() / 2;
                    let missing = answer.body.len() - half;
                    answer.body.truncate(half);
                    stream.write_all(&answer.bytes(missing.max(1))).ok()?;
                    return None;
                }
                Sending::Nothing => return None,
            }
        }
    }

    fn answer(&self, request: &Message) -> Sending {
        let line = request.first_line.trim_end_matches(" HTTP/1.1").to_owned();
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let mut known = self.known.lock().unwrap();
        let name = format!("{line} {body}");
        let times = known.seen.entry(name.clone()).or_default();
        *times += 1;
        let mut dice = self.dice.of(&format!("{name} {times}"));
        let (what, sending) = self.act(request, &line, &body, &mut known, &mut dice);
        known.log.push(format!("{name}: {what}"));
        sending
    }

    fn act(
        &self,
        request: &Message,
        line: &str,
        body: &str,
        known: &mut Known,
        dice: &mut Dice,
    ) -> (&'static str, Sending) {
        let html = |status: u16| {
            let mut answer = Message::answer(status, "<!DOCTYPE html><html>…</html>");
            answer.headers = vec![("content-type".to_owned(), "text/html".to_owned())];
            answer
        };
        let good = |known: &mut Known, dice: &mut Dice| self.good(request, line, body, known, dice);
        if !dice.percent(self.oddity.faults) {
            return ("answered", Sending::Whole(good(known, dice)));
        }
        // What it does is done in any case, or not; what it says of it is another thing.
        let does = |share: u64, known: &mut Known, dice: &mut Dice| {
            dice.percent(share).then(|| good(known, dice))
        };
        match dice.below(14) {
            0 | 1 => match does(50, known, dice) {
                Some(_) => ("done and lost", Sending::Nothing),
                None => ("lost before", Sending::Nothing),
            },
            2 => ("done and cut", Sending::Half(good(known, dice))),
            3 => ("done and late", Sending::Late(good(known, dice))),
            4 | 5 => {
                let status = [500, 502, 504][usize::try_from(dice.below(3)).unwrap()];
                let answer = Sending::Whole(Message::answer(status, "{}"));
                match does(50, known, dice) {
                    Some(_) => ("done and broken", answer),
                    None => ("broken", answer),
                }
            }
            6 => match does(50, known, dice) {
                Some(_) => ("done behind a router", Sending::Whole(html(503))),
                None => ("a router", Sending::Whole(html(503))),
            },
            7 | 8 => {
                let mut answer = Message::answer(if dice.percent(50) { 429 } else { 503 }, "{}");
                let header = ("retry-after".to_owned(), "0".to_owned());
                answer.headers.push(header);
                ("busy", Sending::Whole(answer))
            }
            9 | 10 => (
                "refused",
                Sending::Whole(Message::answer(422, "{\"why\":\"no\"}")),
            ),
            11 => match does(50, known, dice) {
                Some(_) => ("done and a page", Sending::Whole(html(200))),
                None => ("a page", Sending::Whole(html(200))),
            },
            12 => {
                // Where nobody reads it, an empty answer is as good as another.
                let share = if self.oddity.is_read { 50 } else { 100 };
                match does(share, known, dice) {
                    Some(answer) if answer.status() != 200 => ("refused", Sending::Whole(answer)),
                    Some(_) => ("done and empty", Sending::Whole(Message::answer(200, ""))),
                    None => ("empty", Sending::Whole(Message::answer(200, ""))),
                }
            }
            _ => ("answered", Sending::Whole(good(known, dice))),
        }
    }

    /// Does what it is asked, and says so.
    fn good(
        &self,
        request: &Message,
        line: &str,
        body: &str,
        known: &mut Known,
        dice: &mut Dice,
    ) -> Message {
        let (_, path) = line.split_once(' ').unwrap();
        let mut parts = path.split('/').skip(1);
        let (what, id) = (parts.next().unwrap(), parts.next().unwrap_or_default());
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        if let Some(key) = request.header("idempotency-key") {
            if known.keys.iter().any(|seen| seen == key) {
                return Message::answer(200, "{\"ok\":true}");
            }
            known.keys.push(key.to_owned());
        }
        let mut apply = |known: &mut Known, step: &str, id: &str| {
            let key = (step.to_owned(), id.to_owned());
            let count = known.applied.entry(key).or_default();
            // What is put is there once, however often it comes.
            *count = if line.starts_with("PUT") {
                1
            } else {
                *count + 1
            };
        };
        let answer = match what {
            "rows" | "make" | "price" => {
                let was_there = known.has(what, id);
                apply(known, what, id);
                // Of what is there already it may say no.
                json!({"ok": !(was_there && self.oddity.is_read && dice.percent(30))})
            }
            "version" => {
                let version = known.versions.entry(id.to_owned()).or_insert(1);
                // Somebody else is at it too.
                if dice.percent(30) {
                    *version += 1;
                }
                json!({"version": *version})
            }
            "update" => {
                let version = known.versions.entry(id.to_owned()).or_insert(1);
                if body["version"] != json!(*version) {
                    return Message::answer(409, "{\"why\":\"version\"}");
                }
                *version += 1;
                apply(known, "rows", id);
                json!({"ok": true})
            }
            "batch" => {
                let ids = ids(&body);
                if ids.len() > self.oddity.most {
                    return Message::answer(413, "{}");
                }
                json!({"results": self.apply_batch(&ids, known, dice, &mut apply)})
            }
            "jobs" if id.is_empty() => {
                let ids = ids(&body);
                let fails = self.oddity.all_or_nothing && ids.iter().any(|id| is_bad(id))
                    || dice.percent(10);
                if !fails {
                    for id in ids.iter().filter(|id| !is_bad(id)) {
                        apply(known, "rows", id);
                    }
                }
                known.jobs.push((ids, fails, 0));
                json!({"id": known.jobs.len()})
            }
            "jobs" => {
                let job = &mut known.jobs[id.parse::<usize>().unwrap() - 1];
                job.2 += 1;
                let state = match (job.2 > 1, job.1) {
                    (false, _) => "running",
                    (true, true) => "failed",
                    (true, false) => "done",
                };
                json!({"state": state, "id": id})
            }
            "reports" => {
                let (ids, fails, _) = &known.jobs[id.parse::<usize>().unwrap() - 1];
                let list = ids.iter();
                let list = list.map(|id| json!({"id": id, "ok": !fails && !is_bad(id)}));
                let mut list: Vec<Value> = list.collect();
                self.spoil(&mut list, dice);
                json!({"results": list})
            }
            _ => return Message::answer(404, "{}"),
        };
        Message::answer(200, &answer.to_string())
    }

    fn apply_batch(
        &self,
        ids: &[String],
        known: &mut Known,
        dice: &mut Dice,
        apply: &mut impl FnMut(&mut Known, &str, &str),
    ) -> Vec<Value> {
        let refuses_all = self.oddity.all_or_nothing && ids.iter().any(|id| is_bad(id));
        let mut list = Vec::new();
        for id in ids {
            if is_bad(id) {
                list.push(json!({"id": id, "ok": "false", "why": "bad"}));
            } else if known.has("rows", id) && dice.percent(30) {
                list.push(json!({"id": id, "ok": "no", "why": "it is there already"}));
            } else if refuses_all {
                // Nothing is said of the innocent.
            } else if !self.oddity.all_or_nothing && dice.percent(10) {
                list.push(json!({"id": id, "ok": false, "busy": true, "why": "queue full"}));
            } else {
                apply(known, "rows", id);
                list.push(json!({"id": id, "ok": "true"}));
            }
        }
        self.spoil(&mut list, dice);
        list
    }

    /// Results in another order, twice, in other letters, or not at all.
    fn spoil(&self, list: &mut Vec<Value>, dice: &mut Dice) {
        if !self.oddity.keeps_no_order {
            // By position only a wrong number of them can be seen.
            if dice.percent(15) {
                list.pop();
            }
            return;
        }
        dice.shuffle(list);
        if dice.percent(20) {
            list.extend(list.first().cloned());
        }
        if dice.percent(20) {
            list.pop();
        }
        if dice.percent(20) {
            list.push(json!({"id": "somebody else", "ok": true}));
        }
        if let (true, Some(first)) = (dice.percent(20), list.first_mut()) {
            let id = first["id"].as_str().unwrap().to_uppercase();
            first["id"] = json!(format!(" {id} "));
        }
    }
}

fn ids(body: &Value) -> Vec<String> {
    let list = body.as_array().unwrap();
    let ids = list.iter().map(|item| item["id"].as_str().unwrap());
    ids.map(str::to_owned).collect()
}

/// Rows that it never takes.
fn is_bad(id: &str) -> bool {
    id.ends_with('7')
}
