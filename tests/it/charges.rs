//! What switches and billing systems report: each row is decided for itself, once.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::app::{TestApp, text};
use crate::support::sales::{
    agent_balance, call_at, charge, commissions, fractions, money, post, post_call, product, prove,
    rate, refusal, send_calls, send_charges, shown, units,
};

const TO: &str = "+12125550123";

fn with(mut row: Value, field: &str, value: Value) -> Value {
    row[field] = value;
    row
}

on_both!(e30_the_same_call_twice_is_charged_once);
async fn e30_the_same_call_twice_is_charged_once(app: TestApp) {
    rate(&app.operator().await, "1", "0.0600").await;
    let agent = app.agent("3.00").await;
    let (customer, switch) = (app.customer_of(&agent).await, app.machine("SWITCH").await);
    let call = call_at(&app, &customer.number, TO, 60, app.now());
    let first = post_call(&switch, call.clone()).await;
    // The price list changes meanwhile: what was decided stands.
    rate(&app.operator().await, "1", "0.0900").await;
    let again = send_calls(&switch, json!([call, call])).await;
    assert_eq!(
        (&again["posted"], &again["replayed"], &again["refused"]),
        (&json!(0), &json!(2), &json!(0))
    );
    for result in again["results"].as_array().expect("a list") {
        assert_eq!(result["replayed"], true);
        assert_eq!(result["charge"], first);
    }
    assert_eq!(money(&customer).await.0, "-0.0600");
    assert_eq!(commissions(&agent).await.len(), 1);
}

on_both!(e30_the_same_call_twice_in_one_request_is_charged_once);
async fn e30_the_same_call_twice_in_one_request_is_charged_once(app: TestApp) {
    rate(&app.operator().await, "1", "0.0600").await;
    let (customer, switch) = (app.customer().await, app.machine("SWITCH").await);
    let call = call_at(&app, &customer.number, TO, 60, app.now());
    let longer = with(call.clone(), "durationSeconds", json!(61));
    let sent = send_calls(&switch, json!([call, call, longer])).await;
    let results = sent["results"].as_array().expect("a list");
    let replayed: Vec<&Value> = results.iter().map(|row| &row["replayed"]).collect();
    assert_eq!(replayed, [&json!(false), &json!(true), &json!(false)]);
    assert_eq!(results[0]["charge"], results[1]["charge"]);
    assert_eq!(results[2]["error"]["code"], "EXTERNAL_ID_REUSED");
    assert_eq!(money(&customer).await.0, "-0.0600");
}

on_both!(e30_the_same_call_from_two_at_once_is_charged_once);
async fn e30_the_same_call_from_two_at_once_is_charged_once(app: TestApp) {
    rate(&app.operator().await, "1", "0.0600").await;
    let (customer, switch) = (app.customer().await, app.machine("SWITCH").await);
    let call = json!([call_at(&app, &customer.number, TO, 60, app.now())]);
    let (one, other, third) = tokio::join!(
        send_calls(&switch, call.clone()),
        send_calls(&switch, call.clone()),
        send_calls(&switch, call.clone())
    );
    let posted: i64 = [&one, &other, &third]
        .iter()
        .map(|sent| sent["posted"].as_i64().expect("a count"))
        .sum();
    assert_eq!(posted, 1);
    assert_eq!(one["results"][0]["charge"], other["results"][0]["charge"]);
    assert_eq!(money(&customer).await.0, "-0.0600");
}

