//! A login whose answer has a token.

use std::sync::Arc;

use super::{Token, keys_of, until};
use crate::http::Http;
use crate::http::error::{Failure, SendError};
use crate::http::send::Reply;
use crate::plan::auth::SessionPlan;
use crate::template::{Frame, is_nothing};

impl Http {
    pub(super) async fn session(&self, plan: &SessionPlan) -> Result<Token, Failure> {
        let reply = Box::pin(self.send(&plan.login, &self.base, None)).await;
        let answer = match reply {
            Ok(Reply::Good(answer, _)) => answer,
            Ok(_) => {
                return Err(Failure::Auth(
                    "the login was passed over by a rule".to_owned(),
                ));
            }
            Err(SendError {
                failure: Failure::Stopped,
                ..
            }) => return Err(Failure::Stopped),
            Err(error) => return Err(Failure::Auth(error.to_string())),
        };
        let seen = Frame::on(&self.base).with("response", answer.to_value());
        let found = crate::path::first(
            &plan.token,
            (answer.text(), || answer.body()),
            &Arc::new(seen),
        )
        .map_err(|error| Failure::Auth(format!("token: {error}")))?;
        if is_nothing(&found) {
            return Err(Failure::Auth(format!(
                "the answer to the login has no token where `token` looks for it: {}",
                keys_of(&answer)
            )));
        }
        Ok(Token {
            value: found,
            kind: "Bearer".to_owned(),
            until: plan.lasts.and_then(until),
            number: 0,
        })
    }
}
