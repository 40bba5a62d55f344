//! Digests and keyed digests, as texts.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::{Digest as _, Md5};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, SHA512};
use ring::hmac as keyed;

/// A digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// SHA-2 of 256 bits (RFC 6234).
    Sha256,
    /// SHA-2 of 384 bits (RFC 6234).
    Sha384,
    /// SHA-2 of 512 bits (RFC 6234).
    Sha512,
    /// SHA-1 (RFC 3174): for services that ask for it.
    Sha1,
    /// MD5 (RFC 1321): for services that ask for it.
    Md5,
}

/// The words of digests.
pub const WORDS: [&str; 5] = ["sha256", "sha512", "sha1", "md5", "sha384"];

impl Hash {
    /// The digest of a word.
    pub fn of_word(word: &str) -> Option<Self> {
        Some(match word {
            "sha256" => Self::Sha256,
            "sha384" => Self::Sha384,
            "sha512" => Self::Sha512,
            "sha1" => Self::Sha1,
            "md5" => Self::Md5,
            _ => return None,
        })
    }

    /// The digest of bytes.
    pub fn digest(self, bytes: &[u8]) -> Vec<u8> {
        let by = |algorithm| ring::digest::digest(algorithm, bytes).as_ref().to_vec();
        match self {
            Self::Sha256 => by(&SHA256),
            Self::Sha384 => by(&SHA384),
            Self::Sha512 => by(&SHA512),
            Self::Sha1 => by(&SHA1_FOR_LEGACY_USE_ONLY),
            Self::Md5 => Md5::digest(bytes).to_vec(),
        }
    }

    /// The keyed digest of bytes (HMAC, RFC 2104).
    pub fn keyed(self, key: &[u8], bytes: &[u8]) -> Vec<u8> {
        let by = |algorithm| {
            let key = keyed::Key::new(algorithm, key);
            keyed::sign(&key, bytes).as_ref().to_vec()
        };
        match self {
            Self::Sha256 => by(keyed::HMAC_SHA256),
            Self::Sha384 => by(keyed::HMAC_SHA384),
            Self::Sha512 => by(keyed::HMAC_SHA512),
            Self::Sha1 => by(keyed::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
            Self::Md5 => {
                // A key is as long as a block; a longer one is digested first.
                let mut block = [0; 64];
                let short = if key.len() > block.len() {
                    self.digest(key)
                } else {
                    key.to_vec()
                };
                block[..short.len()].copy_from_slice(&short);
                let mut hmac = Hmac::<Md5>::new(&block.into());
                hmac.update(bytes);
                hmac.finalize().into_bytes().to_vec()
            }
        }
    }
}

/// Bytes as hexadecimal, in small letters.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        // Writing into a string does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Bytes as base64, with padding.
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 2202 and RFC 4231, test case 2.
    #[test]
    fn keyed_digests_are_those_of_their_standards() {
        let of = |hash: Hash| hex(&hash.keyed(b"Jefe", b"what do ya want for nothing?"));
        assert_eq!(of(Hash::Md5), "750c783e6ab0b503eaa86e310a5db738");
        assert_eq!(of(Hash::Sha1), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
        assert_eq!(
            of(Hash::Sha256),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            of(Hash::Sha384),
            "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649"
        );
        assert_eq!(
            of(Hash::Sha512),
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
        );
        // A key that is longer than a block is digested first: RFC 2202, MD5, test case 6.
        assert_eq!(
            hex(&Hash::Md5.keyed(
                &[0xaa; 80],
                b"Test Using Larger Than Block-Size Key - Hash Key First"
            )),
            "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd"
        );
    }

    #[test]
    fn every_word_is_a_digest() {
        let empty = WORDS.map(|word| hex(&Hash::of_word(word).unwrap().digest(b"")));
        assert_eq!(empty[3], "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(empty[2], "da39a3ee5e6b4b0d3255bfef95601890afd80709");
        assert!(Hash::of_word("sha3").is_none());
        assert_eq!(base64(b"a"), "YQ==");
    }
}
