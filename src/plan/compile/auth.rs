//! Who asks.

use std::sync::Arc;
use std::time::Duration;

use super::Compiler;
use super::request::Purpose;
use crate::plan::auth::{AuthPlan, JwtPlan, OAuth2Plan, PlacePlan, SessionPlan};
use crate::plan::request::TreePlan;
use crate::plan::scopes::Scopes;
use crate::spec::auth::{
    ApiKeyPlace, Auth, AuthChoice, AuthWord, Choose, Grant, Jwt, OAuth2, Session,
};
use crate::spec::places::{Keyed, Placed};
use crate::spec::{self, OptionType};
use crate::template::Template;
use crate::template::scope::{Name, Scope};

/// How long a signed token is good for, where nothing is said.
const JWT_LASTS: Duration = Duration::from_secs(20 * 60);

/// Values under their names.
type Fields = Option<Keyed<spec::Template>>;

impl Compiler<'_> {
    /// The index of an auth; nothing for `none`.
    pub(super) fn auth(&mut self, auth: &Auth, scopes: &Scopes) -> Option<usize> {
        let choice = match auth {
            Auth::Word(AuthWord::None) => return None,
            Auth::Choice(choice) => choice,
        };
        let AuthChoice {
            bearer,
            basic,
            api_key,
            oauth2,
            session,
            jwt,
            choose,
        } = &**choice;
        let base = scopes.request();
        let mut plan = None;
        if let Some(token) = bearer {
            plan = Some(AuthPlan::Bearer(self.template(token, &base)));
        }
        if let Some(basic) = basic {
            plan = Some(AuthPlan::Basic {
                username: self.optional(basic.username.as_deref(), &base),
                password: self.optional(basic.password.as_deref(), &base),
            });
        }
        if let Some(place) = api_key {
            let ApiKeyPlace {
                header,
                query,
                cookie,
            } = place;
            plan = Some(AuthPlan::ApiKey(self.place([header, query, cookie], &base)));
        }
        if let Some(oauth2) = oauth2 {
            let oauth2 = self.oauth2(oauth2, &scopes.base());
            plan = Some(AuthPlan::OAuth2(Box::new(oauth2)));
        }
        if let Some(session) = session {
            plan = Some(AuthPlan::Session(Box::new(self.session(session, scopes))));
        }
        if let Some(jwt) = jwt {
            plan = Some(AuthPlan::Jwt(Box::new(self.jwt(jwt, &scopes.base()))));
        }
        if let Some(choose) = choose {
            plan = Some(self.choose(choose, scopes));
        }
        self.auths.push(plan?);
        Some(self.auths.len() - 1)
    }

    fn place(&mut self, [header, query, cookie]: [&Fields; 3], scope: &Scope) -> PlacePlan {
        let mut values = |fields: &Fields| -> Vec<(Arc<str>, Template)> {
            fields
                .iter()
                .flatten()
                .map(|(name, value)| (Arc::from(name.text.as_str()), self.template(value, scope)))
                .collect()
        };
        PlacePlan {
            headers: values(header),
            query: values(query),
            cookies: values(cookie),
        }
    }

    fn oauth2(&mut self, at: &Placed<OAuth2>, scope: &Scope) -> OAuth2Plan {
        let spec = &at.value;
        let needs_token = match spec.grant {
            Grant::RefreshToken => spec.refresh_token.is_none(),
            Grant::ClientCredentials | Grant::Password => false,
        };
        if needs_token {
            self.error(
                at,
                "grant `refresh_token` needs a `refresh_token`",
                "refresh_token: \"{{ options.REFRESH_TOKEN }}\"",
            );
        }
        let has_user = spec.username.is_some() && spec.password.is_some();
        if spec.grant == Grant::Password && !has_user {
            self.error(
                at,
                "grant `password` needs `username` and `password`",
                "username: \"{{ options.USERNAME }}\", password: \"{{ options.PASSWORD }}\"",
            );
        }
        let text = spec.token_url.as_text().unwrap_or_default();
        if !text.contains("://") && !text.contains("{{") {
            self.error(
                &spec.token_url,
                "`token_url` is a whole address",
                "token_url: https://auth.example.com/token",
            );
        }
        let rotates = spec.rotates.if_true();
        if let (Some(rotates), None) = (rotates, &self.document.spec.state) {
            self.warnings.push(
                crate::diagnostics::Diagnostic::new(
                    rotates.span.clone(),
                    "each refresh gives a new refresh token, which nothing keeps for the next run",
                )
                .hint("state: { bucket: NAME.json }, or --state FILE on a disk that outlives the container"),
            );
        }
        let scopes = match &spec.scopes {
            Some(scopes) if scopes.scalar().is_some() => vec![self.template(scopes, scope)],
            scopes => {
                let items = scopes.iter().flat_map(|scopes| scopes.items());
                items.map(|item| self.template(item, scope)).collect()
            }
        };
        OAuth2Plan {
            grant: spec.grant,
            token_url: self.template(&spec.token_url, scope),
            client_id: self.optional(spec.client_id.as_deref(), scope),
            client_secret: self.optional(spec.client_secret.as_deref(), scope),
            refresh_token: self.optional(spec.refresh_token.as_deref(), scope),
            username: self.optional(spec.username.as_deref(), scope),
            password: self.optional(spec.password.as_deref(), scope),
            scopes,
            send: spec.send,
            body: spec.body,
            extra: self.map_tree(&spec.extra, scope),
            rotates: rotates.is_some(),
        }
    }

    /// Values of a body under their names.
    pub(super) fn map_tree(&mut self, fields: &Keyed<spec::Tree>, scope: &Scope) -> TreePlan {
        let fields = fields.iter();
        TreePlan::Map(
            fields
                .map(|(name, value)| {
                    self.fixed_key(name);
                    (Arc::from(name.text.as_str()), self.tree(value, scope))
                })
                .collect(),
        )
    }

    fn session(&mut self, at: &Placed<Session>, scopes: &Scopes) -> SessionPlan {
        let spec = &at.value;
        let base = scopes.base();
        let login = self.request(
            &spec.login,
            "the login",
            scopes,
            &scopes.request(),
            Purpose::Login,
        );
        let (token, _) = self.path(&spec.token, &Scopes::answered(&base));
        let scope = scopes.request().with("token", Name::Any);
        let fields = [&spec.header, &spec.query, &spec.cookie];
        let (place, uses) = self.watched(|compiler| compiler.place(fields, &scope));
        let is_empty =
            place.headers.is_empty() && place.query.is_empty() && place.cookies.is_empty();
        if !is_empty && !uses.names.contains("token") {
            self.error(
                at,
                "the session logs in, and nothing sends its `token`",
                "header: { Authorization: \"Bearer {{ token }}\" }",
            );
        }
        if is_empty {
            self.error(
                at,
                "a session says where its token is sent",
                "header: { Authorization: \"Bearer {{ token }}\" }, or query, or cookie",
            );
        }
        let lasts = spec.lasts.as_deref();
        SessionPlan {
            login,
            token,
            place,
            lasts: lasts.map(|node| self.duration(Some(node), Duration::ZERO)),
        }
    }

    fn jwt(&mut self, spec: &Jwt, scope: &Scope) -> JwtPlan {
        JwtPlan {
            algorithm: spec.algorithm,
            key: self.template(&spec.key, scope),
            claims: self.map_tree(&spec.claims, scope),
            headers: self.map_tree(&spec.headers, scope),
            lasts: self.duration(spec.lasts.as_deref(), JWT_LASTS),
            token_url: self.optional(spec.token_url.as_deref(), scope),
        }
    }

    fn choose(&mut self, spec: &Choose, scopes: &Scopes) -> AuthPlan {
        let by = self.template(&spec.by, &scopes.base());
        let mut cases = Vec::new();
        for (case, auth) in &spec.cases {
            let index = self.auth(auth, scopes).unwrap_or_else(|| {
                self.auths.push(AuthPlan::None);
                self.auths.len() - 1
            });
            cases.push((case.text.clone(), index));
        }
        self.every_choice_is_a_case(&spec.by, &cases);
        AuthPlan::Choose { by, cases }
    }

    /// Where a select option chooses, all its choices must be cases.
    fn every_choice_is_a_case(&mut self, by: &spec::Template, cases: &[(String, usize)]) {
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
