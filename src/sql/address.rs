//! Addresses of databases: a server and a name, or a file.

use std::path::PathBuf;

use reqwest::Url;

use super::SqlError;
use crate::plan::sql::DatabaseLogin;
use crate::spec::sql::SqlTls;
use crate::sql_text::Dialect;

/// Where a database is.
#[derive(Clone)]
#[cfg_attr(not(feature = "sql"), allow(dead_code, reason = "nobody connects"))]
pub enum Address {
    /// On a server.
    Server(Box<ServerAddress>),
    /// In a file.
    File(PathBuf),
}

/// A server, a database of it, and who asks.
#[derive(Clone)]
#[cfg_attr(not(feature = "sql"), allow(dead_code, reason = "nobody connects"))]
pub struct ServerAddress {
    pub kind: Server,
    pub host: String,
    pub port: Option<u16>,
    /// The database.
    pub name: String,
    /// Nothing where nobody is named.
    pub username: Option<String>,
    pub password: Option<String>,
    pub is_encrypted: bool,
}

/// A kind of servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Server {
    Postgres,
    MySql,
}

impl Address {
    /// Reads it. A login of the spec's own says more than one in the address.
    pub fn read(login: &DatabaseLogin) -> Result<Self, SqlError> {
        let text = login.url.trim();
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() {
                let reason = "the address names no file: sqlite:shop.db".to_owned();
                return Err(SqlError::Address(reason));
            }
            return Ok(Self::File(PathBuf::from(path)));
        }
        let wrong = |reason: &str| SqlError::Address(format!("the address is none: {reason}"));
        let url = Url::parse(text).map_err(|error| wrong(&error.to_string()))?;
        let kind = match (Dialect::of_scheme(url.scheme()), url.scheme()) {
            (Some(Dialect::Postgres), _) => Server::Postgres,
            (Some(Dialect::MySql), _) => Server::MySql,
            (None, "sqlserver" | "mssql") => {
                return Err(SqlError::Address(
                    "SQL Server is not spoken here: let it write files, or an API stand before it"
                        .to_owned(),
                ));
            }
            (Some(Dialect::Sqlite) | None, other) => {
                return Err(wrong(&format!(
                    "`{other}` is not one of postgres, mysql and sqlite"
                )));
            }
        };
        let decoded = |text: &str| {
            let text = percent_encoding::percent_decode_str(text);
            text.decode_utf8_lossy().into_owned()
        };
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| wrong("it has no host"))?.to_owned();
        if url.query().is_some() {
            return Err(wrong(
                "it has parameters, and none are known: `tls` is a key",
            ));
        }
        let name = decoded(url.path().trim_start_matches('/'));
        if name.is_empty() {
            return Err(wrong("it names no database: postgres://HOST/NAME"));
        }
        let or = |said: &str, of_url: &str| {
            let text = match said {
                "" => decoded(of_url),
                said => said.to_owned(),
            };
            Some(text).filter(|text| !text.is_empty())
        };
        let is_here = ["localhost", "127.0.0.1", "[::1]"].contains(&host.as_str());
        Ok(Self::Server(Box::new(ServerAddress {
            kind,
            port: url.port(),
            name,
            username: or(&login.username, url.username()),
            password: or(&login.password, url.password().unwrap_or_default()),
            is_encrypted: login.tls == SqlTls::Verified && !is_here,
            // One in brackets is an address of IPv6.
            host: host.trim_matches(['[', ']']).to_owned(),
        })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str, username: &str, tls: SqlTls) -> Result<Address, String> {
        let login = DatabaseLogin {
            url: url.to_owned(),
            username: username.to_owned(),
            password: String::new(),
            tls,
        };
        Address::read(&login).map_err(|error| error.to_string())
    }

    #[test]
    fn addresses_name_a_server_or_a_file() {
        let url = "mariadb://me:p%40ss@db.example.com:3307/my%20shop";
        let Ok(Address::Server(server)) = read(url, "", SqlTls::Verified) else {
            panic!("a server");
        };
        assert_eq!(server.kind, Server::MySql);
        assert_eq!(
            (server.host.as_str(), server.port),
            ("db.example.com", Some(3307))
        );
        assert_eq!(
            (server.name.as_str(), server.username.as_deref()),
            ("my shop", Some("me"))
        );
        assert_eq!(
            (server.password.as_deref(), server.is_encrypted),
            (Some("p@ss"), true)
        );
        let plain = |url: &str, tls: SqlTls| match read(url, "you", tls) {
            Ok(Address::Server(server)) => (server.username, !server.is_encrypted),
            _ => panic!("{url}"),
        };
        let you = || (Some("you".to_owned()), true);
        assert_eq!(plain("postgres://127.0.0.1/a", SqlTls::Verified), you());
        assert_eq!(plain("postgres://db.example.com/a", SqlTls::None), you());
        assert!(
            matches!(read("sqlite:a/b.db", "", SqlTls::None), Ok(Address::File(file)) if file.ends_with("b.db"))
        );
        for (wrong, said) in [
            ("postgres://db.example.com", "names no database"),
            ("oracle://db/a", "postgres, mysql and sqlite"),
            ("sqlserver://db/a", "SQL Server"),
            ("postgres://h/a?sslmode=disable", "`tls` is a key"),
            ("sqlite:", "names no file"),
            ("shop", "is none"),
        ] {
            let Err(error) = read(wrong, "", SqlTls::Verified) else {
                panic!("{wrong}");
            };
            assert!(error.contains(said), "{wrong}: {error}");
        }
    }
}
