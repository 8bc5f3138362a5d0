//! What becomes of a payout, under which terms, and where its money is meanwhile.

use agent_program::program::Terms;
use chrono::TimeDelta;
use entity::Money;
use serde_json::json;

use crate::payouts::{agent_with, ask, check, decision, paypal, requested, wire};
use crate::support::app::{TestApp, text};
use crate::support::caller::Caller;
use crate::support::db::TestDb;
use crate::support::money::{account, funds, withdrawable};

const STATE: &str = "payout { state } agentBalance { reserved }";

const ACTIONS: [&str; 6] = [
    "approvePayout",
    "rejectPayout",
    "sendPayout",
    "settlePayout",
    "returnPayout",
    "cancelPayout",
];

/// What may become of a payout: each story is asked for first, then what is done, and the state that it is in then.
const STORIES: [&[(&str, &str)]; 8] = [
    &[],
    &[("approvePayout", "APPROVED")],
    &[("cancelPayout", "CANCELLED")],
    &[("rejectPayout", "REJECTED")],
    &[("approvePayout", "APPROVED"), ("rejectPayout", "REJECTED")],
    &[("approvePayout", "APPROVED"), ("sendPayout", "SENT")],
    &[
        ("approvePayout", "APPROVED"),
        ("sendPayout", "SENT"),
        ("settlePayout", "PAID"),
    ],
    &[
        ("approvePayout", "APPROVED"),
        ("sendPayout", "SENT"),
        ("returnPayout", "RETURNED"),
    ],
];

/// What may be done in a state.
fn allowed(state: &str) -> &'static [&'static str] {
    match state {
        "REQUESTED" => &["approvePayout", "rejectPayout", "cancelPayout"],
        "APPROVED" => &["rejectPayout", "sendPayout"],
        "SENT" => &["settlePayout", "returnPayout"],
        _ => &[],
    }
}

/// Where the money is of an agent with 140 of funding and 60 of commission, whose wire of 100 is in this state: its own,
/// and what is on its way.
fn money(state: &str) -> (&'static str, &'static str) {
    match state {
        "REQUESTED" | "APPROVED" => (
            "100.0000 funding, 0.0000 commission, 100.0000 reserved",
            "0.0000",
        ),
        "SENT" => (
            "100.0000 funding, 0.0000 commission, 0.0000 reserved",
            "73.0000",
        ),
        "PAID" => (
            "100.0000 funding, 0.0000 commission, 0.0000 reserved",
            "0.0000",
        ),
        // The fee is not given back, and the commission bears it first.
        "RETURNED" => (
            "140.0000 funding, 33.0000 commission, 0.0000 reserved",
            "0.0000",
        ),
        _ => (
            "140.0000 funding, 60.0000 commission, 0.0000 reserved",
            "0.0000",
        ),
    }
}

async fn act(
    app: &TestApp,
    operator: &Caller,
    agent: &Caller,
    action: &str,
    payout: &str,
) -> String {
    let who = if action == "cancelPayout" {
        agent
    } else {
        operator
    };
    let done = who
        .mutate(action, decision(app, action, payout), STATE)
        .await;
    text(&done["payout"]["state"]).to_owned()
}

on_both!(e14_every_state_allows_what_it_allows_and_the_money_is_where_it_belongs);
async fn e14_every_state_allows_what_it_allows_and_the_money_is_where_it_belongs(app: TestApp) {
    let operator = app.operator().await;
    for story in STORIES {
        let before = app.house("payouts:in_transit").await;
        let before = Money::parse(&before).expect("money");
        let agent = agent_with(&app, &operator, "140.00", "600.00").await;
        let payout = requested(&app, &agent, "100.00", &wire()).await;
        let mut state = "REQUESTED";
        let mut steps = story.iter();
        loop {
            let (its_own, on_its_way) = money(state);
            assert_eq!(funds(&agent).await, its_own, "{state}");
            let in_transit = app.house("payouts:in_transit").await;
            let in_transit = Money::parse(&in_transit).expect("money") - before;
            assert_eq!(in_transit.to_string(), on_its_way, "{state}");
            let Some((action, next)) = steps.next() else {
                break;
            };
            assert_eq!(act(&app, &operator, &agent, action, &payout).await, *next);
            state = next;
        }
        for action in ACTIONS
            .iter()
            .filter(|action| !allowed(state).contains(action))
        {
            let who: &Caller = if *action == "cancelPayout" {
                &agent
            } else {
                &operator
            };
            let refused = who.refused(action, decision(&app, action, &payout)).await;
            assert_eq!(refused.code, "ILLEGAL_STATE", "{action} while {state}");
            assert_eq!(refused.field, "payoutId");
            assert_eq!(refused.error["state"], state);
        }
        assert_eq!(
            funds(&agent).await,
            money(state).0,
            "a refusal moves nothing"
        );
    }
    app.prove().await;
}

