//! What an answer means: the first rule whose conditions all hold, then the defaults.

use std::sync::Arc;
use std::time::Duration;

use minijinja::value::ValueKind;

use super::Http;
use super::answer::Answer;
use super::error::{Failure, RuleEnd};
use crate::formats;
use crate::plan::request::{BodyPlan, Repeat, RequestPlan, RulePlan};
use crate::spec::recovery::Then;
use crate::template::{Frame, Value, is_nothing, text_of, wait_of};

/// Why an answer is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    /// Its status says so.
    ByStatus,
    /// A rule says so, and this about it.
    ByRule(Option<String>),
}

/// What an answer means.
#[derive(Debug)]
pub enum Verdict {
    /// It is good.
    Good(Accepted),
    /// The request is sent again, counted; the failure is what is said once attempts are used up.
    Retry(Option<Duration>, Failure),
    /// The same because of its status, if nothing can come of it twice.
    RetryStatus(Failure),
    /// The steps of a target begin anew.
    Restart(Option<Duration>, Failure),
    /// New credentials, and once more.
    Refresh(Failure),
    /// No records from here.
    Skip(String),
    /// No records from here, no further pages.
    Stop,
    /// The window is read in halves.
    Split(Failure),
    /// It failed for good.
    Fail(Failure),
}

impl Verdict {
    /// Why the request did not come to a good end.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Good(_) | Self::Skip(_) | Self::Stop => None,
            Self::Retry(_, failure)
            | Self::RetryStatus(failure)
            | Self::Restart(_, failure)
            | Self::Refresh(failure)
            | Self::Split(failure)
            | Self::Fail(failure) => Some(failure),
        }
    }
}

/// Judges an answer; `frame` sees it as `response`.
pub fn judge(
    http: &Http,
    plan: &RequestPlan,
    answer: &Answer,
    frame: &Arc<Frame>,
) -> Result<Verdict, Failure> {
    let status = answer.status;
    let is_good = (200..300).contains(&status);
    let changes = plan.repeat != Repeat::Asks;
    for rule in &plan.rules {
        // What a rule looks for in what holds nothing is absent, and says nothing by that.
        let is_vain = changes && rule.looks_inside && !answer.has_inside();
        // 204 and 205 are good, and have nothing to say.
        let is_known = !is_good && rule.statuses.is_empty() || matches!(status, 204 | 205);
        let is_passed_over = is_vain && is_known;
        if is_passed_over || !holds(rule, answer, frame)? {
            continue;
        }
        if is_vain && is_good {
            return Ok(Verdict::Fail(unclear(http, answer)));
        }
        return by_rule(http, plan, rule, answer, frame);
    }
    let failure = || Failure::Status {
        status,
        body: http.excerpt(answer.text()),
    };
    if is_good {
        return Ok(match graphql_errors(http, plan, answer) {
            // What stands beside data is for `results`, which tells of each row.
            Some(failure) if !(plan.errors_are_read && failure.has_data()) => {
                Verdict::Fail(failure)
            }
            Some(_) | None => Verdict::Good(Accepted::ByStatus),
        });
    }
    if plan.retry.statuses.contains(&status) {
        return Ok(Verdict::RetryStatus(failure()));
    }
    if status == 401 {
        return Ok(Verdict::Refresh(failure()));
    }
    Ok(Verdict::Fail(failure()))
}

/// A rule holds only for want of what it looks for in an answer that holds nothing.
fn unclear(http: &Http, answer: &Answer) -> Failure {
    Failure::Rule {
        status: answer.status,
        message: format!(
            "a rule looks into the answer, which holds no names, so that nobody knows what became of it: {}",
            match http.excerpt(answer.text()) {
                empty if empty.is_empty() => "it is empty".to_owned(),
                text => text,
            }
        ),
        end: RuleEnd::Unclear,
    }
}

fn holds(rule: &RulePlan, answer: &Answer, frame: &Arc<Frame>) -> Result<bool, Failure> {
    let has_status = rule.statuses.is_empty()
        || rule
            .statuses
            .iter()
            .any(|range| range.contains(answer.status));
    if !has_status {
        return Ok(false);
    }
    if let Some(text) = &rule.body {
        if !answer.text().contains(text.as_str()) {
            return Ok(false);
        }
    }
    match &rule.when {
        Some(when) => Ok(when.holds(frame)?),
        None => Ok(true),
    }
}

