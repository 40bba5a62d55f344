//! Addresses as far as they are written out: whether they have a scheme, and one that is known.

use super::Compiler;
use crate::diagnostics::nearest::nearest;
use crate::plan::source::{SCHEMES, schemes};
use crate::spec;
use crate::template::template_start;

/// What an address is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::plan) enum AddressOf {
    /// `base_url`, `token_url`: whole, over HTTP.
    Server,
    /// A request's `url`: whole, or relative to `base_url` where there is one.
    Request,
    /// A file, wherever it lies.
    File,
}

/// What requests are sent over.
const HTTP: [&str; 2] = ["http", "https"];

impl Compiler<'_> {
    /// Refuses an address that leads nowhere; what a template makes of it can't be seen.
    pub(in crate::plan) fn check_address(&mut self, node: &spec::Template, of: AddressOf) {
        let Some(text) = node.as_text() else {
            return;
        };
        let written = &text[..template_start(text).unwrap_or(text.len())];
        let known: &[&str] = match of {
            AddressOf::Server | AddressOf::Request => &HTTP,
            AddressOf::File => &SCHEMES,
        };
        // What looks like a template of another kind is warned of.
        if written.contains(['{', '$']) {
            return;
        }
        if let Some((scheme, _)) = written.split_once("://") {
            let scheme = &*scheme.to_lowercase();
            if !known.contains(&scheme) {
                let (message, help) = match (of, nearest(scheme, known.iter().copied())) {
                    (_, Some(near)) => (
                        format!("`{scheme}` is no scheme of an address"),
                        format!("did you mean `{near}://`?"),
                    ),
                    (AddressOf::File, None) => (
                        format!("`{scheme}` is no place for a file"),
                        format!("write {}", schemes("or")),
                    ),
                    (AddressOf::Server | AddressOf::Request, None) => (
                        format!("nothing is asked over `{scheme}`"),
                        "write http:// or https://".to_owned(),
                    ),
                };
                self.error(node, message, help);
            }
            return;
        }
        if let Some(rest) = without_slashes(written, known) {
            let message = "the slashes of this address are not whole";
            self.error(node, message, format!("write {rest}"));
            return;
        }
        let may_be_relative = match of {
            AddressOf::Server => false,
            AddressOf::Request => self.has_base(),
            AddressOf::File => true,
        };
        let is_seen = !written.is_empty() && !text.contains("://");
        if !is_seen || (may_be_relative && !begins_with_host(written)) {
            return;
        }
        self.error(
            node,
            "this address has no scheme",
            format!("write https://{}", text.trim_start_matches('/')),
        );
    }

    fn has_base(&self) -> bool {
        self.defaults.base_url.is_some()
    }
}

/// `https:/x`, `https:x`, `https//x`: how it is written.
fn without_slashes(text: &str, known: &[&str]) -> Option<String> {
    known.iter().rev().find_map(|scheme| {
        let rest = text.strip_prefix(scheme)?;
        let rest = rest
            .strip_prefix(":/")
            .or_else(|| rest.strip_prefix(':'))
            .or_else(|| rest.strip_prefix("//"))?;
        Some(format!("{scheme}://{}", rest.trim_start_matches('/')))
    })
}

/// Whether a text begins as `api.example.com/…` or `www.…` does.
fn begins_with_host(text: &str) -> bool {
    let Some((host, _)) = text.split_once('/') else {
        return text.starts_with("www.");
    };
    let host = host.split(':').next().unwrap_or(host);
    let labels: Vec<&str> = host.split('.').collect();
    let is_label = |label: &&str| {
        !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    let top = labels.last().copied().unwrap_or_default();
    host == "localhost"
        || (labels.len() > 1
            && labels.iter().all(is_label)
            && top.len() > 1
            && top.chars().all(|c| c.is_ascii_alphabetic()))
}