on_both!(e14_any_number_is_open_as_long_as_the_money_lasts);
async fn e14_any_number_is_open_as_long_as_the_money_lasts(app: TestApp) {
    let agent = app.agent("3.00").await;
    app.top_up(&agent, "100.00").await;
    for left in ["80.0000", "60.0000", "40.0000", "20.0000", "0.0000"] {
        requested(&app, &agent, "20.00", &paypal()).await;
        assert_eq!(withdrawable(&agent).await, left);
    }
    let refused = agent
        .refused("requestPayout", ask(&app, "20.00", &paypal()))
        .await;
    assert_eq!(refused.code, "INSUFFICIENT_FUNDS");
    assert_eq!(refused.error["available"], "0.0000");
    app.prove().await;
}

on_both!(e14_of_two_decisions_at_once_one_is_refused);
async fn e14_of_two_decisions_at_once_one_is_refused(app: TestApp) {
    let (one, two) = (app.operator().await, app.operator().await);
    let agent = app.agent("3.00").await;
    app.wire(&one, &agent, "1000.00").await;
    for (first, second) in [
        ("approvePayout", "approvePayout"),
        ("approvePayout", "cancelPayout"),
        ("rejectPayout", "cancelPayout"),
    ] {
        let payout = requested(&app, &agent, "50.00", &check()).await;
        let other: &Caller = if second == "cancelPayout" {
            &agent
        } else {
            &two
        };
        let (left, right) = tokio::join!(
            one.attempt(first, decision(&app, first, &payout), STATE),
            other.attempt(second, decision(&app, second, &payout), STATE),
        );
        let refused: Vec<&String> = [&left, &right]
            .into_iter()
            .filter_map(|it| it.as_ref().err())
            .collect();
        assert_eq!(refused, ["ILLEGAL_STATE"], "{first}, {second}");
    }
    app.prove().await;
}

on_both!(e14_a_payout_of_somebody_else_is_not_there);
async fn e14_a_payout_of_somebody_else_is_not_there(app: TestApp) {
    let (agent, other) = (app.agent("3.00").await, app.agent("3.00").await);
    let operator = app.operator().await;
    app.top_up(&agent, "100.00").await;
    let payout = requested(&app, &agent, "50.00", &check()).await;
    let missing = "pay_0192f5a0c0de7000800000000000beef";
    let cancel = |id: &str| decision(&app, "cancelPayout", id);
    let foreign = other.refused("cancelPayout", cancel(&payout)).await;
    let absent = other.refused("cancelPayout", cancel(missing)).await;
    assert_eq!(
        (foreign.code.as_str(), foreign.field.as_str()),
        ("NOT_FOUND", "payoutId")
    );
    assert_eq!(
        (&foreign.code, &foreign.message),
        (&absent.code, &absent.message)
    );
    for action in &ACTIONS[..5] {
        let refused = operator
            .refused(action, decision(&app, action, missing))
            .await;
        assert_eq!(
            (refused.code.as_str(), refused.field.as_str()),
            ("NOT_FOUND", "payoutId")
        );
    }
    // A rejection says why, and what was sent has a reference.
    let bare = || json!({ "payoutId": payout, "idempotencyKey": app.new_key() });
    let refused = operator.refused("rejectPayout", bare()).await;
    assert_eq!(
        (refused.code.as_str(), refused.field.as_str()),
        ("INVALID_INPUT", "reason")
    );
    operator.mutate("approvePayout", bare(), STATE).await;
    let refused = operator.refused("sendPayout", bare()).await;
    assert_eq!(
        (refused.code.as_str(), refused.field.as_str()),
        ("INVALID_INPUT", "reference")
    );
    app.prove().await;
}

