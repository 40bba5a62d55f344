//! Steps of a data source.

use std::sync::Arc;

use super::Compiler;
use crate::plan::StepPlan;
use crate::plan::scopes::{RESERVED, Scopes};
use crate::spec::tree::Node;
use crate::spec::{Mode, Source, Step};

impl Compiler<'_> {
    pub(super) fn source(&mut self, scopes: &mut Scopes) -> Vec<StepPlan> {
        let spec = &self.document.spec;
        let steps: Vec<(&Step, &Node)> = match (&spec.source, self.root().get("source")) {
            (Some(Source::One(step)), Some(node)) => vec![(step, node)],
            (Some(Source::Many(steps)), Some(node)) => steps.iter().zip(node.items()).collect(),
            _ => {
                if spec.mode == Mode::DataSource {
                    let at = self.root().get("mode").unwrap_or(self.root());
                    self.error(
                        at,
                        "`source` is missing: a data source has to say where its rows come from",
                        "add source: { rows: [{ id: 1 }] }",
                    );
                }
                return Vec::new();
            }
        };
        steps
            .into_iter()
            .map(|(step, node)| self.step(step, node, scopes))
            .collect()
    }

    pub(super) fn step(&mut self, step: &Step, node: &Node, scopes: &mut Scopes) -> StepPlan {
        let scope = scopes.step();
        let when = self.when(node, &scope);
        let rows = node
            .get("rows")
            .into_iter()
            .flat_map(Node::items)
            .map(|row| self.template(row, &scope))
            .collect();
        if let (Some(name), Some(at)) = (&step.name, node.get("name")) {
            if RESERVED.contains(&name.as_str()) {
                self.error(
                    at,
                    format!("`{name}` is a name of the language"),
                    "call the step after what it holds: product, variant",
                );
            } else if scopes.steps.contains(name) {
                self.error(
                    at,
                    format!("two steps are called `{name}`"),
                    "rename one of them",
                );
            }
            scopes.steps.push(name.clone());
        }
        let scope = scopes
            .step()
            .with("record", crate::template::scope::Name::Any);
        let filter = node.get("where").map(|node| self.condition(node, &scope));
        StepPlan {
            name: step.name.as_deref().map(Arc::from),
            rows,
            when,
            filter,
        }
    }
}
