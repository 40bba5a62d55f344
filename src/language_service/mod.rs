//! What an author may ask about a spec: what a key, a filter or a check's code means, what may be
//! written at a place, what stands there, where it is given, what it would be called otherwise.
//!
//! Editors, `runner explain` and the documentation have their answers from here. Plain synchronous code
//! that knows no network.

mod complete;
mod complete_template;
mod cursor;
mod format_templates;
mod hover;
mod keys;
mod open_spec;
mod page;
mod positions;
mod references;
mod schema_at;
mod template_text;
mod words;

pub use complete::{Suggestion, SuggestionKind, complete};
pub use format_templates::format_templates;
pub use hover::{Hover, hover};
pub use keys::{KeyDoc, of_key};
pub use open_spec::OpenSpec;
pub use page::page;
pub use positions::{Lines, Position};
pub use references::{Edit, definition, option_at, references, rename, renamed_at};
pub use words::{WordDoc, of_word};

use crate::diagnostics::Code;
use crate::diagnostics::nearest::nearest;

/// Everything that has this name: keys of the language, filters, functions, tests and methods of
/// templates, codes of checks; each as Markdown.
pub fn explain(name: &str) -> Vec<String> {
    let keys = of_key(name).into_iter().map(|key| key.markdown());
    let words = of_word(name).into_iter().map(|word| word.markdown());
    let code = Code::find(name).map(|code| {
        format!(
            "# `{}`, {} of `check`\n\n{}",
            code.word(),
            code.severity().word(),
            code.about()
        )
    });
    keys.chain(words).chain(code).collect()
}

/// The name that is most like this one, of all that can be explained.
pub fn nearest_name(name: &str) -> Option<String> {
    let mut names = keys::names();
    names.extend(words::names().map(str::to_owned));
    names.extend(Code::ALL.iter().map(|code| code.word().to_owned()));
    nearest(name, names.iter().map(String::as_str)).map(str::to_owned)
}
