use agent_program::program::{Reason, Terms, quote};
use chrono::TimeDelta;
use entity::agent::AgentStatus;
use entity::agent_event::AgentEventKind;
use entity::payout::{PayoutMethod, PayoutState};

use super::scene::{Scene, check, lacks, paypal, wire};
use crate::world::money;

fn below<T>(minimum: &str, fee: &str) -> Result<T, Reason> {
    Err(Reason::PayoutBelowMinimum {
        minimum: money(minimum),
        fee: money(fee),
    })
}

#[test]
fn r35_a_payout_is_of_the_amount_that_the_agent_likes() {
    let mut scene = Scene::new();
    scene.endow("0", "100.5050");
    let payout = scene.request("60.01", check()).unwrap().payout;
    assert_eq!(payout.state, PayoutState::Requested);
    assert_eq!(payout.gross, money("60.01"));
    assert_eq!(scene.money()[1..], ["40.4950", "0.0000", "60.0100"]);
}

#[test]
fn r37_nineteen_ninety_nine_is_refused_and_twenty_accepted() {
    for to in [check, paypal] {
        let mut scene = Scene::new();
        scene.endow("0", "50");
        assert_eq!(scene.request("19.99", to()), below("20", "0"));
        let payout = scene.request("20.00", to()).unwrap().payout;
        assert_eq!((payout.fee, payout.net), (money("0"), money("20")));
    }
}

#[test]
fn r38_of_a_wire_of_one_hundred_seventy_three_arrive() {
    let mut scene = Scene::new();
    scene.endow("0", "100");
    let payout = scene.request("100", wire()).unwrap().payout;
    assert_eq!(
        (payout.gross, payout.fee, payout.net),
        (money("100"), money("27"), money("73"))
    );
}

#[test]
fn e10_the_least_wire_is_27_01() {
    let mut scene = Scene::new();
    scene.endow("0", "100");
    assert_eq!(scene.request("19.99", wire()), below("27.01", "27"));
    for amount in ["20", "26.99", "27"] {
        let nothing_left = Reason::PayoutNetNotPositive {
            minimum: money("27.01"),
            fee: money("27"),
        };
        assert_eq!(scene.request(amount, wire()), Err(nothing_left));
    }
    let payout = scene.request("27.01", wire()).unwrap().payout;
    assert_eq!(payout.net, money("0.01"));
}

#[test]
fn e10_a_quote_says_all_reasons_beforehand() {
    let mut scene = Scene::new();
    scene.endow("0", "-1");
    let (terms, figures) = (Terms::default(), scene.figures());
    let quoted =
        |amount: &str, method| quote(&terms, AgentStatus::Active, &figures, money(amount), method);
    let reasons = |amount, method| {
        let reasons = quoted(amount, method).reasons.into_iter();
        reasons.map(|refusal| refusal.reason).collect::<Vec<_>>()
    };
    let beyond = |amount: &str| Reason::InsufficientFunds {
        available: money("0"),
        requested: money(amount),
    };
    assert_eq!(
        reasons("5.001", PayoutMethod::Check),
        [
            Reason::AmountNotWholeCents,
            Reason::CommissionNegative,
            Reason::PayoutBelowMinimum {
                minimum: money("20"),
                fee: money("0")
            },
            beyond("5.001"),
        ]
    );
    let wire = quoted("100", PayoutMethod::Wire);
    assert_eq!((wire.fee, wire.net), (money("27"), money("73")));
}

#[test]
fn e11_payouts_are_whole_cents() {
    let mut scene = Scene::new();
    scene.endow("0", "100");
    for (amount, reason) in [
        ("20.0001", Reason::AmountNotWholeCents),
        ("20.009", Reason::AmountNotWholeCents),
        ("0", Reason::AmountNotPositive),
        ("-20", Reason::AmountNotPositive),
    ] {
        assert_eq!(scene.request(amount, check()), Err(reason), "{amount}");
    }
}

#[test]
fn r29_e14_what_is_asked_for_is_reserved_and_cannot_be_asked_for_again() {
    let mut scene = Scene::new();
    scene.endow("0", "50");
    scene.request("20", check()).unwrap();
    scene.request("20", check()).unwrap();
    assert_eq!(scene.request("20", check()), lacks("10", "20"));
    assert_eq!(scene.transfer("10.01"), lacks("10", "10.01"));
    assert_eq!(scene.money()[1..], ["10.0000", "0.0000", "40.0000"]);
}

#[test]
fn e08_no_payout_while_commission_is_below_zero() {
    let mut scene = Scene::new();
    scene.endow("100", "-0.0001");
    assert_eq!(scene.figures().withdrawable, money("0"));
    assert_eq!(
        scene.request("20", check()),
        Err(Reason::CommissionNegative)
    );
}

