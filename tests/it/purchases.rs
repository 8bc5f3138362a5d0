//! What is on the price list, bought: with the account's own money, or by card.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::app::{TestApp, text};
use crate::support::caller::{Caller, Refused};
use crate::support::sales::{
    agent_balance, charge, commissions, money, own_number, post, product, promo, prove,
};

const BOUGHT: &str = "replayed charge { id kind amount promoPart product { code } } plan { id }";

/// What stands on an account: its money, and how often it was charged and paid into.
const LEFT: &str =
    "{ viewer { customer { balance { cash promo } charges { totalCount } plans { totalCount }
    topUps { nodes { state amount } } transactions { totalCount } } } }";

fn buying(app: &TestApp, code: &str) -> Value {
    json!({ "productCode": code, "idempotencyKey": app.new_key() })
}

fn by_card(app: &TestApp, code: &str, token: &str) -> Value {
    json!({ "productCode": code, "idempotencyKey": app.new_key(), "paymentToken": token })
}

fn for_customer(mut input: Value, id: &Value) -> Value {
    input["customerId"] = id.clone();
    input
}

fn at(refused: &Refused) -> (&str, &str) {
    (refused.code.as_str(), refused.field.as_str())
}

async fn left(customer: &Caller) -> Value {
    customer.query(LEFT).await["viewer"]["customer"].take()
}

on_both!(r31_what_is_not_on_the_price_list_is_not_sold);
async fn r31_what_is_not_on_the_price_list_is_not_sold(app: TestApp) {
    let operator = app.operator().await;
    product(&operator, "NUMBER", "SERVICE", "2.50").await;
    let off = json!({ "code": "OLD", "name": "Old", "kind": "SERVICE", "price": "1.00", "available": false });
    operator.mutate("saveProduct", off, "product { id }").await;
    let agent = app.agent("3.00").await;
    app.top_up(&agent, "10.00").await;
    for code in ["OLD", "NOTHING", "number", ""] {
        for input in [buying(&app, code), by_card(&app, code, "tok_approve")] {
            let refused = agent.refused("purchaseProduct", input).await;
            assert_eq!(at(&refused), ("PRODUCT_NOT_AVAILABLE", "productCode"));
        }
    }
    let bought = agent
        .mutate("purchaseProduct", buying(&app, "NUMBER"), BOUGHT)
        .await;
    assert_eq!(bought["charge"]["product"]["code"], "NUMBER");
}

on_both!(e31_a_purchase_that_is_not_covered_is_refused);
async fn e31_a_purchase_that_is_not_covered_is_refused(app: TestApp) {
    product(&app.operator().await, "NUMBER", "SERVICE", "5.0001").await;
    let customer = app.customer().await;
    app.top_up(&customer, "5.00").await;
    let before = left(&customer).await;
    let input = buying(&app, "NUMBER");
    let refused = customer.refused("purchaseProduct", input.clone()).await;
    assert_eq!(refused.code, "INSUFFICIENT_FUNDS");
    assert_eq!(
        (&refused.error["available"], &refused.error["requested"]),
        (&json!("5.0000"), &json!("5.0001"))
    );
    assert_eq!(left(&customer).await, before);
    // A refusal is an answer: the same request again gets it again, whatever there is by now.
    app.top_up(&customer, "5.00").await;
    let again = customer.refused("purchaseProduct", input).await;
    assert_eq!(again.code, "INSUFFICIENT_FUNDS");
    customer
        .mutate("purchaseProduct", buying(&app, "NUMBER"), BOUGHT)
        .await;
    assert_eq!(money(&customer).await.0, "4.9999");
}

on_both!(a_purchase_under_one_key_is_made_once);
async fn a_purchase_under_one_key_is_made_once(app: TestApp) {
    let operator = app.operator().await;
    product(&operator, "NUMBER", "SERVICE", "2.50").await;
    product(&operator, "OTHER", "SERVICE", "2.50").await;
    let customer = app.customer().await;
    app.top_up(&customer, "10.00").await;
    for input in [
        buying(&app, "NUMBER"),
        by_card(&app, "NUMBER", "tok_approve"),
    ] {
        let asking = || customer.mutate("purchaseProduct", input.clone(), BOUGHT);
        let (one, two, three) = tokio::join!(asking(), asking(), asking());
        let mut replayed = [&one, &two, &three].map(|bought| bought["replayed"] == true);
        replayed.sort_unstable();
        assert_eq!(replayed, [false, true, true]);
        assert_eq!(one["charge"]["id"], two["charge"]["id"]);
        assert_eq!(one["charge"]["id"], three["charge"]["id"]);
        let mut other = input.clone();
        other["productCode"] = json!("OTHER");
        let refused = customer.refused("purchaseProduct", other).await;
        assert_eq!(refused.code, "IDEMPOTENCY_KEY_REUSED");
    }
    let left = left(&customer).await;
    assert_eq!(left["balance"]["cash"], "7.5000");
    assert_eq!(left["charges"]["totalCount"], 2);
}

