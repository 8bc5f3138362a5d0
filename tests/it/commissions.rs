//! What charges earn, and whom.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::app::{TestApp, text};
use crate::support::sales::{
    agent_balance, call_at, charge, charge_at, commissions, fractions, money, own_number, post,
    post_call, product, promo, prove, rate, send_calls, send_charges, units,
};

const TO: &str = "+12125550123";

fn amounts(earned: &[Value]) -> Vec<&str> {
    earned.iter().map(|row| text(&row["amount"])).collect()
}

on_both!(r11_three_percent_of_a_service_of_ten_dollars_is_0_3000);
async fn r11_three_percent_of_a_service_of_ten_dollars_is_0_3000(app: TestApp) {
    let (agent, switch) = (app.agent("3.00").await, app.machine("SWITCH").await);
    let customer = app.customer_of(&agent).await;
    app.top_up(&customer, "10.00").await;
    let service = charge(&app, &customer.number, "SERVICE", "10.00");
    let posted = post(&switch, service).await;
    let earned = commissions(&agent).await;
    assert_eq!(amounts(&earned), ["0.3000"]);
    let row = &earned[0];
    assert_eq!(row["charge"]["id"], posted["id"]);
    assert_eq!(row["customer"]["id"], customer.id);
    assert_eq!(
        (
            &row["kind"],
            &row["state"],
            &row["base"],
            &row["commissionRate"],
            &row["exact"]
        ),
        (
            &json!("EARNED"),
            &json!("MATURED"),
            &json!("10.0000"),
            &json!("3.00"),
            &json!("0.30000000")
        )
    );
}

on_both!(r12_a_call_of_one_dollar_at_three_percent_earns_0_0300);
async fn r12_a_call_of_one_dollar_at_three_percent_earns_0_0300(app: TestApp) {
    rate(&app.operator().await, "1", "1.0000").await;
    let (agent, switch) = (app.agent("3.00").await, app.machine("SWITCH").await);
    let customer = app.customer_of(&agent).await;
    // Whatever the carry.
    post(&switch, charge(&app, &customer.number, "CALL", "0.0033")).await;
    assert_eq!(agent_balance(&agent).await["carry"], "0.00009900");
    post_call(&switch, call_at(&app, &customer.number, TO, 60, app.now())).await;
    assert_eq!(amounts(&commissions(&agent).await), ["0.0300", "0.0000"]);
}

on_both!(r09_one_and_ten_percent_earn_what_they_say);
async fn r09_one_and_ten_percent_earn_what_they_say(app: TestApp) {
    let switch = app.machine("SWITCH").await;
    for (percent, expected) in [("1.00", "0.1000"), ("10.00", "1.0000"), ("4.25", "0.4250")] {
        let agent = app.agent(percent).await;
        let customer = app.customer_of(&agent).await;
        post(&switch, charge(&app, &customer.number, "CALL", "10.00")).await;
        assert_eq!(amounts(&commissions(&agent).await), [expected]);
    }
}

on_both!(r10_services_fees_and_calls_earn_the_same);
async fn r10_services_fees_and_calls_earn_the_same(app: TestApp) {
    let (agent, switch) = (app.agent("3.00").await, app.machine("SWITCH").await);
    let customer = app.customer_of(&agent).await;
    app.top_up(&customer, "30.00").await;
    for kind in ["SERVICE", "PLAN_FEE", "CALL"] {
        post(&switch, charge(&app, &customer.number, kind, "10.00")).await;
    }
    let earned = commissions(&agent).await;
    assert_eq!(amounts(&earned), ["0.3000", "0.3000", "0.3000"]);
    assert!(earned.iter().all(|row| row["commissionRate"] == "3.00"));
}

on_both!(r14_commission_is_money_to_use);
async fn r14_commission_is_money_to_use(app: TestApp) {
    let (agent, switch) = (app.agent("10.00").await, app.machine("SWITCH").await);
    let customer = app.customer_of(&agent).await;
    post(&switch, charge(&app, &customer.number, "CALL", "10.00")).await;
    let balance = agent_balance(&agent).await;
    assert_eq!(
        balance,
        json!({
            "funding": "0.0000", "commission": "1.0000", "held": "0.0000", "available": "1.0000",
            "withdrawable": "1.0000", "carry": "0.00000000",
        })
    );
    let input =
        json!({ "customerId": customer.id, "amount": "1.0000", "idempotencyKey": app.new_key() });
    let given = agent.mutate(
        "transferFunds",
        input,
        "agentBalance { available commission }",
    );
    assert_eq!(
        given.await["agentBalance"],
        json!({ "available": "0.0000", "commission": "0.0000" })
    );
    assert_eq!(money(&customer).await.0, "-9.0000");
}