on_both!(e30_other_content_under_the_same_id_is_refused);
async fn e30_other_content_under_the_same_id_is_refused(app: TestApp) {
    rate(&app.operator().await, "1", "0.0600").await;
    let (customer, other) = (app.customer().await, app.customer().await);
    let switch = app.machine("SWITCH").await;
    let at = app.now();
    let call = call_at(&app, &customer.number, TO, 60, at);
    post_call(&switch, call.clone()).await;
    for (field, value) in [
        ("accountNumber", json!(other.number)),
        ("to", json!("+12125550124")),
        ("durationSeconds", json!(59)),
        ("answeredAt", shown(at - TimeDelta::seconds(1))),
    ] {
        let sent = send_calls(&switch, json!([with(call.clone(), field, value)])).await;
        let (code, path) = refusal(&sent);
        assert_eq!(code, "EXTERNAL_ID_REUSED", "{field}");
        assert_eq!(path, ["input", "calls", "0", "externalId"]);
        assert!(sent["results"][0]["charge"].is_null());
    }
    let rated = charge(&app, &customer.number, "CALL", "0.0600");
    post(&switch, rated.clone()).await;
    for (field, value) in [
        ("amount", json!("0.0601")),
        ("kind", json!("SERVICE")),
        ("description", json!("Something else")),
        ("commissionable", json!(false)),
    ] {
        let sent = send_charges(&switch, json!([with(rated.clone(), field, value)])).await;
        assert_eq!(refusal(&sent).0, "EXTERNAL_ID_REUSED", "{field}");
    }
    // Another source counts for itself.
    let input = json!({ "source": "switch-2", "calls": [call] });
    let sent = switch.mutate("recordCalls", input, "posted").await;
    assert_eq!(sent["posted"], 1);
}

on_both!(rows_are_decided_for_themselves_and_answered_in_order);
async fn rows_are_decided_for_themselves_and_answered_in_order(app: TestApp) {
    rate(&app.operator().await, "1", "0.0600").await;
    let (customer, switch) = (app.customer().await, app.machine("SWITCH").await);
    let at = app.now();
    let call = |to: &str, seconds| call_at(&app, &customer.number, to, seconds, at);
    let far = app.now() + TimeDelta::minutes(6);
    let (soon, early) = (app.now() + TimeDelta::minutes(4), at - TimeDelta::days(1));
    let rows = [
        (call(TO, 60), None),
        (
            call("+442071234567", 60),
            Some(("DESTINATION_NOT_RATED", "to")),
        ),
        (
            with(call(TO, 1), "accountNumber", json!("12345678")),
            Some(("INVALID_INPUT", "accountNumber")),
        ),
        (call("12125550123", 60), Some(("INVALID_INPUT", "to"))),
        (call(TO, -1), Some(("INVALID_INPUT", "durationSeconds"))),
        (
            with(call(TO, 1), "answeredAt", shown(far)),
            Some(("INVALID_INPUT", "answeredAt")),
        ),
        (
            with(call(TO, 1), "answeredAt", shown(early)),
            Some(("INVALID_INPUT", "answeredAt")),
        ),
        (
            with(call(TO, 1), "answeredAt", json!("yesterday")),
            Some(("INVALID_INPUT", "answeredAt")),
        ),
        (
            with(call(TO, 1), "externalId", json!(" ")),
            Some(("INVALID_INPUT", "externalId")),
        ),
        (with(call(TO, 61), "answeredAt", shown(soon)), None),
    ];
    let calls: Vec<&Value> = rows.iter().map(|(row, _)| row).collect();
    let sent = send_calls(&switch, json!(calls)).await;
    assert_eq!(
        (&sent["posted"], &sent["replayed"], &sent["refused"]),
        (&json!(2), &json!(0), &json!(8))
    );
    let results = sent["results"].as_array().expect("a list");
    assert_eq!(results.len(), rows.len());
    for (i, ((row, expected), result)) in rows.iter().zip(results).enumerate() {
        assert_eq!(result["externalId"], row["externalId"]);
        match expected {
            None => assert!(result["error"].is_null(), "{result}"),
            Some((code, field)) => {
                assert_eq!(text(&result["error"]["code"]), *code, "{result}");
                let path = json!(["input", "calls", i.to_string(), field]);
                assert_eq!(result["error"]["field"], path);
            }
        }
    }
    assert_eq!(results[9]["charge"]["amount"], "0.1200");
    assert_eq!(money(&customer).await.0, "-0.1800");
}

