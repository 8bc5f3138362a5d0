//! Payouts: what agents ask for and operators carry out.

use serde_json::{Value, json};

use crate::support::app::{TestAgent, TestApp, text};
use crate::support::caller::Caller;
use crate::support::money::{account, funds, kinds};

const SHOWN: &str = "payout { id state method gross fee net fromCommission fromFunding reference reason decidedAt sentAt
    settledAt } agentBalance { reserved } replayed";

pub fn check() -> Value {
    json!({ "check": { "payee": "Ada Agent", "address": "1 Main Street, Hoboken" } })
}

pub fn paypal() -> Value {
    json!({ "paypal": { "email": "ada@example.com" } })
}

pub fn wire() -> Value {
    json!({
        "wire": {
            "payee": "Ada Agent", "bankName": "A Bank", "accountNumber": "DE02 1203 0000",
            "routingCode": "BYLADEM1",
        },
    })
}

pub fn ask(app: &TestApp, amount: &str, destination: &Value) -> Value {
    json!({ "amount": amount, "destination": destination, "idempotencyKey": app.new_key() })
}

/// What an action says of a payout.
pub fn decision(app: &TestApp, action: &str, payout: &str) -> Value {
    let mut input = json!({ "payoutId": payout, "idempotencyKey": app.new_key() });
    match action {
        "rejectPayout" | "returnPayout" => input["reason"] = json!("The name differs"),
        "sendPayout" => input["reference"] = json!("W-4711"),
        _ => {}
    }
    input
}

pub async fn requested(app: &TestApp, agent: &TestAgent, amount: &str, to: &Value) -> String {
    let asked = agent
        .mutate("requestPayout", ask(app, amount, to), SHOWN)
        .await;
    text(&asked["payout"]["id"]).to_owned()
}

/// An agent at ten percent with this much funding, and with commission of a tenth of what a customer spent.
pub async fn agent_with(app: &TestApp, operator: &Caller, funding: &str, spent: &str) -> TestAgent {
    let agent = app.agent("10.00").await;
    app.wire(operator, &agent, funding).await;
    let customer = app.customer_of(&agent).await;
    app.wire(operator, &customer, spent).await;
    app.charge(operator, &customer.number, spent).await;
    agent
}

async fn quote(agent: &Caller, amount: &str, method: &str) -> Value {
    let document = "query($amount: Money!, $method: PayoutMethod!) { payoutQuote(amount: $amount, method: $method) {
        gross fee net eligible reasons { code ... on PayoutAmountError { minimum } } } }";
    let variables = json!({ "amount": amount, "method": method });
    agent.run(document, variables).await["payoutQuote"].take()
}

on_both!(r35_r36_r39_an_agent_asks_for_a_payout_and_the_operator_carries_it_out);
async fn r35_r36_r39_an_agent_asks_for_a_payout_and_the_operator_carries_it_out(app: TestApp) {
    let operator = app.operator().await;
    let agent = agent_with(&app, &operator, "140.00", "600.00").await;
    // R36: by check, PayPal or wire; R39: nothing but a request.
    for (to, method) in [(check(), "CHECK"), (paypal(), "PAYPAL"), (wire(), "WIRE")] {
        let input = ask(&app, "41.23", &to);
        let asked = agent.mutate("requestPayout", input, SHOWN).await;
        assert_eq!(asked["payout"]["state"], "REQUESTED");
        assert_eq!(asked["payout"]["method"], method);
        assert!(asked["payout"]["decidedAt"].is_null());
    }
    assert_eq!(
        funds(&agent).await,
        "76.3100 funding, 0.0000 commission, 123.6900 reserved"
    );
    let desk = "{ payouts(filter: { states: [REQUESTED] }) { nodes { id gross agent { id }
        destination { payee address paypalEmail bankName accountNumber routingCode } } } }";
    let desk = operator.query(desk).await;
    let open = desk["payouts"]["nodes"].as_array().expect("a list");
    assert_eq!(open.len(), 3);
    assert!(
        open.iter()
            .all(|row| row["agent"]["id"] == agent.id.as_str())
    );
    assert_eq!(open[0]["destination"]["accountNumber"], "DE02 1203 0000");
    assert_eq!(open[1]["destination"]["paypalEmail"], "ada@example.com");
    assert_eq!(open[2]["destination"]["address"], "1 Main Street, Hoboken");
    // An agent sees its own only.
    let other = app.agent("3.00").await;
    let none = other.query("{ payouts { totalCount } }").await;
    assert_eq!(none["payouts"]["totalCount"], 0);
    for action in [
        "approvePayout",
        "rejectPayout",
        "sendPayout",
        "settlePayout",
        "returnPayout",
    ] {
        let input = decision(&app, action, text(&open[0]["id"]));
        assert_eq!(agent.denied(action, input).await, "FORBIDDEN", "{action}");
    }
    assert_eq!(app.house("agent:reserved").await, "123.6900");
    app.prove().await;
}

