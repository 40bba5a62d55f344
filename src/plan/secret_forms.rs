//! How a secret may be written: in URLs, JSON, XML, CSV and base64, also one of them in another; and
//! where it stands in a text.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{
    GeneralPurpose, GeneralPurposeConfig, STANDARD_NO_PAD, URL_SAFE_NO_PAD,
};
use regex::{Regex, RegexBuilder};

use super::secret::Secret;
use crate::template::filters::hash::{KINDS, hash};

/// A secret of fewer characters tells too little, and stands in too many words: it is found only where
/// it stands alone.
pub const SHORT: usize = 4;
/// Of one that has more, letters and digits are found only as they are: a pattern has its limits.
const LONG: usize = 300;
/// No key is so long that its pattern takes more.
const PATTERN_BYTES: usize = 64 << 20;

/// Finds a secret in texts, however it is written there.
#[derive(Debug)]
pub struct Finder {
    secret: Secret,
    /// Nothing where no pattern could be made; then it is found as it stands.
    pattern: Option<Regex>,
    is_short: bool,
}

impl Finder {
    /// Finds this secret.
    pub fn new(secret: &str) -> Self {
        let is_short = secret.chars().count() < SHORT;
        let pattern = RegexBuilder::new(&pattern(secret))
            .size_limit(PATTERN_BYTES)
            .case_insensitive(!is_short)
            .build();
        Self {
            secret: Secret::new(secret.to_owned()),
            pattern: pattern.ok(),
            is_short,
        }
    }

    /// The secret.
    pub fn secret(&self) -> &str {
        self.secret.expose()
    }

    /// Whether it is so short that it is found only where it stands alone.
    pub fn is_short(&self) -> bool {
        self.is_short
    }

    fn plain_places(&self, text: &str) -> Vec<Range<usize>> {
        let Some(pattern) = &self.pattern else {
            let found = text.match_indices(self.secret());
            return found.map(|(at, found)| at..at + found.len()).collect();
        };
        let mut places = Vec::new();
        let mut from = 0;
        while let Some(found) = pattern.find_at(text, from) {
            if !self.is_short || stands_alone(text, &found.range()) {
                places.push(found.range());
                from = found.end();
            } else {
                // The next one may begin inside this one.
                let first = text[found.start()..].chars().next();
                from = found.start() + first.map_or(1, char::len_utf8);
            }
        }
        places
    }

    /// Whether bytes hold the secret; a short one only where they are a text.
    fn is_in(&self, bytes: &[u8]) -> bool {
        match std::str::from_utf8(bytes) {
            Ok(text) => !self.plain_places(text).is_empty(),
            Err(_) if self.is_short => false,
            Err(_) => !self
                .plain_places(&String::from_utf8_lossy(bytes))
                .is_empty(),
        }
    }
}

/// Where secrets stand in a text, as they are, in any escapes and as a part of base64; each place with
/// the number of its finder, in the order of the text. Of two at one place the longer secret is told.
pub fn places<'f>(
    finders: impl Iterator<Item = &'f Finder> + Clone,
    text: &str,
) -> Vec<(Range<usize>, usize)> {
    let all = finders.clone().enumerate();
    let mut found: Vec<(Range<usize>, usize)> = all
        .flat_map(|(number, finder)| {
            let places = finder.plain_places(text).into_iter();
            places.map(move |place| (place, number))
        })
        .collect();
    let shortest = finders.clone().map(|finder| finder.secret().len()).min();
    if let Some(shortest) = shortest {
        for run in BASE64.find_iter(text) {
            // Three characters take four digits.
            if run.len() * 3 < shortest * 4 {
                continue;
            }
            let within = in_base64(finders.clone(), run.as_str());
            found.extend(within.map(|(place, number)| {
                (place.start + run.start()..place.end + run.start(), number)
            }));
        }
    }
    let lengths: Vec<usize> = finders.map(|finder| finder.secret().len()).collect();
    found.sort_by_key(|(place, number)| (std::cmp::Reverse(lengths[*number]), place.start));
    let mut told: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
    for (place, number) in found {
        let before = told.range(..place.end).next_back();
        if before.is_none_or(|(_, (end, _))| *end <= place.start) {
            told.insert(place.start, (place.end, number));
        }
    }
    let told = told.into_iter();
    told.map(|(start, (end, number))| (start..end, number))
        .collect()
}

