//! What people get wrong: our own specs, each with one mistake, through `runner check`. Nearly every
//! mistake has to be told, and told where it was made.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use regex::Regex;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::cli::Runner;
use crate::support::project;

/// A spec with one mistake.
struct Mutant {
    kind: &'static str,
    of: String,
    /// The line, from 1, that was changed.
    line: usize,
    before: String,
    after: String,
    text: String,
}

/// A kind of mistake: how a line is changed.
struct Kind {
    name: &'static str,
    pattern: &'static str,
    change: fn(&regex::Captures<'_>) -> Option<String>,
}

/// Mistakes that may pass, by kind and a part of the line, and why.
const MAY_PASS: &[(&str, &str, &str)] = &[
    (
        "text for a map",
        "request:",
        "a request that is a text is its path",
    ),
    (
        "an address",
        "\"https://{{",
        "an option may hold the scheme",
    ),
    (
        "two spaces too few",
        "on_response",
        "the rules of a request may stand beside it too",
    ),
    (
        "a key in capitals",
        "- file: {",
        "a part of a form may have any name",
    ),
];

fn group<'t>(found: &regex::Captures<'t>, at: usize) -> &'t str {
    found.get(at).map_or("", |part| part.as_str())
}

/// Two letters in the middle change places.
fn swapped(word: &str) -> Option<String> {
    let mut letters: Vec<char> = word.chars().collect();
    let at = letters.len() / 2;
    if letters.len() < 4 || letters[at - 1] == letters[at] {
        return None;
    }
    letters.swap(at - 1, at);
    Some(letters.into_iter().collect())
}

/// The letter in the middle is missing.
fn shortened(word: &str) -> Option<String> {
    if word.len() < 4 {
        return None;
    }
    let at = word.len() / 2;
    Some(format!("{}{}", &word[..at], &word[at + 1..]))
}

macro_rules! kinds {
    ($($name:literal $pattern:literal $change:expr;)*) => {
        &[$(Kind { name: $name, pattern: $pattern, change: $change },)*]
    };
}

/// Keys of the language; keys of people (columns, options, parameters) can't be misspelt.
const KEYS: &str = "version|name|mode|options|http|base_url|auth|basic|bearer|api_key|oauth2|query|headers|pages|offset|cursor|next|source|request|path|records|when|columns|unique|log|at|level|message|notify|target|batch|item|json|results|list|match|ok|feedback|file|url|format|on_response|status|then|retry|for_each|incremental|value|start|vars|where|lookups|key|type|label|required|keep|drop|rename|steps|job|submit|poll|until|failed|every|timeout|method|login|username|password|size|rate_limit";

