//! Date formats that are written out: those of `strftime`, told apart from those of other tools.

use std::fmt::Write as _;

use jiff::tz::{TimeZone, db};

use super::signature::Mistake;
use crate::diagnostics::nearest::nearest;

/// What a format is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// A date is printed.
    Printing,
    /// A date is read.
    Reading,
}

/// What stands behind `%`, in both directions.
const BOTH: &str = "AaBbhCDdeFfGgHIjklMmNnPpQRSsTtUuVWwYyz%";
/// What can be printed alone.
const PRINTED: &str = "cqrXxZ";

/// Parts of formats as other tools write them (Java, Moment, .NET), the longest first, and ours.
const FOREIGN: [(&str, &str); 24] = [
    ("YYYY", "%Y"),
    ("yyyy", "%Y"),
    ("MMMM", "%B"),
    ("EEEE", "%A"),
    ("dddd", "%A"),
    ("SSS", "%3f"),
    ("MMM", "%b"),
    ("EEE", "%a"),
    ("ddd", "%a"),
    ("YY", "%y"),
    ("yy", "%y"),
    ("MM", "%m"),
    ("DD", "%d"),
    ("dd", "%d"),
    ("HH", "%H"),
    ("hh", "%I"),
    ("mm", "%M"),
    ("ss", "%S"),
    ("TT", "%p"),
    ("tt", "%p"),
    ("ZZ", "%z"),
    ("zz", "%z"),
    ("T", "T"),
    ("Z", "Z"),
];

/// What is wrong with a date format, and what to do about it.
pub fn mistake(format: &str, used: Use) -> Option<Mistake> {
    if let Some(mistake) = unknown_part(format, used) {
        return Some(mistake);
    }
    if let Some(ours) = from_other_tools(format) {
        return Some(Mistake {
            message: format!("'{format}' is written as other tools write date formats"),
            help: format!("write '{ours}': a part has a % before it"),
        });
    }
    if let Some(mistake) = doubled(format).or_else(|| minute_or_month(format)) {
        return Some(mistake);
    }
    if !format.contains('%') {
        return Some(Mistake {
            message: format!("'{format}' is no date format: nothing in it has a %"),
            help: "write one such as '%Y-%m-%d', '%d.%m.%Y %H:%M' or '%s'".to_owned(),
        });
    }
    None
}

/// `%YYYY`: a part as we write it and as other tools do.
fn doubled(format: &str) -> Option<Mistake> {
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        let part = &rest[at + 1..];
        let kind = part.chars().next()?;
        let again = part.chars().take_while(|c| *c == kind).count();
        if again > 1 && "YymMdHhSs".contains(kind) {
            let ours = if kind == 'h' { 'H' } else { kind };
            return Some(Mistake {
                message: format!(
                    "behind `%{kind}` in '{format}' stands {} as text",
                    &part[1..again]
                ),
                help: format!("a part is a % and one letter: write %{ours}"),
            });
        }
        rest = &part[kind.len_utf8()..];
    }
    None
}

/// `%Y-%M-%d` and `%H:%m`: minutes in the place of months, and the other way.
fn minute_or_month(format: &str) -> Option<Mistake> {
    let has = |parts: &[&str]| parts.iter().any(|part| format.contains(part));
    let has_hour = has(&["%H", "%I", "%k", "%l", "%T", "%R", "%s"]);
    let has_day = has(&["%d", "%e", "%D", "%F", "%j"]);
    if has(&["%M"]) && has_day && !has_hour {
        return Some(Mistake {
            message: format!("`%M` in '{format}' is minutes, and no hour stands there"),
            help: "months are %m".to_owned(),
        });
    }
    if has(&["%H:%m", "%I:%m"]) {
        return Some(Mistake {
            message: format!("`%m` in '{format}' is the month, and stands behind an hour"),
            help: "minutes are %M".to_owned(),
        });
    }
    None
}

/// What stands behind a `%` and means nothing.
fn unknown_part(format: &str, used: Use) -> Option<Mistake> {
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        rest = &rest[at + 1..];
        if used == Use::Printing && rest.starts_with("ms") {
            rest = &rest[2..];
            continue;
        }
        let flags = rest.len()
            - rest
                .trim_start_matches(['-', '_', '0', '^', '#', '.', ':'])
                .trim_start_matches(|c: char| c.is_ascii_digit())
                .len();
        let Some(kind) = rest[flags..].chars().next() else {
            return Some(Mistake {
                message: format!("'{format}' ends with a %"),
                help: "write %% for the sign itself".to_owned(),
            });
        };
        let is_known = BOTH.contains(kind) || (used == Use::Printing && PRINTED.contains(kind));
        // `%Q` is a zone's name to us, and milliseconds to Ruby, Salesforce and many docs.
        if !is_known || (kind == 'Q' && flags == 0) {
            return Some(Mistake {
                message: format!("`%{}{kind}` is no part of a date format", &rest[..flags]),
                help: match kind {
                    'Q' => "milliseconds since 1970 are %ms, a zone's name is %:Q".to_owned(),
                    'L' => "milliseconds are %3f".to_owned(),
                    'i' => "minutes are %M".to_owned(),
                    _ => "years are %Y, months %m, days %d, hours %H, minutes %M, seconds %S, milliseconds %3f, the zone %z, since 1970 %s and %ms".to_owned(),
                },
            });
        }
        rest = &rest[flags + kind.len_utf8()..];
    }
    None
}

