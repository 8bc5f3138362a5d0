//! Money paid in: by card, PayPal or wire, for oneself or for those whom one manages.

use agent_program::program::{Terms, TopUpLimits};
use chrono::TimeDelta;
use entity::Money;
use serde_json::{Value, json};

use crate::support::app::{TestAgent, TestApp, text};
use crate::support::caller::Caller;
use crate::support::db::TestDb;
use crate::support::money::{account, funds, kinds};

const SHOWN: &str = "topUp { id state amount method reference settledAt customer { id } } replayed";

fn pay(app: &TestApp, amount: &str, method: &str, token: Option<&str>) -> Value {
    json!({
        "amount": amount, "method": method, "paymentToken": token, "idempotencyKey": app.new_key(),
    })
}

fn card(app: &TestApp, amount: &str) -> Value {
    pay(app, amount, "CREDIT_CARD", Some("tok_approve_visa"))
}

fn into(mut input: Value, customer: &str) -> Value {
    input["customerId"] = json!(customer);
    input
}

fn arrived(app: &TestApp, top_up: &Value) -> Value {
    json!({ "topUpId": top_up, "reference": "FT-4711", "idempotencyKey": app.new_key() })
}

async fn managed(app: &TestApp, agent: &TestAgent, management: &str) -> (String, Option<String>) {
    let email = app.new_email("managed");
    let input = json!({ "name": "Mary Managed", "email": email, "management": management });
    let new = agent.mutate("signUpCustomer", input, "customer { id } claimUrl");
    let new = new.await;
    let claim = new["claimUrl"].as_str().map(ToOwned::to_owned);
    (text(&new["customer"]["id"]).to_owned(), claim)
}

async fn states(who: &Caller) -> Value {
    let document = "{ viewer { customer { topUps { nodes { state } } } } }";
    who.query(document).await["viewer"]["customer"]["topUps"]["nodes"].take()
}

on_both!(r25_a_customer_tops_up_by_card);
async fn r25_a_customer_tops_up_by_card(app: TestApp) {
    let customer = app.customer().await;
    let paid = customer.mutate("topUp", card(&app, "25.00"), SHOWN).await;
    let top_up = &paid["topUp"];
    assert_eq!(top_up["state"], "SETTLED");
    assert_eq!(top_up["amount"], "25.0000");
    assert_eq!(top_up["customer"]["id"], customer.id.as_str());
    assert!(!top_up["settledAt"].is_null() && !top_up["reference"].is_null());
    assert_eq!(paid["replayed"], false);
    assert_eq!(account(&customer).await, "25.0000 cash, 0.0000 promo");
    assert_eq!(kinds(&customer).await, ["TOP_UP"]);
    app.prove().await;
}

on_both!(r33_an_agent_funds_its_account_in_four_ways);
async fn r33_an_agent_funds_its_account_in_four_ways(app: TestApp) {
    let (agent, operator) = (app.agent("3.00").await, app.operator().await);
    for method in ["CREDIT_CARD", "DEBIT_CARD", "PAYPAL"] {
        let input = pay(&app, "50.00", method, Some("tok_approve"));
        let paid = agent.mutate("topUp", input, SHOWN).await;
        assert_eq!(paid["topUp"]["state"], "SETTLED");
        assert_eq!(paid["topUp"]["method"], method);
    }
    app.wire(&operator, &agent, "50.00").await;
    assert_eq!(
        funds(&agent).await,
        "200.0000 funding, 0.0000 commission, 0.0000 reserved"
    );
    assert_eq!(app.house("clearing:card").await, "-100.0000");
    assert_eq!(app.house("clearing:paypal").await, "-50.0000");
    assert_eq!(app.house("clearing:bank").await, "-50.0000");
    let facts = "{ program { topUpMethods { method } } }";
    let facts = app.anonymous().query(facts).await;
    let methods = facts["program"]["topUpMethods"].as_array().expect("a list");
    assert_eq!(methods.len(), 4);
    app.prove().await;
}