const KINDS: &[Kind] = kinds! {
    "letters of a key swapped" r"^(\s*(?:- )?)(KEYS)(:.*)$" |c| {
        Some(format!("{}{}{}", group(c, 1), swapped(group(c, 2))?, group(c, 3)))
    };
    "letter of a key missing" r"^(\s*(?:- )?)(KEYS)(:.*)$" |c| {
        Some(format!("{}{}{}", group(c, 1), shortened(group(c, 2))?, group(c, 3)))
    };
    "a key in capitals" r"^(\s*(?:- )?)(KEYS)(:.*)$" |c| {
        Some(format!("{}{}{}", group(c, 1), group(c, 2).to_uppercase(), group(c, 3)))
    };
    "a key in braces misspelt" r"^(.*\{ )(KEYS)(:.*)$" |c| {
        Some(format!("{}{}{}", group(c, 1), swapped(group(c, 2))?, group(c, 3)))
    };
    "no colon" r"^(\s*(?:- )?)(KEYS):( .*)$" |c| {
        Some(format!("{}{}{}", group(c, 1), group(c, 2), group(c, 3)))
    };
    "no space behind the colon" r#"^(\s*)(KEYS): ([^|>{\["'& #].*)$"# |c| {
        Some(format!("{}{}:{}", group(c, 1), group(c, 2), group(c, 3)))
    };
    "a tab" r"^  (\s*)(KEYS)(:.*)$" |c| {
        Some(format!("\t{}{}{}", group(c, 1), group(c, 2), group(c, 3)))
    };
    "one space too many" r"^(\s*)(KEYS)(: \S.*)$" |c| {
        Some(format!(" {}{}{}", group(c, 1), group(c, 2), group(c, 3)))
    };
    "one space too few" r"^ (\s+)(KEYS)(: \S.*)$" |c| {
        Some(format!("{}{}{}", group(c, 1), group(c, 2), group(c, 3)))
    };
    "two spaces too few" r"^  (  +)(KEYS)(: \S.*)$" |c| {
        Some(format!("{}{}{}", group(c, 1), group(c, 2), group(c, 3)))
    };
    "the same key twice" r"^(\s*)(KEYS)(: [^|>& #][^|>&]*)$" |c| {
        Some(format!("{}\n{}", group(c, 0), group(c, 0)))
    };
    "a word misspelt" r"^(.*\b(?:mode|type|level|at|grant|then|on_error|keep|rows|missing|pages|auth|method): )([a-z_-]{4,})((?:[ ,].*)?)$" |c| {
        Some(format!("{}{}{}", group(c, 1), swapped(group(c, 2))?, group(c, 3)))
    };
    "an option misspelt" r"^(.*\{\{.*options\.)(\w{4,})(.*)$" |c| {
        Some(format!("{}{}{}", group(c, 1), swapped(group(c, 2))?, group(c, 3)))
    };
    "a name misspelt" r"^(.*\{\{ )(row|record|options|page|response|result|run|vars|item|items|outcome)(\b.*)$" |c| {
        Some(format!("{}{}s{}", group(c, 1), &group(c, 2)[..2], group(c, 3)))
    };
    "a filter misspelt" r"^(.*\{\{.* \| )(\w{4,})(.*)$" |c| {
        Some(format!("{}{}{}", group(c, 1), shortened(group(c, 2))?, group(c, 3)))
    };
    "a filter of another language" r"^(.*\{\{.* \| )(\w{4,})(?:\([^()]*\))?( ?\}\}.*)$" |c| {
        Some(format!("{}{}{}", group(c, 1), "tojson", group(c, 3)))
    };
    "an argument too many" r"^(.*\{\{.* \| )(join|strip_tags|int|float|trim|lower|upper|length|money)(?:\([^()]*\))?(.*)$" |c| {
        Some(format!("{}{}(1, 2, 3, 4){}", group(c, 1), group(c, 2), group(c, 3)))
    };
    "an argument missing" r"^(.*\{\{.* \| )(truncate|number|replace|regex_replace|regex_search|to_map|selectattr|map)\([^()]*\)(.*)$" |c| {
        Some(format!("{}{}{}", group(c, 1), group(c, 2), group(c, 3)))
    };
    "an argument's name misspelt" r"^(.*\{\{.*\()(attribute|format|tz|kind|digits|default)(=.*)$" |c| {
        Some(format!("{}{}{}", group(c, 1), shortened(group(c, 2))?, group(c, 3)))
    };
    "a format of another tool" r"^(.*)%Y-%m-%d(.*)$" |c| {
        Some(format!("{}YYYY-MM-DD{}", group(c, 1), group(c, 2)))
    };
    "a method misspelt" r"^(.*\{\{.*\.)(split|items|get|keys|startswith|endswith|strip|lower|upper|replace)(\(.*)$" |c| {
        Some(format!("{}{}x{}", group(c, 1), group(c, 2), group(c, 3)))
    };
    "braces not closed" r"^(.*\{\{.*)\}\}(.*)$" |c| {
        Some(format!("{}}}{}", group(c, 1), group(c, 2)))
    };
    "single braces" r"^([^{}]*(?:\{ )?[^{}]*)\{\{ ((?:row|record|options)\.\w+) \}\}([^{}]*\}?[^{}]*)$" |c| {
        Some(format!("{}{{ {} }}{}", group(c, 1), group(c, 2), group(c, 3)))
    };
    "a shell's variable" r"^([^{}]*)\{\{ options\.(\w+) \}\}(.*)$" |c| {
        Some(format!("{}${{{}}}{}", group(c, 1), group(c, 2), group(c, 3)))
    };
    "no braces" r#"^(\s*\S+: )"\{\{ ((?:row|record)\.\w+) \}\}"(.*)$"# |c| {
        Some(format!("{}{}{}", group(c, 1), group(c, 2), group(c, 3)))
    };
    "no quotes" r#"^(.*: )"(\{\{.*\}\})"(.*)$"# |c| {
        Some(format!("{}{}{}", group(c, 1), group(c, 2), group(c, 3)))
    };
    "a quote not closed" r#"^(.*: "[^"]*)"(.*)$"# |c| {
        Some(format!("{}{}", group(c, 1), group(c, 2)))
    };
    "a quote not opened" r#"^(.*: )"(\{\{[^"]*".*)$"# |c| {
        Some(format!("{}{}", group(c, 1), group(c, 2)))
    };
    "curly quotes" r#"^(\s*\S+: )"([^"{]+)"(.*)$"# |c| {
        Some(format!("{}“{}”{}", group(c, 1), group(c, 2), group(c, 3)))
    };
    "curly quotes in a template" r"^(.*\{\{[^']*)'([^']*)'(.*)$" |c| {
        Some(format!("{}‘{}’{}", group(c, 1), group(c, 2), group(c, 3)))
    };
    "a no-break space in a template" r"^(.*\{\{ \S+) (.*)$" |c| {
        Some(format!("{}\u{a0}{}", group(c, 1), group(c, 2)))
    };
    "a letter of no width in a key" r"^(\s*\w{3})(\w+:.*)$" |c| {
        Some(format!("{}\u{200b}{}", group(c, 1), group(c, 2)))
    };
    "a bracket not closed" r"^(.*: \{ .*) \}(\s*(?:#.*)?)$" |c| {
        Some(format!("{}{}", group(c, 1), group(c, 2)))
    };
    "a list not closed" r"^(.*: \[[^\[\]]*)\](.*)$" |c| {
        Some(format!("{}{}", group(c, 1), group(c, 2)))
    };
    "a comma missing in braces" r"^(.*\{ \w+: [\w$.]+),( \w+:.*)$" |c| {
        Some(format!("{}{}", group(c, 1), group(c, 2)))
    };
    "&& for and" r"^(.*\{\{[^}]*) and (.*\}\}.*)$" |c| Some(format!("{} && {}", group(c, 1), group(c, 2)));
    "|| for or" r"^(.*\{\{[^}]*) or (.*\}\}.*)$" |c| Some(format!("{} || {}", group(c, 1), group(c, 2)));
    "! for not" r"^(.*\{\{[^}]*)\bnot (.*\}\}.*)$" |c| Some(format!("{}!{}", group(c, 1), group(c, 2)));
    "= for ==" r"^(.*\{\{.*) == (.*)$" |c| Some(format!("{} = {}", group(c, 1), group(c, 2)));
    "=== for ==" r"^(.*\{\{.*) == (.*)$" |c| Some(format!("{} === {}", group(c, 1), group(c, 2)));
    "a number for a text" r"^(.*\{\{.* == )'(\d+)'(.*)$" |c| {
        Some(format!("{}{}{}", group(c, 1), group(c, 2), group(c, 3)))
    };
    "a duration in words" r"^(.*(?:every|timeout|wait|step|lookback|gap|max_wait|lasts): )(\d+)(s|m|h|d)\b(.*)$" |c| {
        Some(format!("{}{} minutes{}", group(c, 1), group(c, 2), group(c, 4)))
    };
    "a rate in words" r"^(.*rate_limit: )(\d+)/\w+(.*)$" |c| {
        Some(format!("{}{} per second{}", group(c, 1), group(c, 2), group(c, 3)))
    };
    "an address without a scheme" r#"^(.*(?:base_url|url|token_url): "?)https://(.*)$"# |c| {
        Some(format!("{}{}", group(c, 1), group(c, 2)))
    };
    "an address with a misspelt scheme" r#"^(.*(?:base_url|url|token_url): "?)https://(.*)$"# |c| {
        Some(format!("{}htps://{}", group(c, 1), group(c, 2)))
    };
    "an address with one slash" r#"^(.*(?:base_url|url|token_url): "?)https://(.*)$"# |c| {
        Some(format!("{}https:/{}", group(c, 1), group(c, 2)))
    };
    "a path without its dollar" r#"^(.*(?:records|next|total|list|token): "?)\$\.(.*)$"# |c| {
        Some(format!("{}{}", group(c, 1), group(c, 2)))
    };
    "a path not closed" r"^(.*\$\S*)\[\*\](.*)$" |c| {
        Some(format!("{}[*{}", group(c, 1), group(c, 2)))
    };
    "an anchor that is not there" r"^(\s*<<: \*)(\w+)(.*)$" |c| {
        Some(format!("{}{}x{}", group(c, 1), group(c, 2), group(c, 3)))
    };
    "text for a number" r"^(.*(?:size|batch|concurrency|attempts|max_pages|batch_size): )(\d+)(.*)$" |c| {
        Some(format!("{}many{}", group(c, 1), group(c, 3)))
    };
    "text for a map" r"^(\s*(?:options|http|auth|target|columns|request|file|job|results): )\{.*\}(\s*(?:#.*)?)$" |c| {
        Some(format!("{}yes{}", group(c, 1), group(c, 2)))
    };
    "a needed key left out" r"^(?:version|name|mode): .*$" |_| Some(String::new());
};

