//! Files that are read, and the requests of those that HTTP serves or takes.

use std::sync::Arc;

use super::Compiler;
use super::addresses::AddressOf;
use super::reading::Reads;
use super::request::Purpose;
use crate::plan::auth::{AuthPlan, BasicPlan, ServiceAccountPlan};
use crate::plan::request::RequestPlan;
use crate::plan::scopes::Scopes;
use crate::plan::source::{FetchPlan, FilePlan, LoginPlan};
use crate::spec;
use crate::spec::auth::Basic;
use crate::spec::places::{HasPlace, Placed};
use crate::spec::request::{Request, RequestKeys};
use crate::spec::source::{FileSource, Login};
use crate::template::scope::Scope;

impl Compiler<'_> {
    /// Files.
    pub(super) fn file(
        &mut self,
        file: &Placed<FileSource>,
        reads: Reads<'_>,
        label: &str,
        scopes: &Scopes,
        scope: &Scope,
    ) -> FilePlan {
        self.check_address(&file.url, AddressOf::File);
        let address = file.url.scalar().map_or("", |url| url.text.as_str());
        let path = address.split('?').next().unwrap_or_default();
        let last = path.rsplit('/').next().unwrap_or_default();
        if address.starts_with("http") && last.contains('*') && !last.contains("{{") {
            self.error(
                &file.url,
                "a web server has no list of its files, so that `*` matches none",
                "name the file; `*` is for the disk, S3, SFTP and FTP",
            );
        }
        let (reading, _) = self.reading(reads, &Scopes::answered(scope));
        let login = self.login(file.login.as_ref(), scope);
        let of_http = (&file.url, file.login.as_ref());
        let request = self.file_request(of_http, file, label, scopes, scope);
        let fetch = FetchPlan {
            request,
            pages: None,
            reading: Arc::clone(&reading),
        };
        FilePlan {
            url: self.template(&file.url, scope),
            pick: file.pick,
            login,
            reading,
            fetch,
        }
    }

    pub(super) fn login(&mut self, login: Option<&Login>, scope: &Scope) -> LoginPlan {
        let none = Login::default();
        let Login {
            username,
            password,
            key,
            host_key,
            known_hosts,
            access_key,
            secret_key,
            region,
            endpoint,
            // It is exchanged for a token: the request has it.
            service_account: _,
            account,
            account_key,
            sas,
        } = login.unwrap_or(&none);
        let mut plan =
            |template: &Option<spec::Template>| self.optional(template.as_deref(), scope);
        LoginPlan {
            username: plan(username),
            password: plan(password),
            key: plan(key),
            access_key: plan(access_key),
            secret_key: plan(secret_key),
            region: plan(region),
            endpoint: plan(endpoint),
            account: plan(account),
            account_key: plan(account_key),
            sas: plan(sas),
            host_key: plan(host_key),
            known_hosts: plan(known_hosts),
        }
    }

    /// The request for a file at an address that HTTP serves or takes.
    pub(super) fn file_request(
        &mut self,
        (url, login): (&spec::Template, Option<&Login>),
        at: &impl HasPlace,
        label: &str,
        scopes: &Scopes,
        scope: &Scope,
    ) -> RequestPlan {
        let keys = RequestKeys {
            url: Some(url.clone()),
            ..RequestKeys::default()
        };
        let request = Placed {
            span: at.place(),
            value: Request::Whole(Box::new(keys)),
        };
        let mut request = self.request(&request, label, scopes, scope, Purpose::File);
        // What `http` says of the API's requests is not for files, which may lie elsewhere.
        request.query.clear();
        request.headers.clear();
        request.rules.clear();
        request.body = None;
        request.method = None;
        request.limit = None;
        request.idempotency_key = None;
        let user = login.and_then(|login| login.username.as_ref());
        if let (Some(user), Some(login)) = (user, login) {
            let basic = Basic {
                username: Some(user.clone()),
                password: login.password.clone(),
            };
            let basic = BasicPlan::compile(&basic, scope, self);
            request.auth = Some(self.add_auth(AuthPlan::Basic(basic)));
            request.auth_is_own = true;
        }
        if let Some(key) = login.and_then(|login| login.service_account.as_ref()) {
            let account = ServiceAccountPlan::of_storage(self.template(key, scope));
            request.auth = Some(self.add_auth(AuthPlan::ServiceAccount(Box::new(account))));
            request.auth_is_own = true;
        }
        request
    }
}
