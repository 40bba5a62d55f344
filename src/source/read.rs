//! Records of an answer: a page at hand is read where it is, a large one while it comes in.

use std::io::Read;
use std::sync::Arc;

use minijinja::value::ValueKind;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::SourceError;
use super::pages::PageRead;
use super::stream::{Source, stream};
use crate::formats;
use crate::formats::{
    Closed, Hints, Missing, PageFindings, ReadError, Reading, Shape, Wanted, of_bytes, parse_page,
};
use crate::http::{Answer, Fault, Rest};
use crate::json_path::{PathPlan, PathStep, PlainPath};
use crate::path;
use crate::plan::Redactor;
use crate::plan::source::ReadingPlan;
use crate::template::document::DocumentValue;
use crate::template::{Frame, Value, is_nothing, json, text_of};

/// What is read, and how.
pub struct ReadTask<'j> {
    /// `records` and `format`.
    pub plan: &'j Arc<ReadingPlan>,
    /// What else is followed on the way.
    pub probes: &'j [&'j PlainPath],
    /// What templates see.
    pub frame: &'j Arc<Frame>,
    /// "step `product`".
    pub label: &'j str,
    /// Which request, or which file.
    pub origin: &'j str,
    /// What hides secrets.
    pub redactor: &'j Redactor,
}

/// What is said where an answer that broke off can't be read on.
const IS_ANOTHER: &str =
    "the answer broke off and is another now: its first records were passed on already";

/// How far a large answer was read before it was lost.
#[derive(Debug, Default)]
pub struct ReadProgress {
    /// Records that were passed on.
    passed: u64,
    hash: u64,
    /// Of the answer that is read again: records so far.
    again: u64,
    hash_again: u64,
}

/// Why an answer gave no more records.
#[derive(Debug)]
pub enum Broken {
    /// It was lost: asking again may help.
    Lost(Fault),
    /// It can't be read, or nobody wants more.
    Failed(SourceError),
}

impl From<SourceError> for Broken {
    fn from(error: SourceError) -> Self {
        Self::Failed(error)
    }
}

impl ReadProgress {
    /// The answer comes once more.
    pub fn begin_again(&mut self) {
        self.again = 0;
        self.hash_again = 0;
    }

    /// Whether a record is new; of those that were passed on already, whether they are the same.
    fn is_new(&mut self, record: &Value) -> Result<bool, &'static str> {
        let mut text = Vec::new();
        json::write(record, &mut text);
        if self.again < self.passed {
            self.again += 1;
            self.hash_again = xxh3_64_with_seed(&text, self.hash_again);
            if self.again == self.passed && self.hash_again != self.hash {
                return Err(IS_ANOTHER);
            }
            return Ok(false);
        }
        self.passed += 1;
        self.again += 1;
        self.hash = xxh3_64_with_seed(&text, self.hash);
        self.hash_again = self.hash;
        Ok(true)
    }

    /// Whether anything was passed on.
    fn has_begun(&self) -> bool {
        self.passed > 0
    }
}

/// Reads the records of an answer; `give` gets each.
pub async fn read_answer(
    job: &ReadTask<'_>,
    answer: &Arc<Answer>,
    rest: Option<Rest>,
    progress: &mut ReadProgress,
    give: &mut impl AsyncFnMut(Value) -> Result<(), SourceError>,
) -> Result<PageRead, Broken> {
    let hints = Hints::new(answer.header("content-type"), answer.url.path());
    let mut page = Page::default();
    let found = match rest {
        None => {
            let (records, found) = at_hand(job, answer, &hints)?;
            for record in records {
                page.note(&record);
                if progress.has_begun() && !is_new(job, progress, &record)? {
                    continue;
                }
                give(record).await?;
            }
            found
        }
        Some(rest) => {
            let held = answer.held.clone();
            let source = Source::Answer { held, rest };
            stream(job, source, hints, &mut page, progress, give).await?
        }
    };
    if progress.again < progress.passed {
        return Err(failed(job, IS_ANOTHER.to_owned()).into());
    }
    Ok(page.read(found))
}

/// Reads the records of a file.
pub async fn read_file(
    job: &ReadTask<'_>,
    input: Box<dyn Read + Send>,
    name: &str,
    give: &mut impl AsyncFnMut(Value) -> Result<(), SourceError>,
) -> Result<PageRead, SourceError> {
    let mut page = Page::default();
    let hints = Hints::new(None, name);
    let source = Source::Read(input);
    let mut progress = ReadProgress::default();
    match stream(job, source, hints, &mut page, &mut progress, give).await {
        Ok(found) => Ok(page.read(found)),
        Err(Broken::Failed(error)) => Err(error),
        Err(Broken::Lost(fault)) => Err(failed(job, fault.to_string())),
    }
}

pub(super) fn is_new(
    job: &ReadTask<'_>,
    progress: &mut ReadProgress,
    record: &Value,
) -> Result<bool, SourceError> {
    progress
        .is_new(record)
        .map_err(|reason| failed(job, reason.to_owned()))
}

