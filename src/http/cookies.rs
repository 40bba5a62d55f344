//! Cookies that answers set (RFC 6265): their names and values are sent back, their attributes are not.

use reqwest::header::{HeaderMap, SET_COOKIE};

/// A cookie that an answer sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetCookie {
    pub name: String,
    /// Nothing where the cookie is taken back.
    pub value: Option<String>,
}

/// The cookies that an answer sets, in order.
pub fn cookies_of(headers: &HeaderMap) -> Vec<SetCookie> {
    let all = headers.get_all(SET_COOKIE).iter();
    let texts = all.map(|value| String::from_utf8_lossy(value.as_bytes()));
    texts.filter_map(|text| cookie(&text)).collect()
}

/// Reads `name=value; Path=/; Max-Age=0`.
fn cookie(text: &str) -> Option<SetCookie> {
    let mut parts = text.split(';');
    let (name, value) = parts.next()?.split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    let is_over = parts.any(|part| {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let value = value.trim();
        match key.trim().to_ascii_lowercase().as_str() {
            "max-age" => value.parse::<i64>().is_ok_and(|seconds| seconds <= 0),
            // A server that takes a cookie back dates it to the beginning of time.
            "expires" => ["1970", "-70 "].iter().any(|year| value.contains(year)),
            _ => false,
        }
    });
    (!name.is_empty()).then(|| SetCookie {
        name: name.to_owned(),
        value: (!is_over).then(|| value.to_owned()),
    })
}

/// Puts cookies into a jar: a new value takes the place of the old one.
pub fn put_cookies(jar: &mut Vec<(String, String)>, set: &[SetCookie]) {
    for SetCookie { name, value } in set {
        jar.retain(|(known, _)| known != name);
        jar.extend(value.iter().map(|value| (name.clone(), value.clone())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::header_value;

    #[test]
    fn names_and_values_are_kept_and_what_is_over_is_not() {
        let mut headers = HeaderMap::new();
        for value in [
            "SID=abc==; path=/; secure; HttpOnly; expires=Tue, 01 Jan 2030 10:00:00 GMT",
            "context=sap-client=100; Path=/",
            "old=; Max-Age=0",
            "gone=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            "no cookie",
        ] {
            headers.append(SET_COOKIE, header_value("", value).unwrap());
        }
        let mut jar = vec![
            ("old".to_owned(), "1".to_owned()),
            ("SID".to_owned(), "0".to_owned()),
        ];
        put_cookies(&mut jar, &cookies_of(&headers));
        let pairs: Vec<String> = jar
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        assert_eq!(pairs, ["SID=abc==", "context=sap-client=100"]);
    }
}
