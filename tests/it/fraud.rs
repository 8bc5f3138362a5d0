//! Fraud cases: what is suspected is held, and taken back or released (E28, R43).

use agent_program::graphql::cursor::{EventCursor, EventStream};
use chrono::{Days, NaiveTime, TimeDelta};
use serde_json::{Value, json};

use crate::support::app::{TestApp, text};
use crate::support::caller::Caller;
use crate::support::sales::{agent_balance, charge, charge_at, commissions, post};

const SHOWN: &str =
    "fraudCase { id state reason note decisionNote commission charges { id state } decidedAt }";

const TOLD: &str = "subscription($after: String) { agentEvents(after: $after, kinds: [COMMISSION]) { ... on CommissionEvent {
    commission { state amount charge { id } } balance { commission held } } } }";

const DESK: &str = "subscription($after: String) { deskEvents(after: $after) { subject { __typename
    ... on FraudCase { reason state commission } } } }";

async fn call(app: &TestApp, operator: &Caller, number: &str, amount: &str) -> String {
    let made = post(operator, charge(app, number, "CALL", amount)).await;
    text(&made["id"]).to_owned()
}

/// Of these charges.
fn suspicion(charges: &[&String]) -> Value {
    json!({ "subject": { "chargeIds": charges }, "reason": "STOLEN_PAYMENT", "note": "Three cards in a day." })
}

fn decision(case: &Value) -> Value {
    json!({ "fraudCaseId": case["id"], "note": "The bank says so." })
}

async fn open(operator: &Caller, charges: &[&String]) -> Value {
    let opened = operator.mutate("openFraudCase", suspicion(charges), SHOWN);
    opened.await["fraudCase"].take()
}

async fn decide(operator: &Caller, how: &str, case: &Value) -> Value {
    operator.mutate(how, decision(case), SHOWN).await["fraudCase"].take()
}

/// An agent's commission and what is held of it.
async fn commission(agent: &Caller) -> (String, String) {
    let balance = agent_balance(agent).await;
    (
        text(&balance["commission"]).into(),
        text(&balance["held"]).into(),
    )
}

fn both(commission: &str, held: &str) -> (String, String) {
    (commission.into(), held.into())
}

/// Each commission's kind, state and amount, newest first.
async fn rows(agent: &Caller) -> Vec<String> {
    let rows = commissions(agent).await.into_iter();
    rows.map(|row| {
        format!(
            "{} {} {}",
            text(&row["kind"]),
            text(&row["state"]),
            text(&row["amount"])
        )
    })
    .collect()
}