/// The first, the middle and the last of the changes of a kind that a spec allows.
fn mutants(of: &str, text: &str, kind: &Kind) -> Vec<Mutant> {
    let pattern = Regex::new(&kind.pattern.replace("KEYS", KEYS)).expect("a pattern");
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        if line.trim_start().starts_with('#') || is_free(&lines, index, kind) {
            continue;
        }
        let changed = pattern
            .captures(line)
            .and_then(|found| (kind.change)(&found));
        let Some(changed) = changed.filter(|changed| changed != line) else {
            continue;
        };
        let mut all: Vec<&str> = lines.clone();
        all[index] = &changed;
        let mut text = all.join("\n");
        text.push('\n');
        found.push(Mutant {
            kind: kind.name,
            of: of.to_owned(),
            line: index + 1,
            before: (*line).to_owned(),
            after: changed.clone(),
            text,
        });
    }
    let last = found.len().saturating_sub(1);
    let chosen = [0, last / 2, last];
    let mut at = 0;
    found.retain(|_| {
        let is_chosen = chosen.contains(&at);
        at += 1;
        is_chosen
    });
    found
}

/// Whether a line is people's own: their names in maps that take any, texts in blocks, or the only
/// line of its map, which may be indented as one likes.
fn is_free(lines: &[&str], index: usize, kind: &Kind) -> bool {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let own = indent(lines[index]);
    let is_of_keys = kind.pattern.contains("KEYS");
    let mut level = own;
    let takes_any = [
        "columns",
        "item",
        "vars",
        "query",
        "headers",
        "json",
        "form",
        "variables",
    ];
    for above in lines[..index].iter().rev() {
        if above.trim().is_empty() || indent(above) >= level {
            continue;
        }
        level = indent(above);
        let above = above.split(" #").next().unwrap_or_default().trim();
        let is_block = above.ends_with('|') || above.ends_with(">-") || above.ends_with('>');
        let key = above
            .trim_start_matches("- ")
            .split(':')
            .next()
            .unwrap_or_default();
        if is_block || (is_of_keys && takes_any.contains(&key)) {
            return true;
        }
    }
    let mut any = takes_any.iter();
    if kind.name.contains("in braces")
        && any.any(|key| lines[index].contains(&format!("{key}: {{")))
    {
        return true;
    }
    let is_alone = |mut lines: Box<dyn Iterator<Item = &&str> + '_>| {
        let next = lines.find(|line| !line.trim().is_empty() && !line.trim().starts_with('#'));
        next.is_none_or(|line| indent(line) < own)
    };
    kind.name.contains("space")
        && own > 0
        && is_alone(Box::new(lines[..index].iter().rev()))
        && is_alone(Box::new(lines[index + 1..].iter()))
}

