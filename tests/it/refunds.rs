//! Charges that are given back, and the commission that goes with them (E07, E08).

use agent_program::graphql::cursor::{EventCursor, EventStream};
use serde_json::{Value, json};

use crate::support::app::{TestApp, text};
use crate::support::caller::Caller;
use crate::support::sales::{
    agent_balance, charge, commissions, fractions, money, post, promo, units,
};

const SHOWN: &str =
    "charge { id state amount refunded } clawback { kind state base exact amount commissionRate
    reverses { id } transaction { kind } working } replayed";

const TOLD: &str = "subscription($after: String) { agentEvents(after: $after, kinds: [COMMISSION]) { ... on CommissionEvent {
    commission { kind amount charge { id } } balance { commission } } } }";

fn back(app: &TestApp, charge: &Value, amount: Option<&str>) -> Value {
    json!({
        "chargeId": charge["id"], "amount": amount, "reason": "A bad line", "idempotencyKey": app.new_key(),
    })
}

async fn refund(app: &TestApp, operator: &Caller, charge: &Value, amount: Option<&str>) -> Value {
    let input = back(app, charge, amount);
    operator.mutate("refundCharge", input, SHOWN).await
}

fn of(payload: &Value) -> [&Value; 4] {
    let clawback = &payload["clawback"];
    [
        &payload["charge"]["state"],
        &payload["charge"]["refunded"],
        &clawback["base"],
        &clawback["exact"],
    ]
}

on_both!(e07_a_refund_takes_back_the_same_proportion_at_the_rows_own_rate);
async fn e07_a_refund_takes_back_the_same_proportion_at_the_rows_own_rate(app: TestApp) {
    let (agent, operator) = (app.agent("3.00").await, app.operator().await);
    let customer = app.customer_of(&agent).await;
    app.top_up(&customer, "20.00").await;
    promo(&app, &operator, &customer.id, "4.00").await;
    let charged = post(
        &operator,
        charge(&app, &customer.number, "SERVICE", "10.00"),
    )
    .await;
    assert_eq!(money(&customer).await, ("14.0000".into(), "0.0000".into()));
    assert_eq!(agent_balance(&agent).await["commission"], "0.1800");
    // What it earns by now does not matter.
    let raised = json!({ "agentId": agent.id, "commissionRate": "5.00", "reason": "Good sales" });
    operator
        .mutate("setCommissionRate", raised, "agent { commissionRate }")
        .await;
    let stream = EventStream::Agent(agent.id.parse().expect("an id"));
    let after = EventCursor { stream, seq: 0 }.encode();
    let mut told = agent.follow(TOLD, json!({ "after": after })).await;
    assert_eq!(
        told.next().await["agentEvents"]["commission"]["kind"],
        "EARNED"
    );

    // A quarter: 1.00 of the promotional credit, 1.50 of the cash.
    let input = back(&app, &charged, Some("2.50"));
    let part = operator.mutate("refundCharge", input.clone(), SHOWN).await;
    assert_eq!(
        of(&part),
        ["PARTIALLY_REFUNDED", "2.5000", "-1.5000", "-0.04500000"]
    );
    let clawback = &part["clawback"];
    assert_eq!(
        (
            &clawback["amount"],
            &clawback["commissionRate"],
            &clawback["kind"]
        ),
        (&json!("-0.0450"), &json!("3.00"), &json!("CLAWBACK"))
    );
    assert_eq!(clawback["transaction"]["kind"], "CHARGE_REFUNDED");
    assert_eq!(
        clawback["reverses"]["id"],
        commissions(&agent).await[1]["id"]
    );
    assert_eq!(money(&customer).await, ("15.5000".into(), "1.0000".into()));
    assert_eq!(agent_balance(&agent).await["commission"], "0.1350");
    let event = told.next().await["agentEvents"].take();
    assert_eq!(event["commission"]["kind"], "CLAWBACK");
    assert_eq!(event["commission"]["charge"]["id"], charged["id"]);
    assert_eq!(event["balance"]["commission"], "0.1350");

    // The same request again gives back nothing more.
    let again = operator.mutate("refundCharge", input, SHOWN).await;
    assert_eq!(
        (&again["charge"], &again["replayed"]),
        (&part["charge"], &json!(true))
    );

    // All that is left.
    let rest = refund(&app, &operator, &charged, None).await;
    assert_eq!(of(&rest), ["REFUNDED", "10.0000", "-4.5000", "-0.13500000"]);
    assert_eq!(money(&customer).await, ("20.0000".into(), "4.0000".into()));
    let balance = agent_balance(&agent).await;
    assert_eq!(
        (&balance["commission"], &balance["carry"]),
        (&json!("0.0000"), &json!("0.00000000"))
    );
    app.prove().await;
}

