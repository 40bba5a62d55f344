//! A `curl` command as documentation and browsers have it, taken apart.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;

use super::request::{Given, Request};
use crate::secret_names::{looks_secret, sounds_secret};

/// Why a command can't be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CurlError {
    /// It is no command line.
    #[error("a quote of this command is never closed")]
    Quotes,
    /// As browsers write it for Windows.
    #[error("this command is written for the shell of Windows (`^\"`): copy it as cURL (bash)")]
    Cmd,
    /// Something else than curl.
    #[error("the command begins with `{0}`, and curl is read")]
    NotCurl(String),
    /// An option that is not known, or says what a spec says otherwise.
    #[error("the option {0} is not known here{1}")]
    Option(String, &'static str),
    /// An option whose value is missing.
    #[error("the option {0} needs a value")]
    NoValue(String),
    /// No address, or none that can be asked.
    #[error("the command has no address that begins with http:// or https://")]
    NoUrl,
}

/// Options without a value that change nothing here.
const PASSED_OVER: [&str; 17] = [
    "-s",
    "--silent",
    "-S",
    "--show-error",
    "-L",
    "--location",
    "-i",
    "--include",
    "-v",
    "--verbose",
    "-k",
    "--insecure",
    "--compressed",
    "-f",
    "--fail",
    "-sS",
    "-sL",
];

/// Headers that every client sets by itself.
const OF_CLIENTS: [&str; 12] = [
    "host",
    "user-agent",
    "accept-encoding",
    "connection",
    "content-length",
    "origin",
    "referer",
    "dnt",
    "pragma",
    "cache-control",
    "accept-language",
    "priority",
];

impl Request {
    /// Reads a command.
    pub fn read(command: &str) -> Result<Self, CurlError> {
        let command = command.replace("\\\r\n", " ").replace("\\\n", " ");
        if command.contains("^\"") {
            return Err(CurlError::Cmd);
        }
        let command = without_dollar_quotes(&command);
        let words = shlex::split(&command).ok_or(CurlError::Quotes)?;
        let mut words = words.into_iter();
        let mut words = words.by_ref().skip_while(|word| word == "$");
        match words.next() {
            Some(first) if first == "curl" => {}
            first => return Err(CurlError::NotCurl(first.unwrap_or_default())),
        }
        let mut read = Reading::default();
        while let Some(word) = words.next() {
            read.word(&word, &mut words)?;
        }
        read.finish()
    }
}

/// A command as far as it was read.
#[derive(Default)]
struct Reading {
    request: Request,
    url: Option<String>,
    data: Vec<String>,
    is_get: bool,
}

