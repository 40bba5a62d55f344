//! `runner schema`: the JSON Schema of specs, and the page of their language.

use super::arguments::{SchemaArguments, SchemaOf};
use crate::exit::Exit;

/// Prints the schema of specs or of test files, or the page of the language.
pub fn schema(arguments: &SchemaArguments) -> Exit {
    let schema = match arguments.of {
        SchemaOf::Spec => crate::spec::schema::published(),
        #[cfg(feature = "sandbox")]
        SchemaOf::Test => crate::testing::schema(),
        SchemaOf::Language => {
            say_inline!("{}", crate::language_service::page());
            return Exit::Done;
        }
    };
    say!("{schema:#}");
    Exit::Done
}