on_both!(e28_a_stolen_card_burned_on_calls_is_held_and_taken_back);
async fn e28_a_stolen_card_burned_on_calls_is_held_and_taken_back(app: TestApp) {
    let (agent, operator, second) = (
        app.agent("10.00").await,
        app.operator().await,
        app.operator().await,
    );
    let customer = app.customer_of(&agent).await;
    app.top_up(&customer, "100.00").await;
    let first = call(&app, &operator, &customer.number, "30.00").await;
    let other = call(&app, &operator, &customer.number, "20.00").await;
    let seen = agent.query("{ viewer { agent { latestCursor } } }").await;
    let after = json!({ "after": seen["viewer"]["agent"]["latestCursor"] });
    let mut live = agent.follow(TOLD, after).await;
    let after = json!({ "after": EventCursor { stream: EventStream::Desk, seq: 1 }.encode() });
    // Behind the agent's application.
    let mut desk = second.follow(DESK, after).await;

    let case = open(&operator, &[&first]).await;
    assert_eq!(case["state"], "OPEN");
    assert_eq!(case["commission"], "3.0000");
    assert_eq!(
        case["charges"],
        json!([{ "id": first, "state": "FRAUD_HELD" }])
    );
    assert_eq!(commission(&agent).await, both("2.0000", "3.0000"));
    assert_eq!(
        rows(&agent).await,
        ["EARNED MATURED 2.0000", "EARNED HELD 3.0000"]
    );
    // The agent hears of it at once, and the desk too.
    let told = live.next().await["agentEvents"].take();
    assert_eq!(told["commission"]["charge"]["id"], first.as_str());
    assert_eq!(told["commission"]["state"], "HELD");
    assert_eq!(
        told["balance"],
        json!({ "commission": "2.0000", "held": "3.0000" })
    );
    let told = desk.next().await["deskEvents"]["subject"].take();
    assert_eq!(told["__typename"], "FraudCase");
    assert_eq!(
        (&told["state"], &told["commission"]),
        (&json!("OPEN"), &json!("3.0000"))
    );

    let decided = decide(&second, "confirmFraudCase", &case).await;
    assert_eq!(
        (&decided["state"], &decided["commission"]),
        (&json!("CONFIRMED"), &json!("3.0000"))
    );
    assert_eq!(decided["decisionNote"], "The bank says so.");
    assert_eq!(decided["charges"][0]["state"], "FRAUD_CONFIRMED");
    assert_eq!(commission(&agent).await, both("2.0000", "0.0000"));
    let told = live.next().await["agentEvents"].take();
    assert_eq!(told["commission"]["amount"], "-3.0000");
    assert_eq!(
        told["balance"],
        json!({ "commission": "2.0000", "held": "0.0000" })
    );
    // Everything says why: the newest transaction is of the case, and the agent sees no more of it than that.
    let list = "{ viewer { agent { transactions(first: 3) { nodes { kind description cause { __typename } entries { account amount } } } } } }";
    let list = agent.query(list).await["viewer"]["agent"]["transactions"]["nodes"].take();
    let kinds: Vec<&str> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|row| text(&row["kind"]))
        .collect();
    assert_eq!(
        kinds,
        [
            "COMMISSION_CLAWBACK",
            "COMMISSION_RELEASED",
            "COMMISSION_HELD"
        ]
    );
    assert_eq!(list[0]["cause"], Value::Null);
    assert_eq!(
        list[0]["entries"],
        json!([{ "account": "agent:commission", "amount": "-3.0000" }])
    );
    // Decided once is decided.
    for how in ["confirmFraudCase", "clearFraudCase"] {
        let refused = second.refused(how, decision(&case)).await;
        assert_eq!(
            (refused.code.as_str(), &refused.error["state"]),
            ("ILLEGAL_STATE", &json!("CONFIRMED"))
        );
        assert_eq!(refused.error["field"], json!(["input", "fraudCaseId"]));
    }
    let refused = operator
        .refused("openFraudCase", suspicion(&[&other, &first]))
        .await;
    assert_eq!(
        (refused.code.as_str(), &refused.error["state"]),
        ("ILLEGAL_STATE", &json!("FRAUD_CONFIRMED"))
    );
    app.prove().await;
}

on_both!(e28_a_suspicion_that_was_none_is_released);
async fn e28_a_suspicion_that_was_none_is_released(app: TestApp) {
    let (agent, operator) = (app.agent("10.00").await, app.operator().await);
    let customer = app.customer_of(&agent).await;
    app.top_up(&customer, "100.00").await;
    let first = call(&app, &operator, &customer.number, "30.00").await;
    let second = call(&app, &operator, &customer.number, "20.00").await;
    let case = open(&operator, &[&first, &second]).await;
    assert_eq!(commission(&agent).await, both("0.0000", "5.0000"));
    // Held commission can neither be paid out nor given away.
    let gives =
        json!({ "customerId": customer.id, "amount": "1.00", "idempotencyKey": app.new_key() });
    let refused = agent.refused("transferFunds", gives).await;
    assert_eq!(refused.code, "INSUFFICIENT_FUNDS");
    // What is refunded meanwhile is taken from what is held.
    let back = json!({ "chargeId": first, "amount": "10.00", "reason": "Bad line", "idempotencyKey": app.new_key() });
    operator.mutate("refundCharge", back, "charge { id }").await;
    assert_eq!(commission(&agent).await, both("0.0000", "4.0000"));
    let decided = decide(&operator, "clearFraudCase", &case).await;
    assert_eq!(
        (&decided["state"], &decided["commission"]),
        (&json!("CLEARED"), &json!("0.0000"))
    );
    let states = [
        json!({ "id": first, "state": "PARTIALLY_REFUNDED" }),
        json!({ "id": second, "state": "POSTED" }),
    ];
    assert_eq!(decided["charges"], json!(states));
    assert_eq!(commission(&agent).await, both("4.0000", "0.0000"));
    let refused = operator.refused("clearFraudCase", decision(&case)).await;
    assert_eq!(refused.error["state"], "CLEARED");
    app.prove().await;
}