on_both!(r15_charge_and_commission_commit_together_and_are_heard_of_at_once);
async fn r15_charge_and_commission_commit_together_and_are_heard_of_at_once(app: TestApp) {
    let (agent, switch) = (app.agent("3.00").await, app.machine("SWITCH").await);
    let customer = app.customer_of(&agent).await;
    let seen = agent.query("{ viewer { agent { latestCursor } } }").await;
    let from = seen["viewer"]["agent"]["latestCursor"].clone();
    let document = "subscription($after: String) { commissionEvents(after: $after) {
        cursor balance { commission available } commission { amount charge { id amount } transaction { id kind } } } }";
    let mut events = agent.follow(document, json!({ "after": from })).await;
    for (amount, commission) in [("10.00", "0.3000"), ("20.00", "0.9000")] {
        let posted = post(&switch, charge(&app, &customer.number, "CALL", amount)).await;
        let event = events.next().await["commissionEvents"].take();
        assert_eq!(event["commission"]["charge"]["id"], posted["id"]);
        assert_eq!(event["balance"]["commission"], commission);
        // The transaction of the charge is the transaction of its commission.
        let seen = agent.query("{ viewer { agent { transactions(first: 1) { nodes { id cause { id } entries { account } } } } } }");
        let newest = seen.await["viewer"]["agent"]["transactions"]["nodes"][0].take();
        assert_eq!(newest["cause"]["id"], posted["id"]);
        assert_eq!(event["commission"]["transaction"]["id"], newest["id"]);
    }
}

on_both!(r21_commission_is_the_same_whichever_way);
async fn r21_commission_is_the_same_whichever_way(app: TestApp) {
    let (agent, switch) = (app.agent("3.00").await, app.machine("SWITCH").await);
    let mut numbers = vec![app.customer_of(&agent).await.number];
    let shown = "customer { accountNumber }";
    let link = json!({
        "name": "Lena", "email": app.new_email("lena"), "password": crate::support::app::PASSWORD,
        "linkAgentNumber": agent.number,
    });
    let new = app.anonymous().mutate("signUpWithAgent", link, shown).await;
    numbers.push(text(&new["customer"]["accountNumber"]).to_owned());
    for management in ["PENDING_HANDOVER", "AGENT_MANAGED"] {
        let input =
            json!({ "name": "Bob", "email": app.new_email("bob"), "management": management });
        let new = agent.mutate("signUpCustomer", input, shown).await;
        numbers.push(text(&new["customer"]["accountNumber"]).to_owned());
    }
    for number in &numbers {
        post(&switch, charge(&app, number, "CALL", "10.00")).await;
    }
    assert_eq!(amounts(&commissions(&agent).await), ["0.3000"; 4]);
}

on_both!(e01_nothing_is_lost_over_a_thousand_tiny_calls_in_one_request);
async fn e01_nothing_is_lost_over_a_thousand_tiny_calls_in_one_request(app: TestApp) {
    rate(&app.operator().await, "1", "0.0198").await;
    rate(&app.operator().await, "44", "0.0007").await;
    let (agent, switch) = (app.agent("3.00").await, app.machine("SWITCH").await);
    let customer = app.customer_of(&agent).await;
    let at = app.now();
    let calls: Vec<Value> = (0..1_000)
        .map(|i| {
            let to = if i % 3 == 0 { "+442071234567" } else { TO };
            call_at(&app, &customer.number, to, i % 130, at)
        })
        .collect();
    let sent = send_calls(&switch, json!(calls)).await;
    assert_eq!(
        (&sent["posted"], &sent["refused"]),
        (&json!(1_000), &json!(0))
    );
    let results = sent["results"].as_array().expect("a list");
    for (call, result) in calls.iter().zip(results) {
        assert_eq!(
            result["externalId"], call["externalId"],
            "in the order sent"
        );
    }
    let earned = commissions(&agent).await;
    assert_eq!(earned.len(), 1_000);
    let exact: i64 = earned.iter().map(|row| fractions(&row["exact"])).sum();
    let posted: i64 = earned.iter().map(|row| units(&row["amount"])).sum();
    let spent: i64 = results
        .iter()
        .map(|row| units(&row["charge"]["amount"]))
        .sum();
    let balance = agent_balance(&agent).await;
    let carry = fractions(&balance["carry"]);
    assert_eq!(exact, spent * 300, "three percent of all of it");
    assert_eq!(posted * 10_000 + carry, exact);
    assert!((0..10_000).contains(&carry));
    assert_eq!(units(&balance["commission"]), posted);
    prove(&app).await;
    assert_eq!(
        money(&customer).await.0,
        format!("-{}.{:04}", spent / 10_000, spent % 10_000)
    );
}