on_both!(r33_a_wire_is_there_when_the_operator_or_the_processor_says_so);
async fn r33_a_wire_is_there_when_the_operator_or_the_processor_says_so(app: TestApp) {
    let (agent, operator) = (app.agent("3.00").await, app.operator().await);
    let processor = app.machine("PROCESSOR").await;
    for who in [&operator, &processor] {
        let before = funds(&agent).await;
        let wire = pay(&app, "50.00", "WIRE", None);
        let sent = agent.mutate("topUp", wire, SHOWN).await;
        let top_up = &sent["topUp"];
        assert_eq!(top_up["state"], "PENDING");
        assert!(top_up["settledAt"].is_null());
        assert_eq!(funds(&agent).await, before, "nothing has arrived");
        for other in [&*agent, &app.machine("SWITCH").await] {
            let code = other.denied("settleTopUp", arrived(&app, &top_up["id"]));
            assert_eq!(code.await, "FORBIDDEN");
        }
        let there = arrived(&app, &top_up["id"]);
        let there = who.mutate("settleTopUp", there, SHOWN).await;
        assert_eq!(there["topUp"]["state"], "SETTLED");
        assert_eq!(there["topUp"]["reference"], "FT-4711");
        // Twice it does not arrive.
        let twice = who.refused("settleTopUp", arrived(&app, &top_up["id"]));
        let twice = twice.await;
        assert_eq!(twice.code, "ILLEGAL_STATE");
        assert_eq!(twice.field, "topUpId");
        assert_eq!(twice.error["state"], "SETTLED");
    }
    assert_eq!(
        funds(&agent).await,
        "100.0000 funding, 0.0000 commission, 0.0000 reserved"
    );
    let nobodys = arrived(&app, &json!("top_0192f5a0c0de7000800000000000beef"));
    let refused = operator.refused("settleTopUp", nobodys).await;
    assert_eq!(
        (refused.code.as_str(), refused.field.as_str()),
        ("NOT_FOUND", "topUpId")
    );
    app.prove().await;
}

on_both!(r34_each_method_has_its_least_and_its_most);
async fn r34_each_method_has_its_least_and_its_most(app: TestApp) {
    for (method, under, least, most, over) in [
        ("CREDIT_CARD", "4.99", "5.00", "500.00", "500.01"),
        ("DEBIT_CARD", "4.99", "5.00", "500.00", "500.01"),
        ("PAYPAL", "4.99", "5.00", "1000.00", "1000.01"),
        ("WIRE", "49.99", "50.00", "1000000.00", ""),
    ] {
        let customer = app.customer().await;
        let token = (method != "WIRE").then_some("tok_approve");
        for amount in [under, over].iter().filter(|amount| !amount.is_empty()) {
            let input = pay(&app, amount, method, token);
            let refused = customer.refused("topUp", input).await;
            assert_eq!(refused.code, "TOP_UP_METHOD_LIMIT", "{amount} by {method}");
            assert_eq!(refused.field, "amount");
        }
        for amount in [least, most] {
            let input = pay(&app, amount, method, token);
            customer.mutate("topUp", input, SHOWN).await;
        }
    }
    app.prove().await;
}

on_both!(r34_a_day_has_its_most_for_each_account_and_method);
async fn r34_a_day_has_its_most_for_each_account_and_method(app: TestApp) {
    let customer = app.customer().await;
    // What was declined does not count.
    let declined = pay(&app, "400.00", "CREDIT_CARD", Some("tok_decline"));
    let declined = customer.refused("topUp", declined).await;
    assert_eq!(declined.code, "PAYMENT_DECLINED");
    for _ in 0..2 {
        customer.mutate("topUp", card(&app, "499.00"), SHOWN).await;
    }
    app.pass(TimeDelta::hours(23));
    let later = app.sign_in(&customer.email).await;
    let refused = later.refused("topUp", card(&app, "5.00")).await;
    assert_eq!(refused.code, "TOP_UP_METHOD_LIMIT");
    assert!(refused.message.contains("2.0000"), "{}", refused.message);
    let by_paypal = pay(&app, "5.00", "PAYPAL", Some("tok_approve"));
    later.mutate("topUp", by_paypal, SHOWN).await;
    let other = app.customer().await;
    other.mutate("topUp", card(&app, "5.00"), SHOWN).await;
    app.pass(TimeDelta::hours(2));
    let customer = app.sign_in(&customer.email).await;
    customer.mutate("topUp", card(&app, "500.00"), SHOWN).await;
    assert_eq!(account(&customer).await, "1503.0000 cash, 0.0000 promo");
    app.prove().await;
}