on_both!(r25_a_customer_buys_by_card);
async fn r25_a_customer_buys_by_card(app: TestApp) {
    let operator = app.operator().await;
    product(&operator, "NUMBER", "SERVICE", "9.9950").await;
    let agent = app.agent("3.00").await;
    let customer = app.customer_of(&agent).await;
    promo(&app, &operator, &customer.id, "20.00").await;
    let input = by_card(&app, "NUMBER", "tok_approve_visa");
    let bought = customer.mutate("purchaseProduct", input, BOUGHT).await;
    assert_eq!(bought["charge"]["amount"], "9.9950");
    assert_eq!(
        bought["charge"]["promoPart"], "0.0000",
        "the card paid, and nothing else"
    );
    let left = left(&customer).await;
    assert_eq!(
        left["topUps"]["nodes"],
        json!([{ "state": "SETTLED", "amount": "10.0000" }])
    );
    assert_eq!(
        left["balance"],
        json!({ "cash": "0.0050", "promo": "20.0000" })
    );
    let earned = commissions(&agent).await;
    assert_eq!(earned[0]["base"], "9.9950");
    assert_eq!(earned[0]["exact"], "0.29985000");
}

on_both!(r25_a_plan_is_bought_by_card);
async fn r25_a_plan_is_bought_by_card(app: TestApp) {
    product(&app.operator().await, "VM", "PLAN", "6.00").await;
    let customer = app.customer().await;
    let input = by_card(&app, "VM", "tok_approve");
    let bought = customer
        .mutate("purchaseProduct", input.clone(), BOUGHT)
        .await;
    assert_eq!(bought["charge"]["kind"], "PLAN_FEE");
    assert!(bought["plan"]["id"].is_string());
    let again = customer.mutate("purchaseProduct", input, BOUGHT).await;
    assert_eq!(
        (&again["plan"], &again["replayed"]),
        (&bought["plan"], &json!(true))
    );
    let left = left(&customer).await;
    assert_eq!(
        (&left["balance"]["cash"], &left["plans"]["totalCount"]),
        (&json!("0.0000"), &json!(1))
    );
}

on_both!(r25_where_the_card_is_declined_or_undecided_nothing_is_bought_and_nothing_kept);
async fn r25_where_the_card_is_declined_or_undecided_nothing_is_bought_and_nothing_kept(
    app: TestApp,
) {
    product(&app.operator().await, "NUMBER", "SERVICE", "10.00").await;
    product(&app.operator().await, "VM", "PLAN", "10.00").await;
    for (token, code) in [
        ("tok_decline", "NUMBER"),
        ("tok_stall", "NUMBER"),
        ("tok_stall", "VM"),
        ("4111111111111111", "NUMBER"),
    ] {
        let agent = app.agent("3.00").await;
        let customer = app.customer_of(&agent).await;
        app.top_up(&customer, "50.00").await;
        let input = by_card(&app, code, token);
        for _ in 0..2 {
            let refused = customer.refused("purchaseProduct", input.clone()).await;
            assert_eq!(
                at(&refused),
                ("PAYMENT_DECLINED", "paymentToken"),
                "{token}"
            );
        }
        // Nor later: whoever was told no does not pay.
        app.pass(TimeDelta::minutes(5));
        app.app.payments.sweep().await.expect("a sweep");
        let left = left(&customer).await;
        assert_eq!(left["balance"]["cash"], "50.0000");
        assert_eq!(
            (&left["charges"]["totalCount"], &left["plans"]["totalCount"]),
            (&json!(0), &json!(0))
        );
        assert_eq!(left["topUps"]["nodes"][0]["state"], "FAILED");
        assert_eq!(left["transactions"]["totalCount"], 1);
        assert!(commissions(&agent).await.is_empty());
    }
    prove(&app).await;
}

on_both!(a_card_buys_nothing_while_the_account_is_in_debt);
async fn a_card_buys_nothing_while_the_account_is_in_debt(app: TestApp) {
    product(&app.operator().await, "NUMBER", "SERVICE", "10.00").await;
    let (customer, switch) = (app.customer().await, app.machine("SWITCH").await);
    post(&switch, charge(&app, &customer.number, "CALL", "0.0001")).await;
    let input = by_card(&app, "NUMBER", "tok_approve");
    let refused = customer.refused("purchaseProduct", input).await;
    assert_eq!(refused.code, "INSUFFICIENT_FUNDS");
    assert_eq!(left(&customer).await["topUps"]["nodes"], json!([]));
    app.top_up(&customer, "5.00").await;
    let input = by_card(&app, "NUMBER", "tok_approve");
    customer.mutate("purchaseProduct", input, BOUGHT).await;
    assert_eq!(money(&customer).await.0, "4.9999");
}

