//! `tls`, compiled.

use std::path::PathBuf;
use std::sync::Arc;

use super::compile::{Compiler, folder_of};
use super::scopes::Scopes;
use crate::spec::places::Placed;
use crate::spec::tls::Tls;
use crate::template::{Frame, Template, TemplateError, text_or_empty};

/// Certificates of a client and of an authority.
#[derive(Debug)]
pub struct TlsPlan {
    certificate: Option<Template>,
    key: Option<Template>,
    password: Option<Template>,
    ca: Option<Template>,
    /// The folder that the spec lies in.
    folder: Option<PathBuf>,
}

/// The same, worked out: texts or paths of files, empty where nothing was filled in.
pub struct TlsTexts {
    /// PEM or PKCS#12.
    pub certificate: String,
    /// PEM.
    pub key: String,
    /// Of the key, or of the PKCS#12.
    pub password: String,
    /// PEM.
    pub ca: String,
    /// Where files are looked for first.
    pub folder: Option<PathBuf>,
}

impl TlsPlan {
    pub(super) fn compile(at: &Placed<Tls>, scopes: &Scopes, compiler: &mut Compiler<'_>) -> Self {
        let spec = &at.value;
        let has_own = spec.key.is_some() || spec.password.is_some();
        if spec.certificate.is_none() && (has_own || spec.ca.is_none()) {
            compiler.error(
                at,
                "a key is of a `certificate`, and there is none",
                "certificate: \"{{ options.CERTIFICATE }}\"; for an authority alone: ca: \"{{ options.CA }}\"",
            );
        }
        let base = scopes.base();
        Self {
            certificate: compiler.optional(spec.certificate.as_deref(), &base),
            key: compiler.optional(spec.key.as_deref(), &base),
            password: compiler.optional(spec.password.as_deref(), &base),
            ca: compiler.optional(spec.ca.as_deref(), &base),
            folder: folder_of(&compiler.document.file),
        }
    }

    /// What is to be read.
    pub fn texts(&self, base: &Arc<Frame>) -> Result<TlsTexts, TemplateError> {
        let text = |template: &Option<Template>| text_or_empty(template.as_ref(), base);
        Ok(TlsTexts {
            certificate: text(&self.certificate)?,
            key: text(&self.key)?,
            password: text(&self.password)?,
            ca: text(&self.ca)?,
            folder: self.folder.clone(),
        })
    }
}