on_both!(e12_commission_is_paid_out_first_and_then_funding);
async fn e12_commission_is_paid_out_first_and_then_funding(app: TestApp) {
    let operator = app.operator().await;
    let agent = agent_with(&app, &operator, "140.00", "600.00").await;
    assert_eq!(withdrawable(&agent).await, "200.0000");
    let shown = "payout { fromCommission fromFunding }";
    for (commission, funding) in [
        ("50.0000", "0.0000"),
        ("10.0000", "40.0000"),
        ("0.0000", "50.0000"),
    ] {
        let asked = agent
            .mutate("requestPayout", ask(&app, "50.00", &check()), shown)
            .await;
        assert_eq!(asked["payout"]["fromCommission"], commission);
        assert_eq!(asked["payout"]["fromFunding"], funding);
    }
    app.prove().await;
}

async fn e12_funding_stays_where_it_may_not_be_taken_out(db: TestDb) {
    let terms = Terms {
        funding_withdrawable: false,
        ..Terms::default()
    };
    let app = TestApp::with_terms(db, terms);
    let facts = app
        .anonymous()
        .query("{ program { fundingWithdrawable } }")
        .await;
    assert_eq!(facts["program"]["fundingWithdrawable"], false);
    let operator = app.operator().await;
    let agent = agent_with(&app, &operator, "140.00", "600.00").await;
    assert_eq!(withdrawable(&agent).await, "60.0000");
    let refused = agent
        .refused("requestPayout", ask(&app, "60.01", &check()))
        .await;
    assert_eq!(refused.code, "INSUFFICIENT_FUNDS");
    assert_eq!(refused.error["available"], "60.0000");
    requested(&app, &agent, "60.00", &check()).await;
    assert_eq!(
        funds(&agent).await,
        "140.0000 funding, 0.0000 commission, 60.0000 reserved"
    );
    app.prove().await;
}

async fn e09_commission_is_paid_out_when_it_is_old_enough_and_spent_at_once(db: TestDb) {
    let terms = Terms {
        payout_hold_days: 30,
        ..Terms::default()
    };
    let app = TestApp::with_terms(db, terms);
    let facts = app
        .anonymous()
        .query("{ program { payoutHoldDays } }")
        .await;
    assert_eq!(facts["program"]["payoutHoldDays"], 30);
    let operator = app.operator().await;
    let agent = agent_with(&app, &operator, "50.00", "600.00").await;
    assert_eq!(withdrawable(&agent).await, "50.0000", "the funding");
    let refused = agent
        .refused("requestPayout", ask(&app, "50.01", &check()))
        .await;
    assert_eq!(refused.code, "INSUFFICIENT_FUNDS");
    assert_eq!(refused.error["available"], "50.0000");
    // In the network it is as good as any.
    let customer = app.customer_of(&agent).await;
    let transfer = json!({
        "customerId": customer.id, "amount": "70.00", "idempotencyKey": app.new_key(),
    });
    agent
        .mutate("transferFunds", transfer, "transfer { id }")
        .await;
    assert_eq!(
        funds(&agent).await,
        "0.0000 funding, 40.0000 commission, 0.0000 reserved"
    );
    app.pass(TimeDelta::days(29));
    let young = app.sign_in(&agent.email).await;
    assert_eq!(withdrawable(&young).await, "0.0000");
    app.pass(TimeDelta::days(1));
    let mature = app.sign_in(&agent.email).await;
    assert_eq!(withdrawable(&mature).await, "40.0000");
    let asked = mature
        .mutate("requestPayout", ask(&app, "40.00", &check()), STATE)
        .await;
    assert_eq!(asked["agentBalance"]["reserved"], "40.0000");
    app.prove().await;
}