on_both!(r34_a_card_purchase_stays_within_the_cards_limits);
async fn r34_a_card_purchase_stays_within_the_cards_limits(app: TestApp) {
    let operator = app.operator().await;
    product(&operator, "DEAR", "SERVICE", "500.01").await;
    product(&operator, "FREE", "SERVICE", "0").await;
    let customer = app.customer().await;
    let refused = customer
        .refused("purchaseProduct", by_card(&app, "DEAR", "tok_approve"))
        .await;
    assert_eq!(at(&refused), ("TOP_UP_METHOD_LIMIT", "paymentToken"));
    let refused = customer
        .refused("purchaseProduct", by_card(&app, "FREE", "tok_approve"))
        .await;
    assert_eq!(at(&refused), ("INVALID_INPUT", "paymentToken"));
    let bought = customer
        .mutate("purchaseProduct", buying(&app, "FREE"), BOUGHT)
        .await;
    assert_eq!(bought["charge"]["amount"], "0.0000");
}

on_both!(r41_an_agent_buys_for_its_own_telephone_account);
async fn r41_an_agent_buys_for_its_own_telephone_account(app: TestApp) {
    product(&app.operator().await, "NUMBER", "SERVICE", "2.50").await;
    let (agent, switch) = (app.agent("10.00").await, app.machine("SWITCH").await);
    let customer = app.customer_of(&agent).await;
    post(&switch, charge(&app, &customer.number, "CALL", "30.00")).await;
    let own = own_number(&agent).await;
    let bought = agent
        .mutate("purchaseProduct", buying(&app, "NUMBER"), BOUGHT)
        .await;
    assert_eq!(bought["charge"]["amount"], "2.5000");
    assert_eq!(agent_balance(&agent).await["commission"], "0.5000");
    // A call goes on where there is nothing left: it is owed in cash.
    post(&switch, charge(&app, &own, "CALL", "1.00")).await;
    let balance = agent_balance(&agent).await;
    assert_eq!(
        (
            &balance["funding"],
            &balance["commission"],
            &balance["available"]
        ),
        (&json!("-0.5000"), &json!("0.0000"), &json!("0.0000"))
    );
    assert_eq!(
        commissions(&agent).await.len(),
        1,
        "it earns itself nothing"
    );
}

on_both!(r24_an_agent_buys_for_a_customer_that_it_manages_and_for_no_other);
async fn r24_an_agent_buys_for_a_customer_that_it_manages_and_for_no_other(app: TestApp) {
    product(&app.operator().await, "NUMBER", "SERVICE", "2.50").await;
    let (agent, other) = (app.agent("3.00").await, app.agent("3.00").await);
    let own = app.customer_of(&agent).await;
    app.top_up(&own, "10.00").await;
    let mut managed = vec![];
    for management in ["AGENT_MANAGED", "PENDING_HANDOVER"] {
        let input =
            json!({ "name": "Bob", "email": app.new_email("bob"), "management": management });
        let new = agent.mutate(
            "signUpCustomer",
            input,
            "claimUrl customer { id email status }",
        );
        managed.push(new.await);
    }
    let id = managed[0]["customer"]["id"].clone();
    let input = for_customer(by_card(&app, "NUMBER", "tok_approve"), &id);
    let bought = agent.mutate("purchaseProduct", input, BOUGHT).await;
    assert_eq!(bought["charge"]["amount"], "2.5000");
    assert_eq!(commissions(&agent).await.len(), 1);
    // Its own customer, which manages itself; another's; nobody's.
    let on = |id: &Value| for_customer(buying(&app, "NUMBER"), id);
    let refused = agent.refused("purchaseProduct", on(&json!(own.id))).await;
    assert_eq!(at(&refused), ("NOT_MANAGED", "customerId"));
    let nobody = json!("cus_0192f5a0c0de7000800000000000beef");
    for (who, id) in [
        (&other.caller, &id),
        (&other.caller, &json!(own.id)),
        (&agent.caller, &nobody),
        (&agent.caller, &json!(other.account)),
        (&own.caller, &id),
    ] {
        let refused = who.refused("purchaseProduct", on(id)).await;
        assert_eq!(at(&refused), ("NOT_FOUND", "customerId"));
    }
    // Until the handover.
    let pending = &managed[1];
    let id = &pending["customer"]["id"];
    let input = for_customer(by_card(&app, "NUMBER", "tok_approve"), id);
    agent.mutate("purchaseProduct", input, BOUGHT).await;
    let email = text(&pending["customer"]["email"]);
    let bob = app.claim(text(&pending["claimUrl"]), email).await;
    let refused = agent.refused("purchaseProduct", on(id)).await;
    assert_eq!(at(&refused), ("NOT_MANAGED", "customerId"));
    app.top_up(&bob, "5.00").await;
    bob.mutate("purchaseProduct", buying(&app, "NUMBER"), BOUGHT)
        .await;
    // An operator for anybody.
    let operator = app.operator().await;
    operator
        .mutate("purchaseProduct", on(&json!(own.id)), BOUGHT)
        .await;
    assert_eq!(money(&own).await.0, "7.5000");
}

