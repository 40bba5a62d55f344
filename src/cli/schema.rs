//! `runner schema`: the JSON Schema of specs.

use super::arguments::{SchemaArguments, SchemaOf};
use crate::exit::Exit;

/// Prints the schema of specs, or of test files.
pub fn schema(arguments: &SchemaArguments) -> Exit {
    let schema = match arguments.of {
        SchemaOf::Spec => crate::spec::schema::published(),
        #[cfg(feature = "sandbox")]
        SchemaOf::Test => crate::testing::schema(),
    };
    say!("{schema:#}");
    Exit::Done
}