on_both!(e02_money_that_moves_earns_nothing);
async fn e02_money_that_moves_earns_nothing(app: TestApp) {
    let agent = app.agent("10.00").await;
    let customer = app.customer_of(&agent).await;
    app.top_up(&customer, "100.00").await;
    app.top_up(&agent, "100.00").await;
    promo(&app, &app.operator().await, &customer.id, "50.00").await;
    let input =
        json!({ "customerId": customer.id, "amount": "40.00", "idempotencyKey": app.new_key() });
    agent
        .mutate("transferFunds", input, "transfer { id }")
        .await;
    assert!(commissions(&agent).await.is_empty());
    assert_eq!(agent_balance(&agent).await["commission"], "0.0000");
}

on_both!(e03_e13_promo_is_spent_first_and_earns_nothing);
async fn e03_e13_promo_is_spent_first_and_earns_nothing(app: TestApp) {
    let (agent, switch) = (app.agent("10.00").await, app.machine("SWITCH").await);
    let customer = app.customer_of(&agent).await;
    app.top_up(&customer, "10.00").await;
    promo(&app, &app.operator().await, &customer.id, "5.00").await;
    for (amount, promo_part, left) in [
        ("3.00", "3.0000", ("10.0000", "2.0000")),
        ("3.00", "2.0000", ("9.0000", "0.0000")),
        ("3.00", "0.0000", ("6.0000", "0.0000")),
    ] {
        let posted = post(&switch, charge(&app, &customer.number, "SERVICE", amount)).await;
        assert_eq!(posted["promoPart"], promo_part);
        let (cash, promo) = money(&customer).await;
        assert_eq!((cash.as_str(), promo.as_str()), left);
    }
    // None on the first, on a dollar of the second, on all of the third.
    assert_eq!(amounts(&commissions(&agent).await), ["0.3000", "0.1000"]);
}

on_both!(r42_what_is_free_or_passed_through_earns_nothing);
async fn r42_what_is_free_or_passed_through_earns_nothing(app: TestApp) {
    let operator = app.operator().await;
    let (agent, switch) = (app.agent("10.00").await, app.machine("SWITCH").await);
    let customer = app.customer_of(&agent).await;
    app.top_up(&customer, "10.00").await;
    let mut tax = charge(&app, &customer.number, "SERVICE", "2.00");
    tax["commissionable"] = json!(false);
    rate(&operator, "1", "0.0000").await;
    let voice_mail = json!({
        "code": "TAX", "name": "A tax", "kind": "SERVICE", "price": "1.00", "commissionable": false,
    });
    operator
        .mutate("saveProduct", voice_mail, "product { id }")
        .await;
    product(&operator, "FREE", "SERVICE", "0").await;
    let free = post(&switch, charge(&app, &customer.number, "SERVICE", "0")).await;
    let mut ids = vec![free["id"].clone(), post(&switch, tax).await["id"].clone()];
    let call = call_at(&app, &customer.number, TO, 60, app.now());
    ids.push(post_call(&switch, call).await["id"].clone());
    for code in ["TAX", "FREE"] {
        let input = json!({ "productCode": code, "idempotencyKey": app.new_key() });
        let bought = customer
            .mutate("purchaseProduct", input, "charge { id }")
            .await;
        ids.push(bought["charge"]["id"].clone());
    }
    let document =
        "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Charge { id commission { id } } } }";
    let seen = agent.run(document, json!({ "ids": ids })).await;
    for (node, id) in seen["nodes"].as_array().expect("a list").iter().zip(&ids) {
        assert_eq!(node["id"], *id);
        assert!(node["commission"].is_null());
    }
    assert!(commissions(&agent).await.is_empty());
    assert_eq!(money(&customer).await.0, "7.0000");
}

