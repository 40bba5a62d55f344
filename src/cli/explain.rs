//! `runner explain NAME`: what a key, a filter or a check's code means.

use super::arguments::ExplainArguments;
use crate::exit::Exit;
use crate::language_service::{explain as explained, nearest_name};

/// Prints all that has the name; exit 2 if nothing has.
pub fn explain(arguments: &ExplainArguments) -> Exit {
    let name = arguments.name.trim_matches('`');
    let texts = explained(name);
    if texts.is_empty() {
        let near = nearest_name(name);
        let help = near.map_or_else(
            || {
                "name a key, a filter, a function, a test, a method or a code of `runner check`"
                    .to_owned()
            },
            |near| format!("did you mean `{near}`?"),
        );
        eprintln!("nothing is called `{name}`: {help}");
        return Exit::Wrong;
    }
    say!("{}", texts.join("\n\n"));
    Exit::Done
}
