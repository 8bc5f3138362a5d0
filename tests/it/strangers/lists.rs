//! Filters, cursors and subscriptions.

use std::collections::BTreeSet;

use serde_json::json;

use super::marks::strangers;
use crate::support::app::{TestApp, text};
use crate::support::caller::Caller;
use crate::support::pair::Pair;
use crate::support::types::TYPES;

on_both!(r22_a_filter_or_a_cursor_of_anothers_finds_only_ones_own);
async fn r22_a_filter_or_a_cursor_of_anothers_finds_only_ones_own(app: TestApp) {
    let pair = Pair::new(&app).await;
    let (ada, b) = (&pair.a.agent, &pair.b);
    let managed = pair
        .operator
        .run(
            "query($id: ID!) { node(id: $id) { ... on Customer { email accountNumber } } }",
            json!({ "id": b.managed }),
        )
        .await;
    for search in [
        "bravo",
        "Carl bravo",
        &b.customer.email,
        &b.customer.number,
        &b.customer.number[1..],
        &b.agent.email,
        &b.agent.number,
        &pair.house.email,
        text(&managed["node"]["email"]),
        text(&managed["node"]["accountNumber"]),
    ] {
        let query = "query($search: String) { customers(filter: { search: $search }) { totalCount nodes { id } edges { cursor } } }";
        let found = ada.run(query, json!({ "search": search })).await;
        assert_eq!(
            found["customers"],
            json!({ "totalCount": 0, "nodes": [], "edges": [] }),
            "{search}"
        );
    }
    let own = ada
        .query("{ customers(filter: { search: \"alpha\" }) { totalCount } }")
        .await;
    assert_eq!(own["customers"]["totalCount"], 2);
    for (ids, others) in [(&b.ids, b.ids.of_nobody())] {
        let query = "query($agent: ID!, $customer: ID!) { customers(filter: { agentId: $agent }) { totalCount nodes { id } }
            viewer { agent { customers(filter: { agentId: $agent }) { totalCount }
                commissions(filter: { customerId: $customer }) { totalCount nodes { id } } } } }";
        let told = ada
            .ask(
                query,
                json!({ "agent": ids.agent, "customer": ids.customer }),
            )
            .await;
        let nothing = ada
            .ask(
                query,
                json!({ "agent": others.agent, "customer": others.customer }),
            )
            .await;
        assert_eq!(told.to_string(), nothing.to_string());
        assert_eq!(told["data"]["customers"]["totalCount"], 0);
        for report in ["commissionReport", "customerReport"] {
            let query = format!(
                "query($agent: ID) {{ {report}(input: {{ period: {{ from: \"2026-10-01\", to: \"2026-12-01\" }}, agentId: $agent }}) {{ totals {{ charges earned }} }} }}"
            );
            let told = ada
                .ask(&query, json!({ "agent": ids.agent }))
                .await
                .to_string();
            let nothing = ada
                .ask(&query, json!({ "agent": others.agent }))
                .await
                .to_string();
            assert_eq!(told, nothing, "{report}");
            assert!(!told.contains("0.15"), "{report}: {told}");
        }
    }
    // A place in B's list is a place in A's, and no more.
    for (list, shown) in [
        ("customers", "id"),
        ("transactions", "id"),
        ("payouts", "id"),
    ] {
        let own = ada
            .query(&format!(
                "{{ {list}(first: 100) {{ nodes {{ {shown} }} }} }}"
            ))
            .await;
        let own = own[list]["nodes"].as_array().expect("nodes").clone();
        let places = b
            .agent
            .query(&format!(
                "{{ {list}(first: 100) {{ edges {{ cursor }} }} }}"
            ))
            .await;
        for edge in places[list]["edges"].as_array().expect("edges") {
            for side in ["first: 100, after", "last: 100, before"] {
                let query = format!(
                    "{{ {list}({side}: {}) {{ nodes {{ {shown} }} }} }}",
                    edge["cursor"]
                );
                let found = ada.query(&query).await;
                let found = found[list]["nodes"].as_array().expect("nodes");
                assert!(found.iter().all(|node| own.contains(node)), "{list}");
            }
        }
    }
}

on_both!(r22_nobody_follows_what_is_anothers);
async fn r22_nobody_follows_what_is_anothers(app: TestApp) {
    let pair = Pair::new(&app).await;
    let served: BTreeSet<&str> = TYPES
        .root("Subscription")
        .iter()
        .map(|field| field.name.as_str())
        .collect();
    let known = BTreeSet::from([
        "accountEvents",
        "agentEvents",
        "commissionEvents",
        "deskEvents",
    ]);
    assert_eq!(served, known, "a new one: say here who may follow it");
    let (ids, others) = (pair.b.ids.clone(), pair.b.ids.of_nobody());
    let first = async |who: &Caller, field: &str, argument: &str, id: &str| {
        let named = if argument.is_empty() {
            String::new()
        } else {
            format!("({argument}: \"{id}\")")
        };
        let document = format!("subscription {{ {field}{named} {{ cursor }} }}");
        let mut events = who.follow(&document, json!({})).await;
        let answer = events.next_answer().await.expect("an answer");
        assert!(events.next_answer().await.is_none(), "{field}: it goes on");
        answer
    };
    for (who, stranger) in strangers(&app, &pair) {
        for (field, argument, id, other) in [
            ("agentEvents", "agentId", &ids.agent, &others.agent),
            ("commissionEvents", "agentId", &ids.agent, &others.agent),
            (
                "accountEvents",
                "customerId",
                &ids.customer,
                &others.customer,
            ),
            ("accountEvents", "customerId", &ids.managed, &others.managed),
            (
                "accountEvents",
                "customerId",
                &pair.b.agent.account,
                &others.managed,
            ),
            ("deskEvents", "", &ids.agent, &others.agent),
        ] {
            let told = first(&stranger, field, argument, id).await;
            let code = text(&told["errors"][0]["extensions"]["code"]);
            assert_eq!(
                code,
                if who == "an anonymous" {
                    "UNAUTHENTICATED"
                } else {
                    "FORBIDDEN"
                },
                "{who}: {field}"
            );
            let nothing = first(&stranger, field, argument, other).await;
            assert_eq!(told.to_string(), nothing.to_string(), "{who}: {field}");
        }
    }
    // Its own customer, which manages itself; and what was B's place.
    let told = first(
        &pair.a.agent,
        "accountEvents",
        "customerId",
        &pair.a.ids.customer,
    )
    .await;
    assert_eq!(told["errors"][0]["extensions"]["code"], "FORBIDDEN");
    let place = pair
        .b
        .agent
        .query("{ viewer { agent { latestCursor } } }")
        .await;
    let place = text(&place["viewer"]["agent"]["latestCursor"]).to_owned();
    let told = first(&pair.a.agent, "agentEvents", "after", &place).await;
    assert_eq!(told["errors"][0]["extensions"]["code"], "CURSOR_EXPIRED");
}