on_both!(e04_a_call_that_a_plan_makes_free_earns_nothing_and_the_fee_does);
async fn e04_a_call_that_a_plan_makes_free_earns_nothing_and_the_fee_does(app: TestApp) {
    let (agent, switch) = (app.agent("3.00").await, app.machine("SWITCH").await);
    let customer = app.customer_of(&agent).await;
    app.top_up(&customer, "20.00").await;
    let rows = json!([
        charge(&app, &customer.number, "PLAN_FEE", "20.00"),
        charge(&app, &customer.number, "CALL", "0.0000"),
    ]);
    assert_eq!(send_charges(&switch, rows).await["posted"], 2);
    let earned = commissions(&agent).await;
    assert_eq!(amounts(&earned), ["0.6000"]);
    assert_eq!(earned[0]["charge"]["kind"], "PLAN_FEE");
}

on_both!(e05_a_late_call_has_the_rate_of_its_time);
async fn e05_a_late_call_has_the_rate_of_its_time(app: TestApp) {
    let (agent, switch) = (app.agent("3.00").await, app.machine("SWITCH").await);
    let customer = app.customer_of(&agent).await;
    let before = app.now();
    app.pass(TimeDelta::hours(1));
    let changed = app.now() + TimeDelta::hours(1);
    let input = json!({
        "agentId": agent.id, "commissionRate": "5.00", "reason": "Good sales",
        "effectiveFrom": crate::support::sales::written(changed),
    });
    let operator = app.operator().await;
    operator
        .mutate("setCommissionRate", input, "agent { id }")
        .await;
    app.pass(TimeDelta::hours(2));
    let instant = TimeDelta::microseconds(1);
    for (at, expected) in [
        (app.now(), "5.00"),
        (before, "3.00"),
        (changed, "5.00"),
        (changed - instant, "3.00"),
    ] {
        post(
            &switch,
            charge_at(&app, &customer.number, "CALL", "1.00", at),
        )
        .await;
        let agent = app.sign_in(&agent.email).await;
        assert_eq!(
            commissions(&agent).await[0]["commissionRate"],
            expected,
            "{at}"
        );
    }
}

on_both!(e05_a_late_call_has_the_agent_of_its_time);
async fn e05_a_late_call_has_the_agent_of_its_time(app: TestApp) {
    let (agent, switch) = (app.agent("3.00").await, app.machine("SWITCH").await);
    let customer = app.customer().await;
    let alone = app.now();
    app.pass(TimeDelta::days(1));
    let named = app.sign_in(&customer.email).await;
    let input = json!({ "agentNumber": agent.number });
    named.mutate("nameAgent", input, "customer { id }").await;
    for at in [alone, app.now()] {
        post(
            &switch,
            charge_at(&app, &customer.number, "CALL", "1.00", at),
        )
        .await;
    }
    let agent = app.sign_in(&agent.email).await;
    assert_eq!(amounts(&commissions(&agent).await), ["0.0300"]);
    // Nor does it see what was before its time.
    let seen = agent
        .query("{ customers { nodes { charges { totalCount } } } }")
        .await;
    assert_eq!(seen["customers"]["nodes"][0]["charges"]["totalCount"], 1);
}

on_both!(e13_in_the_network_funding_is_spent_first_then_commission);
async fn e13_in_the_network_funding_is_spent_first_then_commission(app: TestApp) {
    let operator = app.operator().await;
    product(&operator, "NUMBER", "SERVICE", "2.00").await;
    let (agent, switch) = (app.agent("10.00").await, app.machine("SWITCH").await);
    let customer = app.customer_of(&agent).await;
    post(&switch, charge(&app, &customer.number, "CALL", "20.00")).await;
    app.top_up(&agent, "5.00").await;
    let input =
        json!({ "customerId": customer.id, "amount": "4.50", "idempotencyKey": app.new_key() });
    let given = agent.mutate(
        "transferFunds",
        input,
        "transfer { fromFunding fromCommission }",
    );
    assert_eq!(
        given.await["transfer"],
        json!({ "fromFunding": "4.5000", "fromCommission": "0.0000" })
    );
    // Its own telephone account: promo, then funding, then commission.
    promo(&app, &operator, &agent.account, "0.25").await;
    let buying = json!({ "productCode": "NUMBER", "idempotencyKey": app.new_key() });
    let bought = agent
        .mutate("purchaseProduct", buying, "charge { amount promoPart }")
        .await;
    assert_eq!(
        bought["charge"],
        json!({ "amount": "2.0000", "promoPart": "0.2500" })
    );
    let balance = agent_balance(&agent).await;
    assert_eq!(
        (&balance["funding"], &balance["commission"]),
        (&json!("0.0000"), &json!("0.7500"))
    );
    let buying = json!({ "productCode": "NUMBER", "idempotencyKey": app.new_key() });
    let refused = agent.refused("purchaseProduct", buying).await;
    assert_eq!(refused.code, "INSUFFICIENT_FUNDS");
    assert_eq!(
        (&refused.error["available"], &refused.error["requested"]),
        (&json!("0.7500"), &json!("2.0000"))
    );
}

