//! Authenticators become `auth`.

use serde_json::{Value, json};

use super::block::Block;
use super::expression::{Names, option_of, rewritten};
use super::manifest::{get, kind, list, text};

/// What an authenticator is here; an error is why it is nothing.
pub fn auth(authenticator: &Value) -> Result<Value, String> {
    let names = Names::default();
    let template = |key: &str| -> Result<Option<Value>, String> {
        let text = text(authenticator, key);
        let text = text.map(|text| rewritten(&text, &names)).transpose()?;
        Ok(text.map(Value::from))
    };
    let needed = |key: &str| -> Result<Value, String> {
        template(key)?.ok_or_else(|| format!("`{key}` is missing"))
    };
    Ok(match kind(authenticator) {
        "NoAuth" => json!("none"),
        "BearerAuthenticator" => json!({ "bearer": needed("api_token")? }),
        "BasicHttpAuthenticator" => {
            let mut basic = Block::new();
            for key in ["username", "password"] {
                if let Some(value) = template(key)? {
                    basic.insert(key.to_owned(), value);
                }
            }
            json!({ "basic": basic })
        }
        "ApiKeyAuthenticator" => {
            let token = needed("api_token")?;
            let place = get(authenticator, "inject_into");
            let (place, name) = match place {
                Some(option) => (
                    text(option, "inject_into").unwrap_or_default(),
                    text(option, "field_name").unwrap_or_default(),
                ),
                None => (
                    "header".to_owned(),
                    text(authenticator, "header").unwrap_or_default(),
                ),
            };
            let place = match place.as_str() {
                "header" => "header",
                "request_parameter" => "query",
                other => return Err(format!("a key in `{other}`")),
            };
            if name.is_empty() {
                return Err("the name of the key's field is missing".to_owned());
            }
            json!({ "api_key": { place: { name: token } } })
        }
        "OAuthAuthenticator" => oauth2(authenticator, &names)?,
        "JwtAuthenticator" => jwt(authenticator, &names)?,
        "SessionTokenAuthenticator" => session(authenticator, &names)?,
        "SelectiveAuthenticator" => {
            let way: Vec<String> = list(authenticator, "authenticator_selection_path")
                .iter()
                .filter_map(|part| part.as_str().map(str::to_owned))
                .collect();
            let mut cases = Block::new();
            let all = get(authenticator, "authenticators").and_then(Value::as_object);
            for (name, inner) in all.into_iter().flatten() {
                cases.insert(name.clone(), auth(inner)?);
            }
            json!({ "choose": { "by": format!("{{{{ options.{} }}}}", option_of(&way)), "cases": cases } })
        }
        "" => return Err("an authenticator without a type".to_owned()),
        other => return Err(format!("`{other}` has no counterpart")),
    })
}

fn oauth2(authenticator: &Value, names: &Names) -> Result<Value, String> {
    let mut oauth2 = Block::new();
    let said = text(authenticator, "grant_type").unwrap_or_else(|| "refresh_token".to_owned());
    if said.contains("{{") {
        return Err("a grant that the configuration chooses".to_owned());
    }
    oauth2.insert("grant".to_owned(), json!(said));
    for (theirs, ours) in [
        ("token_refresh_endpoint", "token_url"),
        ("client_id", "client_id"),
        ("client_secret", "client_secret"),
        ("refresh_token", "refresh_token"),
    ] {
        let needs = ours != "refresh_token" || said == "refresh_token";
        if let Some(text) = text(authenticator, theirs).filter(|_| needs) {
            oauth2.insert(ours.to_owned(), json!(rewritten(&text, names)?));
        }
    }
    let scopes = list(authenticator, "scopes");
    if !scopes.is_empty() {
        oauth2.insert("scopes".to_owned(), Value::Array(scopes.to_vec()));
    }
    // Their client's credentials go into the body.
    oauth2.insert("send".to_owned(), json!("body"));
    if let Some(Value::Object(fields)) = get(authenticator, "refresh_request_body") {
        let mut extra = Block::new();
        for (key, value) in fields {
            let value = value
                .as_str()
                .ok_or("a field of the request for a token that is no text")?;
            extra.insert(key.clone(), json!(rewritten(value, names)?));
        }
        oauth2.insert("extra".to_owned(), Value::Object(extra));
    }
    if let Some(name) =
        text(authenticator, "access_token_name").filter(|name| name != "access_token")
    {
        oauth2.insert("token".to_owned(), json!(format!("$.{name}")));
    }
    if get(authenticator, "refresh_token_updater").is_some() {
        oauth2.insert("rotates".to_owned(), json!(true));
    }
    for key in ["refresh_request_headers", "profile_assertion"] {
        if get(authenticator, key).is_some() {
            return Err(format!("`{key}`"));
        }
    }
    Ok(json!({ "oauth2": oauth2 }))
}

