//! People, calls and payouts: what their own rules refuse.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::told::{rows, sent, told};
use crate::support::app::{PASSWORD, TestApp};
use crate::support::pair::{Pair, filled};
use crate::support::types::TYPES;

on_both!(what_is_no_address_or_password_is_refused);
async fn what_is_no_address_or_password_is_refused(app: TestApp) {
    let ada = json!({ "name": "Ada", "email": "ada@example.com", "password": PASSWORD });
    app.anonymous()
        .mutate("signUp", ada.clone(), "customer { id }")
        .await;
    let before = rows(&app.app.db).await;
    let refused = async |field: &str, wrong: &str| {
        let mut input = ada.clone();
        input["email"] = json!("ben@example.com");
        input[field] = json!(wrong);
        let refused = app.anonymous().refused("signUp", input).await;
        format!("{} {}", refused.code, refused.field)
    };
    for wrong in [
        "ada example@example.com",
        "ada@localhost",
        "ada",
        "@example.com",
        "ada@",
        "ada@@example.com",
        "<ada@example.com>",
        "ada@example.com,ben@example.com",
        "ada@exam ple.com",
        &format!("{}@example.com", "a".repeat(300)),
    ] {
        assert_eq!(
            refused("email", wrong).await,
            "INVALID_INPUT email",
            "{wrong}"
        );
    }
    for taken in ["ADA@example.com", "Ada@Example.COM", " ada@example.com "] {
        assert_eq!(
            refused("email", taken).await,
            "EMAIL_TAKEN email",
            "{taken}"
        );
    }
    for weak in [
        "",
        "7 chars",
        &"x ".repeat(65)[..129],
        "password",
        "12345678",
        "qwertyuiop",
        "iloveyou1",
    ] {
        assert_eq!(
            refused("password", weak).await,
            "WEAK_PASSWORD password",
            "{weak}"
        );
    }
    assert_eq!(rows(&app.app.db).await, before);
    let mut decomposed = ada.clone();
    decomposed["name"] = json!("  Zoe\u{308} A\u{30a}ngstro\u{308}m ");
    decomposed["email"] = json!("zoe@example.com");
    let new = app
        .anonymous()
        .mutate("signUp", decomposed, "customer { name }")
        .await;
    assert_eq!(new["customer"]["name"], "Zo\u{eb} \u{c5}ngstr\u{f6}m");
}

on_both!(an_odd_link_beside_a_typed_number_is_never_a_fault);
async fn an_odd_link_beside_a_typed_number_is_never_a_fault(app: TestApp) {
    let agent = app.agent("3.00").await;
    for odd in ["", "a\u{0}b", "\u{202e}", "0", "💥", &"9".repeat(10_000)] {
        let input = json!({ "name": "Ada", "email": app.new_email("ada"), "password": PASSWORD,
            "agentNumber": agent.number, "linkAgentNumber": odd });
        let document = TYPES.mutation("signUpWithAgent");
        let answer = app
            .anonymous()
            .ask(&document, json!({ "input": input }))
            .await;
        assert_eq!(told(&answer), "", "{odd:.10?}");
    }
}