on_both!(e07_all_refunds_together_take_back_what_was_earned_to_the_last_fraction);
async fn e07_all_refunds_together_take_back_what_was_earned_to_the_last_fraction(app: TestApp) {
    let (agent, operator) = (app.agent("3.33").await, app.operator().await);
    let customer = app.customer_of(&agent).await;
    promo(&app, &operator, &customer.id, "0.3333").await;
    let charged = post(&operator, charge(&app, &customer.number, "CALL", "1.0001")).await;
    // Something else that earns in between.
    post(&operator, charge(&app, &customer.number, "CALL", "0.0007")).await;
    for part in ["0.1111", "0.3333", "0.0001", "0.5555"] {
        refund(&app, &operator, &charged, Some(part)).await;
    }
    let refused = operator
        .refused("refundCharge", back(&app, &charged, Some("0.0002")))
        .await;
    assert_eq!(
        (refused.code.as_str(), refused.field.as_str()),
        ("REFUND_EXCEEDS_CHARGE", "amount")
    );
    let rest = refund(&app, &operator, &charged, None).await;
    assert_eq!(rest["charge"]["state"], "REFUNDED");
    let rows = commissions(&agent).await;
    let own = rows
        .iter()
        .filter(|row| row["charge"]["id"] == charged["id"]);
    assert_eq!(own.map(|row| fractions(&row["exact"])).sum::<i64>(), 0);
    // The sum of what was credited, and the carry, is the sum of what is exact (E01).
    let balance = agent_balance(&agent).await;
    let credited: i64 = rows.iter().map(|row| units(&row["amount"])).sum();
    let exact: i64 = rows.iter().map(|row| fractions(&row["exact"])).sum();
    assert_eq!(credited, units(&balance["commission"]));
    assert_eq!(credited * 10_000 + fractions(&balance["carry"]), exact);
    let refused = operator
        .refused("refundCharge", back(&app, &charged, None))
        .await;
    assert_eq!(
        (refused.code.as_str(), &refused.error["state"]),
        ("ILLEGAL_STATE", &json!("REFUNDED"))
    );
    app.prove().await;
}

on_both!(e07_only_operators_give_charges_back);
async fn e07_only_operators_give_charges_back(app: TestApp) {
    let (agent, operator) = (app.agent("3.00").await, app.operator().await);
    let customer = app.customer_of(&agent).await;
    let charged = post(&operator, charge(&app, &customer.number, "CALL", "1.00")).await;
    let switch = app.machine("SWITCH").await;
    for caller in [&agent.caller, &customer.caller, &switch] {
        let input = back(&app, &charged, None);
        assert_eq!(caller.denied("refundCharge", input).await, "FORBIDDEN");
    }
    for (amount, code) in [
        ("0", "AMOUNT_NOT_POSITIVE"),
        ("-1", "AMOUNT_NOT_POSITIVE"),
        ("1.0001", "REFUND_EXCEEDS_CHARGE"),
    ] {
        let refused = operator
            .refused("refundCharge", back(&app, &charged, Some(amount)))
            .await;
        assert_eq!(refused.code, code, "{amount}");
    }
    let mut missing = back(&app, &charged, None);
    missing["chargeId"] = json!("chg_0192f0c1d2e37a4b8c5d6e7f80910213");
    let refused = operator.refused("refundCharge", missing).await;
    assert_eq!(
        (refused.code.as_str(), refused.field.as_str()),
        ("NOT_FOUND", "chargeId")
    );
    assert_eq!(agent_balance(&agent).await["commission"], "0.0300");
    app.prove().await;
}

on_both!(e08_commission_that_was_given_away_is_owed_and_paid_off_first);
async fn e08_commission_that_was_given_away_is_owed_and_paid_off_first(app: TestApp) {
    let (agent, operator) = (app.agent("10.00").await, app.operator().await);
    let customer = app.customer_of(&agent).await;
    let friend = app.customer_of(&agent).await;
    app.top_up(&customer, "500.00").await;
    let charged = post(
        &operator,
        charge(&app, &customer.number, "SERVICE", "500.00"),
    )
    .await;
    let gives = |amount: &str| json!({ "customerId": friend.id, "amount": amount, "idempotencyKey": app.new_key() });
    agent
        .mutate("transferFunds", gives("45.00"), "transfer { id }")
        .await;
    let asks = |amount: &str| {
        json!({
            "amount": amount, "destination": { "paypal": { "email": "ada@example.com" } },
            "idempotencyKey": app.new_key(),
        })
    };
    let seen = agent.query("{ viewer { agent { latestCursor } } }").await;
    let after = &seen["viewer"]["agent"]["latestCursor"];
    let mut told = agent.follow(TOLD, json!({ "after": after })).await;
    refund(&app, &operator, &charged, Some("300.00")).await;
    assert_eq!(agent_balance(&agent).await["commission"], "-25.0000");
    let event = told.next().await["agentEvents"].take();
    assert_eq!(
        (
            &event["commission"]["amount"],
            &event["balance"]["commission"]
        ),
        (&json!("-30.0000"), &json!("-25.0000"))
    );
    // What it paid in itself is its own, and yet nothing leaves while it owes.
    app.top_up(&agent, "100.00").await;
    assert_eq!(agent_balance(&agent).await["available"], "75.0000");
    for (act, input) in [
        ("requestPayout", asks("20.00")),
        ("transferFunds", gives("75.0001")),
    ] {
        let refused = agent.refused(act, input).await;
        assert_eq!(refused.code, "COMMISSION_NEGATIVE", "{act}");
    }
    // The friend keeps what it was given in good faith.
    assert_eq!(money(&friend).await.0, "45.0000");
    // What is earned next pays the debt first.
    post(&operator, charge(&app, &customer.number, "CALL", "240.00")).await;
    assert_eq!(agent_balance(&agent).await["commission"], "-1.0000");
    post(&operator, charge(&app, &customer.number, "CALL", "15.00")).await;
    assert_eq!(agent_balance(&agent).await["commission"], "0.5000");
    let asked = agent
        .mutate("requestPayout", asks("20.00"), "payout { state }")
        .await;
    assert_eq!(text(&asked["payout"]["state"]), "REQUESTED");
    app.prove().await;
}
