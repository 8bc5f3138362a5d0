//! Funds from agents to their customers, credit for free, and what agents buy for themselves.

use serde_json::{Value, json};

use crate::support::app::{TestAgent, TestApp, text};
use crate::support::money::{account, funds, kinds};

const SHOWN: &str =
    "transfer { id amount fromFunding fromCommission memo customer { id } agent { agentNumber } }
    agentBalance { available funding commission } replayed";

const MISSING: &str = "cus_0192f5a0c0de7000800000000000beef";

fn transfer(app: &TestApp, customer: &str, amount: &str) -> Value {
    json!({ "customerId": customer, "amount": amount, "idempotencyKey": app.new_key() })
}

fn promo(app: &TestApp, customer: &str, amount: &str) -> Value {
    json!({
        "customerId": customer, "amount": amount, "reason": "Welcome", "idempotencyKey": app.new_key(),
    })
}

/// An agent at ten percent with this much funding and commission, and a customer of its that it earned it on.
async fn agent_with(app: &TestApp, funding: &str, spent: &str) -> TestAgent {
    let (agent, operator) = (app.agent("10.00").await, app.operator().await);
    if funding != "0" {
        app.wire(&operator, &agent, funding).await;
    }
    let customer = app.customer_of(&agent).await;
    app.wire(&operator, &customer, spent).await;
    app.charge(&operator, &customer.number, spent).await;
    agent
}

on_both!(r26_a_customer_pays_its_agent_who_transfers_funds_to_it);
async fn r26_a_customer_pays_its_agent_who_transfers_funds_to_it(app: TestApp) {
    let agent = app.agent("3.00").await;
    let customer = app.customer_of(&agent).await;
    app.top_up(&agent, "50.00").await;
    let mut input = transfer(&app, &customer.id, "12.3456");
    input["memo"] = json!("For the month");
    let done = agent.mutate("transferFunds", input, SHOWN).await;
    let moved = &done["transfer"];
    assert_eq!(moved["amount"], "12.3456");
    assert_eq!(moved["memo"], "For the month");
    assert_eq!(moved["customer"]["id"], customer.id.as_str());
    assert_eq!(moved["agent"]["agentNumber"], agent.number.as_str());
    assert_eq!(done["agentBalance"]["available"], "37.6544");
    assert_eq!(done["replayed"], false);
    assert_eq!(account(&customer).await, "12.3456 cash, 0.0000 promo");
    // Both read of it in their transactions (R48).
    assert_eq!(kinds(&customer).await, ["TRANSFER"]);
    assert_eq!(kinds(&agent).await, ["TRANSFER", "TOP_UP"]);
    let list = "{ viewer { agent { transfers { nodes { id amount } } } } }";
    let list = agent.query(list).await;
    assert_eq!(
        list["viewer"]["agent"]["transfers"]["nodes"],
        json!([{ "id": moved["id"], "amount": "12.3456" }])
    );
    app.prove().await;
}

on_both!(r28_to_each_of_its_customers_whichever_way_it_came);
async fn r28_to_each_of_its_customers_whichever_way_it_came(app: TestApp) {
    let agent = app.agent("3.00").await;
    app.top_up(&agent, "50.00").await;
    let typed = app.customer_of(&agent).await.id;
    let by_link = json!({
        "name": "Lena Link", "email": app.new_email("link"), "password": crate::support::app::PASSWORD,
        "linkAgentNumber": agent.number,
    });
    let by_link = app
        .anonymous()
        .mutate("signUpWithAgent", by_link, "customer { id }")
        .await;
    let mut customers = vec![typed, text(&by_link["customer"]["id"]).to_owned()];
    for management in ["PENDING_HANDOVER", "AGENT_MANAGED"] {
        let email = app.new_email("managed");
        let input = json!({ "name": "Mary Managed", "email": email, "management": management });
        let new = agent
            .mutate("signUpCustomer", input, "customer { id }")
            .await;
        customers.push(text(&new["customer"]["id"]).to_owned());
    }
    for customer in &customers {
        let input = transfer(&app, customer, "10.00");
        let done = agent.mutate("transferFunds", input, SHOWN).await;
        assert_eq!(done["transfer"]["customer"]["id"], customer.as_str());
    }
    assert_eq!(
        funds(&agent).await,
        "10.0000 funding, 0.0000 commission, 0.0000 reserved"
    );
    app.prove().await;
}