on_both!(r37_twenty_dollars_is_the_least);
async fn r37_twenty_dollars_is_the_least(app: TestApp) {
    let agent = app.agent("3.00").await;
    app.top_up(&agent, "100.00").await;
    for to in [check(), paypal()] {
        let refused = agent
            .refused("requestPayout", ask(&app, "19.99", &to))
            .await;
        assert_eq!(
            (refused.code.as_str(), refused.field.as_str()),
            ("PAYOUT_BELOW_MINIMUM", "amount")
        );
        assert_eq!(refused.error["minimum"], "20.0000");
        assert_eq!(refused.error["fee"], "0.0000");
        requested(&app, &agent, "20.00", &to).await;
    }
    let under = quote(&agent, "19.99", "CHECK").await;
    assert_eq!(under["eligible"], false);
    assert_eq!(
        under["reasons"],
        json!([{ "code": "PAYOUT_BELOW_MINIMUM", "minimum": "20.0000" }])
    );
    assert_eq!(quote(&agent, "20.00", "CHECK").await["eligible"], true);
    app.prove().await;
}

on_both!(r38_a_wire_costs_27_dollars_and_the_others_nothing);
async fn r38_a_wire_costs_27_dollars_and_the_others_nothing(app: TestApp) {
    let operator = app.operator().await;
    let agent = agent_with(&app, &operator, "300.00", "50.00").await;
    for (to, method, fee, net) in [
        (check(), "CHECK", "0.0000", "100.0000"),
        (paypal(), "PAYPAL", "0.0000", "100.0000"),
        (wire(), "WIRE", "27.0000", "73.0000"),
    ] {
        let quoted = quote(&agent, "100.00", method).await;
        let input = ask(&app, "100.00", &to);
        let asked = agent.mutate("requestPayout", input, SHOWN).await;
        for shown in [&quoted, &asked["payout"]] {
            assert_eq!(
                (&shown["gross"], &shown["fee"], &shown["net"]),
                (&json!("100.0000"), &json!(fee), &json!(net)),
                "{method}"
            );
        }
        let id = text(&asked["payout"]["id"]);
        for action in ["approvePayout", "sendPayout", "settlePayout"] {
            operator
                .mutate(action, decision(&app, action, id), SHOWN)
                .await;
        }
    }
    assert_eq!(app.house("revenue:payout_fees").await, "27.0000");
    assert_eq!(app.house("payouts:in_transit").await, "0.0000");
    assert_eq!(
        funds(&agent).await,
        "5.0000 funding, 0.0000 commission, 0.0000 reserved"
    );
    app.prove().await;
}

on_both!(e10_the_least_wire_leaves_a_cent);
async fn e10_the_least_wire_leaves_a_cent(app: TestApp) {
    let agent = app.agent("3.00").await;
    app.top_up(&agent, "100.00").await;
    for (amount, code) in [
        ("19.99", "PAYOUT_BELOW_MINIMUM"),
        ("20.00", "PAYOUT_NET_NOT_POSITIVE"),
        ("27.00", "PAYOUT_NET_NOT_POSITIVE"),
    ] {
        let refused = agent
            .refused("requestPayout", ask(&app, amount, &wire()))
            .await;
        assert_eq!(
            (refused.code.as_str(), refused.field.as_str()),
            (code, "amount")
        );
        assert_eq!(refused.error["minimum"], "27.0100");
        assert_eq!(refused.error["fee"], "27.0000");
        let quoted = quote(&agent, amount, "WIRE").await;
        assert_eq!(quoted["eligible"], false);
        assert_eq!(
            quoted["reasons"],
            json!([{ "code": code, "minimum": "27.0100" }])
        );
    }
    let quoted = quote(&agent, "27.01", "WIRE").await;
    assert_eq!(
        (&quoted["eligible"], &quoted["net"]),
        (&json!(true), &json!("0.0100"))
    );
    let input = ask(&app, "27.01", &wire());
    let asked = agent.mutate("requestPayout", input, SHOWN).await;
    assert_eq!(asked["payout"]["net"], "0.0100");
    let facts = "{ program { minimumPayout payoutMethods { method fee minimumGross } } }";
    let facts = app.anonymous().query(facts).await;
    let methods = facts["program"]["payoutMethods"]
        .as_array()
        .expect("a list");
    let wire = json!({ "method": "WIRE", "fee": "27.0000", "minimumGross": "27.0100" });
    assert!(methods.contains(&wire), "{methods:?}");
    app.prove().await;
}

