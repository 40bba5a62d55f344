//! Who asks.

use std::sync::Arc;
use std::time::Duration;

use super::Compiler;
use super::request::Purpose;
use super::values::flag;
use crate::plan::auth::{AuthPlan, JwtPlan, OAuth2Plan, PlacePlan, SessionPlan};
use crate::plan::request::TreePlan;
use crate::plan::scopes::Scopes;
use crate::spec::OptionType;
use crate::spec::auth::{Algorithm, Grant, SendCredentials, TokenBody};
use crate::spec::tree::Node;
use crate::template::Template;
use crate::template::scope::{Name, Scope};

/// How long a signed token is good for, where nothing is said.
const JWT_LASTS: Duration = Duration::from_secs(20 * 60);

impl Compiler<'_> {
    /// The index of the auth at a node; nothing for `none`.
    pub(super) fn auth(&mut self, node: &Node, scopes: &Scopes) -> Option<usize> {
        let Some(choice) = node.entries().first() else {
            // `auth: none`, or something that was refused.
            return None;
        };
        let base = scopes.request();
        let at = &choice.value;
        let plan = match choice.key.as_str() {
            "bearer" => AuthPlan::Bearer(self.template(at, &base)),
            "basic" => AuthPlan::Basic {
                username: self.optional(at.get("username"), &base),
                password: self.optional(at.get("password"), &base),
            },
            "api_key" => AuthPlan::ApiKey(self.place(at, &base)),
            "oauth2" => AuthPlan::OAuth2(Box::new(self.oauth2(at, &scopes.base()))),
            "session" => AuthPlan::Session(Box::new(self.session(at, scopes))),
            "jwt" => AuthPlan::Jwt(Box::new(self.jwt(at, &scopes.base()))),
            "choose" => self.choose(at, scopes),
            _ => return None,
        };
        self.auths.push(plan);
        Some(self.auths.len() - 1)
    }

    fn place(&mut self, node: &Node, scope: &Scope) -> PlacePlan {
        let mut values = |key: &str| -> Vec<(Arc<str>, Template)> {
            node.get(key)
                .into_iter()
                .flat_map(Node::entries)
                .map(|entry| {
                    let name = Arc::from(entry.key.as_str());
                    (name, self.template(&entry.value, scope))
                })
                .collect()
        };
        PlacePlan {
            headers: values("header"),
            query: values("query"),
            cookies: values("cookie"),
        }
    }

    fn oauth2(&mut self, node: &Node, scope: &Scope) -> OAuth2Plan {
        let word = |key: &str| node.get(key).and_then(Node::as_text).unwrap_or_default();
        let grant = match word("grant") {
            "refresh_token" => Grant::RefreshToken,
            "password" => Grant::Password,
            _ => Grant::ClientCredentials,
        };
        if grant == Grant::RefreshToken && node.get("refresh_token").is_none() {
            self.error(
                node,
                "grant `refresh_token` needs a `refresh_token`",
                "refresh_token: \"{{ options.REFRESH_TOKEN }}\"",
            );
        }
        let has_user = node.get("username").is_some() && node.get("password").is_some();
        if grant == Grant::Password && !has_user {
            self.error(
                node,
                "grant `password` needs `username` and `password`",
                "username: \"{{ options.USERNAME }}\", password: \"{{ options.PASSWORD }}\"",
            );
        }
        if let Some(url) = node.get("token_url") {
            let text = url.as_text().unwrap_or_default();
            if !text.contains("://") && !text.contains("{{") {
                self.error(
                    url,
                    "`token_url` is a whole address",
                    "token_url: https://auth.example.com/token",
                );
            }
        }
        let rotates = flag(node.get("rotates")).unwrap_or_default();
        if rotates && self.document.spec.state.is_none() {
            let at = node.get("rotates").unwrap_or(node).span.clone();
            self.warnings.push(
                crate::check::Diagnostic::new(
                    at,
                    "each refresh gives a new refresh token, which nothing keeps for the next run",
                )
                .hint("state: { bucket: NAME.json }, or --state FILE on a disk that outlives the container"),
            );
        }
        let scopes = match node.get("scopes") {
            Some(scopes) if scopes.scalar().is_some() => vec![self.template(scopes, scope)],
            scopes => {
                let items = scopes.into_iter().flat_map(Node::items);
                items.map(|item| self.template(item, scope)).collect()
            }
        };
        OAuth2Plan {
            grant,
            token_url: self.template(node.get("token_url").unwrap_or(node), scope),
            client_id: self.optional(node.get("client_id"), scope),
            client_secret: self.optional(node.get("client_secret"), scope),
            refresh_token: self.optional(node.get("refresh_token"), scope),
            username: self.optional(node.get("username"), scope),
            password: self.optional(node.get("password"), scope),
            scopes,
            send: match word("send") {
                "body" => SendCredentials::Body,
                "query" => SendCredentials::Query,
                _ => SendCredentials::Header,
            },
            body: match word("body") {
                "json" => TokenBody::Json,
                _ => TokenBody::Form,
            },
            extra: self.map_tree(node.get("extra"), scope),
            rotates,
        }
    }

    fn map_tree(&mut self, node: Option<&Node>, scope: &Scope) -> TreePlan {
        match node {
            Some(node) => self.tree(node, scope),
            None => TreePlan::Map(Vec::new()),
        }
    }

    fn session(&mut self, node: &Node, scopes: &Scopes) -> SessionPlan {
        let base = scopes.base();
        let login = node.get("login").unwrap_or(node);
        let login = self.request(
            login,
            "the login",
            scopes,
            &scopes.request(),
            Purpose::Login,
        );
        let token = node.get("token").unwrap_or(node);
        let (token, _) = self.path(token, &Scopes::answered(&base));
        let scope = scopes.request().with("token", Name::Any);
        let (place, uses) = self.watched(|compiler| compiler.place(node, &scope));
        let is_empty =
            place.headers.is_empty() && place.query.is_empty() && place.cookies.is_empty();
        if !is_empty && !uses.names.contains("token") {
            self.error(
                node,
                "the session logs in, and nothing sends its `token`",
                "header: { Authorization: \"Bearer {{ token }}\" }",
            );
        }
        if is_empty {
            self.error(
                node,
                "a session says where its token is sent",
                "header: { Authorization: \"Bearer {{ token }}\" }, or query, or cookie",
            );
        }
        let lasts = node.get("lasts");
        SessionPlan {
            login,
            token,
            place,
            lasts: lasts.map(|node| self.duration(Some(node), Duration::ZERO)),
        }
    }

    fn jwt(&mut self, node: &Node, scope: &Scope) -> JwtPlan {
        let algorithm = match node.get("algorithm").and_then(Node::as_text) {
            Some("RS256") => Algorithm::RS256,
            Some("ES256") => Algorithm::ES256,
            _ => Algorithm::HS256,
        };
        JwtPlan {
            algorithm,
            key: self.template(node.get("key").unwrap_or(node), scope),
            claims: self.map_tree(node.get("claims"), scope),
            headers: self.map_tree(node.get("headers"), scope),
            lasts: self.duration(node.get("lasts"), JWT_LASTS),
            token_url: self.optional(node.get("token_url"), scope),
        }
    }

    fn choose(&mut self, node: &Node, scopes: &Scopes) -> AuthPlan {
        let by = node.get("by").unwrap_or(node);
        let template = self.template(by, &scopes.base());
        let mut cases = Vec::new();
        for entry in node.get("cases").into_iter().flat_map(Node::entries) {
            let index = self.auth(&entry.value, scopes).unwrap_or_else(|| {
                self.auths.push(AuthPlan::None);
                self.auths.len() - 1
            });
            cases.push((entry.key.clone(), index));
        }
        self.every_choice_is_a_case(by, &cases);
        AuthPlan::Choose {
            by: template,
            cases,
        }
    }

    /// Where a select option chooses, all its choices must be cases.
    fn every_choice_is_a_case(&mut self, by: &Node, cases: &[(String, usize)]) {
        let text = by.as_text().unwrap_or_default().trim();
        let name = text
            .strip_prefix("{{")
            .and_then(|text| text.strip_suffix("}}"))
            .and_then(|text| text.trim().strip_prefix("options."));
        let Some(name) = name else { return };
        let option = self.known_options.iter().find(|option| option.key == name);
        let Some(option) = option.filter(|option| option.kind == OptionType::Select) else {
            return;
        };
        let choices: Vec<String> = option
            .choices
            .iter()
            .map(|(choice, _)| choice.clone())
            .collect();
        let missing: Vec<&str> = choices
            .iter()
            .filter(|choice| !cases.iter().any(|(case, _)| case == *choice))
            .map(String::as_str)
            .collect();
        if !missing.is_empty() {
            let words = missing.join(", ");
            self.error(
                by,
                format!("the option `{name}` can be {words}, and no case says what is sent then"),
                format!("add a case: {}: none", missing[0]),
            );
        }
    }
}
