//! Monthly fees: when they are due, when they are tried again, and their end.

use agent_program::ledger::{Ledger, LedgerOptions, bill_due};
use chrono::{DateTime, Months, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::support::app::{TestAgent, TestApp, TestCustomer, text};
use crate::support::caller::Caller;
use crate::support::sales::{
    agent_balance, charge, commissions, money, post, product, prove, shown,
};

const PLAN: &str = "plan { id state startedAt nextChargeAt product { code } }";

/// A customer's plans, and what they cost it so far: newest first.
const PLANS: &str = "{ viewer { customer { plans { nodes { id state startedAt nextChargeAt } }
    charges(filter: { kinds: [PLAN_FEE] }) { nodes { amount occurredAt createdAt } } } } }";

async fn plans(app: &TestApp, customer: &TestCustomer) -> Value {
    let customer = app.sign_in(&customer.email).await;
    customer.query(PLANS).await["viewer"]["customer"].take()
}

async fn buy(app: &TestApp, customer: &Caller, code: &str) -> Value {
    let input = json!({ "productCode": code, "idempotencyKey": app.new_key() });
    let bought = customer.mutate("purchaseProduct", input, PLAN).await;
    bought["plan"].clone()
}

async fn pay_in(app: &TestApp, customer: &TestCustomer, amount: &str) {
    app.top_up(&app.sign_in(&customer.email).await, amount)
        .await;
}

async fn bill(app: &TestApp) -> u64 {
    let app = &app.app;
    let billed = bill_due(&app.db, &app.ledger, &app.clock).await;
    billed.expect("billed")
}

fn instant(shown: &Value) -> DateTime<Utc> {
    text(shown).parse().expect("an instant")
}

/// The date of a fee: so many months after the start.
fn due(plan: &Value, months: u32) -> DateTime<Utc> {
    instant(&plan["startedAt"]) + Months::new(months)
}

/// An agent and its customer with some money; `VM` costs 3.00 a month.
async fn with_a_plan(app: &TestApp, paid_in: &str) -> (TestAgent, TestCustomer, Value) {
    product(&app.operator().await, "VM", "PLAN", "3.00").await;
    let agent = app.agent("10.00").await;
    let customer = app.customer_of(&agent).await;
    app.top_up(&customer, paid_in).await;
    let plan = buy(app, &customer, "VM").await;
    (agent, customer, plan)
}

on_both!(a_plan_is_paid_at_once_and_then_every_month);
async fn a_plan_is_paid_at_once_and_then_every_month(app: TestApp) {
    let (agent, customer, plan) = with_a_plan(&app, "20.00").await;
    assert_eq!(
        (&plan["state"], &plan["product"]["code"]),
        (&json!("ACTIVE"), &json!("VM"))
    );
    assert_eq!(instant(&plan["nextChargeAt"]), due(&plan, 1));
    assert_eq!(bill(&app).await, 0, "nothing is due yet");
    for month in 1..=2 {
        app.set_clock(due(&plan, month) - TimeDelta::seconds(1));
        assert_eq!(bill(&app).await, 0);
        app.set_clock(due(&plan, month) + TimeDelta::seconds(1));
        assert_eq!(bill(&app).await, 1);
        assert_eq!(bill(&app).await, 0);
        let seen = plans(&app, &customer).await;
        assert_eq!(
            instant(&seen["plans"]["nodes"][0]["nextChargeAt"]),
            due(&plan, month + 1)
        );
        let fee = &seen["charges"]["nodes"][0];
        assert_eq!(
            (&fee["amount"], &fee["occurredAt"]),
            (&json!("3.0000"), &shown(due(&plan, month)))
        );
    }
    let seen = plans(&app, &customer).await;
    assert_eq!(seen["charges"]["nodes"].as_array().map(Vec::len), Some(3));
    let agent = app.sign_in(&agent.email).await;
    assert_eq!(agent_balance(&agent).await["commission"], "0.9000");
}

on_both!(months_that_nobody_billed_are_billed_one_by_one);
async fn months_that_nobody_billed_are_billed_one_by_one(app: TestApp) {
    let (_, customer, plan) = with_a_plan(&app, "20.00").await;
    app.set_clock(due(&plan, 3) + TimeDelta::hours(1));
    assert_eq!(bill(&app).await, 3);
    let seen = plans(&app, &customer).await;
    let fees = seen["charges"]["nodes"].as_array().expect("a list");
    let dates: Vec<&Value> = fees.iter().map(|fee| &fee["occurredAt"]).collect();
    let expected: Vec<Value> = (0..=3)
        .rev()
        .map(|month| shown(due(&plan, month)))
        .collect();
    assert_eq!(dates, expected.iter().collect::<Vec<_>>());
    assert_eq!(
        instant(&seen["plans"]["nodes"][0]["nextChargeAt"]),
        due(&plan, 4)
    );
}

