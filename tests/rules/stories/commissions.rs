use agent_program::program::GrantPromo;
use chrono::TimeDelta;
use entity::agent_event::AgentEventKind;
use entity::charge::ChargeKind;
use entity::customer::Management;
use entity::entry::Account;
use entity::product::ProductKind;
use entity::transaction::{Cause, TransactionKind};
use entity::{Exact, TypedId};

use super::scene::{PLENTY, Scene};
use crate::world::{money, name};

const SERVICE: ChargeKind = ChargeKind::Service;

#[test]
fn r10_one_rate_for_calls_services_and_monthly_fees() {
    let mut scene = Scene::new();
    scene.give(scene.customer, PLENTY, "0");
    for kind in [ChargeKind::Call, SERVICE, ChargeKind::PlanFee] {
        let charge = scene.charge(scene.customer, kind, "7").unwrap();
        assert_eq!(scene.credited(&charge).as_deref(), Some("0.2100"), "{kind}");
    }
}

#[test]
fn r11_a_service_of_ten_dollars_at_three_percent_earns_0_3000() {
    let mut scene = Scene::new();
    scene.product("number", ProductKind::Service, money("10"));
    scene.give(scene.customer, "10", "0");
    let bought = scene.buy(scene.customer, "number").unwrap();
    assert_eq!(scene.credited(&bought.charge).as_deref(), Some("0.3000"));
    assert_eq!(scene.money()[1], "0.3000");
}

#[test]
fn r12_a_call_of_one_dollar_at_three_percent_earns_0_0300() {
    let mut scene = Scene::new();
    let charge = scene.call("1.00");
    assert_eq!(scene.credited(&charge).as_deref(), Some("0.0300"));
}

#[test]
fn r14_commission_can_be_used_at_once() {
    let mut scene = Scene::new();
    scene.call("100");
    let done = scene.transfer("3").unwrap();
    assert_eq!(done.transfer.from_commission, money("3"));
    assert_eq!(scene.money()[1], "0.0000");
}

#[test]
fn r15_charge_and_commission_are_one_transaction_and_heard_of_at_once() {
    let mut scene = Scene::new();
    scene.give(scene.customer, "5", "0");
    let charge = scene.call("1");
    let row = scene.earned(&charge).unwrap();
    assert_eq!(Some(row.transaction_id), charge.transaction_id);
    let added = &scene.books.added;
    assert_eq!(added.transactions.len(), 1);
    let lines = added.entries.iter();
    let lines: Vec<_> = lines
        .map(|entry| (entry.account, entry.amount.to_string()))
        .collect();
    assert_eq!(
        lines,
        [
            (Account::CustomerCash, "-1.0000".into()),
            (Account::AgentCommission, "0.0300".into()),
            (Account::RevenueCalls, "1.0000".into()),
            (Account::ExpenseCommission, "-0.0300".into()),
        ]
    );
    let event = &added.agent_events[0];
    assert_eq!(event.kind, AgentEventKind::Commission);
    assert_eq!(event.subject_id, row.id.uuid());
    assert_eq!(event.commission, money("0.0300"));
    assert_eq!(added.account_events[0].cash, money("4"));
}

#[test]
fn r21_commission_is_the_same_whichever_way_the_customer_came() {
    let mut scene = Scene::new();
    for management in [
        Management::Own,
        Management::PendingHandover,
        Management::AgentManaged,
    ] {
        let customer = scene.customer;
        scene.change_customer(customer, |file| file.customer.management = management);
        let charge = scene.call("1");
        assert_eq!(scene.credited(&charge).as_deref(), Some("0.0300"));
    }
}

#[test]
fn r42_what_is_free_or_passed_through_earns_nothing() {
    let mut scene = Scene::new();
    scene.give(scene.customer, "5", "0");
    let free = scene.call("0");
    assert_eq!(scene.earned(&free), None);
    assert_eq!(free.transaction_id, None);
    let mut tax = scene.rated(scene.customer, SERVICE, "5");
    tax.commissionable = false;
    let tax = scene.post(tax).result.unwrap();
    assert_eq!(scene.earned(&tax), None);
    assert!(scene.books.added.commissions.is_empty());
    assert_eq!(scene.money(), ["0.0000"; 4]);
}