on_both!(r29_a_strangers_customer_is_refused_as_a_missing_one);
async fn r29_a_strangers_customer_is_refused_as_a_missing_one(app: TestApp) {
    let (agent, other) = (app.agent("3.00").await, app.agent("3.00").await);
    app.top_up(&agent, "50.00").await;
    let (theirs, nobodys) = (app.customer_of(&other).await, app.customer().await);
    let mut refusals = Vec::new();
    for customer in [
        &theirs.id,
        &nobodys.id,
        &other.account,
        &agent.account,
        MISSING,
    ] {
        let refused = agent.refused("transferFunds", transfer(&app, customer, "10.00"));
        refusals.push(refused.await);
    }
    for refused in &refusals {
        assert_eq!(refused.code, "NOT_AFFILIATED");
        assert_eq!(refused.field, "customerId");
        assert_eq!(refused.message, refusals[0].message);
    }
    assert_eq!(
        funds(&agent).await,
        "50.0000 funding, 0.0000 commission, 0.0000 reserved"
    );
    app.prove().await;
}

on_both!(r29_never_more_than_is_available);
async fn r29_never_more_than_is_available(app: TestApp) {
    let agent = app.agent("3.00").await;
    let customer = app.customer_of(&agent).await;
    app.top_up(&agent, "50.00").await;
    // What is reserved for a payout is not available, nor is promotional credit.
    let payout = json!({
        "amount": "20.00", "destination": { "paypal": { "email": "ada@example.com" } },
        "idempotencyKey": app.new_key(),
    });
    agent.mutate("requestPayout", payout, "payout { id }").await;
    let operator = app.operator().await;
    let credit = promo(&app, &agent.account, "5.00");
    operator
        .mutate("grantPromo", credit, "customer { id }")
        .await;
    let input = transfer(&app, &customer.id, "30.0001");
    let refused = agent.refused("transferFunds", input).await;
    assert_eq!(
        (refused.code.as_str(), refused.field.as_str()),
        ("INSUFFICIENT_FUNDS", "amount")
    );
    assert_eq!(refused.error["available"], "30.0000");
    assert_eq!(refused.error["requested"], "30.0001");
    let input = transfer(&app, &customer.id, "30.0000");
    agent.mutate("transferFunds", input, SHOWN).await;
    assert_eq!(
        funds(&agent).await,
        "0.0000 funding, 0.0000 commission, 20.0000 reserved"
    );
    app.prove().await;
}

on_both!(r29_a_transfer_is_of_more_than_nothing_with_four_decimals);
async fn r29_a_transfer_is_of_more_than_nothing_with_four_decimals(app: TestApp) {
    let agent = app.agent("3.00").await;
    let customer = app.customer_of(&agent).await;
    app.top_up(&agent, "5.00").await;
    for (amount, code) in [
        ("0", "AMOUNT_NOT_POSITIVE"),
        ("-0.0001", "AMOUNT_NOT_POSITIVE"),
        ("0.00001", "INVALID_INPUT"),
        ("1e1", "INVALID_INPUT"),
        ("922337203685477.5807", "INVALID_INPUT"),
    ] {
        let input = transfer(&app, &customer.id, amount);
        let refused = agent.refused("transferFunds", input).await;
        assert_eq!(
            (refused.code.as_str(), refused.field.as_str()),
            (code, "amount"),
            "{amount}"
        );
    }
    let input = transfer(&app, &customer.id, "0.0001");
    agent.mutate("transferFunds", input, SHOWN).await;
    let mut input = transfer(&app, &customer.id, "0.0001");
    input["memo"] = json!("x".repeat(201));
    let refused = agent.refused("transferFunds", input).await;
    assert_eq!(refused.field, "memo");
    app.prove().await;
}