fn by_rule(
    http: &Http,
    plan: &RequestPlan,
    rule: &RulePlan,
    answer: &Answer,
    frame: &Arc<Frame>,
) -> Result<Verdict, Failure> {
    let said = match &rule.message {
        Some(message) => Some(message.text(frame)?),
        None => None,
    };
    let message = || {
        said.clone()
            .unwrap_or_else(|| match http.excerpt(answer.text()) {
                empty if empty.is_empty() => super::error::status_words(answer.status),
                text => text,
            })
    };
    let failure = |end| Failure::Rule {
        status: answer.status,
        message: message(),
        end,
    };
    Ok(match rule.then {
        Then::Ok => Verdict::Good(Accepted::ByRule(said)),
        Then::Retry => Verdict::Retry(wait(rule, frame)?, failure(RuleEnd::GoesOn)),
        Then::Restart => Verdict::Restart(wait(rule, frame)?, failure(RuleEnd::GoesOn)),
        Then::Skip => Verdict::Skip(match &said {
            Some(said) => said.clone(),
            None if plan.repeat != Repeat::Asks => message(),
            None => format!(
                "{} was answered {}, no records from here: {}",
                answer.url,
                super::error::status_words(answer.status),
                message()
            ),
        }),
        Then::Stop => Verdict::Stop,
        Then::Split => Verdict::Split(failure(RuleEnd::GoesOn)),
        Then::RefreshAuth => Verdict::Refresh(failure(RuleEnd::GoesOn)),
        Then::Fail => Verdict::Fail(failure(RuleEnd::Fails)),
        Then::Abort => Verdict::Fail(failure(RuleEnd::Aborts)),
    })
}

/// How long a rule says to wait.
fn wait(rule: &RulePlan, frame: &Arc<Frame>) -> Result<Option<Duration>, Failure> {
    match &rule.wait {
        Some(wait) => Ok(wait_of(&wait.value(frame)?)),
        None => Ok(None),
    }
}

/// What an error of a GraphQL answer says.
fn said_by(error: &Value) -> String {
    let message = error.get_attr("message").unwrap_or_default();
    let said = if is_nothing(&message) {
        error
    } else {
        &message
    };
    text_of(said).into_owned()
}

/// Whether `errors` of a GraphQL answer are any: an empty list, `{}`, `""` and `false` say that there are
/// none.
pub fn has_errors(errors: &Value) -> bool {
    let is_false = errors.kind() == ValueKind::Bool && !errors.is_true();
    !is_nothing(errors) && errors.len() != Some(0) && !is_false
}

/// What a GraphQL answer says in `errors`.
fn graphql_errors(http: &Http, plan: &RequestPlan, answer: &Answer) -> Option<Failure> {
    let Some(BodyPlan::GraphQl { .. }) = &plan.body else {
        return None;
    };
    let errors = answer.body().get_attr("errors").ok()?;
    if !has_errors(&errors) {
        return None;
    }
    let messages: Vec<String> = match errors.try_iter() {
        Ok(list) if formats::is_list(&errors) => list.map(|error| said_by(&error)).collect(),
        Ok(_) if errors.kind() == ValueKind::Map => vec![said_by(&errors)],
        _ => vec![text_of(&errors).into_owned()],
    };
    // A field that failed is null in `data`, and so may be all of it; what was not begun has no error
    // with a `path` (GraphQL, October 2021, 7.1).
    let body = answer.body();
    let data = body.get_attr("data").unwrap_or_default();
    let names_of = |map: &Value| map.try_iter().into_iter().flatten();
    let is_some = |name| data.get_item(&name).is_ok_and(|field| !is_nothing(&field));
    let has_some = names_of(&data).any(is_some);
    let has_path = |error: Value| error.get_attr("path").is_ok_and(|path| !is_nothing(&path));
    // Servers call their own faults so, after which nobody knows.
    let is_of_server = |error: &Value| {
        let extensions = error.get_attr("extensions").unwrap_or_default();
        let code = extensions.get_attr("code").unwrap_or_default();
        let code = text_of(&code).to_ascii_uppercase();
        code.contains("INTERNAL") || code.contains("TIMEOUT") || code.contains("TIMED_OUT")
    };
    let tells = |error: Value| is_of_server(&error) || has_path(error);
    let was_begun =
        formats::is_list(&errors) && errors.try_iter().is_ok_and(|mut all| all.any(tells));
    let has_data = has_some || was_begun;
    (!messages.is_empty()).then(|| Failure::GraphQl {
        message: http.excerpt(&messages.join("; ")),
        has_data,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::request::StatusRange;
    use crate::template::json;

    #[test]
    fn errors_are_some_unless_they_say_that_there_are_none() {
        let has = |text: &str| has_errors(&json::read(text).unwrap());
        for none in ["null", "[]", "{}", "\"\"", "false"] {
            assert!(!has(none), "{none}");
        }
        for some in ["[{}]", "{\"a\":1}", "\"no\"", "true", "7"] {
            assert!(has(some), "{some}");
        }
        assert!(!has_errors(&Value::UNDEFINED));
    }

    #[test]
    fn a_rule_holds_when_all_that_it_says_does() {
        let answer = Answer::of_text(422, "application/json", "{\"code\":\"TAKEN\"}");
        let holds = |statuses: &[&str], body: Option<&str>| {
            let rule = RulePlan {
                looks_inside: false,
                statuses: statuses
                    .iter()
                    .filter_map(|text| StatusRange::parse(text))
                    .collect(),
                body: body.map(str::to_owned),
                when: None,
                then: Then::Skip,
                message: None,
                wait: None,
            };
            super::holds(&rule, &answer, &Arc::default()).unwrap()
        };
        assert!(holds(&[], None));
        assert!(holds(&["404", "4xx"], Some("TAKEN")));
        assert!(!holds(&["404", "4xx"], Some("taken")));
        assert!(!holds(&["5xx"], Some("TAKEN")));
    }
}
