//! Whether an answer is a page of its list: an error that comes with 200 is no end.

use super::pages::PageRead;
use super::read::ReadTask;
use crate::diagnostics::nearest::nearest;
use crate::formats::{self, Likeness, Missing, PageFindings, Shape, XmlFindings};
use crate::http::Answer;
use crate::json_path::{PathPlan, PathStep};

/// What the first page of a list was.
#[derive(Debug)]
pub struct FirstPage {
    format: &'static str,
    is_list: bool,
    /// The names at its top: of CSV those of its header, of XML those around its records.
    keys: Vec<String>,
    /// The names of its last record.
    of_record: Vec<String>,
    /// What XML has besides.
    xml: XmlFindings,
}

impl FirstPage {
    /// The first page, as later ones are held against it.
    pub fn of(read: &PageRead) -> Self {
        let found = &read.found;
        Self {
            format: found.format,
            is_list: found.shape == Shape::List,
            keys: found.keys.clone(),
            of_record: formats::keys_of(&read.last),
            xml: found.xml.as_deref().cloned().unwrap_or_default(),
        }
    }

    /// Whether all of these names, at least one, stood at its top.
    fn has_all(&self, keys: &[String]) -> bool {
        !keys.is_empty() && keys.iter().all(|key| self.keys.contains(key))
    }

    /// Of these names, without their prefixes, one that did not stand around its records.
    fn lacks<'k>(&self, keys: &'k [String]) -> Option<&'k String> {
        let is_known = |key: &&String| self.keys.iter().any(|own| local(own) == local(key));
        keys.iter().find(|key| !is_known(key))
    }

    /// What of a page of XML without records says that it is none: another root, words in the root, the
    /// name of an error.
    fn says_error(&self, found: &PageFindings) -> bool {
        let root = |keys: &[String]| keys.first().map(|key| local(key).to_owned());
        let is_error = |key: &String| {
            let name = local(key).to_ascii_lowercase();
            ["error", "fault", "exception"]
                .iter()
                .any(|word| name.contains(word))
                && self.lacks(std::slice::from_ref(key)).is_some()
        };
        root(&self.keys) != root(&found.keys)
            || found.xml.as_ref().is_some_and(|xml| xml.words.is_some())
            || found.keys.iter().any(is_error)
    }

    /// Whether the element is missing in which records stood.
    fn lacks_around(&self, found: &PageFindings) -> bool {
        let around = self.xml.around.as_deref().map(local);
        let is_there = |around: &str| found.keys.iter().any(|key| local(key) == around);
        around.is_some_and(|around| !is_there(around))
    }
}

/// What is said of a page of XML without records that may be none.
pub fn may_be_none(found: &PageFindings, count: u64, first: Option<&FirstPage>) -> Option<String> {
    let first = first.filter(|_| found.likeness == Likeness::Elements && count == 0)?;
    let is_odd = first.lacks_around(found) || {
        let around = first.xml.around.as_deref().map(local);
        let is_root = around == first.keys.first().map(|key| local(key));
        is_root && first.lacks(&found.keys).is_some()
    };
    is_odd.then(|| {
        format!(
            "no record: it has {}, and the pages before it had {}; it is taken for the end of the list",
            found.keys.join(", "),
            first.keys.join(", ")
        )
    })
}

/// What is said where the path of `records` leads into elements, and in none of them on.
pub fn goes_astray(job: &ReadTask<'_>, found: &PageFindings) -> Option<String> {
    let Shape::Astray(missing) = &found.shape else {
        return None;
    };
    Some(format!("no record: {}", lacks(job, missing)))
}

