//! What is given back of a charge, and of what it earned.

use agent_program::program::{Reason, Terms};
use chrono::TimeDelta;
use entity::agent::AgentStatus;
use entity::agent_event::AgentEventKind;
use entity::charge::{ChargeKind, ChargeState};
use entity::commission::CommissionKind;
use entity::product::ProductKind;
use entity::{Exact, Money};

use super::scene::{Scene, check, illegal, lacks};
use crate::world::money;

#[test]
fn e07_a_part_takes_back_the_same_part_of_the_commission_at_its_own_rate() {
    let mut scene = Scene::new();
    let call = scene.call("10.00");
    let (agent, now) = (scene.agent, scene.now());
    scene.set_rate(agent, now, 1_000);
    scene.pass(TimeDelta::days(1));
    let refunded = scene.refund(&call, Some("2.50")).expect("refunded");
    assert_eq!(refunded.charge.state, ChargeState::PartiallyRefunded);
    assert_eq!(refunded.charge.refunded, money("2.50"));
    let clawback = refunded.clawback.expect("a clawback");
    assert_eq!(clawback.kind, CommissionKind::Clawback);
    assert_eq!(clawback.reverses_id, scene.earned(&call).map(|row| row.id));
    assert_eq!(clawback.base, money("-2.50"));
    assert_eq!(clawback.exact.to_string(), "-0.07500000");
    assert_eq!(clawback.amount, money("-0.0750"));
    assert_eq!(clawback.occurred_at, scene.now());
    assert_eq!(scene.figures().commission, money("0.2250"));
    let event = scene.books.added.agent_events.last().expect("an event");
    assert_eq!(event.kind, AgentEventKind::Commission);
    assert_eq!(event.subject_id, clawback.id.0);
    assert_eq!(event.commission, money("0.2250"));
}

#[test]
fn e07_many_refunds_of_a_tiny_charge_take_back_all_of_it_and_no_more() {
    // 3% of 0.0198 is 0.000594: 0.0005, and 0.000094 is carried.
    let mut scene = Scene::new();
    let call = scene.call("0.0198");
    assert_eq!(scene.figures().commission, money("0.0005"));
    assert_eq!(scene.figures().carry, Exact::from_units(9_400));
    // 3% of 0.0001 is 0.000003: the first 31 are in the carry, the 32nd is not.
    for _ in 0..31 {
        scene.refund(&call, Some("0.0001")).expect("refunded");
    }
    assert_eq!(scene.figures().commission, money("0.0005"));
    assert_eq!(scene.figures().carry, Exact::from_units(100));
    let next = scene.refund(&call, Some("0.0001")).expect("refunded");
    let clawback = next.clawback.expect("a clawback");
    assert_eq!(clawback.amount, money("-0.0001"));
    assert_eq!(clawback.carry_after, Exact::from_units(9_800));
    let last = scene.refund(&call, None).expect("refunded");
    assert_eq!(last.charge.state, ChargeState::Refunded);
    assert_eq!(scene.figures().commission, Money::ZERO);
    assert_eq!(scene.figures().carry, Exact::ZERO);
    assert_eq!(scene.refund(&call, None), illegal("REFUNDED"));
    assert_eq!(
        scene.refund(&call, Some("0.0001")),
        Err(Reason::RefundExceedsCharge {
            left: Money::ZERO,
            requested: money("0.0001")
        })
    );
}

#[test]
fn e07_promotional_credit_goes_back_as_such_and_takes_back_nothing() {
    let mut scene = Scene::new();
    let customer = scene.customer;
    scene.give(customer, "7", "3");
    let call = scene.call("10.00");
    assert_eq!(scene.credited(&call).as_deref(), Some("0.2100"));
    // A third: 0.9999 of 3.3333 is promotional, and 3% of the 2.3334 that is not, 0.070002, is taken back.
    let refunded = scene.refund(&call, Some("3.3333")).expect("refunded");
    assert_eq!(
        (scene.promo(customer), scene.cash(customer)),
        ("0.9999".into(), "2.3334".into())
    );
    let clawback = refunded.clawback.expect("a clawback");
    assert_eq!(clawback.exact.to_string(), "-0.07000200");
    assert_eq!(clawback.amount, money("-0.0701"));
    scene.refund(&call, None).expect("refunded");
    assert_eq!(
        (scene.promo(customer), scene.cash(customer)),
        ("3.0000".into(), "7.0000".into())
    );
    assert_eq!(scene.figures().commission, Money::ZERO);
    assert_eq!(scene.figures().carry, Exact::ZERO);
}

#[test]
fn e07_what_an_agent_paid_with_its_commission_goes_back_there() {
    let mut scene = Scene::new();
    scene.endow("4", "6");
    let account = scene.account_of(scene.agent);
    let call = scene
        .charge(account, ChargeKind::Call, "8")
        .expect("posted");
    assert_eq!(scene.money(), ["0.0000", "2.0000", "0.0000", "0.0000"]);
    let refunded = scene.refund(&call, Some("3")).expect("refunded");
    assert_eq!(refunded.clawback, None);
    assert_eq!(scene.money(), ["1.5000", "3.5000", "0.0000", "0.0000"]);
    scene.refund(&call, None).expect("refunded");
    assert_eq!(scene.money(), ["4.0000", "6.0000", "0.0000", "0.0000"]);
}

