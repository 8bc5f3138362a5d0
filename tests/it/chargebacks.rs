//! Stolen cards: payments that are charged back, and what of the commission goes with them (E29).

use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::app::{TestApp, text};
use crate::support::caller::Caller;
use crate::support::money::{account, funds, kinds};
use crate::support::sales::{charge, commissions, post, product};

const REVERSED: &str = "topUp { id state reference reversedAt reversalReference } replayed";

/// Pays money in by credit card; the id of the top-up.
async fn by_card(app: &TestApp, who: &Caller, amount: &str) -> String {
    let input = json!({
        "amount": amount, "method": "CREDIT_CARD", "paymentToken": "tok_approve", "idempotencyKey": app.new_key(),
    });
    let paid = who.mutate("topUp", input, "topUp { id state }").await;
    assert_eq!(paid["topUp"]["state"], "SETTLED");
    text(&paid["topUp"]["id"]).to_owned()
}

fn chargeback(app: &TestApp, top_up: &str) -> Value {
    json!({ "topUpId": top_up, "reference": "CB-4711", "idempotencyKey": app.new_key() })
}

/// The processor says that a payment was charged back.
async fn charged_back(app: &TestApp, top_up: &str) {
    let processor = app.machine("PROCESSOR").await;
    let input = chargeback(app, top_up);
    let done = processor.mutate("reverseTopUp", input, REVERSED).await;
    assert_eq!(done["topUp"]["state"], "REVERSED");
}

/// A call of an account, which is posted even if it costs more than is there.
async fn call(app: &TestApp, operator: &Caller, number: &str, amount: &str) -> String {
    let made = post(operator, charge(app, number, "CALL", amount)).await;
    text(&made["id"]).to_owned()
}

async fn transfer(app: &TestApp, agent: &Caller, customer: &str, amount: &str) -> String {
    let input =
        json!({ "customerId": customer, "amount": amount, "idempotencyKey": app.new_key() });
    let done = agent
        .mutate("transferFunds", input, "transfer { id }")
        .await;
    text(&done["transfer"]["id"]).to_owned()
}

on_both!(e29_a_stolen_card_that_was_burned_on_calls);
async fn e29_a_stolen_card_that_was_burned_on_calls(app: TestApp) {
    let (agent, operator) = (app.agent("10.00").await, app.operator().await);
    let customer = app.customer_of(&agent).await;
    let stolen = by_card(&app, &customer, "50.00").await;
    call(&app, &operator, &customer.number, "30.00").await;
    call(&app, &operator, &customer.number, "20.00").await;
    assert_eq!(
        funds(&agent).await,
        "0.0000 funding, 5.0000 commission, 0.0000 reserved"
    );
    // Most of it is passed on before the bank hears of it.
    let friend = app.customer_of(&agent).await;
    transfer(&app, &agent, &friend.id, "4.00").await;

    let processor = app.machine("PROCESSOR").await;
    let input = chargeback(&app, &stolen);
    let done = processor
        .mutate("reverseTopUp", input.clone(), REVERSED)
        .await;
    assert_eq!(done["topUp"]["state"], "REVERSED");
    assert_eq!(done["topUp"]["reversalReference"], "CB-4711");
    assert_eq!(
        done["topUp"]["reversedAt"],
        crate::support::sales::shown(app.now())
    );
    assert_eq!(account(&customer).await, "-50.0000 cash, 0.0000 promo");
    assert_eq!(
        kinds(&customer).await,
        ["TOP_UP_REVERSED", "CHARGE", "CHARGE", "TOP_UP"]
    );
    // E08: what is gone is owed, and the friend keeps what it was given.
    assert_eq!(
        funds(&agent).await,
        "0.0000 funding, -4.0000 commission, 0.0000 reserved"
    );
    assert_eq!(account(&friend).await, "4.0000 cash, 0.0000 promo");
    let rows = commissions(&agent).await;
    let amounts: Vec<_> = rows
        .iter()
        .map(|row| (text(&row["kind"]), text(&row["amount"])))
        .collect();
    let expected = [
        ("CLAWBACK", "-2.0000"),
        ("CLAWBACK", "-3.0000"),
        ("EARNED", "2.0000"),
        ("EARNED", "3.0000"),
    ];
    assert_eq!(amounts, expected);
    let list = "{ viewer { agent { transactions(first: 1) { nodes { kind cause { id } entries { account amount } } } } } }";
    let list = agent.query(list).await;
    let newest = &list["viewer"]["agent"]["transactions"]["nodes"][0];
    assert_eq!(newest["kind"], "COMMISSION_CLAWBACK");
    // Whose payment it was is not the agent's to know.
    assert_eq!(newest["cause"], Value::Null);
    assert_eq!(
        newest["entries"],
        json!([{ "account": "agent:commission", "amount": "-5.0000" }])
    );

    // The same request again, and another one.
    let again = processor.mutate("reverseTopUp", input, REVERSED).await;
    assert_eq!(
        (&again["topUp"], &again["replayed"]),
        (&done["topUp"], &json!(true))
    );
    let refused = operator
        .refused("reverseTopUp", chargeback(&app, &stolen))
        .await;
    assert_eq!(
        (refused.code.as_str(), &refused.error["state"]),
        ("ILLEGAL_STATE", &json!("REVERSED"))
    );
    app.prove().await;
    assert_eq!(app.house("clearing:card").await, "0.0000");
}

