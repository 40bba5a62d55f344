//! Numbers of typed columns as JSON.

/// Whole numbers up to this are exact.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A number with the digits that `as_it_is` has; what is none is `null`. Whole ones have no fraction: where
/// cells are empty, writers make such columns of whole numbers.
pub fn double(number: f64, as_it_is: impl serde::Serialize) -> String {
    if number.fract() == 0.0 && number.abs() <= EXACT {
        return format!("{number:.0}");
    }
    serde_json::to_string(&as_it_is).unwrap_or_else(|_| "null".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_of_their_type() {
        assert_eq!(double(f64::from(19.9_f32), 19.9_f32), "19.9");
        assert_eq!(double(3.0, 3.0), "3");
        assert_eq!(double(-2.5, -2.5), "-2.5");
        assert_eq!(double(f64::NAN, f64::NAN), "null");
        assert_eq!(double(f64::INFINITY, f64::INFINITY), "null");
    }
}