on_both!(charges_of_another_system_are_decided_for_themselves_too);
async fn charges_of_another_system_are_decided_for_themselves_too(app: TestApp) {
    let (customer, switch) = (app.customer().await, app.machine("SWITCH").await);
    app.top_up(&customer, "5.00").await;
    let row = |kind: &str, amount: &str| charge(&app, &customer.number, kind, amount);
    let sent = send_charges(
        &switch,
        json!([
            row("SERVICE", "3.00"),
            row("SERVICE", "3.00"),
            row("PLAN_FEE", "-1.00"),
            row("PLAN_FEE", "1.00001"),
            with(row("SERVICE", "1.00"), "description", json!("")),
            row("PLAN_FEE", "2.00"),
            row("CALL", "0.0001"),
        ]),
    )
    .await;
    let results = sent["results"].as_array().expect("a list");
    let codes: Vec<&Value> = results.iter().map(|row| &row["error"]["code"]).collect();
    let invalid = &json!("INVALID_INPUT");
    let none = &Value::Null;
    let broke = &json!("INSUFFICIENT_FUNDS");
    assert_eq!(codes, [none, broke, invalid, invalid, invalid, none, none]);
    assert_eq!((&sent["posted"], &sent["refused"]), (&json!(3), &json!(4)));
    assert_eq!(money(&customer).await.0, "-0.0001");
}

on_both!(a_request_has_one_to_a_thousand_rows_of_a_source_that_is_not_the_servers);
async fn a_request_has_one_to_a_thousand_rows_of_a_source_that_is_not_the_servers(app: TestApp) {
    rate(&app.operator().await, "1", "0.0600").await;
    let (customer, switch) = (app.customer().await, app.machine("SWITCH").await);
    let at = app.now();
    let call = || call_at(&app, &customer.number, TO, 60, at);
    let many: Vec<Value> = (0..1_001).map(|_| call()).collect();
    for (source, calls, field) in [
        ("switch-1", json!(many), "calls"),
        ("switch-1", json!([]), "calls"),
        (" ", json!([call()]), "source"),
        ("agent-program", json!([call()]), "source"),
    ] {
        let input = json!({ "source": source, "calls": calls });
        let refused = switch.refused("recordCalls", input).await;
        assert_eq!(
            (refused.code.as_str(), refused.field.as_str()),
            ("INVALID_INPUT", field)
        );
    }
    assert_eq!(money(&customer).await.0, "0.0000");
}

on_both!(only_switches_and_operators_report);
async fn only_switches_and_operators_report(app: TestApp) {
    let agent = app.agent("3.00").await;
    let customer = app.customer_of(&agent).await;
    let row = charge(&app, &customer.number, "CALL", "1.00");
    let input = json!({ "source": "billing", "charges": [row] });
    let processor = app.machine("PROCESSOR").await;
    for (who, code) in [
        (&agent.caller, "FORBIDDEN"),
        (&customer.caller, "FORBIDDEN"),
        (&processor, "FORBIDDEN"),
        (&app.anonymous(), "UNAUTHENTICATED"),
    ] {
        assert_eq!(who.denied("recordCharges", input.clone()).await, code);
    }
    let operator = app.operator().await;
    let sent = operator.mutate("recordCharges", input, "posted").await;
    assert_eq!(sent["posted"], 1);
}

on_both!(e31_a_call_is_posted_though_the_balance_does_not_cover_it);
async fn e31_a_call_is_posted_though_the_balance_does_not_cover_it(app: TestApp) {
    rate(&app.operator().await, "1", "1.0000").await;
    let agent = app.agent("3.00").await;
    let customer = app.customer_of(&agent).await;
    let switch = app.machine("SWITCH").await;
    app.top_up(&customer, "5.00").await;
    let call = call_at(&app, &customer.number, TO, 600, app.now());
    post_call(&switch, call).await;
    assert_eq!(money(&customer).await.0, "-5.0000");
    let seen = customer
        .query("{ viewer { customer { balance { available } } } }")
        .await;
    assert_eq!(seen["viewer"]["customer"]["balance"]["available"], "0.0000");
    assert_eq!(commissions(&agent).await[0]["amount"], "0.3000");
    // Anything else waits until it is paid off.
    let sent = send_charges(
        &switch,
        json!([charge(&app, &customer.number, "SERVICE", "0.0001")]),
    );
    assert_eq!(refusal(&sent.await).0, "INSUFFICIENT_FUNDS");
    app.top_up(&customer, "6.00").await;
    post(&switch, charge(&app, &customer.number, "SERVICE", "1.00")).await;
    assert_eq!(money(&customer).await.0, "0.0000");
}