on_both!(r30_only_agents_transfer);
async fn r30_only_agents_transfer(app: TestApp) {
    let agent = app.agent("3.00").await;
    let customer = app.customer_of(&agent).await;
    app.top_up(&customer, "50.00").await;
    for to in [&agent.account, &customer.id] {
        let input = transfer(&app, to, "10.00");
        let code = customer.denied("transferFunds", input.clone()).await;
        assert_eq!(code, "FORBIDDEN");
        let operator = app.operator().await;
        assert_eq!(
            operator.denied("transferFunds", input.clone()).await,
            "FORBIDDEN"
        );
        let code = app.anonymous().denied("transferFunds", input).await;
        assert_eq!(code, "UNAUTHENTICATED");
    }
    assert_eq!(account(&customer).await, "50.0000 cash, 0.0000 promo");
}

on_both!(e13_a_transfer_takes_funding_first_and_then_commission);
async fn e13_a_transfer_takes_funding_first_and_then_commission(app: TestApp) {
    // R40: what was earned is transferred as what was paid in is.
    let agent = agent_with(&app, "100.00", "500.00").await;
    let customer = app.customer_of(&agent).await;
    for (amount, funding, commission) in [
        ("60.00", "60.0000", "0.0000"),
        ("60.00", "40.0000", "20.0000"),
        ("30.00", "0.0000", "30.0000"),
    ] {
        let input = transfer(&app, &customer.id, amount);
        let done = agent.mutate("transferFunds", input, SHOWN).await;
        assert_eq!(done["transfer"]["fromFunding"], funding);
        assert_eq!(done["transfer"]["fromCommission"], commission);
    }
    let input = transfer(&app, &customer.id, "0.0001");
    let refused = agent.refused("transferFunds", input).await;
    assert_eq!(refused.code, "INSUFFICIENT_FUNDS");
    assert_eq!(account(&customer).await, "150.0000 cash, 0.0000 promo");
    app.prove().await;
}

on_both!(e02_neither_top_ups_nor_transfers_nor_promo_earn);
async fn e02_neither_top_ups_nor_transfers_nor_promo_earn(app: TestApp) {
    let (agent, operator) = (app.agent("10.00").await, app.operator().await);
    let customer = app.customer_of(&agent).await;
    app.top_up(&customer, "50.00").await;
    app.top_up(&agent, "50.00").await;
    let input = transfer(&app, &customer.id, "10.00");
    agent.mutate("transferFunds", input, SHOWN).await;
    let credit = promo(&app, &customer.id, "8.00");
    let shown = "customer { balance { promo } } transaction { kind description } replayed";
    let given = operator.mutate("grantPromo", credit, shown).await;
    assert_eq!(given["customer"]["balance"]["promo"], "8.0000");
    assert_eq!(given["transaction"]["kind"], "PROMO_GRANT");
    assert_eq!(given["transaction"]["description"], "Welcome");
    assert_eq!(
        funds(&agent).await,
        "40.0000 funding, 0.0000 commission, 0.0000 reserved"
    );
    // R42: of a charge of 20, 8 are promo and earn nothing.
    app.charge(&operator, &customer.number, "20.00").await;
    assert_eq!(account(&customer).await, "48.0000 cash, 0.0000 promo");
    assert_eq!(
        funds(&agent).await,
        "40.0000 funding, 1.2000 commission, 0.0000 reserved"
    );
    assert_eq!(
        kinds(&customer).await,
        ["CHARGE", "PROMO_GRANT", "TRANSFER", "TOP_UP"]
    );
    app.prove().await;
}

on_both!(e02_only_operators_give_credit_for_free);
async fn e02_only_operators_give_credit_for_free(app: TestApp) {
    let (agent, operator) = (app.agent("10.00").await, app.operator().await);
    let customer = app.customer_of(&agent).await;
    let input = promo(&app, &customer.id, "8.00");
    for who in [&*agent, &*customer, &app.machine("SWITCH").await] {
        assert_eq!(who.denied("grantPromo", input.clone()).await, "FORBIDDEN");
    }
    for (customer, amount, code, field) in [
        (customer.id.as_str(), "0", "AMOUNT_NOT_POSITIVE", "amount"),
        (customer.id.as_str(), "-1", "AMOUNT_NOT_POSITIVE", "amount"),
        (MISSING, "1", "NOT_FOUND", "customerId"),
        ("nonsense", "1", "INVALID_INPUT", "customerId"),
    ] {
        let refused = operator
            .refused("grantPromo", promo(&app, customer, amount))
            .await;
        assert_eq!(
            (refused.code.as_str(), refused.field.as_str()),
            (code, field)
        );
    }
    let mut input = promo(&app, &customer.id, "1");
    input["reason"] = json!("");
    assert_eq!(operator.refused("grantPromo", input).await.field, "reason");
    assert_eq!(account(&customer).await, "0.0000 cash, 0.0000 promo");
}