on_both!(e08_the_commission_on_fraud_is_owed_where_it_was_spent);
async fn e08_the_commission_on_fraud_is_owed_where_it_was_spent(app: TestApp) {
    let (agent, operator) = (app.agent("10.00").await, app.operator().await);
    let customer = app.customer_of(&agent).await;
    app.top_up(&customer, "100.00").await;
    let stolen = call(&app, &operator, &customer.number, "50.00").await;
    let friend = app.customer_of(&agent).await;
    let gives =
        json!({ "customerId": friend.id, "amount": "4.00", "idempotencyKey": app.new_key() });
    agent
        .mutate("transferFunds", gives, "transfer { id }")
        .await;
    let case = open(&operator, &[&stolen]).await;
    // Only what is there is held.
    assert_eq!(case["commission"], "1.0000");
    assert_eq!(commission(&agent).await, both("0.0000", "1.0000"));
    let decided = decide(&operator, "confirmFraudCase", &case).await;
    assert_eq!(decided["commission"], "5.0000");
    assert_eq!(commission(&agent).await, both("-4.0000", "0.0000"));
    // Of what is paid in no more can be given than is beyond the debt.
    app.top_up(&agent, "5.00").await;
    let gives = |amount| json!({ "customerId": friend.id, "amount": amount, "idempotencyKey": app.new_key() });
    let refused = agent.refused("transferFunds", gives("5.00")).await;
    assert_eq!(refused.code, "COMMISSION_NEGATIVE");
    // What is earned next pays it off.
    call(&app, &operator, &customer.number, "45.00").await;
    assert_eq!(commission(&agent).await, both("0.5000", "0.0000"));
    app.prove().await;
}

on_both!(e28_a_customers_whole_period_is_one_case);
async fn e28_a_customers_whole_period_is_one_case(app: TestApp) {
    let agent = app.agent("10.00").await;
    let customer = app.customer_of(&agent).await;
    app.top_up(&customer, "100.00").await;
    // Its days begin and end in the zone that is asked for: here at ten in the evening.
    let start = app.now().date_naive().succ_opt().unwrap();
    let midnight = start.and_time(NaiveTime::MIN).and_utc();
    app.pass(TimeDelta::days(6));
    let (operator, agent) = (app.operator().await, app.sign_in(&agent.email).await);
    for hours in [21, 22, 45, 46] {
        let at = midnight + TimeDelta::hours(hours);
        post(
            &operator,
            charge_at(&app, &customer.number, "CALL", "1.00", at),
        )
        .await;
    }
    let input = |days: u64| {
        let (from, to) = (start + Days::new(1), start + Days::new(1 + days));
        let period = json!({ "from": from, "to": to, "timeZone": "Etc/GMT-2" });
        json!({ "subject": { "customer": { "customerId": customer.id, "period": period } }, "reason": "ABUSE" })
    };
    let opened = operator.mutate("openFraudCase", input(1), SHOWN).await;
    assert_eq!(opened["fraudCase"]["charges"].as_array().unwrap().len(), 2);
    assert_eq!(commission(&agent).await, both("0.2000", "0.2000"));
    let opened = operator.mutate("openFraudCase", input(2), SHOWN).await;
    assert_eq!(opened["fraudCase"]["charges"].as_array().unwrap().len(), 1);
    let refused = operator.refused("openFraudCase", input(2)).await;
    assert_eq!(refused.code, "INVALID_INPUT");
    assert_eq!(
        refused.error["field"],
        json!(["input", "subject", "customer", "period"])
    );
    let list =
        "{ fraudCases(first: 10, state: OPEN) { nodes { reason commission openedBy { name } } } }";
    let list = operator.query(list).await["fraudCases"]["nodes"].take();
    assert_eq!(list.as_array().unwrap().len(), 2);
    assert_eq!(list[0]["reason"], "ABUSE");
    app.prove().await;
}