on_both!(e32_the_number_called_is_masked_to_an_agent_that_does_not_manage);
async fn e32_the_number_called_is_masked_to_an_agent_that_does_not_manage(app: TestApp) {
    rate(&app.operator().await, "1", "0.0600").await;
    let (agent, switch) = (app.agent("3.00").await, app.machine("SWITCH").await);
    let own = app.customer_of(&agent).await;
    let input = json!({ "name": "Bob", "management": "AGENT_MANAGED" });
    let shown = "customer { id accountNumber }";
    let managed = agent.mutate("signUpCustomer", input, shown).await["customer"].take();
    let document = "query($id: ID!) { node(id: $id) { ... on Customer {
        charges { nodes { description call { to destination durationSeconds billedSeconds pricePerMinute } } } } } }";
    let seen = async |who: &crate::support::caller::Caller, id: &Value| {
        let seen = who.run(document, json!({ "id": id })).await;
        text(&seen["node"]["charges"]["nodes"][0]["call"]["to"]).to_owned()
    };
    for number in [json!(own.number), managed["accountNumber"].clone()] {
        post_call(&switch, call_at(&app, text(&number), TO, 61, app.now())).await;
    }
    let id = json!(own.id);
    assert_eq!(seen(&agent, &id).await, "+1212555****");
    assert_eq!(seen(&own, &id).await, TO);
    assert_eq!(seen(&app.operator().await, &id).await, TO);
    assert_eq!(seen(&agent, &managed["id"]).await, TO);
    let all = agent
        .ask(document, json!({ "id": own.id }))
        .await
        .to_string();
    assert!(!all.contains("0123"), "nowhere: {all}");
    let commission = agent
        .ask("{ viewer { agent { commissions { nodes { charge { description call { to } } } } transactions { nodes { description } } } } }", json!({}))
        .await
        .to_string();
    assert!(commission.contains("+1212555****"), "{commission}");
}

on_both!(e35_a_call_has_the_price_of_its_answer_time);
async fn e35_a_call_has_the_price_of_its_answer_time(app: TestApp) {
    let (customer, switch) = (app.customer().await, app.machine("SWITCH").await);
    rate(&app.operator().await, "1", "0.0100").await;
    let then = app.now();
    app.pass(TimeDelta::hours(1));
    rate(&app.operator().await, "1", "0.0300").await;
    rate(&app.operator().await, "1212", "0.0700").await;
    let amount = async |to, at| {
        post_call(&switch, call_at(&app, &customer.number, to, 60, at)).await["amount"].take()
    };
    assert_eq!(amount(TO, app.now()).await, "0.0700");
    assert_eq!(amount("+13125550123", app.now()).await, "0.0300");
    assert_eq!(amount(TO, then).await, "0.0100");
}

on_both!(e35_increments_and_one_rounding_half_even);
async fn e35_increments_and_one_rounding_half_even(app: TestApp) {
    let (customer, switch) = (app.customer().await, app.machine("SWITCH").await);
    let rate = |prefix: &str, price: &str, fee: &str| {
        json!({
            "prefix": prefix, "destination": "Somewhere", "pricePerMinute": price, "connectionFee": fee,
            "initialIncrement": 30, "increment": 6,
        })
    };
    let rates = [
        rate("1", "0.0198", "0.0500"),
        rate("44", "0.0003", "0"),
        rate("49", "0.0001", "0"),
    ];
    let operator = app.operator().await;
    operator
        .mutate(
            "saveCallRates",
            json!({ "rates": rates }),
            "rates { prefix }",
        )
        .await;
    for (to, seconds, billed, price) in [
        (TO, 0, 30, "0.0599"),
        (TO, 30, 30, "0.0599"),
        (TO, 31, 36, "0.0619"),
        (TO, 37, 42, "0.0639"),
        ("+442071234567", 30, 30, "0.0002"),
        ("+49301234567", 30, 30, "0.0000"),
        ("+49301234567", 90, 90, "0.0002"),
    ] {
        let call = call_at(&app, &customer.number, to, seconds, app.now());
        let posted = post_call(&switch, call).await;
        assert_eq!(posted["amount"], price, "{to} {seconds}");
        let seen = customer
            .run(
                "query($id: ID!) { node(id: $id) { ... on Charge { call { billedSeconds durationSeconds } } } }",
                json!({ "id": posted["id"] }),
            )
            .await;
        let expected = json!({ "billedSeconds": billed, "durationSeconds": seconds });
        assert_eq!(seen["node"]["call"], expected, "{to} {seconds}");
    }
}

