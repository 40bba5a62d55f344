//! Logs. One that can't be delivered goes to standard error and never ends a run.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::client::ContainerApi;
use super::wait::Waits;
use crate::retry::{Attempt, RetryEnd, retry};
use crate::spec::{LogLevel, NotifyType};

impl ContainerApi {
    /// Logs a message, with more to go with it. Passwords are taken out. Whether it was delivered.
    pub async fn log(
        &self,
        level: LogLevel,
        message: &str,
        context: Option<&Map<String, Value>>,
    ) -> bool {
        // The API refuses a blank message; one that renders blank was meant to say nothing.
        if message.trim().is_empty() {
            return true;
        }
        let message = self.redactor.redact(message);
        let mut body = json!({ "message": message });
        if let Some(context) = context.filter(|context| !context.is_empty()) {
            body["context"] = self.redactor.redact_json(&Value::Object(context.clone()));
        }
        let body = Bytes::from(body.to_string());
        let path = format!("/logs/{}", level.word());
        let mut waits = Waits::default();
        let logged = retry(&self.stop, async |_| {
            let answer = self.send(&Method::POST, &path, Some(&body)).await;
            if answer.is_accepted() {
                return Attempt::Done(());
            }
            // An API that is gone is not waited for once a log.
            let patient = answer.is_surely_not_done() && !self.logs_fail.load(Ordering::Relaxed);
            let wait = patient.then(|| waits.after_not_done(&answer)).flatten();
            Attempt::Again(answer.describe(), wait)
        });
        let logged = logged.await.map_err(RetryEnd::into_error);
        self.logs_fail.store(logged.is_err(), Ordering::Relaxed);
        if let Err(reason) = &logged {
            eprintln!("{}: {message}\n  (POST {path}: {reason})", level.word());
        }
        logged.is_ok()
    }

    /// A text without passwords.
    pub fn redacted(&self, text: &str) -> String {
        self.redactor.redact(text)
    }

    /// Tells the end user something. The path of notifications is not public, so it goes out as a
    /// log of the same level: this is the one place to change.
    pub async fn notify(&self, kind: NotifyType, message: &str) -> bool {
        let level = match kind {
            NotifyType::Success => LogLevel::Success,
            NotifyType::Warning => LogLevel::Warning,
            NotifyType::Error => LogLevel::Error,
        };
        self.log(level, message, None).await
    }
}