on_both!(r41_an_agent_buys_services_for_its_own_telephone_account);
async fn r41_an_agent_buys_services_for_its_own_telephone_account(app: TestApp) {
    let agent = agent_with(&app, "50.00", "500.00").await;
    let operator = app.operator().await;
    let product =
        json!({ "code": "PHONE", "name": "A telephone", "kind": "SERVICE", "price": "40" });
    operator
        .mutate("saveProduct", product, "product { id }")
        .await;
    let credit = promo(&app, &agent.account, "5.00");
    operator
        .mutate("grantPromo", credit, "customer { id }")
        .await;
    let buy = || json!({ "productCode": "PHONE", "idempotencyKey": app.new_key() });
    // E13: promo, then funding, then commission. E18: nothing of it earns the agent anything.
    for left in [
        "15.0000 funding, 50.0000 commission, 0.0000 reserved",
        "0.0000 funding, 25.0000 commission, 0.0000 reserved",
    ] {
        let shown = "charge { amount commission { id } }";
        let bought = agent.mutate("purchaseProduct", buy(), shown).await;
        assert_eq!(bought["charge"]["amount"], "40.0000");
        assert!(bought["charge"]["commission"].is_null());
        assert_eq!(funds(&agent).await, left);
    }
    let refused = agent.refused("purchaseProduct", buy()).await;
    assert_eq!(refused.code, "INSUFFICIENT_FUNDS");
    assert_eq!(refused.error["available"], "25.0000");
    assert_eq!(refused.error["requested"], "40.0000");
    app.prove().await;
}

on_both!(e27_an_operator_takes_back_what_is_not_spent);
async fn e27_an_operator_takes_back_what_is_not_spent(app: TestApp) {
    let agent = agent_with(&app, "50.00", "500.00").await;
    let (customer, operator) = (app.customer_of(&agent).await, app.operator().await);
    // 50.00 of funding and 20.00 of commission.
    let given = transfer(&app, &customer.id, "70.00");
    let given = agent.mutate("transferFunds", given, SHOWN).await;
    let id = text(&given["transfer"]["id"]);
    app.charge(&operator, &customer.number, "10.00").await;
    let back = |amount: Option<&str>| json!({ "transferId": id, "amount": amount, "reason": "To the wrong account", "idempotencyKey": app.new_key() });
    let refused = operator
        .refused("reverseTransfer", back(Some("60.0001")))
        .await;
    assert_eq!(
        (refused.code.as_str(), refused.field.as_str()),
        ("TRANSFER_SPENT", "amount")
    );
    assert_eq!(refused.error["unspent"], "60.0000");
    for (amount, code) in [("0", "AMOUNT_NOT_POSITIVE"), ("-1", "AMOUNT_NOT_POSITIVE")] {
        assert_eq!(
            operator
                .refused("reverseTransfer", back(Some(amount)))
                .await
                .code,
            code
        );
    }
    let mut missing = back(None);
    missing["transferId"] = json!("trf_0192f0c1d2e37a4b8c5d6e7f80910213");
    let refused = operator.refused("reverseTransfer", missing).await;
    assert_eq!(
        (refused.code.as_str(), refused.field.as_str()),
        ("NOT_FOUND", "transferId")
    );
    assert_eq!(
        agent.denied("reverseTransfer", back(None)).await,
        "FORBIDDEN"
    );

    // What would be spent last goes back first: the commission.
    let part = back(Some("25.00"));
    let shown = "transfer { amount reversed } agentBalance { funding commission } replayed";
    let done = operator
        .mutate("reverseTransfer", part.clone(), shown)
        .await;
    assert_eq!(
        done["transfer"],
        json!({ "amount": "70.0000", "reversed": "25.0000" })
    );
    assert_eq!(
        done["agentBalance"],
        json!({ "funding": "5.0000", "commission": "51.0000" })
    );
    let again = operator.mutate("reverseTransfer", part, shown).await;
    assert_eq!(
        (&again["transfer"], &again["replayed"]),
        (&done["transfer"], &json!(true))
    );
    let rest = operator.mutate("reverseTransfer", back(None), shown).await;
    assert_eq!(rest["transfer"]["reversed"], "60.0000");
    assert_eq!(
        rest["agentBalance"],
        json!({ "funding": "40.0000", "commission": "51.0000" })
    );
    assert_eq!(account(&customer).await, "0.0000 cash, 0.0000 promo");
    assert_eq!(
        kinds(&customer).await[..2],
        ["TRANSFER_REVERSED", "TRANSFER_REVERSED"]
    );
    let refused = operator.refused("reverseTransfer", back(None)).await;
    assert_eq!(
        (refused.code.as_str(), &refused.error["unspent"]),
        ("TRANSFER_SPENT", &json!("0.0000"))
    );
    app.prove().await;
}