on_both!(e29_only_what_this_money_paid_for);
async fn e29_only_what_this_money_paid_for(app: TestApp) {
    let (agent, operator) = (app.agent("10.00").await, app.operator().await);
    let customer = app.customer_of(&agent).await;
    by_card(&app, &customer, "10.00").await;
    let second = by_card(&app, &customer, "20.00").await;
    call(&app, &operator, &customer.number, "15.00").await;
    charged_back(&app, &second).await;
    // Of the call's 15.00 the first paid 10.00 and the second 5.00.
    assert_eq!(
        funds(&agent).await,
        "0.0000 funding, 1.0000 commission, 0.0000 reserved"
    );
    assert_eq!(account(&customer).await, "-5.0000 cash, 0.0000 promo");
    app.prove().await;
}

on_both!(e29_a_debt_is_paid_by_the_next_payment_which_goes_back);
async fn e29_a_debt_is_paid_by_the_next_payment_which_goes_back(app: TestApp) {
    let (agent, operator) = (app.agent("10.00").await, app.operator().await);
    let customer = app.customer_of(&agent).await;
    by_card(&app, &customer, "5.00").await;
    call(&app, &operator, &customer.number, "8.00").await;
    let next = by_card(&app, &customer, "10.00").await;
    charged_back(&app, &next).await;
    // 3.00 of the call was the second's.
    assert_eq!(
        funds(&agent).await,
        "0.0000 funding, 0.5000 commission, 0.0000 reserved"
    );
    assert_eq!(account(&customer).await, "-3.0000 cash, 0.0000 promo");
    app.prove().await;
}

on_both!(e29_what_was_refunded_before_is_not_taken_twice);
async fn e29_what_was_refunded_before_is_not_taken_twice(app: TestApp) {
    let (agent, operator) = (app.agent("10.00").await, app.operator().await);
    let customer = app.customer_of(&agent).await;
    let stolen = by_card(&app, &customer, "10.00").await;
    let made = call(&app, &operator, &customer.number, "10.00").await;
    let back = json!({ "chargeId": made, "amount": "4.00", "reason": "Bad line", "idempotencyKey": app.new_key() });
    operator.mutate("refundCharge", back, "charge { id }").await;
    assert_eq!(
        funds(&agent).await,
        "0.0000 funding, 0.6000 commission, 0.0000 reserved"
    );
    charged_back(&app, &stolen).await;
    assert_eq!(
        funds(&agent).await,
        "0.0000 funding, 0.0000 commission, 0.0000 reserved"
    );
    assert_eq!(account(&customer).await, "-6.0000 cash, 0.0000 promo");
    app.prove().await;
}

on_both!(e29_an_agent_passes_a_stolen_card_on_to_two_customers);
async fn e29_an_agent_passes_a_stolen_card_on_to_two_customers(app: TestApp) {
    let (agent, operator) = (app.agent("10.00").await, app.operator().await);
    let (one, two) = (app.customer_of(&agent).await, app.customer_of(&agent).await);
    let stolen = by_card(&app, &agent, "100.00").await;
    transfer(&app, &agent, &one.id, "40.00").await;
    let given = transfer(&app, &agent, &two.id, "30.00").await;
    call(&app, &operator, &one.number, "40.00").await;
    call(&app, &operator, &two.number, "10.00").await;
    assert_eq!(
        funds(&agent).await,
        "30.0000 funding, 5.0000 commission, 0.0000 reserved"
    );
    charged_back(&app, &stolen).await;
    assert_eq!(
        funds(&agent).await,
        "-70.0000 funding, 0.0000 commission, 0.0000 reserved"
    );
    // The customers keep what they were given in good faith, until an operator says otherwise (E27).
    assert_eq!(account(&two).await, "20.0000 cash, 0.0000 promo");
    let back =
        json!({ "transferId": given, "reason": "A stolen card", "idempotencyKey": app.new_key() });
    let done = operator
        .mutate("reverseTransfer", back, "transfer { reversed }")
        .await;
    assert_eq!(done["transfer"]["reversed"], "20.0000");
    assert_eq!(
        funds(&agent).await,
        "-50.0000 funding, 0.0000 commission, 0.0000 reserved"
    );
    app.prove().await;
}