/// The part of a run of base64 that holds a secret, to its end.
fn in_base64<'f>(
    finders: impl Iterator<Item = &'f Finder> + Clone,
    run: &str,
) -> Option<(Range<usize>, usize)> {
    let (written, at) = without_escapes(run);
    (0..written.len().min(4)).find_map(|start| {
        let digits = &written.as_bytes()[start..];
        // A rest of one digit is none of base64.
        let whole = digits.len() - usize::from(digits.len() % 4 == 1);
        let decoded = LENIENT.decode(&digits[..whole]).ok()?;
        let number = finders.clone().position(|finder| finder.is_in(&decoded))?;
        Some((at[start]..run.len(), number))
    })
}

/// A run of base64 in any of its alphabets, in a URL or in JSON too.
static BASE64: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(
        clippy::expect_used,
        reason = "the pattern is a constant, and a test uses it"
    )]
    Regex::new(r"(?:[A-Za-z0-9+_-]|\\*/|%2[bBfF]){4,}(?:=|%3[dD]|\\+u003[dD])*").expect("a pattern")
});

/// Base64 whose last digits may hold bits that mean nothing, as a part of a longer one does.
static LENIENT: LazyLock<GeneralPurpose> = LazyLock::new(|| {
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone);
    GeneralPurpose::new(&alphabet::STANDARD, config)
});

/// The digits of a run in the standard alphabet, and where each stands.
fn without_escapes(run: &str) -> (String, Vec<usize>) {
    let mut digits = String::with_capacity(run.len());
    let mut places = Vec::with_capacity(run.len());
    let mut rest = run;
    while let Some(first) = rest.chars().next() {
        let at = run.len() - rest.len();
        let (digit, width) = match first {
            '\\' => (None, 1),
            '=' => break,
            '%' => match rest.as_bytes().get(1..3) {
                Some([b'2', b'b' | b'B']) => (Some('+'), 3),
                Some([b'2', b'f' | b'F']) => (Some('/'), 3),
                _ => break,
            },
            '-' => (Some('+'), 1),
            '_' => (Some('/'), 1),
            other => (Some(other), other.len_utf8()),
        };
        if rest.starts_with("\\u") {
            break;
        }
        if let Some(digit) = digit {
            digits.push(digit);
            places.push(at);
        }
        rest = &rest[width..];
    }
    (digits, places)
}

/// Whether no letter and no digit stands before or behind a place.
fn stands_alone(text: &str, place: &Range<usize>) -> bool {
    !text[..place.start].ends_with(char::is_alphanumeric)
        && !text[place.end..].starts_with(char::is_alphanumeric)
}

/// The pattern of a secret in any escapes, and of its digests.
fn pattern(secret: &str) -> String {
    let mut pattern = String::new();
    let last = secret.chars().count() - 1;
    for (index, c) in secret.chars().enumerate() {
        if c.is_ascii_alphanumeric() && last >= LONG {
            pattern.push(c);
        } else {
            pattern.push_str(&ways(c, index == last));
        }
    }
    if last + 1 >= SHORT {
        // In hexadecimal, as a digest, and as a digest in base64. Writing into a string does not fail.
        let _ = write!(pattern, "|(?i:{})", hex(secret.as_bytes()));
        for kind in KINDS {
            if let Ok(digest) = hash(&secret.into(), Some(kind)) {
                let bytes = unhex(&digest);
                let base64 = regex::escape(&STANDARD_NO_PAD.encode(&bytes));
                let in_urls = regex::escape(&URL_SAFE_NO_PAD.encode(&bytes));
                let _ = write!(pattern, "|(?i:{digest})|(?-i:{base64}|{in_urls})=*");
            }
        }
    }
    pattern
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        // Writing into a string does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn unhex(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().as_chunks::<2>().0.iter();
    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or_default();
    let bytes = pairs.map(|[high, low]| digit(*high) * 16 + digit(*low));
    bytes
        .map(|byte| u8::try_from(byte).unwrap_or_default())
        .collect()
}