on_both!(e11_a_payout_is_of_whole_cents_and_of_what_there_is);
async fn e11_a_payout_is_of_whole_cents_and_of_what_there_is(app: TestApp) {
    let agent = app.agent("3.00").await;
    app.top_up(&agent, "100.00").await;
    for (amount, code) in [
        ("20.005", "AMOUNT_NOT_WHOLE_CENTS"),
        ("0", "AMOUNT_NOT_POSITIVE"),
        ("-20", "AMOUNT_NOT_POSITIVE"),
        ("100.01", "INSUFFICIENT_FUNDS"),
        ("20.00001", "INVALID_INPUT"),
    ] {
        let refused = agent
            .refused("requestPayout", ask(&app, amount, &check()))
            .await;
        assert_eq!(
            (refused.code.as_str(), refused.field.as_str()),
            (code, "amount"),
            "{amount}"
        );
    }
    let refused = agent
        .refused("requestPayout", ask(&app, "100.01", &check()))
        .await;
    assert_eq!(refused.error["available"], "100.0000");
    assert_eq!(refused.error["requested"], "100.0100");
    // All reasons at once.
    let quoted = quote(&agent, "12.345", "WIRE").await;
    let codes = quoted["reasons"].as_array().expect("a list").iter();
    let codes: Vec<&str> = codes.map(|reason| text(&reason["code"])).collect();
    assert_eq!(codes, ["AMOUNT_NOT_WHOLE_CENTS", "PAYOUT_BELOW_MINIMUM"]);
    requested(&app, &agent, "100.00", &check()).await;
    app.prove().await;
}

on_both!(r36_where_it_goes_is_said_in_full);
async fn r36_where_it_goes_is_said_in_full(app: TestApp) {
    let agent = app.agent("3.00").await;
    app.top_up(&agent, "100.00").await;
    for (method, field, value) in [
        ("check", "payee", ""),
        ("check", "address", " "),
        ("paypal", "email", "nobody"),
        ("wire", "payee", ""),
        ("wire", "bankName", ""),
        ("wire", "accountNumber", "1"),
        ("wire", "routingCode", "a;b;c;d"),
    ] {
        let mut to = match method {
            "check" => check(),
            "paypal" => paypal(),
            _ => wire(),
        };
        to[method][field] = json!(value);
        let refused = agent
            .refused("requestPayout", ask(&app, "50.00", &to))
            .await;
        assert_eq!(refused.code, "PAYOUT_METHOD_DETAILS");
        assert_eq!(refused.field, format!("destination.{method}.{field}"));
    }
    let document =
        "mutation($to: PayoutDestinationInput!) { requestPayout(input: {amount: \"50.00\",
        destination: $to, idempotencyKey: \"k\"}) { payout { id } } }";
    let mut two = check();
    two["paypal"] = paypal()["paypal"].take();
    for to in [two, json!({})] {
        let code = agent.error(document, json!({ "to": to })).await;
        assert_eq!(code, "BAD_USER_INPUT");
    }
    assert_eq!(
        funds(&agent).await,
        "100.0000 funding, 0.0000 commission, 0.0000 reserved"
    );
}

on_both!(r40_an_agent_spends_its_balance_instead);
async fn r40_an_agent_spends_its_balance_instead(app: TestApp) {
    let operator = app.operator().await;
    let agent = agent_with(&app, &operator, "50.00", "600.00").await;
    let customer = app.customer_of(&agent).await;
    let payout = requested(&app, &agent, "50.00", &check()).await;
    let transfer = |amount: &str| {
        let key = app.new_key();
        json!({ "customerId": customer.id, "amount": amount, "idempotencyKey": key })
    };
    let refused = agent.refused("transferFunds", transfer("110.00")).await;
    assert_eq!(
        refused.error["available"], "60.0000",
        "the rest is reserved"
    );
    let cancel = decision(&app, "cancelPayout", &payout);
    let cancelled = agent.mutate("cancelPayout", cancel, SHOWN).await;
    assert_eq!(cancelled["agentBalance"]["reserved"], "0.0000");
    let shown = "transfer { id }";
    agent
        .mutate("transferFunds", transfer("110.00"), shown)
        .await;
    assert_eq!(account(&customer).await, "110.0000 cash, 0.0000 promo");
    assert_eq!(
        funds(&agent).await,
        "0.0000 funding, 0.0000 commission, 0.0000 reserved"
    );
    assert_eq!(kinds(&customer).await, ["TRANSFER"]);
    app.prove().await;
}
