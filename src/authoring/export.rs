//! A spec of an export to an operation that takes items.

use std::fmt::Write as _;

use super::curl::CurlRequest;
use super::draft::{Credentials, option_name};
use super::openapi::{ItemField, ItemPlace, Operation};
use super::{HEAD, yaml};

/// The text of a spec that sends the rows of a site to an operation.
pub fn export(
    name: &str,
    request: &CurlRequest,
    operation: &Operation,
    place: &ItemPlace,
) -> String {
    // The last part of a path names the item; what stands before it is the same for all.
    let mut path = operation.path.clone();
    let mut settings = Vec::new();
    for parameter in operation.in_path() {
        let place = format!("{{{parameter}}}");
        let value = if operation.path.ends_with(&place) {
            column(parameter)
        } else {
            settings.push(parameter);
            format!("options.{}", option_name(parameter))
        };
        path = path.replace(&place, &format!("{{{{ {value} }}}}"));
    }
    let credentials = Credentials::of(&request.given, &settings);
    let mut text = HEAD.to_owned();
    // Writing into a string does not fail, here and below.
    let _ = write!(text, "version: 1\nname: {name}\nmode: export\n\n");
    text.push_str(&credentials.options);
    let base = request.url.strip_suffix(operation.path.as_str());
    let base = base.unwrap_or(&request.url);
    let _ = writeln!(text, "http:\n  base_url: {}", yaml(base));
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
                "  - {{ when: \"{{{{ {} == '' }}}}\", message: {} }}",
                column(&field.name),
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
    let _ = writeln!(
        text,
        "  request: {{ method: {}, path: {}, json: {body} }}",
        operation.method,
        serde_json::Value::from(path)
    );
    if place.is_list {
        text.push_str("  # results:             # where the answer tells each row's fate: runner explain results\n");
    }
    text.push_str("\nfeedback:                # imported as one more data source on the next run\n  columns: { id: \"{{ row.id }}\", status: \"{{ outcome.status }}\", error: \"{{ outcome.message }}\" }\n");
    text
}

/// The column of a row that a field is likely to be.
fn column(name: &str) -> String {
    let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && name.starts_with(|c: char| c.is_ascii_alphabetic());
    if is_plain {
        format!("row.{name}")
    } else {
        format!("row['{}']", name.replace('\'', ""))
    }
}

/// A field's value, as its type asks; that of a field in an object is in a column of both names.
fn value(field: &ItemField, owner: &str) -> String {
    let name = format!("{owner}{}", field.name);
    let column = column(&name);
    let template = match field.kind.as_str() {
        "integer" => format!("{column} | int"),
        "number" => format!("{column} | to_number"),
        "boolean" => format!("{column} | bool"),
        "array" => format!("{column}.split(',')"),
        "object" => {
            let inner = field.inner.iter();
            let inner = inner
                .map(|one| format!("{}: {}", yaml(&one.name), value(one, &format!("{name}_"))));
            return format!("{{ {} }}", inner.collect::<Vec<_>>().join(", "));
        }
        _ => column,
    };
    format!("\"{{{{ {template} }}}}\"")
}