#[tokio::test]
async fn r34_the_limits_are_the_operators_and_everybody_reads_them() {
    let card_limits = TopUpLimits {
        minimum: Money::parse("1").expect("money"),
        maximum: Money::parse("2"),
        maximum_per_day: Money::parse("3"),
    };
    let terms = Terms {
        card_limits,
        ..Terms::default()
    };
    let app = TestApp::with_terms(TestDb::sqlite().await, terms);
    let document = "{ program { topUpMethods { method minimum maximum maximumPerDay } } }";
    let facts = app.anonymous().query(document).await;
    let methods = facts["program"]["topUpMethods"].as_array().expect("a list");
    let of = |name: &str| methods.iter().find(|row| row["method"] == name);
    let limits = json!({
        "method": "DEBIT_CARD", "minimum": "1.0000", "maximum": "2.0000", "maximumPerDay": "3.0000",
    });
    assert_eq!(of("DEBIT_CARD"), Some(&limits));
    assert_eq!(of("WIRE").expect("a wire")["maximum"], Value::Null);
    let customer = app.customer().await;
    for (amount, fits) in [
        ("0.99", false),
        ("2.01", false),
        ("2.00", true),
        ("1.01", false),
        ("1.00", true),
    ] {
        let paid = customer.attempt("topUp", card(&app, amount), SHOWN).await;
        assert_eq!(paid.is_ok(), fits, "{amount}: {paid:?}");
    }
    app.prove().await;
}

on_both!(e11_a_top_up_is_of_whole_cents_and_more_than_nothing);
async fn e11_a_top_up_is_of_whole_cents_and_more_than_nothing(app: TestApp) {
    let customer = app.customer().await;
    for (amount, code) in [
        ("25.001", "AMOUNT_NOT_WHOLE_CENTS"),
        ("25.0001", "AMOUNT_NOT_WHOLE_CENTS"),
        ("0", "AMOUNT_NOT_POSITIVE"),
        ("-25.00", "AMOUNT_NOT_POSITIVE"),
        ("25.00001", "INVALID_INPUT"),
        ("2.5e1", "INVALID_INPUT"),
        ("", "INVALID_INPUT"),
    ] {
        let refused = customer.refused("topUp", card(&app, amount)).await;
        assert_eq!(
            (refused.code.as_str(), refused.field.as_str()),
            (code, "amount"),
            "{amount}"
        );
    }
    assert_eq!(account(&customer).await, "0.0000 cash, 0.0000 promo");
    customer.mutate("topUp", card(&app, "25.0100"), SHOWN).await;
    app.prove().await;
}

on_both!(r25_a_declined_payment_leaves_nothing);
async fn r25_a_declined_payment_leaves_nothing(app: TestApp) {
    let customer = app.customer().await;
    for token in ["tok_decline_visa", "unheard-of"] {
        let input = pay(&app, "25.00", "CREDIT_CARD", Some(token));
        let refused = customer.refused("topUp", input).await;
        assert_eq!(
            (refused.code.as_str(), refused.field.as_str()),
            ("PAYMENT_DECLINED", "paymentToken")
        );
    }
    assert_eq!(account(&customer).await, "0.0000 cash, 0.0000 promo");
    assert!(kinds(&customer).await.is_empty());
    let failed = json!([{ "state": "FAILED" }, { "state": "FAILED" }]);
    assert_eq!(states(&customer).await, failed);
    app.prove().await;
}

on_both!(r25_an_undecided_payment_is_pending_until_the_processor_says);
async fn r25_an_undecided_payment_is_pending_until_the_processor_says(app: TestApp) {
    let customer = app.customer().await;
    let input = pay(&app, "25.00", "CREDIT_CARD", Some("tok_stall"));
    let paid = customer.mutate("topUp", input, SHOWN).await;
    assert_eq!(paid["topUp"]["state"], "PENDING");
    assert_eq!(account(&customer).await, "0.0000 cash, 0.0000 promo");
    app.pass(TimeDelta::minutes(5));
    let decided = app.app.payments.sweep().await.expect("a sweep");
    assert_eq!(decided, 0, "asked again, it is still undecided");
    let processor = app.machine("PROCESSOR").await;
    let there = arrived(&app, &paid["topUp"]["id"]);
    processor
        .mutate("settleTopUp", there, "topUp { state }")
        .await;
    assert_eq!(account(&customer).await, "25.0000 cash, 0.0000 promo");
    app.pass(TimeDelta::minutes(5));
    assert_eq!(app.app.payments.sweep().await.expect("a sweep"), 0);
    let customer = app.sign_in(&customer.email).await;
    assert_eq!(account(&customer).await, "25.0000 cash, 0.0000 promo");
    app.prove().await;
}

