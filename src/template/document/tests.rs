//! What a document holds is what `serde_json` reads.

use super::*;
use crate::template::json;

#[test]
fn what_is_no_json_is_refused() {
    let texts = [
        "",
        " ",
        "{",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "{a:1}",
        "{1:1}",
        "{\"a\" 1}",
        "{\"a\":1 \"b\":2}",
        "tru",
        "truex",
        "nul",
        "fals",
        "True",
        "01",
        "-",
        "1.",
        ".5",
        "1e",
        "1e+",
        "+1",
        "--1",
        "0x1",
        "1_0",
        "\"",
        "\"a",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"a\nb\"",
        "\"a\tb\"",
        "1 1",
        "[] []",
        "{}}",
        "]",
        "}",
        "NaN",
        "Infinity",
        "[1]x",
        "'a'",
        "\u{feff}1",
        "[1;2]",
        "{\"a\"::1}",
        "[0 1,2]",
        "{\"a\":[1,{\"b\":2]}}",
        "\u{b}1",
    ];
    for text in texts {
        assert!(serde_json::from_str::<&RawValue>(text).is_err(), "{text:?}");
        assert!(read_text(text).is_none(), "{text:?}");
    }
}

#[test]
fn a_text_holds_what_its_parts_hold() {
    let texts = [
        r#" {"a" : 1 ,"b":[1,2.50,"x\n\u00e4\"",null,true,false,{"c":[]},[[]]], "":{},"a":2 } "#,
        "[0,-0,10,-1.5e+3,1E5,0.1,123456789012345678901234567890]",
        "\"0123456789 abcdefgh äöü €\u{1f600} \\\\ \\\" \\/ \\ud83d\"",
        "true",
        "null",
        " -12 ",
        "[]",
        "{}",
    ];
    for text in texts {
        let theirs = read(raw(text.trim())).unwrap();
        let ours = read_text(text).unwrap();
        let written = |value: &Value| {
            let mut json = Vec::new();
            json::write(value, &mut json);
            String::from_utf8(json).unwrap()
        };
        assert_eq!(written(&ours), written(&theirs), "{text}");
    }
}

#[test]
fn a_field_is_found_wherever_it_stands() {
    let path = [PathKey::name("b"), PathKey::name("c")];
    let texts = [
        (r#"{"a":1,"b":{"c":"1"}}"#, Some("1")),
        (r#"{"a":1,"b":{"c":"2"}}"#, Some("2")),
        (r#"{"b":{"x":0,"c":"3"},"a":1}"#, Some("3")),
        (r#"{"a":{"b":{"c":"no"}},"b":{"c":"4"}}"#, Some("4")),
        (r#"{"x":"b","b":{"x":"c","c":"5"}}"#, Some("5")),
        (r#"{"x":"b","y":{"c":"no"}}"#, None),
        (r#"{"b":{"c":"no"},"b":{"c":"6"}}"#, Some("6")),
        (r#"{"b":[{"c":"no"}]}"#, None),
        (r#"{"\u0062":{"c":"7"}}"#, Some("7")),
    ];
    for (text, wanted) in texts.iter().chain(&texts) {
        let value = read_text(text).unwrap();
        let document = value.downcast_object_ref::<DocumentValue>().unwrap();
        match (document.at(&path), wanted) {
            (PathValue::Text(found), Some(wanted)) => assert_eq!(&*found, *wanted, "{text}"),
            (PathValue::Nothing, None) => {}
            _ => panic!("{text}"),
        }
    }
}

fn raw(text: &str) -> Box<RawValue> {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_document_holds_what_serde_json_reads() {
    let texts = [
        r#"{"a":1,"b":[1,2.50,"x\n\u00e4\"",null,true,false,{"c":[]},[[]]],"":{},"a":2}"#,
        " [ { \"k\" : -1e-3 } , [ ] , \"\\\\\" , 12345678901234567890 ] ",
        r#"{"\u0061":"escaped name","deep":{"er":{"x":[{"y":"z"}]}}}"#,
        "\"text\"",
        "7",
        "{}",
        "[]",
    ];
    for text in texts {
        let value = read(raw(text)).unwrap();
        let mut written = Vec::new();
        json::write(&value, &mut written);
        let ours: serde_json::Value = serde_json::from_slice(&written).unwrap();
        let theirs: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(ours, theirs, "{text}");
    }
}

#[test]
fn numbers_keep_their_text() {
    let value = read(raw(r#"{"a":[19.90,1e3]}"#)).unwrap();
    assert_eq!(crate::template::text_of(&value), r#"{"a":[19.90,1e3]}"#);
}

#[test]
fn what_is_too_deep_is_refused() {
    let text = format!("{}{}", "[".repeat(3000), "]".repeat(3000));
    assert!(read(raw(&text)).is_err());
}
