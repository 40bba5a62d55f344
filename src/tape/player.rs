//! Answers from a tape: each exchange once, in its order; or answers that a test has written, as often
//! as they are asked for.

use std::sync::{LazyLock, Mutex, PoisonError};

use regex::Regex;

use super::{Answered, Asked, Exchange, Tape};
use crate::plan::Redactor;

/// More answers than any test needs: what asks for more never ends.
const MOST: usize = 100_000;

/// What each error says of a request that has no answer.
pub const NOT_ON_TAPE: &str = "this request is not on the tape";

/// A request that is not on the tape, and the one there that is most like it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotOnTape {
    /// Nothing like it.
    #[error("{NOT_ON_TAPE}: {request}{nearest}")]
    Unknown {
        /// The request.
        request: String,
        /// What is most like it there.
        nearest: String,
    },
    /// It is there, and was answered as often already.
    #[error("this request is on the tape {times} times, and was asked once more: {request}")]
    Again {
        /// The request.
        request: String,
        /// How often it is there.
        times: usize,
    },
    /// Nothing ends.
    #[error("{MOST} requests were answered, and there is no end")]
    Endless,
}

/// Answers, and what was asked.
#[derive(Debug)]
pub struct Player {
    answers: Mutex<Vec<Given>>,
    asked: Mutex<Vec<Asked>>,
}

/// An exchange, and whether it was used.
#[derive(Debug)]
struct Given {
    exchange: Exchange,
    /// A path of a test, which stands for any host and may end in `*`.
    is_pattern: bool,
    used: bool,
}

impl Player {
    /// Answers from a tape.
    pub fn new(tape: &Tape) -> Self {
        Self::with_written(tape, Vec::new())
    }

    /// The same, and before them answers that a test has written.
    pub fn with_written(tape: &Tape, written: Vec<Exchange>) -> Self {
        let given = |exchange, is_pattern| Given {
            exchange,
            is_pattern,
            used: false,
        };
        let written = written.into_iter().map(|exchange| given(exchange, true));
        let of_tape = tape.exchanges.iter().cloned();
        let of_tape = of_tape.map(|exchange| given(exchange, false));
        Self {
            answers: Mutex::new(written.chain(of_tape).collect()),
            asked: Mutex::default(),
        }
    }

    /// The answer to a request.
    pub fn answer(&self, asked: Asked, redactor: &Redactor) -> Result<Answered, NotOnTape> {
        let asked = Asked {
            method: asked.method,
            url: redactor.masked(&asked.url),
            body: asked.body.map(|body| redactor.masked(&body)),
        };
        let mut all = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(asked.clone());
        if all.len() > MOST {
            return Err(NotOnTape::Endless);
        }
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        // Written answers come in their turn; the last of several serves what comes after.
        let written: Vec<usize> = (0..answers.len())
            .filter(|at| answers[*at].is_pattern && fits(&answers[*at].exchange.request, &asked))
            .collect();
        let free = written.iter().find(|at| !answers[**at].used);
        if let Some(at) = free.or(written.last()).copied() {
            answers[at].used = true;
            return Ok(answers[at].exchange.answer.clone());
        }
        // What was made of a secret together with something else is another on each side: where nothing is
        // the same, what is the same but for signatures is taken.
        let unsigned = without_signatures(&asked);
        let mut times = 0;
        for is_same in [
            &(|other: &Asked| *other == asked) as &dyn Fn(&Asked) -> bool,
            &|other: &Asked| without_signatures(other) == unsigned,
        ] {
            let same = answers
                .iter_mut()
                .filter(|one| !one.is_pattern && is_same(&one.exchange.request));
            for one in same {
                if !std::mem::replace(&mut one.used, true) {
                    return Ok(one.exchange.answer.clone());
                }
                times += 1;
            }
            if times > 0 {
                break;
            }
        }
        let request = shown(&asked);
        if times > 0 {
            return Err(NotOnTape::Again { request, times });
        }
        let nearest = nearest(&answers, &asked);
        Err(NotOnTape::Unknown { request, nearest })
    }

    /// What was asked so far, secrets replaced by names.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Whether a written answer is one to this request: its address may leave out the host, the
/// parameters, or end in `*`; its body counts where it has one.
fn fits(written: &Asked, asked: &Asked) -> bool {
    let url = asked.url.as_str();
    let of_path = || {
        let behind = url.split_once("://").map_or(url, |(_, rest)| rest);
        behind.find('/').map_or("/", |at| &behind[at..])
    };
    let address = if written.url.starts_with('/') {
        of_path()
    } else {
        url
    };
    let is_there = |address: &str| match written.url.strip_suffix('*') {
        Some(beginning) => address.starts_with(beginning),
        None => address == written.url,
    };
    let without_query = address.split('?').next().unwrap_or(address);
    let fits_url = is_there(address) || (!written.url.contains('?') && is_there(without_query));
    let fits_method = written.method.is_empty() || written.method == asked.method;
    let fits_body = written.body.is_none() || written.body == asked.body;
    fits_url && fits_method && fits_body
}

/// Digests and signatures, in hexadecimal or base64: they are longer than identifiers.
static SIGNATURE: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(
        clippy::expect_used,
        reason = "the pattern is a constant, and a test uses it"
    )]
    Regex::new(r"\b[0-9a-fA-F]{32,}\b|[A-Za-z0-9+_-]{40,}(?:=|%3D){0,2}").expect("a pattern")
});

