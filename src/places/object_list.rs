//! Lists of the objects of a bucket, as its service writes them.

use percent_encoding::percent_decode_str;
use roxmltree::{Document, Node};

use super::FileEntry;

/// Objects of a list, and where it goes on.
#[derive(Debug)]
pub struct ObjectList {
    pub objects: Vec<FileEntry>,
    pub next: Option<String>,
}

/// The elements of a list. Their name spaces differ from service to service, and mean nothing.
pub struct ListWords {
    /// The list.
    pub root: &'static str,
    /// An object.
    pub object: &'static str,
    /// Its name.
    pub key: &'static str,
    /// When it was changed.
    pub changed: &'static str,
    /// Where the list goes on.
    pub next: &'static str,
}

impl ListWords {
    /// Those of S3, and of who speaks as it does (`ListObjectsV2`).
    pub const S3: Self = Self {
        root: "ListBucketResult",
        object: "Contents",
        key: "Key",
        changed: "LastModified",
        next: "NextContinuationToken",
    };
}

impl ObjectList {
    /// Reads a list; an error is why it is none.
    pub fn read(text: &str, words: &ListWords) -> Result<Self, String> {
        let text = text.trim_start_matches('\u{feff}');
        let document = Document::parse(text).map_err(|error| error.to_string())?;
        let root = document.root_element();
        if root.tag_name().name() != words.root {
            return Err(format!("it is <{}>", root.tag_name().name()));
        }
        // S3 encodes names where it was asked to, and says that it did.
        let is_encoded = child(root, "EncodingType") == "url";
        let is_object = |node: &Node<'_, '_>| node.tag_name().name() == words.object;
        let objects = root.descendants().filter(is_object).map(|object| {
            let key = child(object, words.key);
            let path = if is_encoded {
                let key = key.replace('+', " ");
                percent_decode_str(&key).decode_utf8_lossy().into_owned()
            } else {
                key.to_owned()
            };
            FileEntry {
                path,
                changed: millis(child(object, words.changed)),
            }
        });
        let next = child(root, words.next);
        if next.is_empty() && child(root, "IsTruncated") == "true" {
            return Err("it is not all there is, and does not say where it goes on".to_owned());
        }
        Ok(Self {
            objects: objects.collect(),
            next: (!next.is_empty()).then(|| next.to_owned()),
        })
    }
}

/// The text of the first element of a name below another.
fn child<'d>(node: Node<'d, '_>, name: &str) -> &'d str {
    let mut below = node.descendants();
    let found = below.find(|one| one.tag_name().name() == name);
    found.and_then(|one| one.text()).unwrap_or_default()
}

/// A date as ISO 8601 or HTTP has it, in milliseconds since 1970.
fn millis(text: &str) -> Option<i64> {
    let at = text.parse::<jiff::Timestamp>().ok().or_else(|| {
        let at = httpdate::parse_http_date(text).ok()?;
        jiff::Timestamp::try_from(at).ok()
    });
    at.map(jiff::Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use super::super::azure::Azure;
    use super::*;

    #[test]
    fn lists_are_read() {
        let azure = "\u{feff}<?xml version=\"1.0\"?><EnumerationResults><Blobs><Blob><Name>in/a+b%20.csv</Name>\
            <Properties><Last-Modified>Wed, 31 Jan 2024 12:00:00 GMT</Last-Modified></Properties></Blob></Blobs>\
            <NextMarker>2!1</NextMarker></EnumerationResults>";
        let list = ObjectList::read(azure, &Azure::LIST).unwrap();
        assert_eq!(list.next.as_deref(), Some("2!1"));
        assert_eq!(list.objects[0].path, "in/a+b%20.csv");
        assert_eq!(list.objects[0].changed, Some(1_706_702_400_000));
        // Google's name space is not Amazon's.
        let google = "<ListBucketResult xmlns='http://doc.s3.amazonaws.com/2006-03-01'><Name>feeds</Name>\
            <EncodingType>url</EncodingType><Contents><Key>in/a+b%2B%C3%BC.csv</Key>\
            <LastModified>2024-01-31T12:00:00.000Z</LastModified></Contents></ListBucketResult>";
        let list = ObjectList::read(google, &ListWords::S3).unwrap();
        assert_eq!(list.next, None);
        assert_eq!(list.objects[0].path, "in/a b+ü.csv");
        assert_eq!(list.objects[0].changed, Some(1_706_702_400_000));
        let cut = "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>";
        for wrong in ["<Error/>", cut, ""] {
            assert!(ObjectList::read(wrong, &ListWords::S3).is_err(), "{wrong}");
        }
    }
}