on_both!(a_call_is_neither_of_the_future_nor_of_negative_length);
async fn a_call_is_neither_of_the_future_nor_of_negative_length(app: TestApp) {
    let pair = Pair::new(&app).await;
    let forms = filled(&app, &pair.a.ids);
    let form = |name: &str| {
        forms
            .iter()
            .find(|form| form.mutation == name)
            .expect("a form")
    };
    let (calls, charges) = (form("recordCalls"), form("recordCharges"));
    let before = rows(&app.app.db).await;
    for (form, list, at) in [
        (calls, "calls", "answeredAt"),
        (charges, "charges", "occurredAt"),
    ] {
        let row = |field: &str, value: Value| {
            let mut input = form.input.clone();
            input[list][0][field] = value;
            sent(&pair.switch, form, input)
        };
        for wrong in [
            TimeDelta::minutes(6),
            TimeDelta::days(400),
            TimeDelta::days(-30),
        ] {
            let told = row(at, json!((app.now() + wrong).to_rfc3339())).await;
            assert_eq!(told, format!("INVALID_INPUT {list}.0.{at}"), "{wrong}");
        }
        for wrong in ["", "1234567890", "0", "10000000000000000000000000000"] {
            let told = row("accountNumber", json!(wrong)).await;
            assert_eq!(
                told,
                format!("INVALID_INPUT {list}.0.accountNumber"),
                "{wrong}"
            );
        }
        for count in [0, 1_001] {
            let mut input = form.input.clone();
            input[list] = Value::Array(vec![input[list][0].clone(); count]);
            assert_eq!(
                sent(&pair.switch, form, input).await,
                format!("INVALID_INPUT {list}")
            );
        }
        let mut own = form.input.clone();
        own["source"] = json!("agent-program");
        assert_eq!(sent(&pair.switch, form, own).await, "INVALID_INPUT source");
    }
    for wrong in [-1, i32::MIN, i32::MAX] {
        let mut input = calls.input.clone();
        input["calls"][0]["durationSeconds"] = json!(wrong);
        let told = sent(&pair.switch, calls, input).await;
        assert_eq!(told, "INVALID_INPUT calls.0.durationSeconds", "{wrong}");
    }
    let rates = form("saveCallRates");
    for count in [0, 1_001] {
        let rate =
            |n| json!({ "prefix": format!("9{n}"), "destination": "X", "pricePerMinute": "0.01" });
        let input = json!({ "rates": (0..count).map(rate).collect::<Vec<_>>() });
        assert_eq!(
            sent(&pair.operator, rates, input).await,
            "INVALID_INPUT rates"
        );
    }
    assert_eq!(rows(&app.app.db).await, before);
    let mut input = calls.input.clone();
    input["calls"][0]["answeredAt"] = json!((app.now() + TimeDelta::minutes(4)).to_rfc3339());
    assert_eq!(sent(&pair.switch, calls, input).await, "");
}

on_both!(a_payout_names_one_destination);
async fn a_payout_names_one_destination(app: TestApp) {
    let pair = Pair::new(&app).await;
    let before = rows(&app.app.db).await;
    let (check, paypal) = (
        json!({ "payee": "Ada", "address": "1 Main Street" }),
        json!({ "email": "ada@example.com" }),
    );
    for destination in [
        json!({}),
        json!({ "check": check, "paypal": paypal }),
        json!({ "check": null }),
        json!({ "paypal": paypal, "check": null }),
        json!({ "cash": {} }),
        json!(null),
        json!("check"),
    ] {
        let input = json!({ "amount": "20.00", "destination": destination, "idempotencyKey": app.new_key() });
        let answer = pair
            .a
            .agent
            .ask(&TYPES.mutation("requestPayout"), json!({ "input": input }))
            .await;
        let refused =
            ["!BAD_USER_INPUT", "!GRAPHQL_VALIDATION_FAILED"].contains(&told(&answer).as_str());
        assert!(refused, "{destination}: {answer:#}");
    }
    for (destination, field) in [
        (
            json!({ "check": { "payee": " ", "address": "1 Main Street" } }),
            "check.payee",
        ),
        (
            json!({ "check": { "payee": "Ada", "address": "" } }),
            "check.address",
        ),
        (json!({ "paypal": { "email": "ada" } }), "paypal.email"),
        (
            json!({ "wire": { "payee": "Ada", "bankName": " ", "accountNumber": "12345", "routingCode": "12345" } }),
            "wire.bankName",
        ),
        (
            json!({ "wire": { "payee": "Ada", "bankName": "B", "accountNumber": "", "routingCode": "12345" } }),
            "wire.accountNumber",
        ),
        (
            json!({ "wire": { "payee": "Ada", "bankName": "B", "accountNumber": "12345", "routingCode": "- -" } }),
            "wire.routingCode",
        ),
    ] {
        let input = json!({ "amount": "30.00", "destination": destination, "idempotencyKey": app.new_key() });
        let refused = pair.a.agent.refused("requestPayout", input).await;
        assert_eq!(
            (refused.code.as_str(), refused.field),
            ("PAYOUT_METHOD_DETAILS", format!("destination.{field}"))
        );
    }
    assert_eq!(rows(&app.app.db).await, before);
}
