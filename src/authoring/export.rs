//! A spec of an export to an operation that takes items.

use std::fmt::Write as _;

use super::draft::Credentials;
use super::item::{ItemField, ItemPlace};
use super::openapi::Operation;
use super::option_lines::option_name;
use super::request::Request;
use super::{HEAD, literal, yaml};

/// The text of a spec that sends the rows of a site to an operation.
pub fn export(name: &str, request: &Request, operation: &Operation, place: &ItemPlace) -> String {
    // The last part of a path names the item; what stands before it is the same for all.
    let mut path = operation.path.clone();
    let mut settings = Vec::new();
    for parameter in operation.in_path() {
        let place = format!("{{{parameter}}}");
        let value = if operation.names_item(parameter) {
            column(parameter)
        } else {
            settings.push(parameter);
            format!("options.{}", option_name(parameter))
        };
        path = path.replace(&place, &format!("{{{{ {value} }}}}"));
    }
    let (base, _) = request
        .url
        .rsplit_once(&operation.path)
        .unwrap_or((&request.url, ""));
    let mut base = base.to_owned();
    let in_query = request.query.iter().chain(&request.headers);
    for name in &request.open {
        let place = format!("{{{name}}}");
        let is_asked = base.contains(&place) || in_query.clone().any(|(_, value)| *value == place);
        if is_asked {
            base = base.replace(&place, &format!("{{{{ options.{} }}}}", option_name(name)));
            settings.push(name);
        }
    }
    let credentials = Credentials::of(&request.given, &settings);
    let mut text = HEAD.to_owned();
    // Writing into a string does not fail, here and below.
    let _ = write!(text, "version: 1\nname: {}\nmode: export\n\n", yaml(name));
    text.push_str(&credentials.options);
    let _ = writeln!(text, "http:\n  base_url: {}", yaml(&base));
    if let Some(auth) = &credentials.auth {
        let _ = writeln!(text, "  auth: {auth}");
    }
    let required: Vec<&ItemField> = place
        .fields
        .iter()
        .filter(|field| field.is_required && field.inner.is_empty())
        .collect();
    if !required.is_empty() {
        text.push_str("\nreject:                  # fails before it is sent, and is told back\n");
        for field in required {
            let _ = writeln!(
                text,
                "  - {{ when: {}, message: {} }}",
                quoted(&format!("{} == ''", column(&field.name))),
                yaml(&format!("{} is missing", field.name))
            );
        }
    }
    text.push_str("\ntarget:\n");
    if place.is_list {
        text.push_str("  batch: 100             # so many rows a request\n");
    }
    text.push_str("  item:                  # name the columns of your site behind `row.`\n");
    for field in &place.fields {
        let _ = writeln!(text, "    {}: {}", yaml(&field.name), value(field, ""));
    }
    let body = match (place.is_list, &place.under) {
        (false, _) => "\"{{ item }}\"".to_owned(),
        (true, None) => "\"{{ items }}\"".to_owned(),
        (true, Some(under)) => format!("{{ {}: \"{{{{ items }}}}\" }}", yaml(under)),
    };
    let further = |pairs: &[(String, String)]| {
        let pairs = pairs.iter().filter(|(_, value)| !value.is_empty());
        let pairs = pairs.map(|(key, value)| {
            let is_open = request
                .open
                .iter()
                .any(|name| *value == format!("{{{name}}}"));
            let value = if is_open {
                quoted(&format!("options.{}", option_name(key)))
            } else {
                literal(value)
            };
            format!("{}: {value}", yaml(key))
        });
        pairs.collect::<Vec<_>>().join(", ")
    };
    let mut parts = String::new();
    for (key, pairs) in [("query", &request.query), ("headers", &request.headers)] {
        let pairs = further(pairs);
        if !pairs.is_empty() {
            let _ = write!(parts, ", {key}: {{ {pairs} }}");
        }
    }
    let _ = writeln!(
        text,
        "  request: {{ method: {}, path: {}{parts}, json: {body} }}",
        operation.method,
        serde_json::Value::from(path)
    );
    if place.is_list {
        text.push_str("  # results:             # where the answer tells each row's fate: runner explain results\n");
    }
    text.push_str("\nfeedback:                # imported as one more data source on the next run\n  columns: { id: \"{{ row.id }}\", status: \"{{ outcome.status }}\", error: \"{{ outcome.message }}\" }\n");
    text
}

/// A template as YAML has it.
fn quoted(expression: &str) -> String {
    serde_json::Value::from(format!("{{{{ {expression} }}}}")).to_string()
}

/// The column of a row that a field is likely to be.
fn column(name: &str) -> String {
    let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && name.starts_with(|c: char| c.is_ascii_alphabetic());
    if is_plain {
        format!("row.{name}")
    } else if name.contains('\'') {
        format!("row[\"{}\"]", name.replace(['"', '\\'], ""))
    } else {
        format!("row['{}']", name.replace('\\', ""))
    }
}

/// A field's value, as its type asks; that of a field in an object is in a column of both names. What
/// need not be there is left out where its column is empty.
fn value(field: &ItemField, owner: &str) -> String {
    let name = format!("{owner}{}", field.name);
    let column = column(&name);
    let made = match field.kind.as_str() {
        "integer" => return quoted(&format!("{column} | int")),
        "number" => return quoted(&format!("{column} | to_number")),
        "object" => {
            let inner = field.inner.iter();
            let inner = inner.map(|one| {
                let value = value(one, &format!("{name}_"));
                format!("{}: {value}", yaml(&one.name))
            });
            return format!("{{ {} }}", inner.collect::<Vec<_>>().join(", "));
        }
        "boolean" => format!("{column} | bool"),
        "array" => format!("{column}.split(',') | map('trim')"),
        _ => column.clone(),
    };
    if field.is_required {
        quoted(&made)
    } else if made == column {
        quoted(&format!("{column} or none"))
    } else {
        quoted(&format!("({made}) if {column} != '' else none"))
    }
}
