//! What a customer and its agent see of each other.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::marks::{DEEP, marks, texts};
use crate::support::app::{PASSWORD, TestApp, text};
use crate::support::pair::{Pair, instant};
use crate::support::types::TYPES;

on_both!(a_customer_learns_no_more_of_its_agent_than_its_profile);
async fn a_customer_learns_no_more_of_its_agent_than_its_profile(app: TestApp) {
    let pair = Pair::new(&app).await;
    let carl = &pair.a.customer;
    let own = "query($id: ID!) { node(id: $id) { ... on Customer { id email accountNumber
        charges { nodes { id source commission { id exact } } } topUps { nodes { id } } plans { nodes { id } }
        transactions { nodes { id kind cause { id } entries { account } } } } } }";
    let operators = pair.operator.run(own, json!({ "id": carl.id })).await["node"].take();
    let charge = &operators["charges"]["nodes"][0];
    let commission = text(&charge["commission"]["id"]).to_owned();
    let mut agents = marks(&pair.a, "alpha").await;
    let mut known = BTreeSet::new();
    texts(&operators, &mut known);
    let viewer = carl
        .query("{ viewer { user { id email name } customer { name } } }")
        .await;
    texts(&viewer, &mut known);
    known.remove(&commission);
    agents.retain(|mark| {
        !known.contains(mark) && *mark != pair.a.agent.number && *mark != pair.a.ids.application
    });
    agents.retain(|mark| *mark != "Memo alpha");
    agents.extend([
        commission.clone(),
        pair.a.agent.email.clone(),
        "agent:".into(),
        "expense:".into(),
    ]);
    for (field, kind) in [
        ("viewer", "Viewer"),
        ("transactions", "TransactionConnection"),
    ] {
        let query = format!("{{ {field} {{ {} }} }}", TYPES.selection(kind, DEEP));
        let answer = carl.ask(&query, json!({})).await.to_string();
        let leaked = agents.iter().find(|mark| answer.contains(mark.as_str()));
        assert_eq!(leaked, None, "{field}");
    }
    let node = "query($id: ID!) { node(id: $id) { ... on Charge { id commission { id } } ... on Commission { exact } } }";
    let told = carl.run(node, json!({ "id": charge["id"] })).await;
    assert_eq!(
        told["node"],
        json!({ "id": charge["id"], "commission": null })
    );
    assert_eq!(
        carl.run(node, json!({ "id": commission })).await["node"],
        Value::Null
    );
    let told = carl.query("{ viewer { agent { id } customer { commissionEarned agent { agentNumber displayName } } } }").await;
    assert!(
        told["viewer"]["agent"].is_null()
            && told["viewer"]["customer"]["commissionEarned"].is_null()
    );
    for field in ["customers", "agents", "payouts", "applications"] {
        let code = carl
            .error(&format!("{{ {field} {{ totalCount }} }}"), json!({}))
            .await;
        assert_eq!(code, "FORBIDDEN", "{field}");
    }
}

on_both!(e32_an_agent_sees_masked_numbers_and_nothing_from_before_its_time);
async fn e32_an_agent_sees_masked_numbers_and_nothing_from_before_its_time(app: TestApp) {
    let pair = Pair::new(&app).await;
    let new = json!({ "name": "Hal", "email": app.new_email("hal"), "password": PASSWORD });
    let hal = app
        .anonymous()
        .mutate(
            "signUp",
            new,
            "customer { id accountNumber } session { accessToken }",
        )
        .await;
    let (id, number) = (
        text(&hal["customer"]["id"]),
        text(&hal["customer"]["accountNumber"]),
    );
    let caller = app.with_token(text(&hal["session"]["accessToken"]));
    app.top_up(&caller, "50.00").await;
    let call = async |to: &str| {
        let call = json!({ "externalId": app.new_key(), "accountNumber": number, "to": to,
            "answeredAt": instant(&app), "durationSeconds": 60 });
        let calls = json!({ "source": "switch-hal", "calls": [call] });
        pair.switch
            .mutate("recordCalls", calls, "results { externalId }")
            .await;
    };
    call("+13105550101").await;
    let named = json!({ "agentNumber": pair.a.agent.number });
    caller.mutate("nameAgent", named, "customer { id }").await;
    call("+13105550202").await;
    let shown = "query($id: ID!) { node(id: $id) { ... on Customer { topUps { totalCount }
        charges { totalCount nodes { id call { to } } } transactions { nodes { kind entries { account } } } } } }";
    let seen = pair.a.agent.run(shown, json!({ "id": id })).await["node"].take();
    assert_eq!(seen["charges"]["totalCount"], 1);
    assert_eq!(seen["charges"]["nodes"][0]["call"]["to"], "+1310555****");
    assert!(seen["topUps"].is_null(), "{seen:#}");
    let entries = json!([{ "account": "agent:commission" }]);
    assert_eq!(
        seen["transactions"]["nodes"],
        json!([{ "kind": "CHARGE", "entries": entries }])
    );
    let whole = caller.run(shown, json!({ "id": id })).await["node"].take();
    assert_eq!(whole["charges"]["totalCount"], 2);
    assert_eq!(whole["charges"]["nodes"][0]["call"]["to"], "+13105550202");
    for row in whole["transactions"]["nodes"].as_array().expect("nodes") {
        assert_eq!(
            row["entries"],
            json!([{ "account": "customer:cash" }]),
            "{row}"
        );
    }
    let first = &whole["charges"]["nodes"][1]["id"];
    let node = "query($id: ID!) { node(id: $id) { id } }";
    assert!(pair.a.agent.run(node, json!({ "id": first })).await["node"].is_null());
    let all = pair
        .a
        .agent
        .ask(
            &format!("{{ viewer {{ {} }} }}", TYPES.selection("Viewer", DEEP)),
            json!({}),
        )
        .await;
    let all = all.to_string();
    assert!(
        !all.contains("3105550101") && !all.contains("3105550202") && !all.contains("2125550123")
    );
    let own = BTreeSet::from([
        "agent:commission",
        "agent:funding",
        "agent:held",
        "agent:reserved",
        "customer:cash",
    ]);
    let told = pair
        .a
        .agent
        .query("{ transactions(first: 100) { nodes { kind entries { account } } } }")
        .await;
    for row in told["transactions"]["nodes"].as_array().expect("nodes") {
        for entry in row["entries"].as_array().expect("entries") {
            assert!(own.contains(text(&entry["account"])), "{row}");
        }
    }
}
