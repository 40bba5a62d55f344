//! `target.file`: where the file goes, and how it is written.

use std::sync::Arc;

use super::Compiler;
use super::addresses::AddressOf;
use super::format::OfFormat;
use crate::formats::{Around, WrittenFormat};
use crate::plan::file_name::FileName;
use crate::plan::file_target::{FilePlace, FileTargetPlan};
use crate::plan::request::{Repeat, RequestPlan};
use crate::plan::scopes::Scopes;
use crate::spec;
use crate::spec::file_target::FileTarget;
use crate::spec::places::Placed;
use crate::template::Template;
use crate::template::scope::Scope;

impl Compiler<'_> {
    /// A file of all rows at `at`; `row` is what the XML of a row sees, `item` makes its rows.
    pub(super) fn file_target(
        &mut self,
        at: &Placed<FileTarget>,
        label: &str,
        scopes: &Scopes,
        row: &Scope,
        item: Option<&spec::Tree>,
    ) -> FileTargetPlan {
        let scope = scopes.around();
        let place = match (&at.url, &at.transport) {
            (Some(url), None) => {
                let request = self.upload_request(url, at, label, scopes, &scope);
                FilePlace::Url(self.template(url, &scope), Box::new(request))
            }
            (None, Some(path)) => FilePlace::Transport(self.template(path, &scope)),
            (Some(_), Some(path)) => {
                self.error(
                    path,
                    "a file goes to a `url` or to a `transport`, not to both",
                    "leave one of them out",
                );
                FilePlace::Transport(self.template(path, &scope))
            }
            (None, None) => {
                self.error(
                    at,
                    "a file needs a `url`, or a `transport`",
                    "url: \"sftp://sftp.example.com/in/offers.csv\"",
                );
                FilePlace::Transport(Template::constant(crate::template::Value::from("")))
            }
        };
        let mut formats = OfFormat {
            compiler: self,
            scope: &scope,
            row: Some(row),
        };
        let written = at.format.as_ref();
        let written = written.and_then(|format| WrittenFormat::compile(format, &mut formats));
        let (format, text_out) = written.unzip();
        if let (FilePlace::Transport(_), Some(login)) = (&place, &at.login) {
            self.error(
                login,
                "the site's own transport has its login from the platform",
                "leave it out, or write `url` instead of `transport`",
            );
        }
        let plan = FileTargetPlan {
            place,
            name: self.optional(at.name.as_deref(), &scope),
            login: self.login(at.login.as_ref().map(|login| &login.value), &scope),
            format: format.map(Arc::new),
            text_out: text_out.unwrap_or_default(),
            header: self.optional(at.header.as_deref(), &scope),
            footer: self.optional(at.footer.as_deref(), &scope),
        };
        self.check_file(at, item, &plan);
        plan
    }

    /// What can be seen of a file before its name is worked out.
    fn check_file(
        &mut self,
        at: &Placed<FileTarget>,
        item: Option<&spec::Tree>,
        plan: &FileTargetPlan,
    ) {
        let Some(place) = at.url.as_ref().or(at.transport.as_ref()) else {
            return;
        };
        if let Some(url) = &at.url {
            let before = self.errors.len();
            self.check_address(url, AddressOf::File);
            if self.errors.len() > before {
                return;
            }
        }
        let template = match &plan.place {
            FilePlace::Url(template, _) | FilePlace::Transport(template) => template,
        };
        let is_fixed = |template: &Template| template.as_constant().is_some();
        let mut format = plan.format.clone();
        if is_fixed(template) && plan.name.as_ref().is_none_or(is_fixed) {
            let name = FileName::of(plan, &Arc::default());
            let by_name = match (name, &plan.format) {
                (Ok(name), None) => name.format().map(Some),
                (name, _) => name.map(|_| None),
            };
            match by_name {
                Ok(Some(by_name)) => format = Some(Arc::new(by_name)),
                Ok(None) => {}
                Err(error) => self.error(
                    place,
                    error.to_string(),
                    "url: \"sftp://sftp.example.com/in/offers.csv.gz\"",
                ),
            }
        }
        if let Some(format) = &format {
            let around = Around {
                header: plan.header.as_ref(),
                footer: plan.footer.as_ref(),
            };
            let scope = Scope::default();
            let mut formats = OfFormat {
                compiler: self,
                scope: &scope,
                row: None,
            };
            format.check(at, around, &mut formats);
        }
        self.no_cells(item, format.as_deref());
    }

    /// `item` makes no cells.
    fn no_cells(&mut self, item: Option<&spec::Tree>, format: Option<&WrittenFormat>) {
        let are_cells = format.is_some_and(|format| format.cells().is_some());
        if let (true, Some(item)) = (are_cells, item) {
            self.error(
                item,
                "`item` makes rows of json, jsonl and xml; a file of cells has the columns of the rows",
                "write columns: and keep: none",
            );
        }
    }

    fn upload_request(
        &mut self,
        url: &spec::Template,
        at: &Placed<FileTarget>,
        label: &str,
        scopes: &Scopes,
        scope: &Scope,
    ) -> RequestPlan {
        let login = at.login.as_ref().map(|login| &login.value);
        let mut request = self.file_request((url, login), at, label, scopes, scope);
        request.method = Some("PUT".to_owned());
        request.repeat = Repeat::ByMethod;
        // A server that is the API's own is let in as the API is; others never see its credentials.
        if request.auth.is_none() {
            request.auth = self.default_auth();
        }
        request
    }
}