on_both!(e27_a_transfer_is_taken_back_once);
async fn e27_a_transfer_is_taken_back_once(app: TestApp) {
    let (agent, operator) = (app.agent("3.00").await, app.operator().await);
    let customer = app.customer_of(&agent).await;
    app.top_up(&agent, "50.00").await;
    let wanted = "subscription($after: String!) { agentEvents(kinds: [TRANSFER], after: $after) { ... on TransferEvent { transfer { id } balance { funding } } } }";
    let start = agent.query("{ viewer { agent { latestCursor } } }").await;
    let after = json!({ "after": start["viewer"]["agent"]["latestCursor"] });
    let mut events = agent.follow(wanted, after).await;
    let given = agent
        .mutate(
            "transferFunds",
            transfer(&app, &customer.id, "10.00"),
            SHOWN,
        )
        .await;
    let id = &given["transfer"]["id"];
    let back = || json!({ "transferId": id, "reason": "So.", "idempotencyKey": app.new_key() });
    let shown = "transfer { reversed }";
    let (one, two, three) = tokio::join!(
        operator.payload("reverseTransfer", back(), shown),
        operator.payload("reverseTransfer", back(), shown),
        operator.payload("reverseTransfer", back(), shown),
    );
    let answers = [one, two, three];
    let done = answers
        .iter()
        .filter(|answer| answer["transfer"]["reversed"] == "10.0000");
    assert_eq!(done.count(), 1);
    let refused = answers
        .iter()
        .filter(|answer| answer["userErrors"][0]["code"] == "ILLEGAL_STATE");
    assert_eq!(refused.count(), 2);
    assert_eq!(account(&customer).await, "0.0000 cash, 0.0000 promo");
    // The agent hears of both ways.
    for funding in ["40.0000", "50.0000"] {
        let event = events.next().await;
        assert_eq!(&event["agentEvents"]["transfer"]["id"], id);
        assert_eq!(event["agentEvents"]["balance"]["funding"], funding);
    }
    app.prove().await;
}

on_both!(e18_nobody_is_his_own_agent);
async fn e18_nobody_is_his_own_agent(app: TestApp) {
    let agent = app.agent("10.00").await;
    let (name, domain) = agent.email.split_once('@').expect("an address");
    for email in [
        format!("{name}+me@{domain}"),
        format!("{}@{}", name.to_uppercase(), domain),
        format!("{name}+Other.One@{}", domain.to_uppercase()),
    ] {
        let input = json!({
            "name": "Ada Again", "email": email, "password": crate::support::app::PASSWORD,
            "agentNumber": agent.number,
        });
        let refused = app.anonymous().refused("signUpWithAgent", input).await;
        let known = email.eq_ignore_ascii_case(&agent.email);
        assert!(
            refused.code == "SELF_REFERRAL" || known && refused.code == "EMAIL_TAKEN",
            "{email}: {refused:?}"
        );
    }
    let own = json!({ "agentNumber": agent.number });
    let refused = agent.refused("nameAgent", own).await;
    assert_eq!(
        (refused.code.as_str(), refused.field.as_str()),
        ("SELF_REFERRAL", "agentNumber")
    );
}
