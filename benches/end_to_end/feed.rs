//! The rows: products of 20 columns, about 563 bytes each, always the same.

use std::fmt::Write as _;

/// Rows of an answer: as many as runner asks for.
pub const BATCH: usize = 999;
/// Answers that differ; longer inputs are handed out from the first again.
const DISTINCT: usize = 20;

const BRANDS: [&str; 5] = ["Northwind", "Alpin", "Fjell", "Möwe & Söhne", "Terra"];
const COLORS: [&str; 6] = ["black", "white", "forest green", "grün", "red", "sand"];
const SIZES: [&str; 5] = ["S", "M", "L", "XL", "one size"];
const MATERIALS: [&str; 4] = ["cotton", "merino wool", "recycled polyester", "leather"];
const NOUNS: [&str; 6] = [
    "Trail running shoe",
    "Rain jacket",
    "Backpack 30 l",
    "Water bottle",
    "Wool socks",
    "Größenverstellbare Mütze",
];

/// How the answers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writing {
    /// Only what JSON demands is escaped.
    Plain,
    /// As PHP's `json_encode` does it: `\/` and `\u00e4`.
    Php,
}

/// The answers to `next_batch`, for an input of any length.
pub struct Feed {
    /// Bodies of whole batches.
    whole: Vec<Vec<u8>>,
    /// The last body that has rows, where it has fewer.
    rest: Option<Vec<u8>>,
    pub rows: usize,
}

impl Feed {
    /// A feed of `rows` rows.
    pub fn new(rows: usize, writing: Writing) -> Self {
        let batches = rows / BATCH;
        let whole = (0..DISTINCT.min(batches))
            .map(|batch| body(batch * BATCH, BATCH, writing))
            .collect();
        let rest = (!rows.is_multiple_of(BATCH)).then(|| {
            let number = batches % DISTINCT;
            body(number * BATCH, rows % BATCH, writing)
        });
        Self { whole, rest, rows }
    }

    /// The answer to the read with this number, from 0.
    pub fn answer(&self, number: usize) -> &[u8] {
        let batches = self.rows / BATCH;
        if number < batches {
            return &self.whole[number % self.whole.len()];
        }
        match &self.rest {
            Some(rest) if number == batches => rest,
            _ => b"{\"message\":\"\",\"data\":[]}",
        }
    }
}

/// Rows as JSON Lines.
pub fn lines(rows: usize) -> String {
    let mut text = String::new();
    for index in 0..rows {
        row(index, Writing::Plain, &mut text);
        text.push('\n');
    }
    text
}

fn body(first: usize, rows: usize, writing: Writing) -> Vec<u8> {
    let mut text = "{\"message\":\"\",\"data\":[".to_owned();
    for index in first..first + rows {
        if index > first {
            text.push(',');
        }
        row(index, writing, &mut text);
    }
    text.push_str("]}");
    text.into_bytes()
}

fn row(index: usize, writing: Writing, out: &mut String) {
    let pick = |words: &[&'static str], salt: usize| words[(index * 7 + salt) % words.len()];
    let (noun, brand, color) = (pick(&NOUNS, 1), pick(&BRANDS, 2), pick(&COLORS, 3));
    let id = 100_000 + index;
    let cents = 990 + (index * 37) % 20_000;
    let cells = [
        ("id", id.to_string()),
        ("title", format!("{noun}, {color}")),
        (
            "description",
            format!(
                "<p>{noun} by <b>{brand}</b> &amp; co, for days.</p>\
                 <ul><li>{color}</li><li>{} g</li></ul>",
                index % 90
            ),
        ),
        ("brand", brand.to_owned()),
        ("price", format!("{}.{:02}", cents / 100, cents % 100)),
        (
            "sale_price",
            if index.is_multiple_of(4) {
                format!("{}.90", cents / 130)
            } else {
                String::new()
            },
        ),
        ("currency", "EUR".to_owned()),
        ("stock", (index * 13 % 140).to_string()),
        (
            "availability",
            pick(&["in stock", "out of stock"], 4).to_owned(),
        ),
        ("gtin", format!("40{:011}", index * 7919 % 99_999_999)),
        ("link", format!("https://shop.example/p/{id}")),
        ("image_link", format!("https://img.example/{id}/main.jpg")),
        ("color", color.to_owned()),
        ("size", pick(&SIZES, 5).to_owned()),
        ("material", pick(&MATERIALS, 6).to_owned()),
        ("category", format!("Sports > {noun}")),
        ("weight", format!("{},{} kg", index % 3, index % 10)),
        ("condition", "new".to_owned()),
        (
            "updated_at",
            format!("2026-11-{:02}T08:30:00Z", index % 28 + 1),
        ),
        (
            "note",
            if index.is_multiple_of(9) {
                "say \"hello\"".to_owned()
            } else {
                "-".to_owned()
            },
        ),
    ];
    out.push('{');
    for (at, (name, value)) in cells.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        string(name, writing, out);
        out.push(':');
        string(value, writing, out);
    }
    out.push('}');
}

fn string(text: &str, writing: Writing, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '/' if writing == Writing::Php => out.push_str("\\/"),
            c if writing == Writing::Php && !c.is_ascii() => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Writing into a string does not fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
