//! Who is a stranger, and by what somebody's things are known.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::caller::{Caller, judged};
use crate::support::pair::{House, Pair};
use crate::support::types::TYPES;

/// How deep a viewer looks.
pub(super) const DEEP: usize = 3;

/// Those to whom B is a stranger.
pub(super) fn strangers(app: &TestApp, pair: &Pair) -> Vec<(&'static str, Caller)> {
    vec![
        ("the other agent", pair.a.agent.caller.clone()),
        ("the other agent's customer", pair.a.customer.caller.clone()),
        ("a house customer", pair.house.caller.clone()),
        ("a switch", pair.switch.clone()),
        ("a processor", pair.processor.clone()),
        ("an anonymous", app.anonymous()),
    ]
}

/// All texts in an answer.
pub(super) fn texts(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            found.insert(text.clone());
        }
        Value::Array(values) => values.iter().for_each(|value| texts(value, found)),
        Value::Object(fields) => fields.values().for_each(|value| texts(value, found)),
        _ => {}
    }
}

pub(super) fn is_id(text: &str) -> bool {
    let (prefix, rest) = text.split_once('_').unwrap_or_default();
    prefix.len() == 3 && rest.len() == 32 && rest.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What only B and operators know: every id, address and number that B and its customers see of themselves.
pub(super) async fn marks(house: &House, name: &str) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    for field in &TYPES.outputs["Viewer"] {
        // As deep as it may cost.
        let deep = |depth: usize| {
            let inner = if TYPES.outputs.contains_key(&field.kind) {
                format!("{{ {} }}", TYPES.selection(&field.kind, depth))
            } else {
                String::new()
            };
            let viewer = format!("{{ viewer {{ {} {inner} }} }}", field.name);
            judged(&viewer, json!({})).is_ok().then_some(viewer)
        };
        let viewer = (0..DEEP).rev().find_map(deep).expect("a good document");
        for caller in [&house.agent.caller, &house.customer.caller] {
            let answer = caller.ask(&viewer, json!({})).await;
            assert!(answer["errors"].is_null(), "{answer:#}");
            texts(&answer["data"], &mut seen);
        }
    }
    seen.retain(|text| {
        (is_id(text) && !text.starts_with("prd_")) || text.contains('@') || text.contains(name)
    });
    seen.extend([house.agent.number.clone(), house.customer.number.clone()]);
    seen
}