on_both!(e31_a_fee_that_is_not_covered_is_past_due_and_tried_again_daily);
async fn e31_a_fee_that_is_not_covered_is_past_due_and_tried_again_daily(app: TestApp) {
    let (agent, customer, plan) = with_a_plan(&app, "5.00").await;
    for day in 0..3 {
        let today = due(&plan, 1) + TimeDelta::days(day) + TimeDelta::minutes(day + 1);
        app.set_clock(today);
        assert_eq!((bill(&app).await, bill(&app).await), (0, 0));
        let seen = plans(&app, &customer).await;
        let late = &seen["plans"]["nodes"][0];
        assert_eq!(late["state"], "PAST_DUE");
        let next = instant(&late["nextChargeAt"]) - today;
        assert!(next >= TimeDelta::days(1) && next < TimeDelta::days(1) + TimeDelta::seconds(1));
        assert_eq!(seen["charges"]["nodes"].as_array().map(Vec::len), Some(1));
    }
    // The rate rises meanwhile: the fee earns by the rate of its date.
    let input = json!({ "agentId": agent.id, "commissionRate": "5.00", "reason": "Fewer sales" });
    app.operator()
        .await
        .mutate("setCommissionRate", input, "agent { id }")
        .await;
    pay_in(&app, &customer, "5.00").await;
    assert_eq!(bill(&app).await, 0, "not before its time");
    app.pass(TimeDelta::days(1));
    assert_eq!(bill(&app).await, 1);
    let seen = plans(&app, &customer).await;
    let paid = &seen["plans"]["nodes"][0];
    assert_eq!(paid["state"], "ACTIVE");
    assert_eq!(instant(&paid["nextChargeAt"]), due(&plan, 2));
    let fee = &seen["charges"]["nodes"][0];
    assert_eq!(fee["occurredAt"], shown(due(&plan, 1)));
    assert!(instant(&fee["createdAt"]) > due(&plan, 1) + TimeDelta::days(3));
    let agent = app.sign_in(&agent.email).await;
    let earned = commissions(&agent).await;
    assert_eq!(
        (&earned[0]["commissionRate"], &earned[0]["amount"]),
        (&json!("10.00"), &json!("0.3000"))
    );
}

on_both!(e31_a_fee_is_charged_once_though_two_servers_bill);
async fn e31_a_fee_is_charged_once_though_two_servers_bill(app: TestApp) {
    product(&app.operator().await, "VM", "PLAN", "3.00").await;
    let agent = app.agent("10.00").await;
    let mut customers = vec![];
    for _ in 0..6 {
        let customer = app.customer_of(&agent).await;
        app.top_up(&customer, "20.00").await;
        customers.push((buy(&app, &customer, "VM").await, customer));
    }
    let one = &app.app;
    let (db, terms, clock) = (&one.db, &one.terms, &one.clock);
    let other = Ledger::start(
        db.clone(),
        terms.clone(),
        clock.clone(),
        LedgerOptions::default(),
    );
    // Two months at once, as after a long night.
    app.set_clock(due(&customers[5].0, 2) + TimeDelta::hours(1));
    let (here, there, again) = tokio::join!(
        bill_due(db, &one.ledger, clock),
        bill_due(db, &other, clock),
        bill_due(db, &one.ledger, clock)
    );
    let charged: u64 = [here, there, again]
        .into_iter()
        .map(|billed| billed.expect("billed"))
        .sum();
    assert_eq!(charged, 12);
    for (plan, customer) in &customers {
        let seen = plans(&app, customer).await;
        let fees = seen["charges"]["nodes"].as_array().expect("a list");
        let dates: Vec<&Value> = fees.iter().map(|fee| &fee["occurredAt"]).collect();
        let expected = [2, 1, 0].map(|month| shown(due(plan, month)));
        assert_eq!(dates, expected.iter().collect::<Vec<_>>());
        assert_eq!(
            money(&app.sign_in(&customer.email).await).await.0,
            "11.0000"
        );
    }
    let agent = app.sign_in(&agent.email).await;
    assert_eq!(agent_balance(&agent).await["commission"], "5.4000");
    prove(&app).await;
}

on_both!(a_plan_in_debt_by_a_call_waits_until_all_is_paid);
async fn a_plan_in_debt_by_a_call_waits_until_all_is_paid(app: TestApp) {
    let (_, customer, plan) = with_a_plan(&app, "6.00").await;
    let switch = app.machine("SWITCH").await;
    post(&switch, charge(&app, &customer.number, "CALL", "4.00")).await;
    app.set_clock(due(&plan, 1) + TimeDelta::minutes(1));
    assert_eq!(bill(&app).await, 0);
    assert_eq!(
        money(&app.sign_in(&customer.email).await).await.0,
        "-1.0000"
    );
    // Enough for the debt and the fee together.
    pay_in(&app, &customer, "5.00").await;
    app.pass(TimeDelta::days(1));
    assert_eq!(bill(&app).await, 1);
    assert_eq!(money(&app.sign_in(&customer.email).await).await.0, "1.0000");
}