/// Why an answer is no page, if it is none. `first` is the first page of the list, where this is a
/// later one; `body` the answer, or its beginning.
pub fn why_no_page(
    job: &ReadTask<'_>,
    body: &[u8],
    read: &PageRead,
    first: Option<&FirstPage>,
) -> Option<String> {
    let (found, count) = (&read.found, read.count);
    // PHP writes a map without entries as a list: it is how some APIs say that there is none.
    let is_empty_list = |missing: &Missing| {
        missing.at == "$" && missing.keys.is_empty() && job.plan.records.is_some()
    };
    let is_of_template = matches!(job.plan.records, Some(PathPlan::Template(_)));
    match &found.shape {
        Shape::Missing(missing) if is_empty_list(missing) && is_list_of_none(body) => {}
        // What a template gives where a page has nothing is its author's affair, unless it gave a list
        // before; it can't tell `null` from what is not there, so the names beside it must.
        Shape::Missing(missing)
            if is_of_template
                && first.is_none_or(|first| !first.is_list || first.has_all(&missing.keys)) => {}
        Shape::Missing(missing) if !job.plan.may_lack => return Some(lacks(job, missing)),
        Shape::Plain(text) if !job.plan.may_lack => {
            let path = path_of(job.plan.records.as_ref());
            return Some(format!(
                "this is no list of records: {text:?} stands at `{path}`"
            ));
        }
        Shape::Nothing
        | Shape::List
        | Shape::One
        | Shape::Missing(_)
        | Shape::Astray(_)
        | Shape::Plain(_) => {}
    }
    let first = first?;
    // With other names at its top it is something else; with the same ones its elements may be without.
    if let Shape::Astray(missing) = &found.shape {
        let is_known =
            first.keys.is_empty() && found.keys.is_empty() || shares(&first.keys, &found.keys);
        return (!is_known && !job.plan.may_lack).then(|| lacks(job, missing));
    }
    let is_each = match &job.plan.records {
        None => true,
        Some(PathPlan::Plain(path)) => path.steps.contains(&PathStep::Each),
        Some(PathPlan::Query(_) | PathPlan::Template(_)) => false,
    };
    // An element alone stands for the list of it in what was XML once, and is like the others.
    let is_other_one = || {
        let own = formats::keys_of(&read.last);
        !first.of_record.is_empty() && !shares(&first.of_record, &own)
    };
    if first.is_list && found.shape == Shape::One && (is_each || is_other_one()) {
        return Some(
            "this is one record, and the pages before it were lists: it looks like an error"
                .to_owned(),
        );
    }
    if found.format != first.format && !found.format.is_empty() && !first.format.is_empty() {
        return Some(format!(
            "this is {}, and the pages before it were {}",
            found.format, first.format
        ));
    }
    let is_other = match found.likeness {
        Likeness::Header => !shares(&first.keys, &found.keys),
        Likeness::Elements => count == 0 && first.says_error(found),
        Likeness::Records => false,
    };
    let words = found.xml.as_ref().and_then(|xml| xml.words.as_ref());
    if let Some(words) = words.filter(|_| is_other) {
        return Some(format!(
            "this is no page: it has words, and no record: {words:?}"
        ));
    }
    let elements = found.xml.as_ref().map_or(&[][..], |xml| &xml.elements);
    let before = &first.xml.elements;
    if !before.is_empty() && !elements.is_empty() && !shares(before, elements) {
        return Some(format!(
            "this is no page like those before it: its records are called {}, and theirs {}; say which are meant: format: {{ xml: {{ record: … }} }}",
            elements.join(", "),
            before.join(", ")
        ));
    }
    (is_other && !first.keys.is_empty() && !found.keys.is_empty()).then(|| {
        format!(
            "this is no page like those before it: it has {}, and they had {}",
            found.keys.join(", "),
            first.keys.join(", ")
        )
    })
}

/// Whether the whole body is `[]`.
fn is_list_of_none(body: &[u8]) -> bool {
    let bytes = body.iter().filter(|byte| !byte.is_ascii_whitespace());
    bytes.take(3).eq(b"[]")
}

fn shares(first: &[String], other: &[String]) -> bool {
    other.iter().any(|name| first.contains(name))
}

/// A name without its prefix.
fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

fn path_of(path: Option<&PathPlan>) -> String {
    match path {
        Some(PathPlan::Plain(path)) => path.text.to_string(),
        Some(PathPlan::Query(path)) => path.text.to_string(),
        Some(PathPlan::Template(_)) | None => "$".to_owned(),
    }
}

/// What is said where `records` leads nowhere.
fn lacks(job: &ReadTask<'_>, missing: &Missing) -> String {
    let key = job.plan.key;
    let path = path_of(job.plan.records.as_ref());
    let what = match (&missing.wanted, missing.keys.as_slice()) {
        (_, []) if missing.at == "$" => "this is no map".to_owned(),
        (_, []) => format!("`{}` is no map, or an empty one", missing.at),
        (_, keys) if missing.at == "$" => format!("it has {}", keys.join(", ")),
        (_, keys) => format!("`{}` has {}", missing.at, keys.join(", ")),
    };
    let near = missing
        .wanted
        .as_deref()
        .and_then(|wanted| nearest(wanted, missing.keys.iter().map(String::as_str)));
    let hint = near.map_or(String::new(), |near| {
        format!("; did you mean `{}.{near}`?", missing.at)
    });
    if let Some(PathPlan::Template(_)) = &job.plan.records {
        return format!("`{key}` gives nothing, and gave records before; {what}");
    }
    format!("`{key}` leads nowhere: there is no `{path}`; {what}{hint}")
}

/// How an answer begins, for those who have to tell an error from a page.
pub fn beginning(job: &ReadTask<'_>, answer: &Answer) -> String {
    let text = job.redactor.redact(answer.text());
    let text: String = text.trim_start().chars().take(100).collect();
    if text.is_empty() {
        String::new()
    } else {
        format!("; it begins with {text:?}")
    }
}
