//! The header `Link`.

use crate::http::Answer;

/// The address of a link in the header `Link` (RFC 8288).
pub(super) fn link(answer: &Answer, rel: &str) -> Option<String> {
    for value in answer.headers.get_all("link") {
        let Ok(text) = value.to_str() else { continue };
        let mut rest = text;
        while let Some((_, behind)) = rest.split_once('<') {
            let (target, parameters) = behind.split_once('>')?;
            // Another link begins behind a comma.
            let mut commas = parameters.match_indices(',').map(|(at, _)| at);
            let end = commas.find(|at| parameters[at + 1..].trim_start().starts_with('<'));
            let own = &parameters[..end.unwrap_or(parameters.len())];
            let is_wanted = own.split(';').any(|parameter| {
                let Some((name, value)) = parameter.split_once('=') else {
                    return false;
                };
                let value = value.trim().trim_end_matches(',').trim_matches('"');
                name.trim().eq_ignore_ascii_case("rel")
                    && value
                        .split_whitespace()
                        .any(|word| word.eq_ignore_ascii_case(rel))
            });
            if is_wanted {
                return Some(target.trim().to_owned());
            }
            rest = parameters;
        }
    }
    None
}
