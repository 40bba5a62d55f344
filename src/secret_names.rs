//! Names whose values are secrets: of headers, parameters, keys of a body.

/// Names that only secrets have, in small letters without dashes.
const SECRET_NAMES: [&str; 25] = [
    "token",
    "accesstoken",
    "refreshtoken",
    "idtoken",
    "sessiontoken",
    "authtoken",
    "apitoken",
    "csrftoken",
    "bearer",
    "bearertoken",
    "jwt",
    "apikey",
    "xapikey",
    "apisecret",
    "accesskey",
    "secretkey",
    "privatekey",
    "clientsecret",
    "secret",
    "password",
    "passwd",
    "pwd",
    "session",
    "sessionid",
    "authorization",
];

/// Whether a field of this name holds a secret and nothing else: in an answer, `key` and `pin` may be
/// data, so the name must be one of the list.
pub fn names_secret(name: &str) -> bool {
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    SECRET_NAMES.contains(&name.to_ascii_lowercase().as_str())
}

/// `clientSecret` as `client-secret`, in small letters.
fn with_dashes(name: &str) -> String {
    let mut text = String::new();
    let mut was_small = false;
    for c in name.chars() {
        if c.is_uppercase() && was_small {
            text.push('-');
        }
        was_small = c.is_lowercase() || c.is_ascii_digit();
        text.extend(c.to_lowercase());
    }
    text
}

/// Whether the value of a header or a parameter of this name is likely a secret.
pub fn sounds_secret(name: &str) -> bool {
    let name = with_dashes(name);
    let parts: Vec<&str> = name.split(['-', '_', '.']).collect();
    let word = |word: &str| parts.contains(&word);
    let joined = parts.concat();
    (word("token") && !word("page") && !word("next") && !word("continuation"))
        || word("secret")
        || word("pass")
        || word("pw")
        || word("bearer")
        || word("credentials")
        || word("credential")
        || word("otp")
        || word("cvv")
        || word("csrf")
        || word("sid")
        || parts.last() == Some(&"key") && parts.len() > 1 && !OF_DATA.contains(&parts[0])
        || joined.ends_with("appkey")
        || word("passwd")
        || word("pwd")
        || word("pin")
        || word("jwt")
        || word("sig")
        || word("hmac")
        || word("session")
        || word("password")
        || word("signature")
        || word("auth")
        || word("authorization")
        || word("cookie")
        || joined.ends_with("apikey")
        || joined.ends_with("accesskey")
        || joined.ends_with("accesstoken")
        || (word("key") && (word("api") || word("access") || parts.len() == 1))
}

/// What stands before `key` where no secret is meant.
const OF_DATA: [&str; 7] = [
    "sort",
    "order",
    "group",
    "primary",
    "foreign",
    "partition",
    "delta",
];

/// Whether a value is one that nobody types: long, of letters and digits without words between.
pub fn looks_made(value: &str) -> bool {
    let has = |is: fn(&char) -> bool| value.chars().any(|c| is(&c));
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_+/=.~".contains(c);
    value.len() >= 20
        && value.chars().all(is_plain)
        && has(char::is_ascii_digit)
        && has(char::is_ascii_alphabetic)
        && !value.contains("://")
}

/// Whether a value is a secret by its looks: a JSON Web Token.
pub fn looks_secret(value: &str) -> bool {
    value.starts_with("eyJ") && value.len() > 30 && value.matches('.').count() == 2
}