async fn e15_a_payout_keeps_the_terms_of_its_request(db: TestDb) {
    let app = TestApp::new(db);
    let operator = app.operator().await;
    let agent = agent_with(&app, &operator, "140.00", "600.00").await;
    let payout = requested(&app, &agent, "100.00", &wire()).await;
    let terms = Terms {
        wire_fee: Money::parse("40").expect("money"),
        minimum_payout: Money::parse("150").expect("money"),
        ..Terms::default()
    };
    let changed = app.beside(terms).await;
    let facts = "{ program { minimumPayout payoutMethods { fee } } }";
    let facts = changed.anonymous().query(facts).await;
    assert_eq!(facts["program"]["minimumPayout"], "150.0000");
    // Whoever is signed in at one is signed in at the other.
    let operator = changed.with_token(operator.token());
    let shown = "payout { state fee net }";
    for action in ["approvePayout", "sendPayout", "settlePayout"] {
        let input = decision(&app, action, &payout);
        let done = operator.mutate(action, input, shown).await;
        assert_eq!(done["payout"]["fee"], "27.0000", "{action}");
        assert_eq!(done["payout"]["net"], "73.0000", "{action}");
    }
    assert_eq!(app.house("revenue:payout_fees").await, "27.0000");
    let agent = changed.with_token(agent.token());
    let refused = agent
        .refused("requestPayout", ask(&app, "100.00", &wire()))
        .await;
    assert_eq!(refused.code, "PAYOUT_BELOW_MINIMUM");
    assert_eq!(refused.error["fee"], "40.0000");
    app.prove().await;
}

/// Tells a story of a database twice, where the settings are other ones.
macro_rules! on_both_databases {
    ($story:ident) => {
        mod $story {
            use crate::support::db::TestDb;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                super::$story(TestDb::sqlite().await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                super::$story(TestDb::postgres().await).await;
            }
        }
    };
}

on_both_databases!(e12_funding_stays_where_it_may_not_be_taken_out);
on_both_databases!(e09_commission_is_paid_out_when_it_is_old_enough_and_spent_at_once);
on_both_databases!(e15_a_payout_keeps_the_terms_of_its_request);

on_both!(e16_what_a_bank_returns_is_the_agents_again_and_the_fee_if_the_operator_says_so);
async fn e16_what_a_bank_returns_is_the_agents_again_and_the_fee_if_the_operator_says_so(
    app: TestApp,
) {
    let operator = app.operator().await;
    for (return_fee, after, fees) in [
        (
            false,
            "140.0000 funding, 33.0000 commission, 0.0000 reserved",
            "27.0000",
        ),
        (
            true,
            "140.0000 funding, 60.0000 commission, 0.0000 reserved",
            "27.0000",
        ),
    ] {
        let agent = agent_with(&app, &operator, "140.00", "600.00").await;
        let payout = requested(&app, &agent, "100.00", &wire()).await;
        for action in ["approvePayout", "sendPayout"] {
            act(&app, &operator, &agent, action, &payout).await;
        }
        let mut input = decision(&app, "returnPayout", &payout);
        input["returnFee"] = json!(return_fee);
        let shown = "payout { state reason net gross fee } agentBalance { available }";
        let back = operator.mutate("returnPayout", input, shown).await;
        assert_eq!(back["payout"]["state"], "RETURNED");
        assert_eq!(back["payout"]["reason"], "The name differs");
        assert_eq!(back["payout"]["fee"], "27.0000", "the fee of the request");
        assert_eq!(funds(&agent).await, after);
        assert_eq!(app.house("revenue:payout_fees").await, fees);
        assert_eq!(app.house("payouts:in_transit").await, "0.0000");
    }
    app.prove().await;
}

on_both!(e17_over_the_limit_it_takes_two_operators);
async fn e17_over_the_limit_it_takes_two_operators(app: TestApp) {
    let (one, two) = (app.operator().await, app.operator().await);
    let agent = app.agent("3.00").await;
    app.wire(&one, &agent, "5000.00").await;
    for (amount, alone) in [("1000.00", true), ("1000.01", false)] {
        let payout = requested(&app, &agent, amount, &check()).await;
        let decide = |action: &str| decision(&app, action, &payout);
        one.mutate("approvePayout", decide("approvePayout"), STATE)
            .await;
        let sent = one.attempt("sendPayout", decide("sendPayout"), STATE).await;
        if alone {
            assert_eq!(sent.expect("within the limit")["payout"]["state"], "SENT");
            continue;
        }
        assert_eq!(sent, Err("SECOND_PERSON_REQUIRED".to_owned()));
        let sent = two.mutate("sendPayout", decide("sendPayout"), STATE).await;
        assert_eq!(sent["payout"]["state"], "SENT");
        // That it arrived either may say.
        one.mutate("settlePayout", decide("settlePayout"), STATE)
            .await;
    }
    assert_eq!(account(&agent).await, "2999.9900 cash, 0.0000 promo");
    app.prove().await;
}