/// The ways in which a character is written.
fn ways(c: char, is_last: bool) -> String {
    let mut text = [0; 4];
    let bytes = c.encode_utf8(&mut text).bytes();
    let in_url: String = bytes.fold(String::new(), |mut all, byte| {
        // Writing into a string does not fail.
        let _ = write!(all, "%(?:25)*(?i:{byte:02x})");
        all
    });
    let mut units = [0; 2];
    let in_json: String = c
        .encode_utf16(&mut units)
        .iter()
        .fold(String::new(), |mut all, unit| {
            let _ = write!(all, r"\\+u(?i:{unit:04x})");
            all
        });
    let code = u32::from(c);
    let name = match c {
        '&' => "|amp",
        '<' => "|lt",
        '>' => "|gt",
        '"' => "|quot",
        '\'' => "|apos",
        _ => "",
    };
    let in_xml = format!("&(?:amp;)*(?:#0*{code}|#[xX]0*(?i:{code:x}){name});");
    let itself = regex::escape(&c.to_string());
    let plain = match c {
        c if c.is_ascii_alphanumeric() => itself,
        '\\' => r"\\+".to_owned(),
        ' ' => r"(?: |\+)".to_owned(),
        '\n' => r"(?:\\*\n|\\+n|\r\n|\\+r\\+n)".to_owned(),
        '\r' => r"(?:\r|\\+r)".to_owned(),
        '\t' => r"(?:\t|\\+t)".to_owned(),
        // CSV and SQL double quotes; the one behind a last quote ends what it stands in.
        '"' | '\'' if is_last => format!(r"\\*{itself}"),
        '"' | '\'' => format!(r"(?:\\*{itself}){{1,2}}"),
        _ => format!(r"\\*{itself}"),
    };
    format!("(?:{plain}|{in_url}|{in_json}|{in_xml})")
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn left(secret: &str, text: &str) -> String {
        let finder = Finder::new(secret);
        let mut left = text.to_owned();
        for (place, _) in places(std::iter::once(&finder), text).iter().rev() {
            left.replace_range(place.clone(), "*");
        }
        left
    }

    #[test]
    fn a_secret_is_found_however_it_is_written() {
        let secret = "p&ss/w\"örd 9\\x";
        let json = serde_json::to_string(secret).unwrap();
        let twice = serde_json::to_string(&json).unwrap();
        let basic = STANDARD.encode(format!("user:{secret}"));
        for form in [
            secret,
            r#"p\u0026ss\/w\"\u00f6rd 9\\x"#,
            &json[1..json.len() - 1],
            twice.trim_matches(['"', '\\']),
            "p&amp;ss/w&quot;&#xF6;rd 9\\x",
            "p&amp;amp;ss/w&#34;&#246;rd 9\\x",
            "p&ss/w\"\"örd 9\\x",
            "p%26ss%2fw%22%C3%b6rd%209%5Cx",
            "p%2526ss%252Fw%2522%25C3%25B6rd%25209%255Cx",
            "p&ss/w%22%c3%b6rd+9\\x",
            "P&SS/W\"ÖRD 9\\X",
            &basic,
            &URL_SAFE_NO_PAD.encode(format!("ab{secret}")),
            &basic
                .replace('=', "%3D")
                .replace('+', "%2B")
                .replace('/', "%2F"),
            &hash(&secret.into(), None).unwrap(),
            &hex(secret.as_bytes()).to_uppercase(),
            &secret
                .bytes()
                .fold(String::new(), |all, byte| all + &format!("%{byte:02x}")),
            &secret
                .encode_utf16()
                .fold(String::new(), |all, unit| all + &format!("\\u{unit:04X}")),
            &secret.chars().fold(String::new(), |all, c| {
                all + &format!("&#{};", u32::from(c))
            }),
            &STANDARD.encode(unhex(&hash(&secret.into(), None).unwrap())),
            &hash(&secret.into(), Some("md5")).unwrap().to_uppercase(),
        ] {
            assert_eq!(left(secret, &format!(" {form} ")), " * ", "{form}");
            assert_eq!(left(secret, &format!("\"{form}\"")), "\"*\"", "{form}");
        }
        let header = format!("Basic {basic}, x");
        assert_eq!(left(secret, &header), "Basic *, x");
        assert_eq!(left(secret, &format!("ab/{basic}")), "ab/*");
    }

    #[test]
    fn what_is_no_secret_stays() {
        for text in ["pass/word", "p&ss/w", "dXNlcjpwYXNz", ""] {
            assert_eq!(left("p&ss/w\"örd", text), text);
        }
        assert_eq!(left("12", "12 112 x12 a=12&b=123"), "* 112 x12 a=*&b=123");
        assert_eq!(left("12", &STANDARD.encode("me:12")), "*");
        assert_eq!(left("a@b", "u:a%40b@host"), "u:*@host");
        assert_eq!(left("pass", "compassion"), "com*ion");
        assert_eq!(left("äp", "äpä äp"), "äpä *");
        assert_eq!(left("1", "/products?page=11"), "/products?page=11");
    }
}
