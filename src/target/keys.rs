//! Which rows results are about, by their keys.

use std::collections::HashMap;

/// Which rows results are about.
pub(super) struct KeyMatches {
    /// Of each result the rows: none, one, or several that have one key.
    pub about: Vec<Vec<usize>>,
    /// Rows that were found without case and space, and the result.
    pub loosely: Vec<(usize, usize)>,
}

/// Finds rows by their keys as text, and those of which nothing is said once more without case and
/// surrounding space.
pub(super) fn by_key(keys: &[String], named: &[String]) -> KeyMatches {
    let mut exact: HashMap<&str, Vec<usize>> = HashMap::new();
    // A key that is nothing is none: what names no row is about none of them.
    for (place, key) in keys.iter().enumerate().filter(|(_, key)| !key.is_empty()) {
        exact.entry(key).or_default().push(place);
    }
    let mut about: Vec<Vec<usize>> = named
        .iter()
        .map(|name| exact.get(name.as_str()).cloned().unwrap_or_default())
        .collect();
    let is_told = are_told(keys.len(), &about);
    let mut rest: HashMap<String, Vec<usize>> = HashMap::new();
    for (place, key) in keys.iter().enumerate() {
        let key = loose(key);
        if !is_told[place] && !key.is_empty() {
            rest.entry(key).or_default().push(place);
        }
    }
    let mut loosely = Vec::new();
    for (element, places) in about.iter_mut().enumerate() {
        if !places.is_empty() || rest.is_empty() {
            continue;
        }
        if let Some(found) = rest.get(&loose(&named[element])) {
            loosely.extend(found.iter().map(|place| (*place, element)));
            places.clone_from(found);
        }
    }
    share_among_likes(keys, &mut about);
    KeyMatches { about, loosely }
}

/// Of rows whose keys differ in case and space alone, and of which one is told nothing, nobody knows by
/// the key which a result is about: it is about any of them.
fn share_among_likes(keys: &[String], about: &mut [Vec<usize>]) {
    let is_told = are_told(keys.len(), about);
    if is_told.iter().all(|is_told| *is_told) {
        return;
    }
    let mut likes: HashMap<String, Vec<usize>> = HashMap::new();
    for (place, key) in keys.iter().enumerate() {
        likes.entry(loose(key)).or_default().push(place);
    }
    let is_unclear =
        |places: &Vec<usize>| places.len() > 1 && places.iter().any(|place| !is_told[*place]);
    likes.retain(|key, places| !key.is_empty() && is_unclear(places));
    for places in about.iter_mut() {
        let shared = places
            .first()
            .and_then(|place| likes.get(&loose(&keys[*place])));
        if let Some(shared) = shared {
            places.clone_from(shared);
        }
    }
}

/// Of each row whether a result is about it.
fn are_told(count: usize, about: &[Vec<usize>]) -> Vec<bool> {
    let mut are_told = vec![false; count];
    for place in about.iter().flatten() {
        are_told[*place] = true;
    }
    are_told
}

/// Whether results stand in the order of their rows, where the first about several rows is about the
/// first of them.
pub(super) fn are_in_order(about: &[Vec<usize>]) -> bool {
    let mut taken: HashMap<&[usize], usize> = HashMap::new();
    let places = about.iter().filter_map(|places| {
        let nth = taken.entry(places).or_default();
        *nth += 1;
        match places.as_slice() {
            [place] => Some(*place),
            several => several.get(*nth - 1).copied(),
        }
    });
    places.is_sorted()
}

/// A key without case and surrounding space.
fn loose(key: &str) -> String {
    key.trim().to_lowercase()
}
