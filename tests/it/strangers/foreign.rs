//! Every node, every query and every mutation, asked by those to whom it is foreign.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::{Value, json};

use super::marks::{DEEP, is_id, marks, strangers};
use crate::support::app::{TestApp, text};
use crate::support::caller::judged;
use crate::support::forms::nobodys;
use crate::support::pair::{Pair, filled};
use crate::support::types::TYPES;

on_both!(r22_every_kind_of_node_is_nothing_to_a_stranger);
async fn r22_every_kind_of_node_is_nothing_to_a_stranger(app: TestApp) {
    let pair = Pair::new(&app).await;
    let mut ids: BTreeSet<String> = marks(&pair.b, "bravo").await;
    ids.retain(|id| is_id(id));
    let own = &pair.b.ids;
    let key = own.api_key.clone();
    ids.extend([
        own.application.clone(),
        own.plan.clone(),
        own.top_up.clone(),
        own.proposal.clone(),
        own.fraud_case.clone(),
        key,
    ]);
    let log = "{ auditLog(first: 1) { nodes { id } } }";
    let log = pair.operator.query(log).await;
    ids.insert(text(&log["auditLog"]["nodes"][0]["id"]).to_owned());
    // Each kind is among them; whoever adds one adds it here, or to the pair.
    let list: Vec<&String> = ids.iter().collect();
    let mut kinds = BTreeSet::from(["Product".to_owned()]);
    for some in list.chunks(100) {
        let query = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename } }";
        let found = pair.operator.run(query, json!({ "ids": some })).await;
        for node in found["nodes"].as_array().expect("nodes") {
            kinds.insert(text(&node["__typename"]).to_owned());
        }
    }
    let all: BTreeSet<String> = TYPES.members["Node"].iter().cloned().collect();
    assert_eq!(kinds, all, "a kind of node that is not looked for");
    let own_to_b = "query($id: ID!) { node(id: $id) { id } }";
    let shown = TYPES.selection("Node", 1);
    let query =
        format!("query($id: ID!) {{ node(id: $id) {{ {shown}}} nodes(ids: [$id]) {{ id }} }}");
    for (who, stranger) in strangers(&app, &pair) {
        let nothing = stranger
            .ask(&query, json!({ "id": nobodys(&own.agent) }))
            .await
            .to_string();
        assert_eq!(nothing, r#"{"data":{"node":null,"nodes":[null]}}"#, "{who}");
        for id in &ids {
            let told = stranger.ask(&query, json!({ "id": id })).await;
            assert_eq!(told.to_string(), nothing, "{who}: {id}");
        }
    }
    // They are there for whom they belong to.
    for id in [
        &own.agent,
        &own.customer,
        &own.payout,
        &own.transfer,
        &own.plan,
        &own.charge,
    ] {
        let told = pair.b.agent.run(own_to_b, json!({ "id": id })).await;
        assert_eq!(told["node"]["id"], json!(id));
    }
}

/// What names nothing of anybody's.
const LEFT_OUT: [&str; 8] = [
    "first", "last", "after", "before", "filter", "orderBy", "state", "kind",
];

