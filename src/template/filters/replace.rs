//! `replace(from, to)`; minijinja's, in its plain form.

use memchr::memmem;

use crate::template::native::{Doubt, Plain};

/// The plain form.
pub fn native<'r>(value: Plain<'r>, arguments: &[Plain<'r>]) -> Result<Plain<'r>, Doubt> {
    let [from, to] = arguments else {
        return Err(Doubt);
    };
    let (from, to) = (from.as_text()?, to.as_text()?);
    let text = value.into_text()?;
    // Where nothing is looked for, it is found between all characters.
    if from.is_empty() {
        return Ok(Plain::owned(text.replace(from, to)));
    }
    let Some(mut at) = memmem::find(text.as_bytes(), from.as_bytes()) else {
        return Ok(Plain::Text(text));
    };
    let mut replaced = String::with_capacity(text.len() + to.len());
    let mut rest = &*text;
    loop {
        replaced.push_str(&rest[..at]);
        replaced.push_str(to);
        rest = &rest[at + from.len()..];
        match memmem::find(rest.as_bytes(), from.as_bytes()) {
            Some(next) => at = next,
            None => break,
        }
    }
    replaced.push_str(rest);
    Ok(Plain::owned(replaced))
}