pub(super) fn failed(job: &ReadTask<'_>, reason: String) -> SourceError {
    SourceError::Read {
        step: job.label.to_owned(),
        origin: job.origin.to_owned(),
        reason: job.redactor.redact(&reason),
    }
}

/// What is remembered of a page.
#[derive(Default)]
pub(super) struct Page {
    count: u64,
    last: Value,
    hash: u64,
    each: Vec<u64>,
    /// How many records are maps; of the others how many, and the first.
    maps: u64,
    plain: Option<(u64, Value)>,
}

/// Of a page's records, the hashes of so many are remembered one by one.
const HASHED: usize = 10_000;

impl Page {
    pub(super) fn note(&mut self, record: &Value) {
        let hash = if let Some(document) = record.downcast_object_ref::<DocumentValue>() {
            xxh3_64(document.json().as_bytes())
        } else {
            let mut text = Vec::new();
            json::write(record, &mut text);
            xxh3_64(&text)
        };
        if self.each.len() < HASHED {
            self.each.push(hash);
        }
        self.hash = self.hash.rotate_left(5) ^ hash;
        self.hash = self.hash.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.count += 1;
        if record.kind() == ValueKind::Map {
            self.maps += 1;
        } else {
            let (count, _) = self.plain.get_or_insert_with(|| (0, record.clone()));
            *count += 1;
        }
        self.last = record.clone();
    }

    fn read(self, mut found: PageFindings) -> PageRead {
        if let (Some((count, first)), true) = (&self.plain, self.maps > 0) {
            let first: String = text_of(first).chars().take(40).collect();
            found.warnings.push(format!(
                "{count} of its records are no maps as the others are, the first is {first:?}"
            ));
        }
        PageRead {
            count: self.count,
            listed: None,
            last: self.last,
            hash: self.hash,
            each: self.each,
            found,
        }
    }
}

pub(super) fn plain(path: Option<&PathPlan>) -> Option<&PlainPath> {
    match path {
        Some(PathPlan::Plain(path)) => Some(path),
        _ => None,
    }
}

/// The records of an answer that is held.
fn at_hand(
    job: &ReadTask<'_>,
    answer: &Arc<Answer>,
    hints: &Hints,
) -> Result<(Vec<Value>, PageFindings), SourceError> {
    let mut records = Vec::new();
    if is_without_body(job, answer, hints) {
        return Ok((records, PageFindings::default()));
    }
    if !job.plan.may_be_empty && answer.is_empty() {
        return Err(failed(job, "the answer is empty".to_owned()));
    }
    if let Some(path @ (PathPlan::Query(_) | PathPlan::Template(_))) = &job.plan.records {
        return of_values(job, path, answer, hints);
    }
    let wanted = Wanted {
        records: plain(job.plan.records.as_ref()),
        probes: job.probes,
    };
    let mut sink = |record: Value| -> Result<(), Closed> {
        records.push(record);
        Ok(())
    };
    let read = if let Some(text) = page_text(job, answer, hints) {
        parse_page(text, wanted, &mut sink).or_else(|error| {
            // What JavaScript and Python write, and JSON has no word for.
            let Some((text, count)) = formats::without_numbers_that_are_none(text) else {
                return Err(error);
            };
            let mut found = parse_page(&text, wanted, &mut sink)?;
            found.warnings.push(format!(
                "{count} values are NaN or Infinity, which is no JSON, and were read as nothing"
            ));
            Ok(found)
        })
    } else {
        let reading = Reading {
            plan: job.plan.format.as_ref(),
            wanted,
            hints: hints.clone(),
            frame: job.frame,
        };
        reading.read(of_bytes(&answer.held), &mut sink)
    };
    let found = read.map_err(|error| failed(job, with_beginning(job, &error, answer)))?;
    Ok((records, found))
}

/// The records that a query or a template finds in an answer, and what is followed besides: all in the
/// values that it was read to once.
fn of_values(
    job: &ReadTask<'_>,
    path: &PathPlan,
    answer: &Arc<Answer>,
    hints: &Hints,
) -> Result<(Vec<Value>, PageFindings), SourceError> {
    let of_template = |error| SourceError::of_template(job.label, error);
    let seen = Arc::new(Frame::on(job.frame).with("response", answer.to_value()));
    let body = match path {
        PathPlan::Query(_) => whole(job, answer, hints)?,
        PathPlan::Template(_) | PathPlan::Plain(_) => answer.body(),
    };
    let keys = formats::keys_of(&body);
    let (mut records, shape) = match path {
        PathPlan::Template(template) => {
            let value = template.value(&seen).map_err(of_template)?;
            // A list that the answer lacks is not an empty one.
            let shape = if value.is_undefined() {
                Shape::Missing(Missing {
                    at: "$".to_owned(),
                    wanted: None,
                    keys: keys.clone(),
                })
            } else if is_nothing(&value) || formats::is_list(&value) {
                Shape::List
            } else {
                Shape::One
            };
            (path::elements(value), shape)
        }
        PathPlan::Query(_) | PathPlan::Plain(_) => {
            let records = path::all(path, &body, &seen).map_err(of_template)?;
            let shape = match path {
                PathPlan::Query(path) if records.iter().all(is_nothing) => {
                    path::shape_of(&path.query, &body)
                }
                PathPlan::Query(_) | PathPlan::Plain(_) | PathPlan::Template(_) => Shape::List,
            };
            (records, shape)
        }
    };
    // `null` is no record.
    let all = records.len();
    records.retain(|record| !is_nothing(record));
    let nothing = (all - records.len()) as u64;
    let probes = job.probes.iter().map(|probe| {
        let mut nodes = Vec::new();
        formats::collect(&body, &probe.steps, &mut nodes);
        nodes.into_iter().next().unwrap_or_default()
    });
    let found = PageFindings {
        probes: probes.collect(),
        keys,
        shape,
        nothing,
        ..PageFindings::default()
    };
    Ok((records, found))
}