#[test]
fn e09_commission_inside_the_hold_is_spendable_and_not_paid_out() {
    let mut scene = Scene::new();
    scene.set_terms(|terms| terms.payout_hold_days = 30);
    scene.endow("0", "25");
    let agent = scene.agent;
    scene.books.immature.load(agent, money("0"));
    scene.call("1000");
    assert_eq!(scene.money()[1], "55.0000");
    assert_eq!(scene.figures().withdrawable, money("25"));
    assert_eq!(scene.request("25.01", check()), lacks("25", "25.01"));
    scene.transfer("1").unwrap();
    scene.request("24", check()).unwrap();
    scene.pass(TimeDelta::days(30));
    scene.books.immature.load(agent, money("0"));
    scene.request("30", check()).unwrap();
}

#[test]
fn e12_commission_is_paid_out_first_and_then_funding() {
    let mut scene = Scene::new();
    scene.endow("30", "20");
    let first = scene.request("25", check()).unwrap().payout;
    assert_eq!(
        (first.from_commission, first.from_funding),
        (money("20"), money("5"))
    );
    assert_eq!(scene.money(), ["25.0000", "0.0000", "0.0000", "25.0000"]);
    assert_eq!(scene.request("25.01", check()), lacks("25", "25.01"));
}

#[test]
fn e12_funding_stays_where_the_operator_says_so() {
    let mut scene = Scene::new();
    scene.set_terms(|terms| terms.funding_withdrawable = false);
    scene.endow("30", "22.5");
    assert_eq!(scene.figures().withdrawable, money("22.5"));
    assert_eq!(scene.request("22.51", check()), lacks("22.5", "22.51"));
    let payout = scene.request("22.50", check()).unwrap().payout;
    assert_eq!(payout.from_funding, money("0"));
}

#[test]
fn e12_a_debt_of_the_own_account_is_not_paid_out() {
    let mut scene = Scene::new();
    scene.endow("-5", "30");
    assert_eq!(scene.figures().withdrawable, money("25"));
    assert_eq!(scene.request("25.01", check()), lacks("25", "25.01"));
    scene.request("25", check()).unwrap();
    assert_eq!(scene.money()[..2], ["-5.0000", "5.0000"]);
}

#[test]
fn e12_funding_is_paid_out_though_commission_is_inside_the_hold() {
    let mut scene = Scene::new();
    scene.set_terms(|terms| terms.payout_hold_days = 30);
    scene.endow("30", "20");
    let agent = scene.agent;
    scene.books.immature.load(agent, money("15"));
    assert_eq!(scene.figures().withdrawable, money("35"));
    let payout = scene.request("35", check()).unwrap().payout;
    assert_eq!(
        (payout.from_commission, payout.from_funding),
        (money("5"), money("30"))
    );
}

#[test]
fn e15_a_payout_keeps_the_fee_of_its_request() {
    let mut scene = Scene::new();
    scene.endow("0", "100");
    let id = scene.request("100", wire()).unwrap().payout.id;
    scene.set_terms(|terms| {
        terms.wire_fee = money("50");
        terms.minimum_payout = money("500");
    });
    scene.approve(1, id).unwrap();
    let sent = scene.send(1, id).unwrap().payout;
    assert_eq!((sent.fee, sent.net), (money("27"), money("73")));
}

#[test]
fn e22_a_suspended_agent_is_paid_nothing() {
    let mut scene = Scene::new();
    scene.endow("0", "100");
    let agent = scene.agent;
    scene.stands(agent, AgentStatus::Suspended);
    assert_eq!(scene.request("50", check()), Err(Reason::AgentNotActive));
}

#[test]
fn e23_the_last_payout_of_a_closed_agent_has_no_minimum() {
    let mut scene = Scene::new();
    scene.endow("0", "27.03");
    let agent = scene.agent;
    scene.stands(agent, AgentStatus::Closed);
    let refused = scene.request("19.99", wire());
    assert!(matches!(refused, Err(Reason::PayoutNetNotPositive { .. })));
    scene.request("0.01", check()).unwrap();
    scene.request("27.02", wire()).unwrap();
}

#[test]
fn r39_the_desk_and_the_agent_hear_of_a_request() {
    let mut scene = Scene::new();
    scene.endow("10", "20");
    let id = scene.request("30", check()).unwrap().payout.id;
    let added = &scene.books.added;
    assert_eq!(added.desk_events.len(), 1);
    assert_eq!(added.desk_events[0].subject_id, id.0);
    assert_eq!(added.account_events.len(), 1, "its funding was touched");
    let [event] = added.agent_events.as_slice() else {
        panic!("one event, not {:?}", added.agent_events);
    };
    assert_eq!(event.kind, AgentEventKind::Payout);
    assert_eq!(event.payout_state, Some(PayoutState::Requested));
    assert_eq!(event.reserved, money("30"));
}
