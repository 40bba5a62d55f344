//! Rows become a file on the disk, row by row.

use std::sync::Arc;

use tempfile::{NamedTempFile, TempDir};

use super::FileError;
use super::cells::{self, Aside};
use super::encode::{Encoded, Instead};
use super::pack::Packer;
use super::sheet;
use super::xml::{self, Names};
use crate::plan::file_name::FileName;
use crate::plan::file_target::{
    FileTargetPlan, WritePlan, WrittenXmlPlan, not_closed, undeclared_prefix,
};
use crate::plan::target::{ItemPlan, TargetPlan};
use crate::row::{Batch, Row};
use crate::stop::Stop;
use crate::target::item;
use crate::template::{Frame, json};
use crate::xml_text::XmlAround;

/// A file in the making.
pub struct RowFile {
    plan: Arc<FileTargetPlan>,
    /// Whose `item` makes rows.
    target: Arc<TargetPlan>,
    base: Arc<Frame>,
    /// Where files lie until they are delivered.
    folder: Arc<TempDir>,
    stop: Stop,
    format: Arc<WritePlan>,
    /// Of XML, what stands around the rows.
    around: XmlAround,
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
    ) -> Result<Self, FileError> {
        let folder = Arc::new(TempDir::new()?);
        let format = match &plan.format {
            Some(format) => Arc::clone(format),
            None => Arc::new(name.format().map_err(FileError::Row)?),
        };
        let local = NamedTempFile::new_in(folder.path())?;
        let to = match &*format {
            WritePlan::Csv(_) | WritePlan::Xlsx { .. } => {
                Way::Aside(Aside::new(columns)?, name.clone())
            }
            WritePlan::Json | WritePlan::Jsonl | WritePlan::Xml(_) => {
                Way::AtOnce(encoded(plan, &format, &local, name)?)
            }
        };
        let mut file = Self {
            plan: Arc::clone(plan),
            target: Arc::clone(target),
            base: Arc::clone(base),
            folder,
            stop: stop.clone(),
            format,
            around: XmlAround::default(),
            to,
            local,
            rows: 0,
        };
        file.begin()?;
        Ok(file)
    }

    /// Adds rows; those that can't stand in the file come back.
    pub fn add(
        &mut self,
        rows: &Batch,
        wanted: &[usize],
        frame: impl Fn(usize) -> Arc<Frame>,
    ) -> Result<Vec<Unfit>, FileError> {
        let mut unfit = Vec::new();
        match &mut self.to {
            Way::Aside(aside, _) => {
                if wanted.is_empty() {
                    // A file without rows has a header all the same.
                    aside.name(rows.rows());
                }
                aside.add(wanted.iter().map(|index| rows.row(*index)))?;
                self.rows += wanted.len() as u64;
            }
            Way::AtOnce(to) => {
                let mut text = String::new();
                let names = Names {
                    are_ascii: self
                        .plan
                        .encoding
                        .is_some_and(|encoding| encoding != encoding_rs::UTF_8),
                    prefixes: self.around.prefixes().to_vec(),
                };
                let around = (&self.around, &names);
                let item = self.target.item.as_ref();
                for index in wanted {
                    text.clear();
                    let seen = || frame(*index);
                    let row = rows.row(*index);
                    let made = as_text(&self.format, around, item, row, seen, &mut text);
                    if let Err(reason) = made {
                        unfit.push((*index, reason));
                        continue;
                    }
                    if matches!(&*self.format, WritePlan::Json) && self.rows > 0 {
                        to.text(",\n")?;
                    }
                    to.text(&text)?;
                    self.rows += 1;
                }
            }
        }
        Ok(unfit)
    }

    fn begin(&mut self) -> Result<(), FileError> {
        let header = self.around(self.plan.header.as_ref(), "header")?;
        if let WritePlan::Xml(xml) = &*self.format {
            self.around = self
                .check_around(xml, header.as_deref())?
                .written_in(self.plan.encoding);
        }
        let Way::AtOnce(to) = &mut self.to else {
            return Ok(());
        };
        match &*self.format {
            WritePlan::Xml(xml) => {
                let said = header.as_deref().unwrap_or_default();
                if !said.trim_start().starts_with("<?xml") {
                    let encoding = self.plan.encoding.unwrap_or(encoding_rs::UTF_8).name();
                    to.text(&format!("{}{encoding}\"?>\n", xml::DECLARATION))?;
                }
                let tags = xml.tags(header.is_some(), &self.base);
                to.text(&tags.map_err(FileError::Row)?.0)?;
            }
            // Who writes a header writes the brackets.
            WritePlan::Json if header.is_none() => to.text("[")?,
            _ => {}
        }
        if let Some(header) = header {
            to.text(&header)?;
            if matches!(&*self.format, WritePlan::Jsonl) {
                to.text(line_end(&header))?;
            }
        }
        Ok(())
    }

    /// `header` or `footer`.
    fn around(
        &self,
        template: Option<&crate::template::Template>,
        key: &str,
    ) -> Result<Option<String>, FileError> {
        let Some(template) = template else {
            return Ok(None);
        };
        let text = template.text(&self.base);
        let text = text.map_err(|error| FileError::Row(format!("file.{key}: {error}")))?;
        Ok(Some(text))
    }

    /// What stands around rows of XML, if it is some.
    fn check_around(
        &self,
        xml: &WrittenXmlPlan,
        header: Option<&str>,
    ) -> Result<XmlAround, FileError> {
        let (start, end) = xml
            .tags(header.is_some(), &self.base)
            .map_err(FileError::Row)?;
        let footer = self.around(self.plan.footer.as_ref(), "footer")?;
        let before = start + header.unwrap_or_default();
        let after = footer.unwrap_or_default() + &end;
        let around =
            XmlAround::of(&before, &after).map_err(|reason| FileError::Row(not_closed(&reason)))?;
        match xml.undeclared(around.prefixes()) {
            Some(name) => Err(FileError::Row(undeclared_prefix(&name))),
            None => Ok(around),
        }
    }

    /// The folder in which the file is made, to be cleared where nobody waits for its end.
    pub fn folder(&self) -> Arc<TempDir> {
        Arc::clone(&self.folder)
    }

    /// Ends the file.
    pub fn finish(self) -> Result<WholeFile, FileError> {
        let header = self.around(self.plan.header.as_ref(), "header")?;
        let footer = self.around(self.plan.footer.as_ref(), "footer")?;
        if let WritePlan::Xml(xml) = &*self.format {
            // What a footer says may be another at the end.
            self.check_around(xml, header.as_deref())?;
        }
        let Self {
            plan,
            base,
            folder,
            stop,
            format,
            to,
            local,
            rows,
            ..
        } = self;
        let mut to = match (to, &*format) {
            (Way::AtOnce(mut to), WritePlan::Xml(xml)) => {
                to.text(footer.as_deref().unwrap_or_default())?;
                let tags = xml.tags(header.is_some(), &base);
                to.text(&tags.map_err(FileError::Row)?.1)?;
                to
            }
            (Way::AtOnce(mut to), WritePlan::Json) => {
                match &footer {
                    Some(footer) => to.text(footer)?,
                    None if header.is_none() => to.text("]\n")?,
                    None => {}
                }
                to
            }
            (Way::AtOnce(mut to), _) => {
                to.text(footer.as_deref().unwrap_or_default())?;
                to
            }
            (Way::Aside(aside, name), WritePlan::Csv(csv)) => {
                let mut to = encoded(&plan, &format, &local, &name)?;
                let header = header.unwrap_or_default();
                to.text(&header)?;
                to.text(line_end(&header))?;
                cells::write_csv(*csv, aside.finish(stop)?, &mut to)?;
                to.text(footer.as_deref().unwrap_or_default())?;
                to
            }
            (Way::Aside(aside, name), written) => {
                let mut sheet_name = None;
                let mut has_header = true;
                if let WritePlan::Xlsx { sheet, header } = written {
                    has_header = *header;
                    if let Some(sheet) = sheet {
                        let text = sheet.text(&base);
                        let text =
                            text.map_err(|error| FileError::Row(format!("xlsx.sheet: {error}")))?;
                        sheet_name = Some(text);
                    }
                }
                let kept = aside.finish(stop)?;
                let sheet = (sheet_name.as_deref(), has_header);
                let local = whole_sheet(&name, local, &folder, sheet, kept)?;
                return Ok(WholeFile {
                    local,
                    rows,
                    lost: 0,
                    _folder: folder,
                });
            }
        };
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

/// The sheet, packed once more where the name says so.
fn whole_sheet(
    name: &FileName,
    local: NamedTempFile,
    folder: &TempDir,
    (sheet_name, has_header): (Option<&str>, bool),
    kept: cells::Kept,
) -> Result<NamedTempFile, FileError> {
    let (packing, inner) = name.packing();
    let book = NamedTempFile::new_in(folder.path())?;
    sheet::write(book.path(), sheet_name, has_header, kept)?;
    let mut packer = Packer::new(local.reopen()?, packing, inner)?;
    std::io::copy(&mut book.reopen()?, &mut packer)?;
    packer.finish()?;
    Ok(local)
}

fn encoded(
    plan: &FileTargetPlan,
    format: &WritePlan,
    local: &NamedTempFile,
    name: &FileName,
) -> Result<Encoded<Packer>, FileError> {
    let (packing, inner) = name.packing();
    let packer = Packer::new(local.reopen()?, packing, inner)?;
    let instead = match format {
        WritePlan::Xml(_) => Instead::Reference,
        _ => Instead::Mark,
    };
    Ok(Encoded::new(packer, plan.encoding, instead))
}

/// The end that a line lacks.
fn line_end(text: &str) -> &'static str {
    if text.is_empty() || text.ends_with('\n') {
        ""
    } else {
        "\n"
    }
}

/// A row as text.
fn as_text(
    format: &WritePlan,
    (around, names): (&XmlAround, &Names),
    item: Option<&ItemPlan>,
    row: Row<'_>,
    frame: impl Fn() -> Arc<Frame>,
    out: &mut String,
) -> Result<(), String> {
    if let WritePlan::Xml(xml) = format {
        let mut seen = frame();
        if let Some(item) = item {
            let made = item::make(item, &seen)?;
            seen = Arc::new(Frame::on(&seen).with("item", made.value));
        }
        return xml::row(&xml.row, around, names, row, &seen, out)
            .map_err(|error| format!("file: {error}"));
    }
    match item {
        None => out.push_str(row.json()),
        Some(item) => {
            let made = item::make(item, &frame())?;
            let mut bytes = Vec::new();
            json::write(&made.value, &mut bytes);
            out.push_str(&String::from_utf8_lossy(&bytes));
        }
    }
    if matches!(format, WritePlan::Jsonl) {
        out.push('\n');
    }
    Ok(())
}
