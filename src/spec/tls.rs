//! `tls`: who we are to a server that asks for a certificate, and whom we trust.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Template;

/// Certificates of a client, for servers that ask for one, and of an authority.
///
/// Each is text, or the path of a file.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {
    /// The client's certificate, with those between it and its authority: PEM, or PKCS#12 with the key in
    /// it (as text in base64). It is shown to the hosts that get the credentials.
    ///
    /// ```yaml
    /// certificate: "{{ options.CERTIFICATE }}"
    /// ```
    pub certificate: Option<Template>,
    /// Its private key, as PEM; where nothing is said it stands behind the certificate.
    ///
    /// ```yaml
    /// key: "{{ options.PRIVATE_KEY }}"
    /// ```
    pub key: Option<Template>,
    /// The password of the key, or of the PKCS#12.
    pub password: Option<Template>,
    /// The certificate of an authority that is trusted besides those that everybody trusts, as PEM.
    ///
    /// ```yaml
    /// ca: /etc/ssl/partner-ca.pem
    /// ```
    pub ca: Option<Template>,
}
