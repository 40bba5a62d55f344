//! Auth that an option chooses.

use std::sync::Arc;

use super::{AuthError, AuthPlan};
use crate::plan::compile::Compiler;
use crate::plan::scopes::Scopes;
use crate::spec::auth::Choose;
use crate::spec::{self, OptionType};
use crate::template::{Frame, Template};

/// What an option chooses.
#[derive(Debug)]
pub struct ChoosePlan {
    /// What chooses.
    by: Template,
    /// Auth by its value, as indices of [`Plan::auths`](crate::plan::Plan::auths).
    cases: Vec<(String, usize)>,
}

impl ChoosePlan {
    pub(super) fn compile(spec: &Choose, scopes: &Scopes, compiler: &mut Compiler<'_>) -> Self {
        let by = compiler.template(&spec.by, &scopes.base());
        let mut cases = Vec::new();
        for (case, auth) in &spec.cases {
            let index = compiler
                .auth(auth, scopes)
                .unwrap_or_else(|| compiler.add_auth(AuthPlan::None));
            cases.push((case.text.clone(), index));
        }
        every_choice_is_a_case(&spec.by, &cases, compiler);
        Self { by, cases }
    }

    /// The auth that is chosen.
    pub(super) fn chosen(&self, base: &Arc<Frame>) -> Result<usize, AuthError> {
        let by = self.by.text(base)?;
        let chosen = self.cases.iter().find(|(case, _)| *case == by);
        chosen.map(|(_, index)| *index).ok_or_else(|| {
            let words: Vec<&str> = self.cases.iter().map(|(case, _)| case.as_str()).collect();
            AuthError::Refused(format!(
                "`choose` has no case for \"{by}\": there are {}",
                words.join(", ")
            ))
        })
    }
}

/// Where a select option chooses, all its choices must be cases.
fn every_choice_is_a_case(
    by: &spec::Template,
    cases: &[(String, usize)],
    compiler: &mut Compiler<'_>,
) {
    let text = by.as_text().unwrap_or_default().trim();
    let name = text
        .strip_prefix("{{")
        .and_then(|text| text.strip_suffix("}}"))
        .and_then(|text| text.trim().strip_prefix("options."));
    let Some(name) = name else { return };
    let option = compiler
        .known_options
        .iter()
        .find(|option| option.key == name);
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
        compiler.error(
            by,
            format!("the option `{name}` can be {words}, and no case says what is sent then"),
            format!("add a case: {}: none", missing[0]),
        );
    }
}
