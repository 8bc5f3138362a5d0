//! An operator's corrections, and debts that are written off: over the limit by two (E08, E17).

use agent_program::graphql::cursor::{EventCursor, EventStream};
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::app::{TestApp, text};
use crate::support::caller::Caller;
use crate::support::money::{account, funds, kinds};
use crate::support::sales::{charge, post};

const SHOWN: &str =
    "customer { balance { cash } } transaction { id kind description entries { account amount } }
    proposal { id kind amount reason expiresAt proposedBy { id } customer { id } } replayed";

fn adjustment(app: &TestApp, customer: &str, amount: &str) -> Value {
    json!({ "customerId": customer, "amount": amount, "reason": "Charged twice", "idempotencyKey": app.new_key() })
}

async fn proposals(operator: &Caller) -> Vec<Value> {
    let list = "{ proposals { nodes { id kind amount agent { id } customer { id } } } }";
    let mut list = operator.query(list).await;
    let rows = list["proposals"]["nodes"].take();
    rows.as_array().expect("a list").clone()
}

on_both!(e17_an_adjustment_up_and_down);
async fn e17_an_adjustment_up_and_down(app: TestApp) {
    let (customer, operator) = (app.customer().await, app.operator().await);
    let input = adjustment(&app, &customer.id, "7.1234");
    let done = operator
        .mutate("postAdjustment", input.clone(), SHOWN)
        .await;
    assert_eq!(done["customer"]["balance"]["cash"], "7.1234");
    assert_eq!(done["transaction"]["kind"], "ADJUSTMENT");
    assert_eq!(done["transaction"]["description"], "Charged twice");
    let entries = json!([
        { "account": "customer:cash", "amount": "7.1234" },
        { "account": "expense:adjustment", "amount": "-7.1234" },
    ]);
    assert_eq!(done["transaction"]["entries"], entries);
    let again = operator.mutate("postAdjustment", input, SHOWN).await;
    assert_eq!(
        (&again["transaction"], &again["replayed"]),
        (&done["transaction"], &json!(true))
    );

    let refused = operator
        .refused("postAdjustment", adjustment(&app, &customer.id, "-7.1235"))
        .await;
    assert_eq!(
        (refused.code.as_str(), refused.field.as_str()),
        ("INSUFFICIENT_FUNDS", "amount")
    );
    assert_eq!(refused.error["available"], "7.1234");
    assert_eq!(refused.error["requested"], "7.1235");
    let refused = operator
        .refused("postAdjustment", adjustment(&app, &customer.id, "0"))
        .await;
    assert_eq!(
        (refused.code.as_str(), refused.field.as_str()),
        ("INVALID_INPUT", "amount")
    );
    let missing = "cus_0192f0c1d2e37a4b8c5d6e7f80910213";
    let refused = operator
        .refused("postAdjustment", adjustment(&app, missing, "1"))
        .await;
    assert_eq!(
        (refused.code.as_str(), refused.field.as_str()),
        ("NOT_FOUND", "customerId")
    );

    let input = adjustment(&app, &customer.id, "-7.1234");
    operator.mutate("postAdjustment", input, SHOWN).await;
    assert_eq!(account(&customer).await, "0.0000 cash, 0.0000 promo");
    assert_eq!(kinds(&customer).await, ["ADJUSTMENT", "ADJUSTMENT"]);
    assert_eq!(
        customer
            .denied("postAdjustment", adjustment(&app, &customer.id, "1"))
            .await,
        "FORBIDDEN"
    );
    app.prove().await;
}

on_both!(e17_over_the_limit_it_takes_two_operators);
async fn e17_over_the_limit_it_takes_two_operators(app: TestApp) {
    let customer = app.customer().await;
    let (first, second) = (app.operator().await, app.operator().await);
    let wanted = "subscription($after: String!) { deskEvents(after: $after) { subject { __typename id ... on Proposal { amount kind } } } }";
    let stream = EventStream::Desk;
    let beginning = EventCursor { stream, seq: 0 }.encode();
    let mut desk = second.follow(wanted, json!({ "after": beginning })).await;

    let input = adjustment(&app, &customer.id, "1000.0001");
    let waits = first.payload("postAdjustment", input.clone(), SHOWN).await;
    assert_eq!(waits["userErrors"][0]["code"], "SECOND_PERSON_REQUIRED");
    assert_eq!(
        (&waits["transaction"], &waits["customer"]),
        (&Value::Null, &Value::Null)
    );
    let proposal = &waits["proposal"];
    assert_eq!(
        (&proposal["kind"], &proposal["amount"]),
        (&json!("ADJUSTMENT"), &json!("1000.0001"))
    );
    assert_eq!(proposal["customer"]["id"], customer.id.as_str());
    assert_eq!(account(&customer).await, "0.0000 cash, 0.0000 promo");

    // The desk hears of it once, and shows it until it is decided; nobody else sees it.
    let told = desk.next().await;
    let subject = &told["deskEvents"]["subject"];
    assert_eq!(
        (&subject["__typename"], &subject["id"]),
        (&json!("Proposal"), &proposal["id"])
    );
    assert_eq!(proposals(&second).await.len(), 1);
    let node = format!("{{ node(id: \"{}\") {{ id }} }}", text(&proposal["id"]));
    assert_eq!(second.query(&node).await["node"]["id"], proposal["id"]);
    assert_eq!(customer.query(&node).await["node"], Value::Null);

    // The same operator is refused again: under the same key, and under another.
    let again = first.payload("postAdjustment", input, SHOWN).await;
    assert_eq!(
        (&again["proposal"], &again["replayed"]),
        (proposal, &json!(true))
    );
    let refused = first
        .refused(
            "postAdjustment",
            adjustment(&app, &customer.id, "1000.0001"),
        )
        .await;
    assert_eq!(refused.code, "SECOND_PERSON_REQUIRED");
    assert_eq!(proposals(&second).await.len(), 1);

    let done = second
        .mutate(
            "postAdjustment",
            adjustment(&app, &customer.id, "1000.0001"),
            SHOWN,
        )
        .await;
    assert_eq!(done["customer"]["balance"]["cash"], "1000.0001");
    assert!(proposals(&second).await.is_empty());
    let all = "{ proposals(decided: true) { nodes { id secondedAt secondedBy { id } transaction { id } } } }";
    let all = first.query(all).await;
    let seconded = &all["proposals"]["nodes"][0];
    assert_eq!(seconded["id"], proposal["id"]);
    assert_eq!(seconded["transaction"]["id"], done["transaction"]["id"]);
    app.prove().await;
}

