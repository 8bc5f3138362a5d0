//! How an agent stands with the program, and whose customer somebody is: suspended, reinstated, closed, assigned (E22, E23,
//! E24); and what an operator gives of its own (R48).

use agent_program::graphql::cursor::{EventCursor, EventStream};
use serde_json::{Value, json};

use crate::support::app::{PASSWORD, TestAgent, TestApp, text};
use crate::support::caller::{Caller, Followed};
use crate::support::sales::{agent_balance, charge, charge_at, commissions, money, post};

const TOLD: &str = "subscription($after: String) { agentEvents(after: $after, kinds: [STANDING]) { ... on StandingEvent {
    status reason balance { commission held } } } }";

async fn decide(operator: &Caller, how: &str, agent: &TestAgent) -> Value {
    let input = json!({ "agentId": agent.id, "reason": "Traffic that we look into." });
    let shown = "agent { status balance { commission held } standings { status reason } }";
    operator.mutate(how, input, shown).await["agent"].take()
}

/// An agent's commission and what is held of it.
async fn commission(agent: &Caller) -> [String; 2] {
    let balance = agent_balance(agent).await;
    ["commission", "held"].map(|part| text(&balance[part]).to_owned())
}

/// What happens to an agent from here on.
async fn follow(agent: &Caller, document: &str) -> Followed {
    let seen = agent.query("{ viewer { agent { latestCursor } } }").await;
    let after = &seen["viewer"]["agent"]["latestCursor"];
    agent.follow(document, json!({ "after": after })).await
}

async fn states(agent: &Caller) -> Vec<String> {
    let rows = commissions(agent).await.into_iter();
    rows.map(|row| format!("{} {}", text(&row["state"]), text(&row["amount"])))
        .collect()
}

/// What stands in an agent's transactions last.
async fn newest(agent: &Caller) -> String {
    let seen = agent.query("{ viewer { agent { transactions(first: 1) { nodes { kind } } } } }");
    text(&seen.await["viewer"]["agent"]["transactions"]["nodes"][0]["kind"]).to_owned()
}

fn paypal(app: &TestApp, amount: &str) -> Value {
    let destination = json!({ "paypal": { "email": "ada@example.com" } });
    json!({ "amount": amount, "destination": destination, "idempotencyKey": app.new_key() })
}

fn assignment(customer: &str, agent: Option<&TestAgent>) -> Value {
    json!({ "customerId": customer, "agentId": agent.map(|it| &it.id), "reason": "It moved to Hoboken." })
}

on_both!(e22_a_suspended_agent_earns_into_held_until_it_is_reinstated);
async fn e22_a_suspended_agent_earns_into_held_until_it_is_reinstated(app: TestApp) {
    let (agent, operator) = (app.agent("10.00").await, app.operator().await);
    let customer = app.customer_of(&agent).await;
    post(&operator, charge(&app, &customer.number, "CALL", "10.00")).await;
    let stream = EventStream::Agent(agent.id.parse().expect("an id"));
    let after = EventCursor { stream, seq: 0 }.encode();
    let mut told = agent.follow(TOLD, json!({ "after": after })).await;
    let suspended = decide(&operator, "suspendAgent", &agent).await;
    assert_eq!(suspended["status"], "SUSPENDED");
    let event = told.next().await["agentEvents"].take();
    assert_eq!(
        (&event["status"], &event["reason"]),
        (&json!("SUSPENDED"), &json!("Traffic that we look into."))
    );

    // What it had stays its own; what it earns is held; it signs nobody up.
    post(&operator, charge(&app, &customer.number, "CALL", "25.00")).await;
    assert_eq!(commission(&agent).await, ["1.0000", "2.5000"]);
    assert_eq!(states(&agent).await, ["HELD 2.5000", "MATURED 1.0000"]);
    let signs_up = json!({
        "name": "Carl", "email": app.new_email("carl"), "password": PASSWORD, "agentNumber": agent.number,
    });
    let refused = app.anonymous().refused("signUpWithAgent", signs_up).await;
    assert_eq!(
        (refused.code.as_str(), refused.field.as_str()),
        ("AGENT_NOT_ACTIVE", "agentNumber")
    );
    let again = json!({ "agentId": agent.id, "reason": "Once more." });
    let refused = operator.refused("suspendAgent", again).await;
    assert_eq!(
        (refused.code.as_str(), &refused.error["state"]),
        ("ILLEGAL_STATE", &json!("SUSPENDED"))
    );

    let back = decide(&operator, "reinstateAgent", &agent).await;
    assert_eq!(back["status"], "ACTIVE");
    assert_eq!(
        back["balance"],
        json!({ "commission": "3.5000", "held": "0.0000" })
    );
    assert_eq!(states(&agent).await, ["MATURED 2.5000", "MATURED 1.0000"]);
    assert_eq!(
        told.next().await["agentEvents"]["balance"]["commission"],
        "3.5000"
    );
    // R48: it stands in its transactions.
    assert_eq!(newest(&agent).await, "COMMISSION_RELEASED");
    app.customer_of(&agent).await;
    app.prove().await;
}