fn jwt(authenticator: &Value, names: &Names) -> Result<Value, String> {
    let algorithm = text(authenticator, "algorithm").unwrap_or_default();
    if !["HS256", "RS256", "ES256"].contains(&algorithm.as_str()) {
        return Err(format!("a token that `{algorithm}` signs"));
    }
    let key = text(authenticator, "secret_key").ok_or("`secret_key` is missing")?;
    let mut jwt = Block::new();
    jwt.insert("algorithm".to_owned(), json!(algorithm));
    jwt.insert("key".to_owned(), json!(rewritten(&key, names)?));
    if get(authenticator, "base64_encode_secret_key").is_some_and(|flag| flag == true) {
        return Err("a key that is encoded in base64 before".to_owned());
    }
    for (parts, ours) in [
        (["jwt_payload", "additional_jwt_payload"], "claims"),
        (["jwt_headers", "additional_jwt_headers"], "headers"),
    ] {
        let mut map = Block::new();
        for part in parts {
            let fields = get(authenticator, part).and_then(Value::as_object);
            for (name, value) in fields.into_iter().flatten() {
                // The kind of the component, and what is added here by itself.
                if ["type", "typ", "$parameters"].contains(&name.as_str()) {
                    continue;
                }
                let value = match value {
                    Value::String(text) => json!(rewritten(text, names)?),
                    other => other.clone(),
                };
                map.insert(name.clone(), value);
            }
        }
        if !map.is_empty() {
            jwt.insert(ours.to_owned(), Value::Object(map));
        }
    }
    if let Some(seconds) = text(authenticator, "token_duration") {
        jwt.insert("lasts".to_owned(), json!(format!("{seconds}s")));
    }
    Ok(json!({ "jwt": jwt }))
}

fn session(authenticator: &Value, names: &Names) -> Result<Value, String> {
    let login = get(authenticator, "login_requester").ok_or("`login_requester` is missing")?;
    let mut errors = Block::new();
    let request = super::requests::request(login, names, &mut errors, super::requests::Whole::Yes)?;
    if !errors.is_empty() {
        return Err("a login that has no counterpart".to_owned());
    }
    let way = list(authenticator, "session_token_path");
    let way: Vec<&str> = way.iter().filter_map(Value::as_str).collect();
    let token = format!("$.{}", way.join("."));
    let mut session = Block::new();
    session.insert("login".to_owned(), Value::Object(request));
    session.insert("token".to_owned(), json!(token));
    let how = get(authenticator, "request_authentication")
        .ok_or("`request_authentication` is missing")?;
    match kind(how) {
        "Bearer" => {
            session.insert(
                "header".to_owned(),
                json!({ "Authorization": "Bearer {{ token }}" }),
            );
        }
        "ApiKey" => {
            let option = get(how, "inject_into").ok_or("where the token goes is missing")?;
            let name =
                text(option, "field_name").ok_or("the name of the token's field is missing")?;
            let place = match text(option, "inject_into").as_deref() {
                Some("header") => "header",
                Some("request_parameter") => "query",
                other => return Err(format!("a token in `{}`", other.unwrap_or_default())),
            };
            let value = text(how, "api_token").unwrap_or_else(|| "{{ session_token }}".to_owned());
            let value = rewritten(&value, names)?.replace("session_token", "token");
            session.insert(place.to_owned(), json!({ name: value }));
        }
        other => return Err(format!("`{other}` for a session")),
    }
    if let Some(lasts) = text(authenticator, "expiration_duration") {
        session.insert("lasts".to_owned(), json!(lasts));
    }
    Ok(json!({ "session": session }))
}