/// The format in our words, where a word in it is one of other tools: `YYYY-MM-DD`.
fn from_other_tools(format: &str) -> Option<String> {
    let mut ours = String::new();
    let mut is_foreign = false;
    let mut rest = format;
    while let Some(first) = rest.chars().next() {
        if first == '%' {
            let end = 1 + rest[1..]
                .find(|c: char| c.is_ascii_alphabetic() || c == '%')
                .map_or(rest.len() - 1, |at| at + 1);
            ours.push_str(&rest[..end]);
            rest = &rest[end..];
            continue;
        }
        if !first.is_ascii_alphabetic() {
            ours.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let end = rest
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        // Small `mm` is the month where nothing says that it is minutes.
        let before = format[..format.len() - rest.len()].chars().next_back();
        let is_of_time = before == Some(':') || behind.starts_with(':');
        let has_month = format.contains("MM");
        let word = &*if has_month || is_of_time || !word.contains("mm") || word.contains(['H', 'h'])
        {
            word.to_owned()
        } else {
            word.replace("mm", "MM")
        };
        // Hours of a half day need the half.
        let has_half = format.contains(['a', 'A']) || format.to_lowercase().contains("tt");
        let word = &*if has_half {
            word.to_owned()
        } else {
            word.replace("hh", "HH")
        };
        match translated(word) {
            Some(word) => {
                is_foreign = true;
                ours.push_str(&word);
            }
            None => ours.push_str(word),
        }
        rest = behind;
    }
    is_foreign.then_some(ours)
}

/// A word that is made of nothing but parts of other tools' formats, in ours.
fn translated(word: &str) -> Option<String> {
    let mut ours = String::new();
    let mut rest = word;
    while !rest.is_empty() {
        let (theirs, our) = FOREIGN
            .iter()
            .find(|(theirs, _)| rest.starts_with(theirs))?;
        // Writing into a string does not fail.
        let _ = write!(ours, "{our}");
        rest = &rest[theirs.len()..];
    }
    ours.contains('%').then_some(ours)
}

/// What is wrong with a time zone's name.
pub fn zone_mistake(name: &str) -> Option<Mistake> {
    if TimeZone::get(name).is_ok() {
        return None;
    }
    let known: Vec<String> = db().available().map(|name| name.to_string()).collect();
    let near = nearest(name, known.iter().map(String::as_str));
    Some(Mistake {
        message: format!("'{name}' is no time zone"),
        help: match near {
            Some(near) => format!("did you mean '{near}'?"),
            None => "write one such as 'Europe/Berlin' or 'UTC'".to_owned(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(format: &str) -> String {
        mistake(format, Use::Printing).map_or_else(String::new, |mistake| mistake.help)
    }

    #[test]
    fn formats_of_other_tools_are_told_in_our_words() {
        assert!(told("YYYY-MM-DD").contains("'%Y-%m-%d'"));
        assert!(told("yyyy-MM-ddTHH:mm:ssZ").contains("'%Y-%m-%dT%H:%M:%SZ'"));
        assert!(told("%Y-MM-dd").contains("'%Y-%m-%d'"));
        assert!(told("dd.MM.yy").contains("'%d.%m.%y'"));
        assert!(told("soon").contains("%Y"));
        assert!(told("%L").contains("%3f"));
        assert!(told("%Q").contains("%ms"));
        assert!(told("%Y%").contains("%%"));
    }

    #[test]
    fn formats_that_print_are_let_be() {
        for format in [
            "%Y-%m-%dT%H:%M:%SZ",
            "%Y-%m-%dT%H:%M:%S%:z",
            "%-d. %B %Y",
            "%Y-%m-%dT%H:%M:%S.%3fZ",
            "%H:%M:%S%.f",
            "%s",
            "%ms",
            "KW %V, Q%q",
            "week %U",
            "%d Today %%",
            "%D",
        ] {
            assert_eq!(told(format), "", "{format}");
        }
    }

    #[test]
    fn zones_have_neighbours() {
        let mistake = zone_mistake("Europe/Berlinn").expect("no zone");
        assert!(mistake.help.contains("'Europe/Berlin'"), "{}", mistake.help);
        assert!(zone_mistake("UTC").is_none());
        assert!(zone_mistake("europe/berlin").is_none());
    }

    #[test]
    fn small_letters_are_months_where_no_time_says_otherwise() {
        for (format, ours) in [
            ("dd.mm.yyyy", "'%d.%m.%Y'"),
            ("yyyymmdd", "'%Y%m%d'"),
            ("dd/mm/yyyy hh:mm", "'%d/%m/%Y %H:%M'"),
            ("yyyy-MM-dd HH:mm:ss", "'%Y-%m-%d %H:%M:%S'"),
            ("hh:mm tt", "'%I:%M %p'"),
            ("yyyyMMddHHmm", "'%Y%m%d%H%M'"),
        ] {
            let help = mistake(format, Use::Printing).map(|mistake| mistake.help);
            assert!(help.is_some_and(|help| help.contains(ours)), "{format}");
        }
    }
}