on_both!(e23_a_closed_agent_forfeits_what_is_held_and_parts_with_its_customers);
async fn e23_a_closed_agent_forfeits_what_is_held_and_parts_with_its_customers(app: TestApp) {
    let (agent, operator) = (app.agent("10.00").await, app.operator().await);
    let customer = app.customer_of(&agent).await;
    let before = app.now();
    post(&operator, charge(&app, &customer.number, "CALL", "400.00")).await;
    // An open payout is decided first.
    let asked = agent
        .mutate("requestPayout", paypal(&app, "25.00"), "payout { id }")
        .await;
    let input = json!({ "agentId": agent.id, "reason": "It gives up its shop." });
    let refused = operator.refused("closeAgent", input).await;
    assert_eq!(
        (refused.code.as_str(), &refused.error["state"]),
        ("ILLEGAL_STATE", &json!("PAYOUTS_OPEN"))
    );
    let rejected = json!({
        "payoutId": asked["payout"]["id"], "reason": "First things first.", "idempotencyKey": app.new_key(),
    });
    operator
        .mutate("rejectPayout", rejected, "payout { state }")
        .await;
    decide(&operator, "suspendAgent", &agent).await;
    post(&operator, charge(&app, &customer.number, "CALL", "7.00")).await;
    assert_eq!(commission(&agent).await, ["40.0000", "0.7000"]);

    let mut told = follow(&agent, TOLD).await;
    let closed = decide(&operator, "closeAgent", &agent).await;
    assert_eq!(closed["status"], "CLOSED");
    let event = told.next().await["agentEvents"].take();
    assert_eq!(
        (&event["status"], &event["balance"]),
        (
            &json!("CLOSED"),
            &json!({ "commission": "40.0000", "held": "0.0000" })
        )
    );
    assert_eq!(
        closed["balance"],
        json!({ "commission": "40.0000", "held": "0.0000" })
    );
    assert_eq!(
        states(&agent).await,
        ["FORFEITED 0.7000", "MATURED 40.0000"]
    );
    assert_eq!(newest(&agent).await, "COMMISSION_FORFEITED");
    // Its customers become house customers: nobody earns on them from then on, and it sees them no longer.
    post(&operator, charge(&app, &customer.number, "CALL", "9.00")).await;
    assert_eq!(commission(&agent).await, ["40.0000", "0.0000"]);
    // E05: a call of before, reported late, has the agent of its time.
    let late = charge_at(&app, &customer.number, "CALL", "9.00", before);
    post(&operator, late).await;
    assert_eq!(commission(&agent).await, ["40.9000", "0.0000"]);
    let seen = agent.query("{ viewer { agent { customers { totalCount } } } }");
    assert_eq!(seen.await["viewer"]["agent"]["customers"]["totalCount"], 0);

    // The last payout has no minimum.
    let most = agent.mutate("requestPayout", paypal(&app, "38.00"), "payout { id }");
    most.await;
    let least = agent.mutate(
        "requestPayout",
        paypal(&app, "2.00"),
        "payout { state gross }",
    );
    assert_eq!(
        least.await["payout"],
        json!({ "state": "REQUESTED", "gross": "2.0000" })
    );
    for how in ["reinstateAgent", "suspendAgent", "closeAgent"] {
        let input = json!({ "agentId": agent.id, "reason": "Once more." });
        let refused = operator.refused(how, input).await;
        assert_eq!(
            (refused.code.as_str(), &refused.error["state"]),
            ("ILLEGAL_STATE", &json!("CLOSED")),
            "{how}"
        );
    }
    app.prove().await;
}

on_both!(e24_another_agent_of_record_earns_from_then_on);
async fn e24_another_agent_of_record_earns_from_then_on(app: TestApp) {
    let operator = app.operator().await;
    let (ada, bea) = (app.agent("10.00").await, app.agent("5.00").await);
    let customer = app.customer_of(&ada).await;
    app.top_up(&customer, "100.00").await;
    let before = app.now();
    let old = post(&operator, charge(&app, &customer.number, "CALL", "10.00")).await;
    let shown = "customer { agent { displayName } affiliation { method since } }";
    let moved = operator
        .mutate("assignAgent", assignment(&customer.id, Some(&bea)), shown)
        .await;
    assert_eq!(moved["customer"]["affiliation"]["method"], "ASSIGNED");
    post(&operator, charge(&app, &customer.number, "CALL", "10.00")).await;
    // A call of before is reported late.
    let late = charge_at(&app, &customer.number, "CALL", "10.00", before);
    post(&operator, late).await;
    assert_eq!(agent_balance(&ada).await["commission"], "2.0000");
    assert_eq!(agent_balance(&bea).await["commission"], "0.5000");
    // The clawback of what it earned is its own as well.
    let refund =
        json!({ "chargeId": old["id"], "reason": "A bad line", "idempotencyKey": app.new_key() });
    operator
        .mutate("refundCharge", refund, "charge { state }")
        .await;
    assert_eq!(agent_balance(&ada).await["commission"], "1.0000");
    assert_eq!(agent_balance(&bea).await["commission"], "0.5000");
    // R22: the new agent sees it, and the former one no longer.
    let seen = "{ viewer { agent { customers { nodes { id } } } } }";
    let of = |seen: Value| seen["viewer"]["agent"]["customers"]["nodes"].clone();
    assert_eq!(of(ada.query(seen).await), json!([]));
    assert_eq!(of(bea.query(seen).await), json!([{ "id": customer.id }]));

    let refused = operator
        .refused("assignAgent", assignment(&customer.id, Some(&bea)))
        .await;
    assert_eq!(
        (refused.code.as_str(), &refused.error["state"]),
        ("ILLEGAL_STATE", &json!("AFFILIATED"))
    );
    let house = operator
        .mutate("assignAgent", assignment(&customer.id, None), shown)
        .await;
    assert_eq!(
        house["customer"],
        json!({ "agent": null, "affiliation": null })
    );
    post(&operator, charge(&app, &customer.number, "CALL", "10.00")).await;
    assert_eq!(agent_balance(&bea).await["commission"], "0.5000");
    for caller in [&ada.caller, &customer.caller] {
        let input = assignment(&customer.id, Some(&ada));
        assert_eq!(caller.denied("assignAgent", input).await, "FORBIDDEN");
    }
    app.prove().await;
}