on_both!(a_plan_that_is_cancelled_costs_nothing_more);
async fn a_plan_that_is_cancelled_costs_nothing_more(app: TestApp) {
    let (_, customer, plan) = with_a_plan(&app, "20.00").await;
    let input = json!({ "planId": plan["id"] });
    let ended = customer.mutate("cancelPlan", input.clone(), PLAN).await;
    assert_eq!(ended["plan"]["state"], "CANCELLED");
    assert!(ended["plan"]["nextChargeAt"].is_null());
    let again = customer.refused("cancelPlan", input).await;
    assert_eq!(
        (again.code.as_str(), again.field.as_str()),
        ("ILLEGAL_STATE", "planId")
    );
    assert_eq!(again.error["state"], "CANCELLED");
    app.set_clock(due(&plan, 2));
    assert_eq!(bill(&app).await, 0);
    let seen = plans(&app, &customer).await;
    assert_eq!(
        seen["charges"]["nodes"].as_array().map(Vec::len),
        Some(1),
        "what is paid stays paid"
    );
    assert_eq!(
        money(&app.sign_in(&customer.email).await).await.0,
        "17.0000"
    );
}

on_both!(a_plan_that_is_past_due_can_be_cancelled);
async fn a_plan_that_is_past_due_can_be_cancelled(app: TestApp) {
    let (_, customer, plan) = with_a_plan(&app, "5.00").await;
    app.set_clock(due(&plan, 1) + TimeDelta::minutes(1));
    assert_eq!(bill(&app).await, 0);
    let me = app.sign_in(&customer.email).await;
    let ended = me
        .mutate("cancelPlan", json!({ "planId": plan["id"] }), PLAN)
        .await;
    assert_eq!(ended["plan"]["state"], "CANCELLED");
    app.top_up(&me, "20.00").await;
    app.pass(TimeDelta::days(40));
    assert_eq!(bill(&app).await, 0);
    assert_eq!(
        money(&app.sign_in(&customer.email).await).await.0,
        "22.0000"
    );
}

on_both!(r24_who_may_act_in_the_account_may_cancel_its_plans);
async fn r24_who_may_act_in_the_account_may_cancel_its_plans(app: TestApp) {
    let (agent, customer, plan) = with_a_plan(&app, "20.00").await;
    let input = |id: &Value| json!({ "planId": id });
    // Its agent sees the plan, and does not manage it.
    let document = "query($id: ID!) { node(id: $id) { ... on Plan { state } } }";
    let seen = agent.run(document, json!({ "id": plan["id"] })).await;
    assert_eq!(seen["node"]["state"], "ACTIVE");
    let refused = agent.refused("cancelPlan", input(&plan["id"])).await;
    assert_eq!(
        (refused.code.as_str(), refused.field.as_str()),
        ("NOT_MANAGED", "planId")
    );
    let (other, stranger) = (app.agent("3.00").await, app.customer_of(&agent).await);
    let nothing = json!("pln_0192f5a0c0de7000800000000000beef");
    for (who, id) in [
        (&other.caller, &plan["id"]),
        (&stranger.caller, &plan["id"]),
        (&customer.caller, &nothing),
    ] {
        let refused = who.refused("cancelPlan", input(id)).await;
        assert_eq!(
            (refused.code.as_str(), refused.field.as_str()),
            ("NOT_FOUND", "planId")
        );
    }
    assert_eq!(
        app.anonymous()
            .denied("cancelPlan", input(&plan["id"]))
            .await,
        "UNAUTHENTICATED"
    );
    // Of a customer that it manages an agent buys and ends plans, and of its own account.
    let new = json!({ "name": "Bob", "management": "AGENT_MANAGED" });
    let new = agent.mutate("signUpCustomer", new, "customer { id }").await;
    app.top_up(&agent, "10.00").await;
    for customer in [&new["customer"]["id"], &json!(agent.account)] {
        let buying = json!({
            "productCode": "VM", "customerId": customer, "idempotencyKey": app.new_key(),
            "paymentToken": "tok_approve",
        });
        product(&app.operator().await, "VM", "PLAN", "6.00").await;
        let bought = agent.mutate("purchaseProduct", buying, PLAN).await;
        let ended = agent
            .mutate("cancelPlan", input(&bought["plan"]["id"]), PLAN)
            .await;
        assert_eq!(ended["plan"]["state"], "CANCELLED");
    }
    // An operator ends anybody's.
    let ended = app
        .operator()
        .await
        .mutate("cancelPlan", input(&plan["id"]), PLAN)
        .await;
    assert_eq!(ended["plan"]["state"], "CANCELLED");
}
