//! Which specs a command line names: files, folders with specs in them, and Markdown pages with specs
//! in their `yaml` blocks.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::diagnostics::nearest::nearest;
use crate::spec::schema::annotated;

/// Text with a spec in it.
pub struct SpecText {
    /// The file, as it is named in messages.
    pub file: String,
    /// Its text; of a Markdown page one block, at its place, with nothing around it.
    pub text: String,
    /// Whether it is all of a spec, or a few keys.
    pub part: Part,
    /// The line, from 1, on which it begins on its page; nothing where it is all of the file.
    pub line: Option<usize>,
}

/// How much of a spec a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// A test file.
    #[cfg(feature = "sandbox")]
    Test,
    /// Keys of the top level, without those that every spec has.
    Keys,
    /// YAML of which no more is known.
    Yaml,
}

/// A file that can't be read.
#[derive(Debug)]
pub struct Unreadable {
    /// As it is named in messages.
    pub file: String,
    /// Why.
    pub error: io::Error,
}

/// Keys of the top level, three of which make a file of a folder a spec.
const KEYS: [&str; 18] = [
    "version",
    "name",
    "mode",
    "options",
    "http",
    "source",
    "columns",
    "target",
    "feedback",
    "incremental",
    "lookups",
    "vars",
    "where",
    "log",
    "notify",
    "keep",
    "unique",
    "input",
];

/// The texts that these paths name, in the order of their names. A file is taken for what its name says;
/// in a folder only what looks like a spec is taken.
pub fn texts(paths: &[PathBuf]) -> Vec<Result<SpecText, Unreadable>> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            let mut files = Vec::new();
            if let Err(error) = walk(path, &is_looked_at, &mut files) {
                found.push(Err(unreadable(path, error)));
            }
            files.sort();
            let before = found.len();
            for file in files {
                let of_file = read(&file);
                found.extend(of_file.into_iter().filter(|one| match one {
                    Ok(one) => is_markdown(&file) || is_test_file(&one.file) || is_spec(&one.text),
                    Err(_) => true,
                }));
            }
            if found.len() == before {
                let error = io::Error::new(io::ErrorKind::NotFound, "no spec is in this folder");
                found.push(Err(unreadable(path, error)));
            }
        } else {
            found.extend(read(path));
        }
    }
    found
}

fn unreadable(path: &Path, error: io::Error) -> Unreadable {
    Unreadable {
        file: path.display().to_string(),
        error,
    }
}

fn is_markdown(path: &Path) -> bool {
    has_ending(path, &["md", "markdown"])
}

fn is_looked_at(path: &Path) -> bool {
    has_ending(path, &["yaml", "yml", "md", "markdown"])
}

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    path.extension().is_some_and(|ending| {
        let ending = ending.to_string_lossy().to_lowercase();
        endings.contains(&ending.as_str())
    })
}

/// The files below a folder whose names are meant, in no order; those of tools are passed over.
pub fn walk(
    folder: &Path,
    is_meant: &dyn Fn(&Path) -> bool,
    files: &mut Vec<PathBuf>,
) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = entry.file_type()?;
        let is_other = name.starts_with('.') || matches!(name.as_str(), "target" | "node_modules");
        if kind.is_dir() && !is_other {
            walk(&path, is_meant, files)?;
        } else if kind.is_file() && is_meant(&path) {
            files.push(path.strip_prefix("./").map(Path::to_owned).unwrap_or(path));
        }
    }
    Ok(())
}

fn read(path: &Path) -> Vec<Result<SpecText, Unreadable>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => return vec![Err(unreadable(path, error))],
    };
    let file = path.display().to_string();
    if !is_markdown(path) {
        let part = whole(&file);
        let line = None;
        return vec![Ok(SpecText {
            file,
            text,
            part,
            line,
        })];
    }
    let of_block = |block: String| {
        let part = part_of(&block);
        let file = file.clone();
        let before = block.len() - block.trim_start().len();
        let line = Some(block[..before].matches('\n').count() + 1);
        Ok(SpecText {
            file,
            text: block,
            part,
            line,
        })
    };
    blocks(&text).into_iter().map(of_block).collect()
}

