//! Containers of Azure Blob Storage: addresses carry a shared access signature, the user's or one made here.
//!
//! Create a service SAS; Put Blob; List Blobs, all in the Blob service's REST API, version 2021-12-02.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;

use super::object_list::ListWords;
use super::{AddressError, Login};
use crate::clock;
use crate::digest::{Hash, base64};

/// The version of the service.
const VERSION: &str = "2021-12-02";
/// How long a signed address is good for.
const SIGNED: Duration = Duration::from_secs(3600);
/// What may be done with it: read, create, write, list, in the order that is asked for.
const MAY: &str = "rcwl";

/// A container.
pub struct Azure {
    /// Where it is.
    address: Url,
    /// What opens it; nothing where it is open to all.
    opened_by: Key,
}

enum Key {
    Nothing,
    /// A shared access signature that was given.
    Given(String),
    /// A key of the account, which signs.
    Account {
        key: Vec<u8>,
        /// What it signs for: `/blob/ACCOUNT/CONTAINER`.
        resource: String,
    },
}

impl Azure {
    /// How a list is written.
    pub const LIST: ListWords = ListWords {
        root: "EnumerationResults",
        object: "Blob",
        key: "Name",
        changed: "Last-Modified",
        next: "NextMarker",
    };

    /// The header of an object that is written at once.
    pub const OF_ONE_PIECE: (&str, &str) = ("x-ms-blob-type", "BlockBlob");

    /// A container by its name.
    pub fn new(name: &str, login: &Login) -> Result<Self, AddressError> {
        let wrong = |reason: &str| AddressError::Bucket(reason.to_owned());
        let Login {
            account,
            account_key,
            sas,
            endpoint,
            ..
        } = login;
        if account.is_empty() && (endpoint.is_empty() || !account_key.is_empty()) {
            return Err(wrong("`login` names no storage account: account: myshop"));
        }
        let endpoint = match endpoint.as_str() {
            "" => format!("https://{account}.blob.core.windows.net"),
            endpoint => endpoint.to_owned(),
        };
        let address = Url::parse(endpoint.trim_end_matches('/'));
        let mut address =
            address.map_err(|error| wrong(&format!("the endpoint is no URL: {error}")))?;
        push(&mut address, [name]);
        let opened_by = if !account_key.is_empty() {
            let key = STANDARD.decode(account_key.trim());
            Key::Account {
                key: key.map_err(|_| wrong("`account_key` is no base64, which keys are"))?,
                resource: format!("/blob/{account}/{name}"),
            }
        } else if sas.is_empty() {
            Key::Nothing
        } else {
            Key::Given(sas.trim_start_matches('?').to_owned())
        };
        Ok(Self { address, opened_by })
    }

    /// The address of a list, from its beginning or behind what was read.
    pub fn list(&self, prefix: &str, after: Option<&str>) -> Url {
        let mut url = self.address.clone();
        let mut query = url.query_pairs_mut();
        query.append_pair("restype", "container");
        query.append_pair("comp", "list");
        query.append_pair("prefix", prefix);
        if let Some(marker) = after {
            query.append_pair("marker", marker);
        }
        drop(query);
        self.opened(url)
    }

    /// The address of an object.
    pub fn object(&self, key: &str) -> Url {
        let mut url = self.address.clone();
        push(&mut url, key.split('/'));
        self.opened(url)
    }

    fn opened(&self, mut url: Url) -> Url {
        match &self.opened_by {
            Key::Nothing => {}
            Key::Given(sas) => {
                // It is encoded as it was signed.
                let query = match url.query().filter(|query| !query.is_empty()) {
                    Some(query) => format!("{query}&{sas}"),
                    None => sas.clone(),
                };
                url.set_query(Some(&query));
            }
            Key::Account { key, resource } => {
                let until = clock::now() + SIGNED;
                let until = until.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
                let signature = signature(key, resource, &until);
                url.query_pairs_mut().extend_pairs([
                    ("sv", VERSION),
                    ("sr", "c"),
                    ("sp", MAY),
                    ("se", &until),
                    ("sig", &signature),
                ]);
            }
        }
        url
    }
}

/// The signature of a service SAS for a container.
fn signature(key: &[u8], resource: &str, until: &str) -> String {
    // Permissions, start, expiry, resource, identifier, addresses, protocols, version, kind of resource, snapshot,
    // scope of encryption, and five headers of answers.
    let signed = format!("{MAY}\n\n{until}\n{resource}\n\n\n\n{VERSION}\nc\n\n\n\n\n\n\n");
    base64(&Hash::Sha256.keyed(key, signed.as_bytes()))
}

/// Adds parts to the path of an address.
fn push<'p>(url: &mut Url, parts: impl IntoIterator<Item = &'p str>) {
    // An address of HTTP has a path.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(parts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn container(keys: &[(&str, &str)]) -> Result<Azure, AddressError> {
        let mut login = Login::default();
        for (name, value) in keys {
            let field = match *name {
                "account" => &mut login.account,
                "account_key" => &mut login.account_key,
                "sas" => &mut login.sas,
                _ => &mut login.endpoint,
            };
            (*value).clone_into(field);
        }
        Azure::new("feeds", &login)
    }

    #[test]
    fn addresses_are_those_of_the_account() {
        let shop = container(&[("account", "shop"), ("sas", "?sv=1&sig=a%2Bb")]).unwrap();
        assert_eq!(
            shop.object("in/a b#.csv").as_str(),
            "https://shop.blob.core.windows.net/feeds/in/a%20b%23.csv?sv=1&sig=a%2Bb"
        );
        assert_eq!(
            shop.list("in/", Some("next!")).as_str(),
            "https://shop.blob.core.windows.net/feeds?restype=container&comp=list&prefix=in%2F&marker=next%21&sv=1&sig=a%2Bb"
        );
        let local = container(&[("endpoint", "http://127.0.0.1:10000/shop/")]).unwrap();
        assert_eq!(
            local.object("a").as_str(),
            "http://127.0.0.1:10000/shop/feeds/a"
        );
        assert!(container(&[]).is_err());
        assert!(container(&[("account", "shop"), ("account_key", "no base64!")]).is_err());
    }

    /// Reckoned by Python's `hmac`; Azurite takes addresses that are signed so.
    #[test]
    fn a_signature_is_that_of_a_service_sas() {
        let key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
        let key = STANDARD.decode(key).unwrap();
        let signature = signature(&key, "/blob/devstoreaccount1/feeds", "2024-01-31T12:00:00Z");
        assert_eq!(signature, "PtsmJ+HiGwXBnmMKYjGFvrHNHkWXGmyBLeXPSosqxW8=");
    }
}
