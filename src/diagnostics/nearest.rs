//! "Did you mean": the nearest of the allowed names.

/// The allowed name that `wrong` most likely stands for.
pub fn nearest<'a>(wrong: &str, allowed: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = wrong.to_lowercase();
    let is_near = |distance: usize, name: &str| {
        let longest = name.chars().count().max(wrong.chars().count());
        // Of two letters one is half the word: that is no misspelling.
        distance == 0 || (longest > 2 && distance <= (longest / 3).max(1))
    };
    let allowed: Vec<&str> = allowed.into_iter().collect();
    // The beginning of one word alone: `warn` of `warning`.
    let mut begun = allowed
        .iter()
        .filter(|name| name.to_lowercase().starts_with(&lower));
    if let (true, Some(only), None) = (lower.len() > 3, begun.next(), begun.next()) {
        return Some(only);
    }
    allowed
        .into_iter()
        .map(|name| {
            (
                strsim::damerau_levenshtein(&lower, &name.to_lowercase()),
                name,
            )
        })
        .filter(|(distance, name)| is_near(*distance, name))
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
