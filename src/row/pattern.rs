//! Names with `*`: which columns are meant, and what the `*` stood for.

/// A column name in which `*` stands for any text and `**` for a star.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// The text between the stars.
    parts: Vec<String>,
}

impl Pattern {
    /// Reads a pattern.
    pub fn new(text: &str) -> Self {
        let mut parts = vec![String::new()];
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            if c == '*' && chars.peek() != Some(&'*') {
                parts.push(String::new());
                continue;
            }
            if c == '*' {
                chars.next();
            }
            if let Some(part) = parts.last_mut() {
                part.push(c);
            }
        }
        Self { parts }
    }

    /// How many stars there are.
    pub fn stars(&self) -> usize {
        self.parts.len() - 1
    }

    /// The name itself, if there is no star in it.
    pub fn as_name(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [name] => Some(name),
            _ => None,
        }
    }

    /// Whether a name is meant.
    pub fn matches(&self, name: &str) -> bool {
        self.captures(name).is_some()
    }

    /// What the stars stand for in a name, each the shortest text that fits.
    pub fn captures<'n>(&self, name: &'n str) -> Option<Vec<&'n str>> {
        let (first, rest) = self.parts.split_first()?;
        let mut tail = name.strip_prefix(first.as_str())?;
        let Some((last, middle)) = rest.split_last() else {
            return tail.is_empty().then(Vec::new);
        };
        let mut captured = Vec::with_capacity(rest.len());
        for part in middle {
            let at = tail.find(part.as_str())?;
            captured.push(&tail[..at]);
            tail = &tail[at + part.len()..];
        }
        captured.push(tail.strip_suffix(last.as_str())?);
        Some(captured)
    }

    /// The name with these texts in place of the stars.
    pub fn fill(&self, texts: &[&str]) -> String {
        let mut name = String::new();
        for (index, part) in self.parts.iter().enumerate() {
            if index > 0 {
                name.push_str(texts.get(index - 1).copied().unwrap_or_default());
            }
            name.push_str(part);
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_match_any_text_and_two_are_one() {
        let captured = |pattern: &str, name: &'static str| Pattern::new(pattern).captures(name);
        assert_eq!(captured("attr_*", "attr_size"), Some(vec!["size"]));
        assert_eq!(captured("attr_*", "attr_"), Some(vec![""]));
        assert_eq!(captured("attr_*", "size"), None);
        assert_eq!(captured("a*-*b", "ax-y-b"), Some(vec!["x", "y-"]));
        assert_eq!(captured("a*a", "a"), None);
        assert_eq!(captured("a**", "a*"), Some(vec![]));
        assert_eq!(captured("a**", "ab"), None);
        assert_eq!(Pattern::new("x_*_*").fill(&["1", "2"]), "x_1_2");
    }
}