on_both!(e28_a_case_of_thousands_of_charges_is_held_and_taken_back_to_the_last_unit);
async fn e28_a_case_of_thousands_of_charges_is_held_and_taken_back_to_the_last_unit(app: TestApp) {
    let agent = app.agent("3.00").await;
    let customer = app.customer_of(&agent).await;
    let start = app.now();
    app.pass(TimeDelta::seconds(300));
    let operator = app.operator().await;
    for batch in 0..5 {
        let rows: Vec<Value> = (0..500)
            .map(|n| {
                let at = start + TimeDelta::milliseconds(100 * (batch * 500 + n));
                charge_at(&app, &customer.number, "CALL", "0.0133", at)
            })
            .collect();
        let input = json!({ "source": "billing", "charges": rows });
        let posted = operator
            .mutate("recordCharges", input, "posted refused")
            .await;
        assert_eq!(
            (&posted["posted"], &posted["refused"]),
            (&json!(500), &json!(0))
        );
    }
    // 2,500 times 0.000399.
    assert_eq!(commission(&agent).await, both("0.9975", "0.0000"));
    let today = app.now().date_naive();
    let period = json!({ "from": today - Days::new(1), "to": today + Days::new(1) });
    let input = json!({ "subject": { "customer": { "customerId": customer.id, "period": period } }, "reason": "ARTIFICIAL_TRAFFIC" });
    let opened = operator
        .mutate("openFraudCase", input, "fraudCase { id commission }")
        .await;
    assert_eq!(opened["fraudCase"]["commission"], "0.9975");
    assert_eq!(commission(&agent).await, both("0.0000", "0.9975"));
    let decided = decide(&operator, "confirmFraudCase", &opened["fraudCase"]).await;
    assert_eq!(decided["commission"], "0.9975");
    let balance = agent_balance(&agent).await;
    assert_eq!(
        (&balance["commission"], &balance["held"], &balance["carry"]),
        (&json!("0.0000"), &json!("0.0000"), &json!("0.00000000"))
    );
    app.prove().await;
}

on_both!(r43_what_a_suspended_agents_case_held_waits_on_for_the_suspension);
async fn r43_what_a_suspended_agents_case_held_waits_on_for_the_suspension(app: TestApp) {
    let (agent, operator) = (app.agent("10.00").await, app.operator().await);
    let customer = app.customer_of(&agent).await;
    app.top_up(&customer, "100.00").await;
    let why = || json!({ "agentId": agent.id, "reason": "Looked into" });
    operator
        .mutate("suspendAgent", why(), "agent { status }")
        .await;
    let first = call(&app, &operator, &customer.number, "30.00").await;
    let second = call(&app, &operator, &customer.number, "20.00").await;
    let (cleared, kept) = (
        open(&operator, &[&first]).await,
        open(&operator, &[&second]).await,
    );
    assert_eq!(commission(&agent).await, both("0.0000", "5.0000"));
    decide(&operator, "clearFraudCase", &cleared).await;
    assert_eq!(commission(&agent).await, both("0.0000", "5.0000"));
    assert_eq!(
        rows(&agent).await,
        ["EARNED HELD 2.0000", "EARNED HELD 3.0000"]
    );
    // Reinstated, it has what no case holds.
    operator
        .mutate("reinstateAgent", why(), "agent { status }")
        .await;
    assert_eq!(commission(&agent).await, both("3.0000", "2.0000"));
    assert_eq!(
        rows(&agent).await,
        ["EARNED HELD 2.0000", "EARNED MATURED 3.0000"]
    );
    decide(&operator, "clearFraudCase", &kept).await;
    assert_eq!(commission(&agent).await, both("5.0000", "0.0000"));
    app.prove().await;
}