on_both!(r32_everybody_pays_the_same);
async fn r32_everybody_pays_the_same(app: TestApp) {
    let (operator, switch) = (app.operator().await, app.machine("SWITCH").await);
    rate(&operator, "1", "0.0198").await;
    product(&operator, "NUMBER", "SERVICE", "2.5000").await;
    let agent = app.agent("10.00").await;
    let mut paid = vec![];
    for customer in [app.customer().await, app.customer_of(&agent).await] {
        app.top_up(&customer, "5.00").await;
        let call = call_at(&app, &customer.number, TO, 119, app.now());
        let call = post_call(&switch, call).await;
        let input = json!({ "productCode": "NUMBER", "idempotencyKey": app.new_key() });
        let bought = customer.mutate("purchaseProduct", input, "charge { amount }");
        paid.push((call["amount"].clone(), bought.await, money(&customer).await));
    }
    assert_eq!(paid[0], paid[1]);
    assert_eq!(paid[0].0, "0.0396");
}

on_both!(charges_of_the_greatest_amount_leave_the_books_right);
async fn charges_of_the_greatest_amount_leave_the_books_right(app: TestApp) {
    let (agent, switch) = (app.agent("10.00").await, app.machine("SWITCH").await);
    let customer = app.customer_of(&agent).await;
    let row = |amount: &str| charge(&app, &customer.number, "CALL", amount);
    let (greatest, beyond) = ("99999999999.9999", "100000000000.0000");
    let rows = json!([row(greatest), row(beyond), row(greatest), row("0.0033")]);
    let sent = send_charges(&switch, rows).await;
    assert_eq!((&sent["posted"], &sent["refused"]), (&json!(3), &json!(1)));
    assert_eq!(sent["results"][1]["error"]["code"], "INVALID_INPUT");
    assert_eq!(commissions(&agent).await.len(), 3);
    assert_eq!(money(&customer).await.0, "-200000000000.0031");
    prove(&app).await;
}

on_both!(e01_e30_switches_that_report_at_once_lose_nothing_and_repeat_nothing);
async fn e01_e30_switches_that_report_at_once_lose_nothing_and_repeat_nothing(app: TestApp) {
    rate(&app.operator().await, "1", "0.0007").await;
    let (one, other) = (app.agent("3.33").await, app.agent("7.77").await);
    let mut rows = vec![];
    let mut customers = vec![];
    for agent in [&one, &other, &one, &other] {
        customers.push(app.customer_of(agent).await);
    }
    for i in 0..160_i64 {
        let customer = &customers[usize::try_from(i % 4).expect("a place")];
        rows.push(call_at(&app, &customer.number, TO, i * 7, app.now()));
    }
    // Each row comes three times, from three switches, in another order and company.
    let (first, second) = (app.machine("SWITCH").await, app.machine("SWITCH").await);
    let part = |from: usize, to: usize| json!(rows[from..to].iter().rev().collect::<Vec<_>>());
    let sent = tokio::join!(
        send_calls(&first, part(0, 90)),
        send_calls(&second, part(40, 160)),
        send_calls(&first, part(0, 40)),
        send_calls(&second, part(80, 160)),
        send_calls(&first, json!(rows)),
    );
    let sent = [sent.0, sent.1, sent.2, sent.3, sent.4];
    let sum = |field: &str| -> i64 {
        let counts = sent.iter().map(|sent| sent[field].as_i64());
        counts.map(|count| count.expect("a count")).sum()
    };
    let counts = (sum("posted"), sum("replayed"), sum("refused"));
    assert_eq!(counts, (160, 90 + 120 + 40 + 80, 0));
    for agent in [&one, &other] {
        let earned = commissions(agent).await;
        assert_eq!(earned.len(), 80);
        let exact: i64 = earned.iter().map(|row| fractions(&row["exact"])).sum();
        let posted: i64 = earned.iter().map(|row| units(&row["amount"])).sum();
        let balance = agent_balance(agent).await;
        assert_eq!(posted * 10_000 + fractions(&balance["carry"]), exact);
        assert_eq!(units(&balance["commission"]), posted);
    }
    prove(&app).await;
}