on_both!(e19_e24_nobody_is_assigned_to_himself_to_a_circle_or_to_an_agent_that_is_not_active);
async fn e19_e24_nobody_is_assigned_to_himself_to_a_circle_or_to_an_agent_that_is_not_active(
    app: TestApp,
) {
    let operator = app.operator().await;
    let (ada, bea, cid) = (
        app.agent("3.00").await,
        app.agent("3.00").await,
        app.agent("3.00").await,
    );
    // Ada's own account is a customer of Bea's, and Bea's one of Cid's.
    for (below, above) in [(&ada, &bea), (&bea, &cid)] {
        operator
            .mutate(
                "assignAgent",
                assignment(&below.account, Some(above)),
                "customer { id }",
            )
            .await;
    }
    for (account, agent, code) in [
        (&ada.account, &ada, "SELF_REFERRAL"),
        (&bea.account, &ada, "AFFILIATION_CYCLE"),
        (&cid.account, &ada, "AFFILIATION_CYCLE"),
    ] {
        let input = assignment(account, Some(agent));
        let refused = operator.refused("assignAgent", input).await;
        assert_eq!(refused.code, code, "{account}");
    }
    let customer = app.customer().await;
    decide(&operator, "suspendAgent", &cid).await;
    let input = assignment(&customer.id, Some(&cid));
    let refused = operator.refused("assignAgent", input).await;
    assert_eq!(refused.code, "AGENT_NOT_ACTIVE");
    app.prove().await;
}

on_both!(r48_a_bonus_is_commission_with_its_reason);
async fn r48_a_bonus_is_commission_with_its_reason(app: TestApp) {
    let (agent, operator) = (app.agent("3.00").await, app.operator().await);
    let bonus = |amount: &str| json!({ "agentId": agent.id, "amount": amount, "reason": "Best of November", "idempotencyKey": app.new_key() });
    let shown = "commission { kind amount base exact charge { id } customer { id }
        transaction { kind description } } replayed";
    let heard = "subscription($after: String) { commissionEvents(after: $after) { commission { kind amount } balance { commission } } }";
    let mut told = follow(&agent, heard).await;
    let input = bonus("25.0001");
    let paid = operator.mutate("payBonus", input.clone(), shown).await;
    assert_eq!(
        paid["commission"],
        json!({ "kind": "BONUS", "amount": "25.0001", "base": "0.0000", "exact": "25.00010000",
            "charge": null, "customer": null,
            "transaction": { "kind": "BONUS", "description": "Best of November" } })
    );
    assert_eq!(
        told.next().await["commissionEvents"],
        json!({ "commission": { "kind": "BONUS", "amount": "25.0001" }, "balance": { "commission": "25.0001" } })
    );
    let again = operator.mutate("payBonus", input, shown).await;
    assert_eq!(
        (&again["commission"], &again["replayed"]),
        (&paid["commission"], &json!(true))
    );
    for (amount, code) in [("0", "AMOUNT_NOT_POSITIVE"), ("-3", "AMOUNT_NOT_POSITIVE")] {
        let refused = operator.refused("payBonus", bonus(amount)).await;
        assert_eq!(refused.code, code);
    }
    assert_eq!(agent.denied("payBonus", bonus("1")).await, "FORBIDDEN");
    assert_eq!(agent_balance(&agent).await["commission"], "25.0001");
    // It is money that it can use, and be paid.
    let customer = app.customer_of(&agent).await;
    let gives =
        json!({ "customerId": customer.id, "amount": "5.0001", "idempotencyKey": app.new_key() });
    agent
        .mutate("transferFunds", gives, "transfer { id }")
        .await;
    assert_eq!(money(&customer).await.0, "5.0001");
    agent
        .mutate("requestPayout", paypal(&app, "20.00"), "payout { id }")
        .await;
    app.prove().await;
}