on_both!(e29_to_any_depth_and_back_again);
async fn e29_to_any_depth_and_back_again(app: TestApp) {
    let operator = app.operator().await;
    // An agent whose own account is another's customer (E19), and that one's customer.
    let top = app.agent("10.00").await;
    let below = app.agent("5.00").await;
    let names = json!({ "agentNumber": top.number });
    below.mutate("nameAgent", names, "customer { id }").await;
    let customer = app.customer_of(&below).await;
    let stolen = by_card(&app, &top, "50.00").await;
    transfer(&app, &top, &below.account, "40.00").await;
    let last = transfer(&app, &below, &customer.id, "30.00").await;
    call(&app, &operator, &customer.number, "20.00").await;
    let back = json!({ "transferId": last, "reason": "Too much", "idempotencyKey": app.new_key() });
    operator
        .mutate("reverseTransfer", back, "transfer { reversed }")
        .await;
    // 40.00 - 30.00 + 10.00: the last of it comes back as what it was.
    let own = "{ viewer { customer { accountNumber } } }";
    let own = below.query(own).await;
    let number = text(&own["viewer"]["customer"]["accountNumber"]);
    call(&app, &operator, number, "15.00").await;
    assert_eq!(
        funds(&below).await,
        "5.0000 funding, 1.0000 commission, 0.0000 reserved"
    );
    assert_eq!(
        funds(&top).await,
        "10.0000 funding, 1.5000 commission, 0.0000 reserved"
    );
    charged_back(&app, &stolen).await;
    assert_eq!(
        funds(&below).await,
        "5.0000 funding, 0.0000 commission, 0.0000 reserved"
    );
    assert_eq!(
        funds(&top).await,
        "-40.0000 funding, 0.0000 commission, 0.0000 reserved"
    );
    app.prove().await;
}

on_both!(e29_a_customer_of_nobody_costs_nobody_anything);
async fn e29_a_customer_of_nobody_costs_nobody_anything(app: TestApp) {
    let (agent, operator) = (app.agent("10.00").await, app.operator().await);
    let customer = app.customer().await;
    let stolen = by_card(&app, &customer, "20.00").await;
    call(&app, &operator, &customer.number, "8.00").await;
    app.pass(chrono::TimeDelta::minutes(2));
    // E20: it names its agent, which counts from then on.
    let names = json!({ "agentNumber": agent.number });
    customer.mutate("nameAgent", names, "customer { id }").await;
    app.pass(chrono::TimeDelta::minutes(2));
    call(&app, &operator, &customer.number, "10.00").await;
    assert_eq!(
        funds(&agent).await,
        "0.0000 funding, 1.0000 commission, 0.0000 reserved"
    );
    charged_back(&app, &stolen).await;
    assert_eq!(
        funds(&agent).await,
        "0.0000 funding, 0.0000 commission, 0.0000 reserved"
    );
    assert_eq!(account(&customer).await, "-18.0000 cash, 0.0000 promo");
    app.prove().await;
}

on_both!(e29_a_purchase_by_card_at_once);
async fn e29_a_purchase_by_card_at_once(app: TestApp) {
    let (agent, operator) = (app.agent("10.00").await, app.operator().await);
    product(&operator, "LINE", "SERVICE", "12.00").await;
    let customer = app.customer_of(&agent).await;
    let buys = json!({ "productCode": "LINE", "paymentToken": "tok_approve", "idempotencyKey": app.new_key() });
    customer
        .mutate("purchaseProduct", buys, "charge { id }")
        .await;
    assert_eq!(
        funds(&agent).await,
        "0.0000 funding, 1.2000 commission, 0.0000 reserved"
    );
    let list = "{ viewer { customer { topUps { nodes { id } } } } }";
    let list = customer.query(list).await;
    let top_up = text(&list["viewer"]["customer"]["topUps"]["nodes"][0]["id"]).to_owned();
    charged_back(&app, &top_up).await;
    assert_eq!(
        funds(&agent).await,
        "0.0000 funding, 0.0000 commission, 0.0000 reserved"
    );
    assert_eq!(account(&customer).await, "-12.0000 cash, 0.0000 promo");
    app.prove().await;
}