/// Whether there are no records because there is no body: 204 says so, and lines may be none. An
/// empty body is no JSON, no XML and no sheet.
fn is_without_body(job: &ReadTask<'_>, answer: &Answer, hints: &Hints) -> bool {
    if !answer.held.iter().all(u8::is_ascii_whitespace) {
        return false;
    }
    let is_lines = match &job.plan.format {
        Some(format) => format.kind.is_of_lines(),
        None => hints.is_of_lines(),
    };
    matches!(answer.status, 204 | 205 | 304)
        || is_lines && job.plan.may_be_empty
        || job.plan.may_lack
}

/// An answer as one value, unpacked and decoded.
fn whole(job: &ReadTask<'_>, answer: &Arc<Answer>, hints: &Hints) -> Result<Value, SourceError> {
    if page_text(job, answer, hints).is_some() {
        return Ok(answer.body());
    }
    let plan = job.plan.format.as_ref();
    formats::whole(of_bytes(&answer.held), plan, hints)
        .map_err(|error| failed(job, with_beginning(job, &error, answer)))
}

/// The records of a page that is JSON as it stands, those that are `null` too; nothing where it is
/// something else.
pub(super) fn plain_page(
    job: &ReadTask<'_>,
    answer: &Arc<Answer>,
) -> Result<Option<Vec<Value>>, SourceError> {
    let hints = Hints::new(answer.header("content-type"), answer.url.path());
    let Some(text) = page_text(job, answer, &hints) else {
        return Ok(None);
    };
    // `response.body` would be text where this is broken.
    let body =
        json::read(text).map_err(|error| failed(job, format!("the answer is no JSON: {error}")))?;
    let records = match &job.plan.records {
        Some(path) => path::all(path, &body, job.frame)
            .map_err(|error| SourceError::of_template(job.label, error))?,
        None if formats::is_list(&body) => body.try_iter().into_iter().flatten().collect(),
        None => vec![body],
    };
    // `$.items` means the elements of the list there, `$.items[*]` its elements as they are.
    let spreads = match &job.plan.records {
        Some(PathPlan::Plain(path)) => path.steps.last() != Some(&PathStep::Each),
        _ => false,
    };
    match records.as_slice() {
        [list] if spreads && formats::is_list(list) => {
            Ok(Some(list.try_iter().into_iter().flatten().collect()))
        }
        _ => Ok(Some(records)),
    }
}

/// The text of a page that is JSON as it stands.
fn page_text<'a>(job: &ReadTask<'_>, answer: &'a Answer, hints: &Hints) -> Option<&'a str> {
    let is_json = match &job.plan.format {
        Some(format) => format.kind.is_json() && format.encoding.is_none(),
        None => hints.content_type.contains("application/json"),
    };
    let first = answer.held.iter().find(|byte| !byte.is_ascii_whitespace());
    if !is_json || hints.encoding.is_some_and(|encoding| !encoding.is_utf8()) {
        return None;
    }
    if !matches!(first, Some(b'{' | b'[' | b'"')) {
        return None;
    }
    simdutf8::basic::from_utf8(&answer.held).ok()
}

/// What is wrong, and how the answer begins.
fn with_beginning(job: &ReadTask<'_>, error: &ReadError, answer: &Answer) -> String {
    let text = job.redactor.redact(answer.text());
    let start = text
        .trim_start()
        .get(..15)
        .unwrap_or_default()
        .to_ascii_lowercase();
    if start.starts_with("<!doctype html") || start.starts_with("<html") {
        return "the answer is a web page, not data: is the address right, and is a login needed?"
            .to_owned();
    }
    let beginning: String = text.trim_start().chars().take(60).collect();
    match error {
        // Bytes that are packed tell nobody anything.
        ReadError::Broken { .. } if !beginning.is_empty() && !beginning.contains('\0') => {
            format!("{error}; it begins with {beginning:?}")
        }
        _ => error.to_string(),
    }
}