#[test]
fn e07_what_cannot_be_given_back_is_refused_and_changes_nothing() {
    let mut scene = Scene::new();
    let call = scene.call("10.00");
    let free = scene.call("0");
    for amount in ["0", "-1"] {
        assert_eq!(
            scene.refund(&call, Some(amount)),
            Err(Reason::AmountNotPositive)
        );
    }
    assert_eq!(scene.refund(&free, None), illegal("FREE"));
    assert_eq!(scene.refund(&free, Some("1")), illegal("FREE"));
    let (left, requested) = (money("10"), money("10.0001"));
    let beyond = Err(Reason::RefundExceedsCharge { left, requested });
    assert_eq!(scene.refund(&call, Some("10.0001")), beyond);
    let mut unknown = call.clone();
    unknown.id = scene.books.new_id();
    unknown.external_id = crate::world::name("nobody's");
    assert_eq!(
        scene.refund(&unknown, None),
        Err(Reason::NotFound("charge".into()))
    );
    assert_eq!(scene.figures().commission, money("0.3"));
}

#[test]
fn e08_a_clawback_of_what_is_spent_goes_below_zero_and_new_commission_pays_it_off() {
    let mut scene = Scene::new();
    let call = scene.call("100.00");
    scene.endow("0", "3");
    scene.transfer("3").expect("given in good faith");
    let had = scene.cash(scene.customer);
    scene.refund(&call, Some("50")).expect("refunded");
    assert_eq!(scene.figures().commission, money("-1.5"));
    assert_eq!(scene.figures().available(), Money::ZERO);
    assert_eq!(scene.figures().withdrawable, Money::ZERO);
    // The customer keeps the 3.00, and has the 50.00.
    assert_eq!(
        money(&scene.cash(scene.customer)),
        money(&had) + money("50")
    );

    let account = scene.account_of(scene.agent);
    scene.give(account, "40", "0");
    assert_eq!(scene.figures().available(), money("38.5"));
    assert_eq!(
        scene.request("20", check()),
        Err(Reason::CommissionNegative)
    );
    assert_eq!(scene.transfer("39"), Err(Reason::CommissionNegative));
    let customer = scene.another(Some(scene.agent));
    let to = scene.customer;
    scene.customer = customer;
    scene.give(customer, "0", "0");
    scene.call("49.99");
    assert_eq!(scene.figures().commission, money("-0.0003"));
    assert_eq!(
        scene.request("20", check()),
        Err(Reason::CommissionNegative)
    );
    scene.call("0.0100");
    assert_eq!(scene.figures().commission, Money::ZERO);
    scene.customer = to;
    scene
        .request("20", check())
        .expect("nothing is owed any more");
}

#[test]
fn e08_commission_below_zero_buys_nothing() {
    let mut scene = Scene::new();
    scene.endow("5", "-1");
    scene.product("phone", ProductKind::Service, money("5.01"));
    let account = scene.account_of(scene.agent);
    assert_eq!(scene.buy(account, "phone"), lacks("4", "5.01"));
    scene.product("box", ProductKind::Service, money("4.50"));
    assert_eq!(scene.buy(account, "box"), Err(Reason::CommissionNegative));
    scene.product("line", ProductKind::Service, money("4"));
    scene.buy(account, "line").expect("of its funding");
    assert_eq!(scene.money()[..2], ["1.0000", "-1.0000"]);
}

#[test]
fn e22_what_was_earned_into_held_is_taken_back_from_there() {
    let mut scene = Scene::new();
    let agent = scene.agent;
    scene.stands(agent, AgentStatus::Suspended);
    let call = scene.call("10.00");
    assert_eq!(scene.money(), ["0.0000", "0.0000", "0.3000", "0.0000"]);
    scene.refund(&call, Some("4")).expect("refunded");
    assert_eq!(scene.money(), ["0.0000", "0.0000", "0.1800", "0.0000"]);
    scene.refund(&call, None).expect("refunded");
    assert_eq!(scene.money(), ["0.0000", "0.0000", "0.0000", "0.0000"]);
}

#[test]
fn e09_what_is_taken_back_inside_the_hold_period_leaves_nothing_to_wait_for() {
    let mut scene = Scene::with(Terms {
        payout_hold_days: 30,
        ..Terms::default()
    });
    let agent = scene.agent;
    scene.endow("0", "50");
    scene.books.immature.load(agent, Money::ZERO);
    let call = scene.call("1000.00");
    assert_eq!(scene.figures().withdrawable, money("50"));
    scene.refund(&call, Some("600")).expect("refunded");
    assert_eq!(scene.figures().commission, money("62"));
    assert_eq!(scene.figures().withdrawable, money("50"));
    scene.refund(&call, None).expect("refunded");
    assert_eq!(scene.figures().withdrawable, money("50"));
    assert_eq!(scene.books.immature.get(&agent), Some(&Money::ZERO));
}