on_both!(e29_a_payment_that_is_pending_fails_and_goes_back);
async fn e29_a_payment_that_is_pending_fails_and_goes_back(app: TestApp) {
    let (customer, operator) = (app.customer().await, app.operator().await);
    let mut ids = Vec::new();
    for payment in [
        json!({ "amount": "60.00", "method": "WIRE" }),
        json!({ "amount": "20.00", "method": "CREDIT_CARD", "paymentToken": "tok_stall" }),
    ] {
        let mut input = payment;
        input["idempotencyKey"] = json!(app.new_key());
        let begun = customer.mutate("topUp", input, "topUp { id state }").await;
        assert_eq!(begun["topUp"]["state"], "PENDING");
        ids.push(text(&begun["topUp"]["id"]).to_owned());
    }
    for id in &ids {
        let failed = operator
            .mutate("reverseTopUp", chargeback(&app, id), REVERSED)
            .await;
        assert_eq!(failed["topUp"]["state"], "FAILED");
        assert_eq!(failed["topUp"]["reference"], "CB-4711");
        assert_eq!(failed["topUp"]["reversedAt"], Value::Null);
        for mutation in ["settleTopUp", "reverseTopUp"] {
            let refused = operator.refused(mutation, chargeback(&app, id)).await;
            assert_eq!(
                (refused.code.as_str(), &refused.error["state"]),
                ("ILLEGAL_STATE", &json!("FAILED"))
            );
        }
    }
    // What the processor may have taken is given back by itself: of the card alone.
    assert_eq!(app.app.payments.sweep().await.expect("a sweep"), 1);
    assert_eq!(app.app.payments.sweep().await.expect("a sweep"), 0);
    assert_eq!(account(&customer).await, "0.0000 cash, 0.0000 promo");
    assert!(kinds(&customer).await.is_empty());
    app.prove().await;
}

on_both!(e29_who_may_say_so_and_of_what);
async fn e29_who_may_say_so_and_of_what(app: TestApp) {
    let (agent, operator) = (app.agent("10.00").await, app.operator().await);
    let customer = app.customer_of(&agent).await;
    let paid = by_card(&app, &customer, "20.00").await;
    for who in [&*agent, &*customer, &app.machine("SWITCH").await] {
        assert_eq!(
            who.denied("reverseTopUp", chargeback(&app, &paid)).await,
            "FORBIDDEN"
        );
    }
    let missing = "top_0192f0c1d2e37a4b8c5d6e7f80910213";
    let refused = operator
        .refused("reverseTopUp", chargeback(&app, missing))
        .await;
    assert_eq!(
        (refused.code.as_str(), refused.field.as_str()),
        ("NOT_FOUND", "topUpId")
    );
    assert_eq!(account(&customer).await, "20.0000 cash, 0.0000 promo");
}

on_both!(e29_calls_that_come_at_the_same_moment);
async fn e29_calls_that_come_at_the_same_moment(app: TestApp) {
    let (agent, operator) = (app.agent("10.00").await, app.operator().await);
    let customer = app.customer_of(&agent).await;
    let stolen = by_card(&app, &agent, "30.00").await;
    let app = Arc::new(app);
    let mut tasks = Vec::new();
    for turn in 0..24_u32 {
        let (app, agent, operator) = (Arc::clone(&app), (*agent).clone(), operator.clone());
        let (id, number, stolen) = (customer.id.clone(), customer.number.clone(), stolen.clone());
        tasks.push(tokio::spawn(async move {
            match turn % 8 {
                // Three at once say the same, each under its own key: one of them is right.
                3 => {
                    let input = chargeback(&app, &stolen);
                    let done = operator.payload("reverseTopUp", input, "topUp { state }").await;
                    return u32::from(done["topUp"]["state"] == "REVERSED");
                }
                5 => {
                    let input = json!({ "customerId": id, "amount": "10.00", "idempotencyKey": app.new_key() });
                    agent.payload("transferFunds", input, "transfer { id }").await;
                }
                _ => drop(post(&operator, charge(&app, &number, "CALL", "1.00")).await),
            }
            0
        }));
    }
    let mut reversed = 0;
    for task in tasks {
        reversed += task.await.expect("a task");
    }
    assert_eq!(reversed, 1);
    app.prove().await;
}
