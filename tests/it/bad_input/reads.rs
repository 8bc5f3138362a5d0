//! Pages, places, searches, periods and documents.

use std::fmt::Write;
use std::time::{Duration, Instant};

use agent_program::http;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::support::app::{TestApp, text};
use crate::support::pair::Pair;
use crate::support::types::TYPES;

/// A cursor as the server writes them, with other keys.
fn forged(list: &str, keys: &Value) -> String {
    let body = json!({ "list": list, "keys": keys }).to_string();
    URL_SAFE_NO_PAD.encode([&[1], body.as_bytes()].concat())
}

on_both!(a_page_that_cannot_be_is_refused_by_every_list);
async fn a_page_that_cannot_be_is_refused_by_every_list(app: TestApp) {
    let pair = Pair::new(&app).await;
    let elsewhere = pair
        .operator
        .query("{ products { pageInfo { endCursor } } }")
        .await;
    let elsewhere = text(&elsewhere["products"]["pageInfo"]["endCursor"]).to_owned();
    let report = r#"input: { period: { from: "2026-11-01", to: "2026-12-01" } }, "#;
    let shown = |field: &str| {
        if field.ends_with("Report") {
            "asOf"
        } else {
            "totalCount"
        }
    };
    let mut lists: Vec<(String, String)> = Vec::new();
    for (of, open, close) in [
        ("Query", String::new(), ""),
        (
            "Agent",
            format!("node(id: \"{}\") {{ ... on Agent {{ ", pair.a.ids.agent),
            " } }",
        ),
        (
            "Customer",
            format!(
                "node(id: \"{}\") {{ ... on Customer {{ ",
                pair.a.ids.customer
            ),
            " } }",
        ),
    ] {
        for field in &TYPES.outputs[of] {
            if field
                .arguments
                .iter()
                .any(|argument| argument.name == "first")
            {
                let input = field
                    .arguments
                    .iter()
                    .any(|argument| argument.name == "input");
                let input = if input { report } else { "" };
                let name = &field.name;
                lists.push((
                    format!("{{ {open}{name}({input}"),
                    format!(") {{ {} }}{close} }}", shown(name)),
                ));
            }
        }
    }
    assert!(lists.len() >= 17, "only {} lists", lists.len());
    let long = "a".repeat(10_000);
    for (open, close) in &lists {
        let mut wrong: Vec<(String, &str)> = ["0", "101", "-1", "-2147483648", "2147483647"]
            .iter()
            .flat_map(|size| {
                [
                    (format!("first: {size}"), "first"),
                    (format!("last: {size}"), "last"),
                ]
            })
            .collect();
        wrong.push(("first: 1, last: 1".into(), "last"));
        let forged = forged("products", &json!([{ "Text": "\u{0}" }, { "Id": "x" }]));
        for garbage in ["", "nonsense", "%%%", "AQ", "é", &long, &forged] {
            wrong.push((format!("after: \"{garbage}\""), "after"));
            wrong.push((format!("before: \"{garbage}\""), "before"));
        }
        if !open.contains("products") {
            wrong.push((format!("after: \"{elsewhere}\""), "after"));
        }
        for (arguments, argument) in wrong {
            let answer = pair
                .operator
                .ask(&format!("{open}{arguments}{close}"), json!({}))
                .await;
            let extensions = &answer["errors"][0]["extensions"];
            let told = (extensions["code"].as_str(), extensions["argument"].as_str());
            assert_eq!(
                told,
                (Some("BAD_USER_INPUT"), Some(argument)),
                "{open}{arguments:.60}: {answer:#}"
            );
        }
    }
}

on_both!(a_forged_place_and_an_odd_search_are_never_a_fault);
async fn a_forged_place_and_an_odd_search_are_never_a_fault(app: TestApp) {
    let pair = Pair::new(&app).await;
    let (customer, by_name) = (&pair.a.agent, "orderBy: { field: NAME, direction: ASC }");
    for order in [by_name, "orderBy: { field: JOINED_AT, direction: DESC }"] {
        let query = format!("{{ customers(first: 1, {order}) {{ pageInfo {{ endCursor }} }} }}");
        let place = customer.query(&query).await;
        let place = text(&place["customers"]["pageInfo"]["endCursor"]).to_owned();
        let bytes = URL_SAFE_NO_PAD.decode(place).expect("base64");
        let place: Value = serde_json::from_slice(&bytes[1..]).expect("a position");
        let kind = place["keys"][0]
            .as_object()
            .expect("a key")
            .keys()
            .next()
            .expect("its kind")
            .clone();
        for odd in [
            "a\u{0}b",
            "-262000-01-01T00:00:00Z",
            "+262000-01-01T00:00:00Z",
        ] {
            let mut keys = place["keys"].clone();
            keys[0] = json!({ kind.clone(): odd });
            let after = forged(text(&place["list"]), &keys);
            let query =
                format!("{{ customers(after: \"{after}\", {order}) {{ nodes {{ id }} }} }}");
            let answer = customer.ask(&query, json!({})).await;
            let code = &answer["errors"][0]["extensions"]["code"];
            let is_name = kind == "Text" && !odd.contains('\0');
            assert!(
                is_name && code.is_null() || code == "BAD_USER_INPUT",
                "{odd:?} {answer:#}"
            );
        }
    }
    for (list, who) in [
        ("customers", &pair.a.agent.caller),
        ("agents", &pair.operator),
    ] {
        let search = format!(
            "query($search: String!) {{ {list}(filter: {{ search: $search }}) {{ totalCount }} }}"
        );
        for odd in ["\u{0}", "a\u{0}b", &"a".repeat(201), &"%".repeat(60_000)] {
            assert_eq!(
                who.error(&search, json!({ "search": odd })).await,
                "BAD_USER_INPUT",
                "{odd:.10?}"
            );
        }
        for odd in ["'", "\\", "%", "_", "\u{202e}", "🦀", "' OR 1=1 --"] {
            let found = who.run(&search, json!({ "search": odd })).await;
            assert_eq!(found[list]["totalCount"], 0, "{odd:?}");
        }
    }
    let ids = vec!["x"; 101];
    assert_eq!(
        customer
            .error(
                "query($ids: [ID!]!) { nodes(ids: $ids) { id } }",
                json!({ "ids": ids })
            )
            .await,
        "BAD_USER_INPUT"
    );
}