on_both!(e19_an_agent_under_an_agent_earns_it_commission_one_tier_only);
async fn e19_an_agent_under_an_agent_earns_it_commission_one_tier_only(app: TestApp) {
    let switch = app.machine("SWITCH").await;
    let (above, below) = (app.agent("3.00").await, app.agent("5.00").await);
    let input = json!({ "agentNumber": above.number });
    below.mutate("nameAgent", input, "customer { id }").await;
    let customer = app.customer_of(&below).await;
    // A customer of the one below earns that one, and nobody above it.
    post(&switch, charge(&app, &customer.number, "CALL", "100.00")).await;
    assert_eq!(amounts(&commissions(&below).await), ["5.0000"]);
    assert!(commissions(&above).await.is_empty());
    // What the one below buys for itself, with what it earned, earns the one above, and not itself.
    let own = own_number(&below).await;
    post(&switch, charge(&app, &own, "SERVICE", "2.00")).await;
    let earned = commissions(&above).await;
    assert_eq!(amounts(&earned), ["0.0600"]);
    assert_eq!(earned[0]["base"], "2.0000");
    assert_eq!(commissions(&below).await.len(), 1);
    assert_eq!(agent_balance(&below).await["commission"], "3.0000");
}

on_both!(r08_only_the_agent_and_operators_see_a_commission);
async fn r08_only_the_agent_and_operators_see_a_commission(app: TestApp) {
    let (agent, switch) = (app.agent("3.00").await, app.machine("SWITCH").await);
    let customer = app.customer_of(&agent).await;
    let posted = post(&switch, charge(&app, &customer.number, "CALL", "10.00")).await;
    let document =
        "query($id: ID!) { node(id: $id) { ... on Charge { amount commission { amount } } } }";
    let id = json!({ "id": posted["id"] });
    let mine = customer.run(document, id.clone()).await;
    assert_eq!(
        mine["node"],
        json!({ "amount": "10.0000", "commission": null })
    );
    let its = agent.run(document, id.clone()).await;
    assert_eq!(its["node"]["commission"]["amount"], "0.3000");
    let other = app.agent("3.00").await;
    for stranger in [&other.caller, &switch, &app.anonymous()] {
        assert!(stranger.run(document, id.clone()).await["node"].is_null());
    }
}

on_both!(r29_what_an_agents_own_call_took_below_zero_is_not_there_to_give);
async fn r29_what_an_agents_own_call_took_below_zero_is_not_there_to_give(app: TestApp) {
    let (agent, switch) = (app.agent("10.00").await, app.machine("SWITCH").await);
    let (customer, own) = (app.customer_of(&agent).await, own_number(&agent).await);
    // In debt by a call of its own, it earns.
    post(&switch, charge(&app, &own, "CALL", "0.5000")).await;
    post(&switch, charge(&app, &customer.number, "CALL", "10.00")).await;
    let balance = agent_balance(&agent).await;
    assert_eq!(
        (
            &balance["funding"],
            &balance["commission"],
            &balance["available"]
        ),
        (&json!("-0.5000"), &json!("1.0000"), &json!("0.5000"))
    );
    let giving = |amount: &str| json!({ "customerId": customer.id, "amount": amount, "idempotencyKey": app.new_key() });
    let refused = agent.refused("transferFunds", giving("0.5001")).await;
    assert_eq!(
        (refused.code.as_str(), &refused.error["available"]),
        ("INSUFFICIENT_FUNDS", &json!("0.5000"))
    );
    let given = agent.mutate(
        "transferFunds",
        giving("0.5000"),
        "transfer { fromFunding fromCommission }",
    );
    assert_eq!(
        given.await["transfer"],
        json!({ "fromFunding": "0.0000", "fromCommission": "0.5000" })
    );
    assert_eq!(agent_balance(&agent).await["available"], "0.0000");
    prove(&app).await;
}