on_both!(r22_whatever_a_stranger_asks_holds_nothing_of_anothers);
async fn r22_whatever_a_stranger_asks_holds_nothing_of_anothers(app: TestApp) {
    let pair = Pair::new(&app).await;
    let marks = marks(&pair.b, "bravo").await;
    assert!(marks.len() > 15, "{marks:?}");
    let ids = &pair.b.ids;
    for field in TYPES.root("Query") {
        let given = |argument: &str| match argument {
            "id" | "accountOf" => json!(ids.customer),
            "ids" => json!([ids.agent, ids.customer, ids.charge]),
            // Anybody may look up a number that it knows.
            "agentNumber" => json!(pair.a.agent.number),
            "to" => json!("+12125550123"),
            "amount" => json!("20.00"),
            "method" => json!("CHECK"),
            "input" => {
                json!({ "period": { "from": "2026-10-01", "to": "2026-12-01" }, "agentId": ids.agent, "groupBy": "CUSTOMER" })
            }
            "month" => json!("2026-11-01"),
            "agentId" => json!(ids.agent),
            "commissionRate" => json!("5.00"),
            "decided" => json!(true),
            "period" => json!({ "from": "2026-10-01", "to": "2026-12-01" }),
            other => panic!(
                "Query.{}({other}) is new: say here what a stranger asks by it",
                field.name
            ),
        };
        let required: Vec<&str> = field
            .arguments
            .iter()
            .map(|argument| argument.name.as_str())
            .filter(|name| !LEFT_OUT.contains(name))
            .collect();
        let mut variables = serde_json::Map::new();
        let (mut declared, mut passed) = (String::new(), String::new());
        for argument in field
            .arguments
            .iter()
            .filter(|argument| required.contains(&argument.name.as_str()))
        {
            let kind = if argument.name == "ids" {
                "[ID!]".into()
            } else {
                argument.kind.clone()
            };
            let needed = if argument.required { "!" } else { "" };
            write!(declared, "${}: {kind}{needed} ", argument.name).expect("a text");
            write!(passed, "{0}: ${0} ", argument.name).expect("a text");
            variables.insert(argument.name.clone(), given(&argument.name));
        }
        let (declared, passed) = match required.len() {
            0 => Default::default(),
            _ => (format!("({declared})"), format!("({passed})")),
        };
        // B's by name; and its own, where none is named.
        let named = Value::Object(variables);
        let query = (0..=DEEP).rev().find_map(|depth| {
            let inner = if TYPES.outputs.contains_key(&field.kind) {
                format!("{{ {} }}", TYPES.selection(&field.kind, depth))
            } else {
                String::new()
            };
            let query = format!("query Q{declared} {{ {}{passed} {inner} }}", field.name);
            // As deep as it may cost.
            judged(&query, named.clone()).is_ok().then_some(query)
        });
        let query = query.unwrap_or_else(|| panic!("{} is never a good document", field.name));
        let mut own = named.clone();
        if let Some(input) = own.get_mut("input").and_then(Value::as_object_mut) {
            input.remove("agentId");
        }
        let asked = strangers(&app, &pair).into_iter();
        let asked = asked
            .flat_map(|(who, stranger)| [(who, stranger.clone(), &named), (who, stranger, &own)]);
        for (who, stranger, variables) in asked {
            let answer = stranger.ask(&query, variables.clone()).await;
            let errors = answer["errors"].as_array();
            for error in errors.into_iter().flatten() {
                let code = text(&error["extensions"]["code"]);
                assert!(
                    ["FORBIDDEN", "UNAUTHENTICATED"].contains(&code),
                    "{who}: {}: {error}",
                    field.name
                );
            }
            let told = answer.to_string();
            let shows = ["viewer", "customers", "payouts"].contains(&field.name.as_str())
                || (field.name == "customerReport" && variables["input"].get("agentId").is_none());
            assert!(
                who != "the other agent" || !shows || told.contains("alpha"),
                "{}: {told}",
                field.name
            );
            let leaked = marks.iter().find(|mark| told.contains(mark.as_str()));
            assert_eq!(leaked, None, "{who} learns it by {}", field.name);
        }
    }
}

on_both!(r22_a_strangers_mutation_does_nothing_and_tells_nothing);
async fn r22_a_strangers_mutation_does_nothing_and_tells_nothing(app: TestApp) {
    let pair = Pair::new(&app).await;
    let money = "{ viewer { agent { balance { funding commission reserved } customers { nodes { status management
        agent { agentNumber } balance { cash promo } plans { nodes { state } } topUps { nodes { state } } } }
        payouts { nodes { state } } } } }";
    let before = pair.b.agent.query(money).await;
    let (theirs, nobodys) = (pair.b.ids.clone(), pair.b.ids.of_nobody());
    let mut seen = 0;
    for (who, stranger) in strangers(&app, &pair) {
        let forms = filled(&app, &theirs)
            .into_iter()
            .zip(filled(&app, &nobodys));
        for (real, missing) in forms {
            if !real.leaves().iter().any(|leaf| leaf.kind == "ID") {
                continue;
            }
            // A processor decides on any top-up: that is its work.
            if who == "a processor" && real.mutation.ends_with("TopUp") && real.mutation != "topUp"
            {
                continue;
            }
            seen += 1;
            let document = TYPES.mutation(real.mutation);
            let told = stranger
                .ask(&document, json!({ "input": real.input }))
                .await;
            let nothing = stranger
                .ask(&document, json!({ "input": missing.input }))
                .await;
            let payload = &told["data"][real.mutation];
            let refused = payload["userErrors"]
                .as_array()
                .is_some_and(|errors| !errors.is_empty());
            assert!(
                refused || payload.is_null() && told["errors"].is_array(),
                "{who}: {}: {told:#}",
                real.mutation
            );
            let renamed = theirs.renamed(&nobodys, &told.to_string());
            assert_eq!(renamed, nothing.to_string(), "{who}: {}", real.mutation);
            let code = told["errors"][0]["extensions"]["code"].as_str();
            let code = code
                .or(payload["userErrors"][0]["code"].as_str())
                .unwrap_or_default();
            let known = [
                "FORBIDDEN",
                "UNAUTHENTICATED",
                "NOT_FOUND",
                "NOT_AFFILIATED",
            ];
            assert!(known.contains(&code), "{who}: {}: {code}", real.mutation);
        }
    }
    assert!(seen > 60, "only {seen}");
    assert_eq!(pair.b.agent.query(money).await, before);
}