/// What a file is by its name.
fn whole(file: &str) -> Part {
    #[cfg(feature = "sandbox")]
    if is_test_file(file) {
        return Part::Test;
    }
    let _ = file;
    Part::Whole
}

/// Whether a file is a test file, by its name.
pub fn is_test_file(file: &str) -> bool {
    file.ends_with(".test.yaml") || file.ends_with(".test.yml")
}

/// Names at the left margin; of a block that stands further in, at its own.
fn keys(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let margin = lines
        .map(|line| line.len() - line.trim_start_matches(' ').len())
        .min();
    text.lines().filter_map(move |line| {
        let (key, _) = line.get(margin.unwrap_or(0)..)?.split_once(':')?;
        let is_key = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        is_key.then_some(key)
    })
}

/// Whether a text is a spec, or may become one: it has no key at the left that a spec has not.
#[cfg(feature = "lsp")]
pub fn may_be_spec(text: &str) -> bool {
    let known = &annotated()["properties"];
    is_spec(text) || keys(text).all(|key| known.get(key).is_some())
}

/// Whether a text has three keys of a spec's top level.
pub fn is_spec(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}');
    keys(text).filter(|key| KEYS.contains(key)).count() >= 3
}

fn part_of(block: &str) -> Part {
    let known = annotated()["properties"].as_object();
    let known: Vec<&str> = known
        .into_iter()
        .flatten()
        .map(|(key, _)| key.as_str())
        .collect();
    // A misspelt key is one too.
    let is_of_top = |key: &str| nearest(key, known.iter().copied()).is_some();
    if ["version", "name", "mode"]
        .iter()
        .all(|key| keys(block).any(|own| own == *key))
    {
        Part::Whole
    } else if keys(block).next().is_some() && keys(block).all(is_of_top) {
        Part::Keys
    } else {
        Part::Yaml
    }
}

/// The `yaml` blocks of a page, each with all else as spaces, so that places are those of the page.
/// Behind an HTML comment `<!-- not checked -->` a block is let be. One that is never closed goes on to the
/// end, as Markdown has it.
fn blocks(page: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut block: Option<(String, String)> = None;
    let mut before = String::new();
    let mut last = "";
    for line in page.split_inclusive('\n') {
        let text = quoted(line).trim();
        match &mut block {
            Some((fence, own)) if text.starts_with(fence.as_str()) => {
                blocks.push(std::mem::take(own));
                block = None;
            }
            Some((_, own)) => {
                let of_quote = line.len() - quoted(line).len();
                own.push_str(&blanked(&line[..of_quote]));
                own.push_str(&line[of_quote..]);
            }
            None => {
                let sign = text.chars().next().filter(|c| matches!(c, '`' | '~'));
                let fence: String = text.chars().take_while(|c| Some(*c) == sign).collect();
                let language = text[fence.len()..].trim().split([' ', '{', ',']).next();
                let language = language.unwrap_or_default().to_lowercase();
                let is_yaml = matches!(language.as_str(), "yaml" | "yml");
                if fence.len() >= 3 && is_yaml && last != "<!-- not checked -->" {
                    block = Some((fence, before.clone() + &blanked(line)));
                }
            }
        }
        before.push_str(&blanked(line));
        if !text.is_empty() {
            last = text;
        }
    }
    blocks.extend(block.map(|(_, own)| own));
    blocks
}

/// A line without the signs of the quotes that it stands in.
fn quoted(line: &str) -> &str {
    let mut rest = line;
    while let Some(inner) = rest.trim_start_matches(' ').strip_prefix('>') {
        rest = inner.strip_prefix(' ').unwrap_or(inner);
    }
    rest
}

fn blanked(line: &str) -> String {
    let blank = |c: char| match c {
        '\n' | '\r' => c.to_string(),
        c => " ".repeat(c.len_utf8()),
    };
    line.chars().map(blank).collect()
}