#[test]
fn r48_what_moved_bears_its_kind_and_its_cause() {
    let mut scene = Scene::new();
    let charge = scene.call("1");
    let transaction = &scene.books.added.transactions[0];
    assert_eq!(transaction.kind, TransactionKind::Charge);
    assert_eq!(transaction.cause, Cause::Charge);
    assert_eq!(transaction.cause_id, charge.id.uuid());
}

#[test]
fn e01_fractions_below_0_0001_are_carried_and_none_is_lost() {
    let mut scene = Scene::new();
    let mut posted = Vec::new();
    for _ in 0..10 {
        let charge = scene.call("0.0198");
        assert_eq!(
            scene.earned(&charge).unwrap().exact.to_string(),
            "0.00059400"
        );
        posted.push(scene.earned(&charge).unwrap().amount.units());
    }
    assert_eq!(posted, [5, 6, 6, 6, 6, 6, 6, 6, 6, 6]);
    assert_eq!(scene.money()[1], "0.0059");
    assert_eq!(scene.figures().carry, Exact::from_units(4_000));
}

#[test]
fn e01_r12_comes_out_exactly_whatever_the_carry() {
    for carry in [0, 1, 4_000, 9_999] {
        let mut scene = Scene::new();
        let agent = scene.agent;
        scene.load_agent_balance(agent, money("0"), Exact::from_units(carry));
        let charge = scene.call("1");
        assert_eq!(scene.credited(&charge).as_deref(), Some("0.0300"));
        assert_eq!(scene.figures().carry, Exact::from_units(carry));
    }
}

#[test]
fn e01_what_rounds_to_nothing_is_still_owed_and_told() {
    let mut scene = Scene::new();
    let charge = scene.call("0.0033");
    let row = scene.earned(&charge).unwrap();
    assert_eq!(row.amount.to_string(), "0.0000");
    assert_eq!(row.carry_after, Exact::from_units(9_900));
    assert_eq!(scene.books.added.entries.len(), 2);
    let event = &scene.books.added.agent_events[0];
    assert_eq!(event.carry, Exact::from_units(9_900));
}

#[test]
fn e02_transfers_and_promotional_credit_earn_nothing() {
    let mut scene = Scene::new();
    scene.endow("50", "0");
    scene.transfer("50").unwrap();
    let customer = scene.customer;
    scene
        .run(&GrantPromo {
            customer,
            amount: money("5"),
            reason: name("welcome"),
        })
        .unwrap();
    assert!(scene.books.added.commissions.is_empty());
    assert_eq!(scene.promo(customer), "5.0000");
}

#[test]
fn e03_commission_is_due_on_what_was_paid_in_cash() {
    let mut scene = Scene::new();
    scene.give(scene.customer, "5", "0.40");
    let charge = scene.call("1");
    assert_eq!(charge.promo_part, money("0.40"));
    let row = scene.earned(&charge).unwrap();
    assert_eq!(row.base, money("0.60"));
    assert_eq!(row.amount, money("0.0180"));
    assert_eq!(scene.cash(scene.customer), "4.4000");
}

#[test]
fn e03_what_promotional_credit_pays_for_has_no_commission() {
    let mut scene = Scene::new();
    scene.give(scene.customer, "5", "1");
    let charge = scene.call("1");
    assert_eq!(scene.earned(&charge), None);
    assert_eq!(scene.cash(scene.customer), "5.0000");
}

#[test]
fn e04_a_call_that_a_plan_makes_free_earns_nothing_and_its_fee_does() {
    let mut scene = Scene::new();
    scene.product("basic", ProductKind::Plan, money("5"));
    scene.give(scene.customer, "5", "0");
    let fee = scene.buy(scene.customer, "basic").unwrap().charge;
    let included = scene.call("0");
    assert_eq!(scene.credited(&fee).as_deref(), Some("0.1500"));
    assert_eq!(scene.earned(&included), None);
}

