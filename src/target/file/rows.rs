//! Rows become a file on the disk, row by row.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use tempfile::{NamedTempFile, TempDir};

use super::later_part::LaterPart;
use super::pack::Packer;
use crate::formats::{
    Aside, Encoded, PartText, RowsAround, Said, WriteError, WrittenCells, WrittenFormat,
};
use crate::plan::file_name::FileName;
use crate::plan::file_target::FileTargetPlan;
use crate::plan::target::TargetPlan;
use crate::row::Batch;
use crate::stop::Stop;
use crate::target::item;
use crate::template::{Frame, Template};

/// A file in the making.
pub struct RowFile {
    plan: Arc<FileTargetPlan>,
    /// Whose `item` makes rows.
    target: Arc<TargetPlan>,
    base: Arc<Frame>,
    /// Where files lie until they are delivered.
    folder: Arc<TempDir>,
    stop: Stop,
    format: Arc<WrittenFormat>,
    /// What stands around the rows.
    around: RowsAround,
    /// Parts behind the first, laid aside.
    later: Vec<LaterPart>,
    /// The keys that each part has.
    keys: Vec<HashSet<u128>>,
    to: Way,
    local: NamedTempFile,
    rows: u64,
}

/// A file that is whole, and lies on the disk.
pub struct WholeFile {
    /// The file; it is gone when this is.
    pub local: NamedTempFile,
    /// Its rows.
    pub rows: u64,
    /// Characters that its encoding does not have; `?` stands for them.
    pub lost: u64,
    /// The file lies in it, and it goes with it.
    _folder: Arc<TempDir>,
}

impl WholeFile {
    /// One that is no text, and so loses no character.
    fn of_bytes(local: NamedTempFile, rows: u64, folder: Arc<TempDir>) -> Self {
        Self {
            local,
            rows,
            lost: 0,
            _folder: folder,
        }
    }
}

enum Way {
    /// Text is written as rows come.
    AtOnce(Encoded<Packer>),
    /// Cells: their columns are known at the end.
    Aside(Aside, FileName),
}

/// A row that can't stand in the file, by its index, and why.
pub type Unfit = (usize, String);

impl RowFile {
    /// A file of this name without rows. `columns` come first, where cells are written; a signal ends
    /// its making.
    pub fn new(
        plan: &Arc<FileTargetPlan>,
        target: &Arc<TargetPlan>,
        base: &Arc<Frame>,
        name: &FileName,
        columns: impl IntoIterator<Item = String>,
        stop: &Stop,
    ) -> Result<Self, WriteError> {
        let folder = Arc::new(TempDir::new()?);
        let by_name = || {
            let format = name.format().map(Arc::new);
            format.map_err(|error| WriteError::Row(error.to_string()))
        };
        let format = plan.format.clone().map_or_else(by_name, Ok)?;
        let local = NamedTempFile::new_in(folder.path())?;
        let to = match format.cells() {
            Some(_) => Way::Aside(Aside::new(columns)?, name.clone()),
            None => Way::AtOnce(encoded(plan, &format, &local, name)?),
        };
        let mut file = Self {
            plan: Arc::clone(plan),
            target: Arc::clone(target),
            base: Arc::clone(base),
            folder,
            stop: stop.clone(),
            format,
            around: RowsAround::default(),
            later: Vec::new(),
            keys: Vec::new(),
            to,
            local,
            rows: 0,
        };
        let parts = file.format.parts();
        file.keys.resize_with(parts, HashSet::new);
        for _ in 1..parts {
            file.later.push(LaterPart::new()?);
        }
        file.begin()?;
        Ok(file)
    }

    /// Adds rows; those that can't stand in the file come back.
    pub fn add(
        &mut self,
        rows: &Batch,
        wanted: &[usize],
        frame: impl Fn(usize) -> Arc<Frame>,
    ) -> Result<Vec<Unfit>, WriteError> {
        let mut unfit = Vec::new();
        match &mut self.to {
            Way::Aside(aside, _) => {
                if wanted.is_empty() {
                    // A file without rows has a header all the same.
                    aside.name(rows.rows());
                }
                let fits = |index: &&usize| match self.format.misfit(rows.row(**index)) {
                    None => true,
                    Some(reason) => {
                        unfit.push((**index, format!("file: {reason}")));
                        false
                    }
                };
                let fitting: Vec<usize> = wanted.iter().filter(fits).copied().collect();
                aside.add(fitting.iter().map(|index| rows.row(*index)))?;
                self.rows += fitting.len() as u64;
            }
            Way::AtOnce(to) => {
                let mut texts: Vec<PartText> = Vec::new();
                texts.resize_with(self.keys.len(), PartText::default);
                for index in wanted {
                    texts.iter_mut().for_each(PartText::clear);
                    // An item and a row of XML see the same.
                    let known = OnceCell::new();
                    let seen = || Arc::clone(known.get_or_init(|| frame(*index)));
                    let item = self.target.item.as_ref();
                    let item = item.map(|item| item::make(item, &seen())).transpose();
                    let written = item.map_err(|error| error.to_string()).and_then(|item| {
                        let item = item.map(|made| made.value);
                        self.format
                            .row(&self.around, rows.row(*index), item, seen, &mut texts)
                            .map_err(|error| error.to_string())
                    });
                    if let Err(reason) = written {
                        unfit.push((*index, reason));
                        continue;
                    }
                    if self.rows > 0 {
                        to.text(self.around.between)?;
                    }
                    for (part, PartText { text, key }) in texts.iter().enumerate() {
                        if key.is_some_and(|key| !self.keys[part].insert(key)) {
                            continue;
                        }
                        match part.checked_sub(1) {
                            None => to.text(text)?,
                            Some(later) => self.later[later].text(text)?,
                        }
                    }
                    self.rows += 1;
                }
            }
        }
        Ok(unfit)
    }