/// Whether a long word is a digest or base64: words that people write have no small and large letters and
/// digits among each other.
fn is_signature(word: &str) -> bool {
    let has = |is: fn(&char) -> bool| word.chars().any(|c| is(&c));
    let is_hex = word.chars().all(|c| c.is_ascii_hexdigit());
    let is_mixed = has(char::is_ascii_lowercase) && has(char::is_ascii_uppercase);
    has(char::is_ascii_digit) && (is_hex || is_mixed)
}

fn without_signatures(asked: &Asked) -> Asked {
    let without = |text: &String| {
        let shorter = SIGNATURE.replace_all(text, |found: &regex::Captures<'_>| {
            if is_signature(&found[0]) {
                "*".to_owned()
            } else {
                found[0].to_owned()
            }
        });
        shorter.into_owned()
    };
    Asked {
        method: asked.method.clone(),
        url: without(&asked.url),
        body: asked.body.as_ref().map(without),
    }
}

fn shown(asked: &Asked) -> String {
    let body = asked.body.as_ref().map(|body| {
        let body: String = body.chars().take(200).collect();
        format!(" with the body {body}")
    });
    format!("{} {}{}", asked.method, asked.url, body.unwrap_or_default())
}

/// What on the tape is most like a request, in words; nothing where nothing is.
fn nearest(answers: &[Given], asked: &Asked) -> String {
    let likeness = |other: &Asked| {
        let alike = |a: &str, b: &str| a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
        alike(&other.url, &asked.url)
            + usize::from(other.method == asked.method)
            + alike(
                other.body.as_deref().unwrap_or_default(),
                asked.body.as_deref().unwrap_or_default(),
            )
    };
    let requests = answers.iter().map(|one| &one.exchange.request);
    match requests.max_by_key(|other| likeness(other)) {
        Some(other) => format!("; most like it is {}", shown(other)),
        None => "; it is empty".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tape::Head;

    fn asked(method: &str, url: &str) -> Asked {
        Asked {
            method: method.to_owned(),
            url: url.to_owned(),
            body: None,
        }
    }

    fn exchange(method: &str, url: &str, body: &str) -> Exchange {
        Exchange {
            request: asked(method, url),
            answer: Answered::new(200, Vec::new(), body.as_bytes()),
        }
    }

    fn ask(player: &Player, url: &str) -> String {
        match player.answer(asked("GET", url), &Redactor::default()) {
            Ok(answer) => answer.body,
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn each_exchange_is_used_once_and_in_turn() {
        let url = "https://a.example/x?p=1";
        let tape = Tape {
            head: Head::default(),
            exchanges: vec![exchange("GET", url, "1"), exchange("GET", url, "2")],
        };
        let player = Player::new(&tape);
        assert_eq!(ask(&player, url), "1");
        assert_eq!(ask(&player, url), "2");
        assert!(ask(&player, url).contains("2 times"));
        assert!(
            ask(&player, "https://a.example/x?p=2")
                .contains("most like it is GET https://a.example/x?p=1")
        );
    }

    #[test]
    fn what_differs_in_its_signature_alone_is_the_same() {
        let signed = |digit: &str| format!("https://a.example/x?sig={}1&p=1", digit.repeat(63));
        let tape = Tape {
            head: Head::default(),
            exchanges: vec![
                exchange("GET", &signed("a"), "1"),
                exchange("GET", &signed("b"), "2"),
            ],
        };
        let player = Player::new(&tape);
        assert_eq!(ask(&player, &signed("b")), "2");
        assert_eq!(ask(&player, &signed("c")), "1");
        assert!(ask(&player, &signed("d")).contains("2 times"));
        let other = signed("c").replace("p=1", "p=2");
        assert!(ask(&player, &other).contains("not on the tape"));
    }

    #[test]
    fn written_answers_stand_for_any_host_and_stay() {
        let written = vec![
            exchange("", "/items", "1"),
            exchange("", "/items", "2"),
            exchange("", "/item/*", "3"),
            exchange("POST", "/items", "4"),
        ];
        let player = Player::with_written(&Tape::default(), written);
        assert_eq!(ask(&player, "https://a.example/items?page=1"), "1");
        assert_eq!(ask(&player, "https://b.example/items"), "2");
        assert_eq!(ask(&player, "https://b.example/items"), "2");
        assert_eq!(ask(&player, "https://b.example/item/7?x=1"), "3");
        let posted = player.answer(
            asked("POST", "https://a.example/items"),
            &Redactor::default(),
        );
        assert_eq!(posted.expect("an answer").body, "4");
        assert!(ask(&player, "https://b.example/other").contains("not on the tape"));
    }
}