#[test]
fn e05_a_late_call_gets_the_rate_of_its_time() {
    let mut scene = Scene::new();
    let early = scene.now();
    scene.pass(TimeDelta::days(1));
    let (agent, raised) = (scene.agent, scene.now());
    scene.set_rate(agent, raised, 1_000);
    scene.pass(TimeDelta::days(1));
    for (at, credited) in [
        (early, "0.0300"),
        (raised - TimeDelta::microseconds(1), "0.0300"),
        (raised, "0.1000"),
        (scene.now(), "0.1000"),
    ] {
        let charge = scene.call_at(at, "1");
        assert_eq!(scene.credited(&charge).as_deref(), Some(credited), "{at}");
    }
}

#[test]
fn e05_a_rate_of_tomorrow_does_not_count_for_a_clock_that_runs_ahead() {
    let mut scene = Scene::new();
    let (agent, soon) = (scene.agent, scene.now() + TimeDelta::minutes(2));
    scene.set_rate(agent, soon, 1_000);
    let charge = scene.call_at(soon, "1");
    assert_eq!(scene.credited(&charge).as_deref(), Some("0.0300"));
}

#[test]
fn e05_charges_from_before_the_affiliation_earn_nobody() {
    let mut scene = Scene::new();
    scene.customer = scene.another(None);
    scene.pass(TimeDelta::days(1));
    let (customer, agent, since) = (scene.customer, scene.agent, scene.now());
    scene.affiliate(customer, Some(agent));
    scene.pass(TimeDelta::days(1));
    let before = scene.call_at(since - TimeDelta::microseconds(1), "1");
    assert_eq!((before.agent_id, scene.earned(&before)), (None, None));
    let first = scene.call_at(since, "1");
    assert_eq!(scene.credited(&first).as_deref(), Some("0.0300"));
}

#[test]
fn e24_a_change_of_agent_counts_from_its_instant_on() {
    let mut scene = Scene::new();
    let (customer, first) = (scene.customer, scene.agent);
    let second = scene.agent(500);
    scene.pass(TimeDelta::days(1));
    let changed = scene.now();
    scene.affiliate(customer, Some(second));
    scene.pass(TimeDelta::days(1));
    let late = scene.call_at(changed - TimeDelta::microseconds(1), "1");
    let new = scene.call_at(changed, "1");
    assert_eq!(scene.earned(&late).unwrap().agent_id, first);
    let row = scene.earned(&new).unwrap();
    assert_eq!((row.agent_id, row.amount), (second, money("0.0500")));
}

#[test]
fn e09_commission_matures_after_the_hold() {
    let mut scene = Scene::new();
    scene.set_terms(|terms| terms.payout_hold_days = 30);
    let charge = scene.call_at(scene.now() - TimeDelta::minutes(50), "1");
    let row = scene.earned(&charge).unwrap();
    assert_eq!(row.matures_at, scene.now() + TimeDelta::days(30));
}

#[test]
fn e19_an_agent_under_an_agent_earns_it_one_tier_and_no_more() {
    let mut scene = Scene::new();
    let below = scene.agent(500);
    let account = scene.account_of(below);
    let above = scene.agent;
    scene.affiliate(account, Some(above));
    let its_customer = scene.another(Some(below));
    let own = scene.charge(account, ChargeKind::Call, "1").unwrap();
    assert_eq!(scene.earned(&own).unwrap().agent_id, above);
    let theirs = scene.charge(its_customer, ChargeKind::Call, "1").unwrap();
    assert_eq!(scene.earned(&theirs).unwrap().agent_id, below);
    assert_eq!(scene.books.added.commissions.len(), 2);
}

#[test]
fn e03_an_agents_own_commission_spent_on_calls_earns_the_agent_above() {
    let mut scene = Scene::new();
    let above = scene.agent(1_000);
    let (account, agent) = (scene.account_of(scene.agent), scene.agent);
    scene.affiliate(account, Some(above));
    scene.endow("0.25", "5");
    let charge = scene.charge(account, ChargeKind::Call, "1").unwrap();
    let row = scene.earned(&charge).unwrap();
    assert_eq!((row.agent_id, row.base), (above, money("1")));
    assert_eq!(scene.money(), ["0.0000", "4.2500", "0.0000", "0.0000"]);
    let told = scene.books.added.agent_events.iter();
    let told: Vec<_> = told.map(|event| (event.agent_id, event.kind)).collect();
    assert_eq!(
        told,
        [
            (agent, AgentEventKind::OwnAccount),
            (above, AgentEventKind::Commission)
        ]
    );
}
