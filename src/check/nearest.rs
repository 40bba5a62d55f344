//! "Did you mean": the nearest of the allowed names.

/// The allowed name that `wrong` most likely stands for.
pub fn nearest<'a>(wrong: &str, allowed: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = wrong.to_lowercase();
    allowed
        .into_iter()
        .map(|name| {
            (
                strsim::damerau_levenshtein(&lower, &name.to_lowercase()),
                name,
            )
        })
        .filter(|(distance, name)| *distance <= (name.len().max(wrong.len()) / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// A hint that names the nearest allowed name and the list of what is allowed.
pub fn hint<'a>(wrong: &str, allowed: impl IntoIterator<Item = &'a str>) -> String {
    let allowed: Vec<&str> = allowed.into_iter().collect();
    let list = match allowed.as_slice() {
        [] => return "nothing is allowed here".to_owned(),
        [only] => format!("allowed is only `{only}`"),
        names => format!("allowed: {}", names.join(", ")),
    };
    match nearest(wrong, allowed.iter().copied()) {
        Some(name) => format!("did you mean `{name}`? {list}"),
        None => list,
    }
}