on_both!(nobody_buys_without_an_account);
async fn nobody_buys_without_an_account(app: TestApp) {
    product(&app.operator().await, "NUMBER", "SERVICE", "2.50").await;
    let input = buying(&app, "NUMBER");
    assert_eq!(
        app.anonymous()
            .denied("purchaseProduct", input.clone())
            .await,
        "UNAUTHENTICATED"
    );
    for role in ["SWITCH", "PROCESSOR"] {
        let machine = app.machine(role).await;
        assert_eq!(
            machine.denied("purchaseProduct", input.clone()).await,
            "FORBIDDEN"
        );
    }
    let operator = app.operator().await;
    let refused = operator.refused("purchaseProduct", input).await;
    assert_eq!(at(&refused), ("NOT_FOUND", "customerId"));
}

on_both!(of_two_who_spend_the_last_money_at_once_one_is_refused);
async fn of_two_who_spend_the_last_money_at_once_one_is_refused(app: TestApp) {
    product(&app.operator().await, "NUMBER", "SERVICE", "5.00").await;
    let (agent, switch) = (app.agent("10.00").await, app.machine("SWITCH").await);
    let customer = app.customer_of(&agent).await;
    post(&switch, charge(&app, &customer.number, "CALL", "20.00")).await;
    app.top_up(&agent, "6.00").await;
    let document = "mutation($input: PurchaseProductInput!) {
        purchaseProduct(input: $input) { charge { id } userErrors { code } } }";
    let giving = "mutation($input: TransferFundsInput!) {
        transferFunds(input: $input) { transfer { id } userErrors { code } } }";
    let buying = || json!({ "input": buying(&app, "NUMBER") });
    let transfer = json!({ "input": {
        "customerId": customer.id, "amount": "5.00", "idempotencyKey": app.new_key(),
    } });
    // 8.00 in two pots: enough for one of the three.
    let done = tokio::join!(
        agent.run(document, buying()),
        agent.run(giving, transfer),
        agent.run(document, buying())
    );
    let answers = [
        &done.0["purchaseProduct"],
        &done.1["transferFunds"],
        &done.2["purchaseProduct"],
    ];
    let mut codes = answers.map(|answer| answer["userErrors"].to_string());
    codes.sort();
    let refused = r#"[{"code":"INSUFFICIENT_FUNDS"}]"#;
    assert_eq!(codes, ["[]", refused, refused]);
    let balance = agent_balance(&agent).await;
    assert_eq!(balance["available"], "3.0000");
    assert_eq!(balance["funding"], "1.0000");
    prove(&app).await;
}

on_both!(a_key_is_one_request_whatever_was_asked);
async fn a_key_is_one_request_whatever_was_asked(app: TestApp) {
    product(&app.operator().await, "NUMBER", "SERVICE", "5.00").await;
    let agent = app.agent("3.00").await;
    let customer = app.customer_of(&agent).await;
    app.top_up(&agent, "20.00").await;
    let bought = buying(&app, "NUMBER");
    agent
        .mutate("purchaseProduct", bought.clone(), BOUGHT)
        .await;
    let key = &bought["idempotencyKey"];
    let mut paid_by_card = bought.clone();
    paid_by_card["paymentToken"] = json!("tok_approve");
    let given = json!({ "customerId": customer.id, "amount": "5.00", "idempotencyKey": key });
    let paid_in = json!({
        "amount": "5.00", "method": "CREDIT_CARD", "paymentToken": "tok_approve", "idempotencyKey": key,
    });
    for (field, input) in [
        ("purchaseProduct", paid_by_card),
        ("transferFunds", given),
        ("topUp", paid_in),
    ] {
        let refused = agent.refused(field, input).await;
        assert_eq!(refused.code, "IDEMPOTENCY_KEY_REUSED", "{field}");
    }
    // Another's key of the same name is another key.
    app.top_up(&customer, "5.00").await;
    let its = customer.mutate("purchaseProduct", bought, BOUGHT).await;
    assert_eq!(its["replayed"], false);
    assert_eq!(agent_balance(&agent).await["funding"], "15.0000");
    prove(&app).await;
}