impl Reading {
    fn word(
        &mut self,
        word: &str,
        rest: &mut impl Iterator<Item = String>,
    ) -> Result<(), CurlError> {
        let (name, joined) = match word.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
            _ => (word, None),
        };
        let mut value = || {
            joined
                .clone()
                .or_else(|| rest.next())
                .ok_or_else(|| CurlError::NoValue(name.to_owned()))
        };
        match name {
            "-X" | "--request" => self.request.method = Some(value()?.to_uppercase()),
            "-H" | "--header" => {
                let header = value()?;
                let (name, value) = header.split_once(':').unwrap_or((&header, ""));
                self.header(name.trim(), value.trim());
            }
            "-d" | "--data" | "--data-raw" | "--data-binary" | "--data-ascii" => {
                let data = value()?;
                if data.starts_with('@') && name != "--data-raw" {
                    let why = ": a file; put what stands in it into the command";
                    return Err(CurlError::Option(format!("{name} {data}"), why));
                }
                self.data.push(data);
            }
            "--data-urlencode" => {
                let data = value()?;
                let encoded = match data.split_once('=') {
                    Some((name, value)) => form_urlencoded::Serializer::new(String::new())
                        .append_pair(name, value)
                        .finish(),
                    None => form_urlencoded::byte_serialize(data.as_bytes()).collect(),
                };
                self.data.push(encoded);
            }
            "--json" => {
                let data = value()?;
                self.data.push(data);
                self.header("content-type", "application/json");
            }
            "-u" | "--user" => {
                let user = value()?;
                let (name, password) = user.split_once(':').unwrap_or((&user, ""));
                self.request.given = Given::Basic(name.to_owned(), password.to_owned());
            }
            "-G" | "--get" => self.is_get = true,
            "--url" => self.url = Some(value()?),
            "-b" | "--cookie" => {
                let cookie = value()?;
                self.header("cookie", &cookie);
            }
            "-A" | "--user-agent" | "-e" | "--referer" | "-o" | "--output" | "-m"
            | "--max-time" => {
                value()?;
            }
            "-F" | "--form" => {
                return Err(CurlError::Option(
                    name.to_owned(),
                    ": write the body as multipart in the spec",
                ));
            }
            _ if PASSED_OVER.contains(&name) => {}
            // `-XPOST` and `-sSL`.
            _ if name.starts_with("-X") => self.request.method = Some(name[2..].to_uppercase()),
            _ if is_of_flags(name) => {}
            _ if name.starts_with('-') => return Err(CurlError::Option(name.to_owned(), "")),
            _ => self.url = Some(word.to_owned()),
        }
        Ok(())
    }

    fn header(&mut self, name: &str, value: &str) {
        let lower = name.to_lowercase();
        let is_of_browser = lower.starts_with("sec-") || OF_CLIENTS.contains(&lower.as_str());
        if is_of_browser || value.is_empty() {
            return;
        }
        let given = match lower.as_str() {
            "authorization" => match value.split_once(' ') {
                Some((kind, token)) if kind.eq_ignore_ascii_case("bearer") => {
                    Some(Given::Bearer(token.trim().to_owned()))
                }
                Some((kind, encoded)) if kind.eq_ignore_ascii_case("basic") => decoded(encoded),
                _ => Some(Given::Header(name.to_owned(), value.to_owned())),
            },
            "cookie" => Some(Given::Header(name.to_owned(), value.to_owned())),
            _ if sounds_secret(name) || looks_secret(value) => {
                Some(Given::Header(name.to_owned(), value.to_owned()))
            }
            _ => None,
        };
        match given {
            Some(given) if self.request.given == Given::None => self.request.given = given,
            // A second secret is one more option of the spec, by its name.
            Some(_) | None => self
                .request
                .headers
                .push((name.to_owned(), value.to_owned())),
        }
    }

    fn finish(mut self) -> Result<Request, CurlError> {
        let url = self.url.ok_or(CurlError::NoUrl)?;
        let url = if url.contains("://") {
            url
        } else {
            format!("https://{url}")
        };
        let mut url = Url::parse(&url).map_err(|_| CurlError::NoUrl)?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(CurlError::NoUrl);
        }
        if !url.username().is_empty() {
            let password = url.password().unwrap_or_default().to_owned();
            self.request.given = Given::Basic(url.username().to_owned(), password);
            // Both can be set where there is a host.
            let _ = url.set_username("");
            let _ = url.set_password(None);
        }
        let mut query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let data = self.data.join("&");
        if self.is_get {
            query.extend(form_urlencoded::parse(data.as_bytes()).into_owned());
        } else if !self.data.is_empty() {
            self.request.body = Some(data);
        }
        for (name, value) in query {
            let is_secret = sounds_secret(&name);
            if is_secret && self.request.given == Given::None {
                self.request.given = Given::Query(name, value);
            } else {
                self.request.query.push((name, value));
            }
        }
        url.set_query(None);
        url.set_fragment(None);
        self.request.url = url.to_string();
        Ok(self.request)
    }
}

