//! How answers and files are read and written: what formats are compiled with.

use super::Compiler;
use crate::formats::{FormatCompiler, FormatPlan};
use crate::spec::format::Format;
use crate::spec::places::HasPlace;
use crate::spec::tree::Node;
use crate::template::Template;
use crate::template::scope::Scope;
use crate::template::tree::TemplateTree;

/// What a format is compiled with.
pub(super) struct OfFormat<'c, 'd> {
    pub compiler: &'c mut Compiler<'d>,
    /// What is known once a file.
    pub scope: &'c Scope,
    /// What is known of a row that is written.
    pub row: Option<&'c Scope>,
}

impl FormatCompiler for OfFormat<'_, '_> {
    fn mistake(&mut self, at: &dyn HasPlace, message: String, hint: &str) {
        self.compiler.error(&at.place(), message, hint);
    }

    fn template(&mut self, node: &Node) -> Template {
        self.compiler.template(node, self.scope)
    }

    fn row_template(&mut self, node: &Node) -> Template {
        let scope = self.row.unwrap_or(self.scope);
        self.compiler.template(node, scope)
    }

    fn row_condition(&mut self, node: &Node) -> Template {
        let scope = self.row.unwrap_or(self.scope);
        self.compiler.condition(node, scope)
    }

    fn row_tree(&mut self, node: &Node) -> TemplateTree {
        let scope = self.row.unwrap_or(self.scope);
        self.compiler.tree(node, scope)
    }

    fn size(&mut self, node: &Node) -> Option<u64> {
        self.compiler.size(Some(node))
    }
}

impl Compiler<'_> {
    /// `format` of a step, else of `http`.
    pub(super) fn format(&mut self, own: Option<&Format>, scope: &Scope) -> Option<FormatPlan> {
        let http = self.spec().http.as_ref();
        let format = own.or_else(|| http.and_then(|http| http.format.as_ref()))?;
        let mut formats = OfFormat {
            compiler: self,
            scope,
            row: None,
        };
        FormatPlan::compile(format, &mut formats)
    }
}