on_both!(r25_a_card_has_a_token_and_a_wire_has_none);
async fn r25_a_card_has_a_token_and_a_wire_has_none(app: TestApp) {
    let customer = app.customer().await;
    for (method, token) in [
        ("CREDIT_CARD", None),
        ("DEBIT_CARD", None),
        ("PAYPAL", None),
        ("PAYPAL", Some(" ")),
        ("WIRE", Some("tok_approve")),
    ] {
        let input = pay(&app, "50.00", method, token);
        let refused = customer.refused("topUp", input).await;
        assert_eq!(
            (refused.code.as_str(), refused.field.as_str()),
            ("INVALID_INPUT", "paymentToken"),
            "{method}"
        );
    }
    let input = card(&app, "50.00");
    let code = app.anonymous().denied("topUp", input.clone()).await;
    assert_eq!(code, "UNAUTHENTICATED");
    let switch = app.machine("SWITCH").await;
    assert_eq!(switch.denied("topUp", input).await, "FORBIDDEN");
}

on_both!(r27_an_agent_tops_up_the_accounts_that_it_manages);
async fn r27_an_agent_tops_up_the_accounts_that_it_manages(app: TestApp) {
    let agent = app.agent("3.00").await;
    let (kept, _) = managed(&app, &agent, "AGENT_MANAGED").await;
    let (to_hand_over, claim) = managed(&app, &agent, "PENDING_HANDOVER").await;
    for customer in [&kept, &to_hand_over] {
        let input = into(card(&app, "25.00"), customer);
        let paid = agent.mutate("topUp", input, SHOWN).await;
        assert_eq!(paid["topUp"]["state"], "SETTLED");
        assert_eq!(paid["topUp"]["customer"]["id"], customer.as_str());
    }
    let own = into(card(&app, "30.00"), &agent.account);
    agent.mutate("topUp", own, SHOWN).await;
    assert_eq!(
        funds(&agent).await,
        "30.0000 funding, 0.0000 commission, 0.0000 reserved"
    );
    // Handed over, it is the customer's alone to pay into; the agent transfers.
    let (claim, email) = (claim.expect("a claim link"), app.new_email("claimed"));
    let claimed = app.claim(&claim, &email).await;
    assert_eq!(account(&claimed).await, "25.0000 cash, 0.0000 promo");
    let input = into(card(&app, "25.00"), &to_hand_over);
    let refused = agent.refused("topUp", input).await;
    assert_eq!(
        (refused.code.as_str(), refused.field.as_str()),
        ("NOT_MANAGED", "customerId")
    );
    app.prove().await;
}

on_both!(r27_an_account_of_somebody_else_is_not_there);
async fn r27_an_account_of_somebody_else_is_not_there(app: TestApp) {
    let (agent, other) = (app.agent("3.00").await, app.agent("3.00").await);
    let (theirs, own) = (app.customer_of(&other).await, app.customer_of(&agent).await);
    let (managed_by_other, _) = managed(&app, &other, "AGENT_MANAGED").await;
    let missing = "cus_0192f5a0c0de7000800000000000beef";
    for (who, customer, code) in [
        (&*agent, own.id.as_str(), "NOT_MANAGED"),
        (&*agent, theirs.id.as_str(), "NOT_FOUND"),
        (&*agent, managed_by_other.as_str(), "NOT_FOUND"),
        (&*agent, other.account.as_str(), "NOT_FOUND"),
        (&*agent, missing, "NOT_FOUND"),
        (&*own, theirs.id.as_str(), "NOT_FOUND"),
        (&*own, agent.account.as_str(), "NOT_FOUND"),
        (&*own, missing, "NOT_FOUND"),
    ] {
        let input = into(card(&app, "25.00"), customer);
        let refused = who.refused("topUp", input).await;
        assert_eq!(
            (refused.code.as_str(), refused.field.as_str()),
            (code, "customerId")
        );
    }
    assert_eq!(app.house("clearing:card").await, "0.0000");
    app.prove().await;
}