    fn begin(&mut self) -> Result<(), WriteError> {
        // What a footer counts is known at the end; only what must be XML with it needs it before.
        self.around = self.work_out_around(self.format.is_checked_before())?;
        if let Way::AtOnce(to) = &mut self.to {
            to.text(&self.around.before)?;
        }
        Ok(())
    }

    /// What stands around the rows; what a footer says may be another at the end.
    fn work_out_around(&self, with_footer: bool) -> Result<RowsAround, WriteError> {
        let header = self.said(self.plan.header.as_ref(), "header")?;
        let footer = self.plan.footer.as_ref().filter(|_| with_footer);
        let footer = self.said(footer, "footer")?;
        let said = Said {
            header: header.as_deref(),
            footer: footer.as_deref(),
            encoding: self.plan.text_out.encoding,
        };
        self.format.around(said, &self.base)
    }

    /// `header` or `footer`.
    fn said(&self, template: Option<&Template>, key: &str) -> Result<Option<String>, WriteError> {
        let Some(template) = template else {
            return Ok(None);
        };
        let text = template.text(&self.base);
        let text = text.map_err(|error| WriteError::Row(format!("file.{key}: {error}")))?;
        Ok(Some(text))
    }

    /// The folder in which the file is made, to be cleared where nobody waits for its end.
    pub fn folder(&self) -> Arc<TempDir> {
        Arc::clone(&self.folder)
    }

    /// Ends the file.
    pub fn finish(self) -> Result<WholeFile, WriteError> {
        let around = self.work_out_around(true)?;
        let Self {
            plan,
            base,
            folder,
            stop,
            format,
            later,
            to,
            local,
            rows,
            ..
        } = self;
        let mut to = match (to, format.cells()) {
            (Way::Aside(aside, name), Some(WrittenCells::Book(book))) => {
                let kept = aside.finish(stop)?;
                let write = |path: &Path| book.write(path, &base, kept);
                let local = of_its_own_kind(&name, local, &folder, write)?;
                return Ok(WholeFile::of_bytes(local, rows, folder));
            }
            (Way::Aside(aside, name), Some(WrittenCells::Columns(columns))) => {
                let kept = aside.finish(stop)?;
                let write = |path: &Path| columns.write(path, kept);
                let local = of_its_own_kind(&name, local, &folder, write)?;
                return Ok(WholeFile::of_bytes(local, rows, folder));
            }
            (Way::Aside(aside, name), Some(WrittenCells::Lines(lines))) => {
                let mut to = encoded(&plan, &format, &local, &name)?;
                to.text(&around.before)?;
                lines.write(aside.finish(stop.clone())?, &mut |text| to.text(text))?;
                to
            }
            (Way::AtOnce(to), None) => to,
            (Way::Aside(..), None) | (Way::AtOnce(_), Some(_)) => {
                let bug =
                    "a bug in runner: a file is cells or text, and not both; please report it";
                return Err(WriteError::Row(bug.to_owned()));
            }
        };
        for (before, part) in around.later.iter().zip(later) {
            to.text(before)?;
            part.give(&stop, &mut to)?;
        }
        to.text(&around.after)?;
        // An encoding may have an end of its own.
        to.text("")?;
        let (packer, lost) = to.finish()?;
        packer.finish()?;
        Ok(WholeFile {
            local,
            rows,
            lost,
            _folder: folder,
        })
    }
}

/// A file that is no text, packed once more where the name says so.
fn of_its_own_kind(
    name: &FileName,
    local: NamedTempFile,
    folder: &TempDir,
    write: impl FnOnce(&Path) -> Result<(), WriteError>,
) -> Result<NamedTempFile, WriteError> {
    let (packing, inner) = name.packing();
    let book = NamedTempFile::new_in(folder.path())?;
    write(book.path())?;
    let mut packer = Packer::new(local.reopen()?, packing, inner)?;
    std::io::copy(&mut book.reopen()?, &mut packer)?;
    packer.finish()?;
    Ok(local)
}

fn encoded(
    plan: &FileTargetPlan,
    format: &WrittenFormat,
    local: &NamedTempFile,
    name: &FileName,
) -> Result<Encoded<Packer>, WriteError> {
    let (packing, inner) = name.packing();
    let packer = Packer::new(local.reopen()?, packing, inner)?;
    Ok(Encoded::new(packer, plan.text_out, format.instead()))
}