/// A command whose `$'it\'s'`, as browsers copy texts, is quoted as other shells do it.
fn without_dollar_quotes(command: &str) -> String {
    let mut text = String::new();
    let mut rest = command;
    while let Some(at) = rest.find(" $'") {
        text.push_str(&rest[..=at]);
        let mut chars = rest[at + 3..].chars();
        let mut inner = String::new();
        while let Some(c) = chars.next() {
            match c {
                '\'' => break,
                '\\' => match chars.next() {
                    Some('n') => inner.push('\n'),
                    Some('t') => inner.push('\t'),
                    Some('r') => inner.push('\r'),
                    Some('u') => {
                        let digits: String = chars.by_ref().take(4).collect();
                        let code = u32::from_str_radix(&digits, 16).ok();
                        inner.extend(code.and_then(char::from_u32));
                    }
                    other => inner.extend(other),
                },
                c => inner.push(c),
            }
        }
        let quoted = shlex::try_quote(&inner);
        text.push_str(quoted.as_deref().unwrap_or_default());
        rest = chars.as_str();
    }
    text + rest
}

/// Whether it is several flags in one that change nothing here: `-fsSL`.
fn is_of_flags(name: &str) -> bool {
    let flags = name.strip_prefix('-').unwrap_or_default();
    !flags.is_empty() && flags.chars().all(|c| "sSLivkf#".contains(c))
}

fn decoded(encoded: &str) -> Option<Given> {
    let bytes = STANDARD.decode(encoded.trim()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (name, password) = text.split_once(':')?;
    Some(Given::Basic(name.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(command: &str) -> Request {
        Request::read(command).unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    #[test]
    fn commands_of_documentation_are_taken_apart() {
        let request = read(
            "curl -X GET 'https://api.example.com/v1/products?limit=10&api_key=s3cret' \\\n  -H 'Accept: application/json' -H 'X-Version: 2'",
        );
        assert_eq!(request.url, "https://api.example.com/v1/products");
        assert_eq!(request.query, [("limit".to_owned(), "10".to_owned())]);
        assert_eq!(
            request.given,
            Given::Query("api_key".to_owned(), "s3cret".to_owned())
        );
        assert_eq!(request.headers.len(), 2);
        let request = read(
            "curl --location https://a.example/x --header \"Authorization: Bearer abc\" --data-raw '{\"a\":1}'",
        );
        assert_eq!(request.given, Given::Bearer("abc".to_owned()));
        assert_eq!(
            (request.method(), request.body.as_deref()),
            ("POST", Some("{\"a\":1}"))
        );
        let request =
            read("curl -u me:pw -G https://a.example/x -d page=1 --data-urlencode 'q=a b&c'");
        assert_eq!(
            request.given,
            Given::Basic("me".to_owned(), "pw".to_owned())
        );
        assert_eq!(request.method(), "GET");
        assert_eq!(request.query[1], ("q".to_owned(), "a b&c".to_owned()));
        let request = read(
            "curl 'https://u:p@a.example/x' -H 'authorization: Basic bWU6cHc=' -H 'sec-fetch-mode: cors' --compressed",
        );
        assert_eq!(request.given, Given::Basic("u".to_owned(), "p".to_owned()));
        assert!(request.headers.is_empty() && !request.url.contains("u:p"));
    }

    #[test]
    fn what_is_no_such_command_is_told() {
        for (command, part) in [
            ("wget https://a.example", "begins with `wget`"),
            ("curl 'https://a.example", "never closed"),
            ("curl -H", "needs a value"),
            ("curl -F a=@b https://a.example", "multipart"),
            ("curl --cert x https://a.example", "--cert"),
            ("curl -s", "no address"),
            ("curl file:///etc/passwd", "no address"),
        ] {
            let error = Request::read(command).expect_err(command).to_string();
            assert!(error.contains(part), "{command}: {error}");
        }
    }

    #[test]
    fn names_of_secrets_are_told_from_those_of_pages() {
        for name in [
            "api_key",
            "apikey",
            "x-api-key",
            "access_token",
            "token",
            "key",
            "x-shopify-access-token",
            "client_secret",
        ] {
            assert!(sounds_secret(name), "{name}");
        }
        for name in [
            "page_token",
            "next_token",
            "sort_key",
            "keyword",
            "continuation-token",
            "author",
            "limit",
        ] {
            assert!(!sounds_secret(name), "{name}");
        }
    }
}