on_both!(e17_a_proposal_is_good_for_seven_days);
async fn e17_a_proposal_is_good_for_seven_days(app: TestApp) {
    let customer = app.customer().await;
    let first = app.operator().await;
    let refused = first
        .refused("postAdjustment", adjustment(&app, &customer.id, "2000"))
        .await;
    assert_eq!(refused.code, "SECOND_PERSON_REQUIRED");
    assert_eq!(proposals(&first).await.len(), 1);
    app.pass(TimeDelta::days(7));
    let second = app.operator().await;
    assert!(proposals(&second).await.is_empty());
    let refused = second
        .refused("postAdjustment", adjustment(&app, &customer.id, "2000"))
        .await;
    assert_eq!(refused.code, "SECOND_PERSON_REQUIRED");
    assert_eq!(proposals(&second).await.len(), 1);
}

on_both!(e08_a_debt_is_written_off_and_shows_in_the_books);
async fn e08_a_debt_is_written_off_and_shows_in_the_books(app: TestApp) {
    let (agent, operator) = (app.agent("10.00").await, app.operator().await);
    let customer = app.customer_of(&agent).await;
    let write_off = |field: &str, id: &str, amount: Option<&str>| json!({ "debtor": { field: id }, "amount": amount, "reason": "Gone away", "idempotencyKey": app.new_key() });
    let refused = operator
        .refused("writeOff", write_off("agentId", &agent.id, None))
        .await;
    assert_eq!(
        (refused.code.as_str(), &refused.error["state"]),
        ("ILLEGAL_STATE", &json!("NOT_BELOW_ZERO"))
    );

    // 5.00 earned, 4.00 of it given away, and all of it taken back.
    let paid = json!({ "amount": "50.00", "method": "CREDIT_CARD", "paymentToken": "tok_approve", "idempotencyKey": app.new_key() });
    let paid = customer.mutate("topUp", paid, "topUp { id }").await;
    post(&operator, charge(&app, &customer.number, "CALL", "50.00")).await;
    let friend = app.customer_of(&agent).await;
    let gives =
        json!({ "customerId": friend.id, "amount": "4.00", "idempotencyKey": app.new_key() });
    agent
        .mutate("transferFunds", gives, "transfer { id }")
        .await;
    let back = json!({ "topUpId": paid["topUp"]["id"], "reference": "CB-1", "idempotencyKey": app.new_key() });
    operator
        .mutate("reverseTopUp", back, "topUp { state }")
        .await;
    assert_eq!(
        funds(&agent).await,
        "0.0000 funding, -4.0000 commission, 0.0000 reserved"
    );

    let refused = operator
        .refused("writeOff", write_off("agentId", &agent.id, Some("4.0001")))
        .await;
    assert_eq!(
        (refused.code.as_str(), refused.field.as_str()),
        ("INVALID_INPUT", "amount")
    );
    let shown =
        "agent { id balance { commission } } customer { id } transaction { kind cause { id } }";
    let part = operator
        .mutate(
            "writeOff",
            write_off("agentId", &agent.id, Some("1.50")),
            shown,
        )
        .await;
    assert_eq!(part["agent"]["balance"]["commission"], "-2.5000");
    assert_eq!(
        (
            &part["transaction"]["kind"],
            &part["transaction"]["cause"]["id"]
        ),
        (&json!("WRITE_OFF"), &json!(agent.id))
    );
    let rest = operator
        .mutate("writeOff", write_off("agentId", &agent.id, None), shown)
        .await;
    assert_eq!(rest["agent"]["balance"]["commission"], "0.0000");

    let owed = operator
        .mutate(
            "writeOff",
            write_off("customerId", &customer.id, None),
            shown,
        )
        .await;
    assert_eq!(owed["customer"]["id"], customer.id.as_str());
    assert_eq!(account(&customer).await, "0.0000 cash, 0.0000 promo");
    assert_eq!(kinds(&customer).await[0], "WRITE_OFF");
    assert_eq!(app.house("expense:bad_debt").await, "-54.0000");
    assert_eq!(
        agent
            .denied("writeOff", write_off("agentId", &agent.id, None))
            .await,
        "FORBIDDEN"
    );
    app.prove().await;
}
