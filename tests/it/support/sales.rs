//! What is sold: rows as machines report them, the price list, and money as whole numbers.

use agent_program::ledger::check::check;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::app::{TestAgent, TestApp, text};
use super::caller::Caller;

/// What becomes of rows.
const RESULTS: &str = "posted replayed refused
    results { externalId replayed charge { id kind amount promoPart occurredAt description } error { code field } }";

/// An instant as a machine sends it, to the microsecond.
pub fn written(at: DateTime<Utc>) -> Value {
    json!(at.to_rfc3339_opts(SecondsFormat::Micros, true))
}

/// An instant as it is shown, to the millisecond.
pub fn shown(at: DateTime<Utc>) -> Value {
    json!(at.to_rfc3339_opts(SecondsFormat::Millis, true))
}

/// How many 0.0001 an amount is. It has four decimals, always (R13).
pub fn units(amount: &Value) -> i64 {
    scaled(text(amount), 4)
}

/// How many 0.00000001 an exact number is.
pub fn fractions(exact: &Value) -> i64 {
    scaled(text(exact), 8)
}

fn scaled(text: &str, places: usize) -> i64 {
    let (_, decimals) = text.split_once('.').expect("decimals");
    assert_eq!(decimals.len(), places, "{text}");
    text.replace('.', "").parse().expect("digits")
}

/// A charge of now.
pub fn charge(app: &TestApp, number: &str, kind: &str, amount: &str) -> Value {
    charge_at(app, number, kind, amount, app.now())
}

/// A charge of that time.
pub fn charge_at(
    app: &TestApp,
    number: &str,
    kind: &str,
    amount: &str,
    at: DateTime<Utc>,
) -> Value {
    json!({
        "externalId": app.new_key(), "accountNumber": number, "kind": kind, "description": "Something",
        "amount": amount, "occurredAt": written(at),
    })
}

/// A call of that time.
pub fn call_at(app: &TestApp, number: &str, to: &str, seconds: i64, at: DateTime<Utc>) -> Value {
    json!({
        "externalId": app.new_key(), "accountNumber": number, "to": to, "answeredAt": written(at),
        "durationSeconds": seconds,
    })
}

/// Sends charges: the payload.
pub async fn send_charges(machine: &Caller, rows: Value) -> Value {
    let input = json!({ "source": "billing", "charges": rows });
    machine.mutate("recordCharges", input, RESULTS).await
}

/// Sends calls: the payload.
pub async fn send_calls(machine: &Caller, rows: Value) -> Value {
    let input = json!({ "source": "switch-1", "calls": rows });
    machine.mutate("recordCalls", input, RESULTS).await
}

/// Sends a charge that is posted: the charge.
pub async fn post(machine: &Caller, row: Value) -> Value {
    let mut sent = send_charges(machine, json!([row])).await;
    assert_eq!(sent["posted"], 1, "{sent:#}");
    sent["results"][0]["charge"].take()
}

/// Sends a call that is posted: the charge.
pub async fn post_call(machine: &Caller, row: Value) -> Value {
    let mut sent = send_calls(machine, json!([row])).await;
    assert_eq!(sent["posted"], 1, "{sent:#}");
    sent["results"][0]["charge"].take()
}

/// What was refused of the first row, and where.
pub fn refusal(sent: &Value) -> (&str, Vec<&str>) {
    let error = &sent["results"][0]["error"];
    let path = error["field"].as_array().into_iter().flatten();
    (text(&error["code"]), path.map(text).collect())
}

/// The price of a minute, in whole minutes, from now on.
pub async fn rate(operator: &Caller, prefix: &str, price: &str) {
    let rate = json!({ "prefix": prefix, "destination": "Somewhere", "pricePerMinute": price });
    let rates = json!({ "rates": [rate] });
    let saved = operator.mutate("saveCallRates", rates, "rates { prefix }");
    saved.await;
}

/// Puts something on the price list: `SERVICE` or `PLAN`.
pub async fn product(operator: &Caller, code: &str, kind: &str, price: &str) {
    let input = json!({ "code": code, "name": "Something", "kind": kind, "price": price });
    operator
        .mutate("saveProduct", input, "product { id }")
        .await;
}

/// Gives credit for free.
pub async fn promo(app: &TestApp, operator: &Caller, customer: &str, amount: &str) {
    let input = json!({
        "customerId": customer, "amount": amount, "reason": "Welcome", "idempotencyKey": app.new_key(),
    });
    operator
        .mutate("grantPromo", input, "transaction { id }")
        .await;
}

/// What an agent earned, newest first: all of it.
pub async fn commissions(agent: &Caller) -> Vec<Value> {
    const PAGE: &str = "query($after: String) { viewer { agent { commissions(first: 100, after: $after) {
        nodes { id kind state base commissionRate exact amount customer { id } charge { id kind } transaction { id } }
        pageInfo { endCursor hasNextPage } } } } }";
    let (mut all, mut after) = (vec![], Value::Null);
    loop {
        let page =
            agent.run(PAGE, json!({ "after": after })).await["viewer"]["agent"]["commissions"]
                .take();
        all.extend(page["nodes"].as_array().expect("a page").iter().cloned());
        if page["pageInfo"]["hasNextPage"] == false {
            return all;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

/// What an agent has.
pub async fn agent_balance(agent: &Caller) -> Value {
    let document =
        "{ viewer { agent { balance { funding commission held available withdrawable carry } } } }";
    agent.query(document).await["viewer"]["agent"]["balance"].take()
}

/// What a customer has: cash and promotional credit.
pub async fn money(customer: &Caller) -> (String, String) {
    let seen = customer
        .query("{ viewer { customer { balance { cash promo } } } }")
        .await;
    let balance = &seen["viewer"]["customer"]["balance"];
    (
        text(&balance["cash"]).to_owned(),
        text(&balance["promo"]).to_owned(),
    )
}

/// The number of the agent's own telephone account.
pub async fn own_number(agent: &TestAgent) -> String {
    let seen = agent
        .query("{ viewer { customer { accountNumber } } }")
        .await;
    text(&seen["viewer"]["customer"]["accountNumber"]).to_owned()
}

/// What is always true of the books is true now.
pub async fn prove(app: &TestApp) {
    let floors = &app.app;
    let proof = check(&floors.db, &floors.terms, app.now(), |_| ()).await;
    assert_eq!(proof.expect("a proof").violations, []);
}