on_both!(a_period_that_cannot_be_is_refused);
async fn a_period_that_cannot_be_is_refused(app: TestApp) {
    let pair = Pair::new(&app).await;
    for (from, to, zone, argument) in [
        ("2026-12-01", "2026-11-01", "UTC", "to"),
        ("2026-11-01", "2026-11-01", "UTC", "to"),
        ("2025-01-01", "2026-02-06", "UTC", "to"),
        ("2026-11-01", "2026-12-01", "Mars/Olympus", "timeZone"),
        ("2026-11-01", "2026-12-01", "", "timeZone"),
        ("2026-11-01", "2026-12-01", "+01:00", "timeZone"),
        ("0000-01-01", "0000-02-01", "UTC", "from"),
        ("0001-01-01", "0001-02-01", "UTC", "from"),
        ("2026-02-30", "2026-03-30", "UTC", "from"),
        ("2026-11-01", "10000-01-01", "UTC", "to"),
        ("2026-1-1", "2026-12-01", "UTC", "from"),
    ] {
        let period = json!({ "from": from, "to": to, "timeZone": zone });
        for field in TYPES.root("Query") {
            if !field
                .arguments
                .iter()
                .any(|argument| argument.kind == "ReportInput")
            {
                continue;
            }
            let query = format!(
                "query($input: ReportInput!) {{ {}(input: $input) {{ asOf }} }}",
                field.name
            );
            let answer = pair
                .operator
                .ask(&query, json!({ "input": { "period": period } }))
                .await;
            let extensions = &answer["errors"][0]["extensions"];
            assert_eq!(
                extensions["argument"],
                format!("input.period.{argument}"),
                "{period} {answer:#}"
            );
        }
        let query = "query($id: ID!, $period: PeriodInput!) { node(id: $id) { ... on Customer { commissionEarned(period: $period) } } }";
        let code = pair.a.agent.error(
            query,
            json!({ "id": pair.a.ids.customer, "period": period }),
        );
        assert_eq!(code.await, "BAD_USER_INPUT", "{period}");
    }
}

on_both!(a_bomb_of_a_document_is_refused_at_once);
async fn a_bomb_of_a_document_is_refused_at_once(app: TestApp) {
    let door = app.app.door();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!(
        "http://{}/graphql",
        listener.local_addr().expect("an address")
    );
    let stop = CancellationToken::new();
    let serving = http::serve(
        listener,
        http::graphql(&door),
        door,
        stop.clone().cancelled_owned(),
    );
    let serving = tokio::spawn(serving);
    let deep = format!(
        "{}id{}",
        "{ viewer { customer ".repeat(3_000),
        "}".repeat(6_000)
    );
    let mut fragments = String::from("{ ...f0 } ");
    for i in 0..60 {
        let next = format!("...f{} ", i + 1);
        write!(fragments, "fragment f{i} on Query {{ {next}{next}{next}}} ").expect("a text");
    }
    fragments += "fragment f60 on Query { program { name } }";
    let mut wide = String::new();
    for i in 0..40 {
        write!(wide, "a{i}: program {{ name }} ").expect("a text");
    }
    let lists = format!(
        "{{ nodes(ids: {}{}) {{ id }} }}",
        "[".repeat(20_000),
        "]".repeat(20_000)
    );
    let circle = "{ ...f } fragment f on Query { ...g } fragment g on Query { ...f }".to_owned();
    let pages = "{ agents(first: 100) { nodes { customers(first: 100) { nodes { charges(first: 100) { nodes { id } } } } } } }";
    for document in [
        deep,
        fragments,
        format!("{{ {wide} }}"),
        lists,
        circle,
        pages.to_owned(),
    ] {
        let began = Instant::now();
        let asked = reqwest::Client::new()
            .post(&url)
            .json(&json!({ "query": document }))
            .send();
        let answer: Value = asked.await.expect("an answer").json().await.expect("JSON");
        let code = answer["errors"][0]["extensions"]["code"].as_str();
        let known = [
            "QUERY_TOO_COSTLY",
            "GRAPHQL_VALIDATION_FAILED",
            "GRAPHQL_PARSE_FAILED",
        ];
        assert!(
            code.is_some_and(|code| known.contains(&code)),
            "{document:.40}: {answer:.300}"
        );
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "{document:.40}: {:?}",
            began.elapsed()
        );
    }
    stop.cancel();
    serving.await.expect("it stops");
}