/// Our own specs.
fn specs() -> Vec<PathBuf> {
    let mut specs = Vec::new();
    for folder in ["connectors", "examples"] {
        for entry in fs::read_dir(project(folder)).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.to_string_lossy().ends_with(".yaml")
                && !path.to_string_lossy().ends_with(".test.yaml")
            {
                specs.push(path);
            }
        }
    }
    specs.sort();
    specs
}

/// What `check` says of these files, in their order.
fn told(folder: &TempDir, texts: &[&str]) -> Vec<Vec<Value>> {
    let mut names = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        let name = format!("m{index}.yaml");
        fs::write(folder.path().join(&name), text).expect("a file");
        names.push(name);
    }
    let ended = Runner::new()
        .in_folder(folder.path())
        .args(["check", "--format", "json"])
        .args(names.iter().map(String::as_str))
        .run();
    let entries: Vec<Value> = serde_json::from_str(&ended.stdout).expect("a JSON list");
    let mut by_file = vec![Vec::new(); texts.len()];
    for entry in entries {
        let file = entry["file"].as_str().expect("a file");
        let index = names
            .iter()
            .position(|name| name == file)
            .expect("one of ours");
        by_file[index].push(entry);
    }
    by_file
}

#[test]
fn what_people_get_wrong_is_told_where_it_is_wrong() {
    let folder = TempDir::new().expect("a folder");
    let mut all = Vec::new();
    for path in specs() {
        let text = fs::read_to_string(&path).expect("a spec");
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        for kind in KINDS {
            all.extend(mutants(&name, &text, kind));
        }
    }
    let texts: Vec<&str> = all.iter().map(|mutant| mutant.text.as_str()).collect();
    let (mut silent, mut elsewhere, mut several) = (0, 0, 0);
    let mut report = String::new();
    let mut counted = 0;
    for (mutant, told) in all.iter().zip(told(&folder, &texts)) {
        let may_pass = MAY_PASS
            .iter()
            .any(|(kind, part, _)| mutant.kind.starts_with(kind) && mutant.before.contains(part));
        if may_pass {
            continue;
        }
        counted += 1;
        // A line that is there twice may be told of at either.
        let last = mutant.line + mutant.after.matches('\n').count();
        let is_here = |entry: &&Value| {
            // What is not there has no place.
            if mutant.after.is_empty() {
                return true;
            }
            let line = usize::try_from(entry["line"].as_u64().unwrap_or(0)).expect("small");
            (mutant.line..=last).contains(&line)
        };
        let is_told = |entry: &&Value| entry["severity"] != "hint";
        let verdict = match told.iter().filter(is_told).collect::<Vec<_>>().as_slice() {
            [] => {
                silent += 1;
                "silent"
            }
            some if !some.iter().any(is_here) => {
                elsewhere += 1;
                "elsewhere"
            }
            [_] => continue,
            _ => {
                several += 1;
                "several"
            }
        };
        writeln!(
            report,
            "{verdict}: {} in {}:{}",
            mutant.kind, mutant.of, mutant.line
        )
        .unwrap();
        writeln!(report, "    {}", mutant.after.trim_end()).unwrap();
        for entry in &told {
            writeln!(report, "      {}: {}", entry["line"], entry["message"]).unwrap();
        }
    }
    let summary = format!(
        "{counted} mistakes: {silent} not told, {elsewhere} told at another line, {several} told several times\n{report}"
    );
    if std::env::var_os("SHOW").is_some() {
        println!("{summary}");
    }
    assert!(counted > 1000, "{summary}");
    assert!(silent * 100 <= counted * 3, "{summary}");
    assert!((silent + elsewhere) * 100 <= counted * 5, "{summary}");
    assert!(several * 100 <= counted * 3, "{summary}");
}

#[test]
fn what_is_right_is_let_be() {
    let folder = TempDir::new().expect("a folder");
    let texts: Vec<String> = specs()
        .iter()
        .map(|path| fs::read_to_string(path).expect("a spec"))
        .collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    for told in told(&folder, &texts) {
        let told: Vec<&Value> = told
            .iter()
            .filter(|one| one["severity"] != "hint")
            .collect();
        assert!(told.is_empty(), "{told:#?}");
    }
}
