//! Addresses of servers: host, port, login and path.

use percent_encoding::percent_decode_str;
use reqwest::Url;

use super::Login;
use crate::plan::Redactor;
use crate::plan::source::schemes;

/// Why an address leads nowhere.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// It can't be read.
    #[error("{0}{1}")]
    Url(String, &'static str),
    /// It names no host.
    #[error("it has no host")]
    NoHost,
    /// Implicit FTPS.
    #[error(
        "port {IMPLICIT} speaks TLS from the first byte, which is not spoken here: name the port of FTP, mostly 21, on which TLS is asked for"
    )]
    Implicit,
    /// A bucket can't be called so, or lies nowhere.
    #[error("{0}")]
    Bucket(String),
    /// The program was built without it.
    #[error("this runner was built without {0}: build it with `--features {0}`")]
    Unbuilt(&'static str),
    /// Files lie elsewhere.
    #[error("`{0}` is not one of {words}", words = schemes("and"))]
    Scheme(String),
}

/// Where a server is reached, by whom, and the path there.
pub struct ServerAddress {
    pub scheme: String,
    pub host: String,
    pub port: Option<u16>,
    pub login: Login,
    pub path: String,
}

impl ServerAddress {
    pub fn read(
        scheme: &str,
        rest: &str,
        mut login: Login,
        redactor: &Redactor,
    ) -> Result<Self, AddressError> {
        // A glob is no URL: only what stands before the path is read as one.
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let url = Url::parse(&format!("{scheme}://{host}")).map_err(|error| {
            let hint = if rest.contains('@') {
                "; in a name or a password `/`, `#`, `?`, `@` and spaces are written %2F, %23, %3F, %40 and %20"
            } else {
                ""
            };
            AddressError::Url(error.to_string(), hint)
        })?;
        let host = url.host_str().ok_or(AddressError::NoHost)?.to_owned();
        if login.username.is_empty() {
            login.username = decoded(url.username());
            if let Some(password) = url.password() {
                redactor.add(password);
                login.password = decoded(password);
                redactor.add(&login.password);
            }
        }
        Ok(Self {
            scheme: scheme.to_owned(),
            host,
            port: url.port(),
            login,
            path: format!("/{}", decoded(path)),
        })
    }
}

/// Implicit FTPS.
pub const IMPLICIT: u16 = 990;

/// Hides the password of an address, also where it has signs that end it for those who read addresses.
pub fn hide_password(rest: &str, redactor: &Redactor) {
    let Some((login, _)) = rest.rsplit_once('@') else {
        return;
    };
    let Some((name, password)) = login.split_once(':') else {
        return;
    };
    // Behind a host a path may have these signs too.
    let digits = password.bytes().take_while(u8::is_ascii_digit).count();
    let is_port = digits > 0 && password[digits..].starts_with('/');
    if !name.contains('/') && !is_port {
        redactor.add(password);
        redactor.add(&decoded(password));
    }
}

/// Of an address, as it was before it was written into one.
fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_hidden_wherever_it_ends() {
        let shown = |rest: &str| {
            let redactor = Redactor::default();
            hide_password(rest, &redactor);
            redactor.redact(rest)
        };
        assert_eq!(shown("u:pass12345@host/a.csv"), "u:[hidden]@host/a.csv");
        assert_eq!(shown("u:pa/ss12345@host/a.csv"), "u:[hidden]@host/a.csv");
        assert_eq!(shown("u:pa#s@s12345@ho st/a"), "u:[hidden]@ho st/a");
        assert_eq!(shown("u:99999@host:99999/a"), "u:[hidden]@host:[hidden]/a");
        for plain in [
            "host/a.csv",
            "host:2121/a:b@c.csv",
            "host/a@b.csv",
            "u@host/a",
        ] {
            assert_eq!(shown(plain), plain);
        }
    }
}
