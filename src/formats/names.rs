//! The names of a header.

/// Names, each once: one that comes again gets a number, and one that is empty its place, so that no
/// column is lost.
pub fn distinct<'n>(cells: impl Iterator<Item = &'n str>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (index, cell) in cells.enumerate() {
        let base = match cell.trim() {
            "" => format!("column_{}", index + 1),
            text => text.to_owned(),
        };
        let mut name = base.clone();
        let mut count = 1;
        while names.contains(&name) {
            count += 1;
            name = format!("{base}_{count}");
        }
        names.push(name);
    }
    names
}
