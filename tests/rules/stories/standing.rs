use agent_program::program::{
    CloseAgent, Party, PayBonus, PurchaseProduct, Reason, ReinstateAgent, SuspendAgent, standing,
};
use chrono::TimeDelta;
use entity::agent::{self, AgentStatus};
use entity::agent_event::AgentEventKind;
use entity::charge::ChargeKind;
use entity::commission::{self, CommissionKind};
use entity::customer::Management;
use entity::entry::Account;
use entity::product::ProductKind;
use entity::transaction::{Cause, TransactionKind};
use entity::{Exact, Money, Prose, TypedId};

use super::scene::{Scene, check, illegal, operator, reason};
use crate::world::{money, name};

fn because() -> Prose {
    Prose::parse("Looked into").expect("prose")
}

impl Scene {
    fn suspend(&mut self) -> Result<agent::Model, Reason> {
        let (operator, agent, why) = (operator(1), self.agent, because());
        reason(self.run(&SuspendAgent {
            operator,
            agent,
            reason: why,
        }))
    }

    fn reinstate(&mut self) -> Result<agent::Model, Reason> {
        let (operator, agent, why) = (operator(1), self.agent, because());
        reason(self.run(&ReinstateAgent {
            operator,
            agent,
            reason: why,
        }))
    }

    fn close(&mut self) -> Result<agent::Model, Reason> {
        let (operator, agent, why) = (operator(1), self.agent, because());
        reason(self.run(&CloseAgent {
            operator,
            agent,
            reason: why,
        }))
    }

    fn bonus(&mut self, amount: &str) -> Result<commission::Model, Reason> {
        let command = PayBonus {
            agent: self.agent,
            amount: money(amount),
            reason: name("Well done"),
        };
        reason(self.run(&command))
    }

    /// The newest transaction: its kind, and what it moved between which accounts.
    fn newest(&self) -> (TransactionKind, Vec<(Account, String)>) {
        let added = &self.books.added;
        let transaction = added.transactions.last().expect("a transaction");
        let lines = added.entries.iter();
        let lines = lines.filter(|entry| entry.transaction_id == transaction.id);
        let lines = lines.map(|entry| (entry.account, entry.amount.to_string()));
        (transaction.kind, lines.collect())
    }
}

#[test]
fn e22_an_agent_that_is_suspended_earns_into_held_and_may_do_nothing_with_money() {
    let mut scene = Scene::new();
    scene.endow("10", "30");
    assert_eq!(scene.suspend().unwrap().status, AgentStatus::Suspended);
    let charge = scene.call("1");
    let row = scene.earned(&charge).unwrap();
    assert!(row.held);
    let suspension = scene.books.agents[&scene.agent].standings[0].id;
    assert_eq!(row.suspension_id, Some(suspension));
    assert_eq!(scene.money(), ["10.0000", "30.0000", "0.0300", "0.0000"]);
    assert_eq!(scene.transfer("1"), Err(Reason::AgentNotActive));
    assert_eq!(scene.request("20", check()), Err(Reason::AgentNotActive));
}

#[test]
fn e22_reinstated_what_was_held_is_released_and_can_be_used_at_once() {
    let mut scene = Scene::new();
    scene.suspend().unwrap();
    scene.call("100");
    scene.pass(TimeDelta::days(1));
    scene.reinstate().unwrap();
    assert_eq!(scene.money(), ["0.0000", "3.0000", "0.0000", "0.0000"]);
    let (kind, moved) = scene.newest();
    assert_eq!(kind, TransactionKind::CommissionReleased);
    assert_eq!(
        moved,
        [
            (Account::AgentCommission, "3.0000".into()),
            (Account::AgentHeld, "-3.0000".into())
        ]
    );
    let transaction = scene.books.added.transactions.last().unwrap();
    let cause = (transaction.cause, transaction.cause_id);
    assert_eq!(cause, (Cause::Agent, scene.agent.uuid()));
    scene.transfer("3").unwrap();
    let charge = scene.call("100");
    assert_eq!(scene.earned(&charge).unwrap().suspension_id, None);
}

#[test]
fn e22_the_agent_hears_of_each_standing_with_what_it_had_then() {
    let mut scene = Scene::new();
    scene.suspend().unwrap();
    scene.call("100");
    scene.reinstate().unwrap();
    scene.close().unwrap();
    let told = scene.books.added.agent_events.iter();
    let told: Vec<_> = told
        .filter(|event| event.kind == AgentEventKind::Standing)
        .map(|event| {
            let moved = event.transaction_id.is_some();
            (event.commission.to_string(), event.held.to_string(), moved)
        })
        .collect();
    assert_eq!(
        told,
        [
            ("0.0000".into(), "0.0000".into(), false),
            ("3.0000".into(), "0.0000".into(), true),
            ("3.0000".into(), "0.0000".into(), false),
        ]
    );
    let file = &scene.books.agents[&scene.agent];
    let ordinals: Vec<_> = file.standings.iter().map(|row| row.ordinal).collect();
    assert_eq!(ordinals, [1, 2, 3]);
}

#[test]
fn e22_closed_under_a_suspension_what_was_held_is_forfeited_and_the_rest_is_not() {
    let mut scene = Scene::new();
    scene.call("100");
    scene.suspend().unwrap();
    scene.call("50");
    scene.close().unwrap();
    assert_eq!(scene.money(), ["0.0000", "3.0000", "0.0000", "0.0000"]);
    let (kind, moved) = scene.newest();
    assert_eq!(kind, TransactionKind::CommissionForfeited);
    assert_eq!(
        moved,
        [
            (Account::AgentHeld, "-1.5000".into()),
            (Account::ExpenseCommission, "1.5000".into())
        ]
    );
}

#[test]
fn e22_a_late_call_is_held_by_the_standing_of_its_own_time() {
    let mut scene = Scene::new();
    let before = scene.now();
    scene.pass(TimeDelta::hours(1));
    scene.suspend().unwrap();
    scene.pass(TimeDelta::hours(1));
    let charge = scene.call_at(before, "1");
    assert!(!scene.earned(&charge).unwrap().held, "answered before it");
    let under = scene.now();
    scene.pass(TimeDelta::hours(1));
    scene.reinstate().unwrap();
    scene.pass(TimeDelta::hours(1));
    let charge = scene.call_at(under, "1");
    let row = scene.earned(&charge).unwrap();
    assert!(!row.held, "it was released meanwhile");
    assert!(row.suspension_id.is_some(), "and still names it");
    assert_eq!(scene.money(), ["0.0000", "0.0600", "0.0000", "0.0000"]);
}

#[test]
fn e05_e23_what_a_late_call_earns_a_closed_agent_does_not_depend_on_when_it_is_reported() {
    let told = |late: bool| {
        let mut scene = Scene::new();
        let mut calls = Vec::new();
        let mut happens = |scene: &mut Scene, amount: &'static str| {
            calls.push((scene.now(), amount));
            if !late {
                scene.call(amount);
            }
            scene.pass(TimeDelta::hours(1));
        };
        happens(&mut scene, "100");
        scene.suspend().unwrap();
        happens(&mut scene, "200");
        scene.close().unwrap();
        happens(&mut scene, "400");
        if late {
            for (at, amount) in calls {
                scene.call_at(at, amount);
            }
        }
        assert_eq!(scene.books.added.commissions.len(), 2, "the last of nobody");
        let kinds = scene.books.added.transactions.iter();
        let kinds = kinds.filter(|row| row.kind == TransactionKind::CommissionForfeited);
        assert_eq!(kinds.count(), 1);
        scene.money()
    };
    assert_eq!(told(false), ["0.0000", "3.0000", "0.0000", "0.0000"]);
    assert_eq!(told(true), told(false));
}

#[test]
fn e23_a_closed_agent_has_no_customers_any_more_and_manages_none() {
    let mut scene = Scene::new();
    let (agent, customer) = (scene.agent, scene.customer);
    scene.change_customer(customer, |file| {
        file.customer.management = Management::PendingHandover;
    });
    scene.product("phone", ProductKind::Service, money("1"));
    scene.give(customer, "10", "0");
    scene.close().unwrap();
    let charge = scene.call("1");
    assert_eq!((charge.agent_id, scene.earned(&charge)), (None, None));
    assert_eq!(scene.transfer("1"), Err(Reason::NotAffiliated));
    let file = &scene.books.customers[&customer];
    assert_eq!(file.customer.management, Management::AgentManaged);
    let buys = PurchaseProduct {
        by: Party::Agent(agent),
        customer,
        product_code: name("phone"),
    };
    let refused = reason(scene.run(&buys));
    assert_eq!(refused, Err(Reason::NotFound("customer".into())));
}

#[test]
fn e23_closing_is_refused_while_payouts_are_open_and_nothing_has_happened_then() {
    let mut scene = Scene::new();
    scene.endow("0", "100");
    scene.suspend().unwrap();
    scene.call("10");
    scene.reinstate().unwrap();
    let payout = scene.request("50", check()).unwrap().payout.id;
    scene.suspend().unwrap();
    assert_eq!(scene.close(), illegal("PAYOUTS_OPEN"));
    scene.approve(1, payout).unwrap();
    assert_eq!(scene.close(), illegal("PAYOUTS_OPEN"));
    assert_eq!(
        scene.books.customers[&scene.customer].agent_now(),
        Some(scene.agent)
    );
    scene.send(2, payout).unwrap();
    scene.close().expect("what was sent is not reserved");
}

#[test]
fn e23_the_last_payout_of_a_closed_agent_is_of_any_amount() {
    let mut scene = Scene::new();
    scene.call("10");
    scene.close().unwrap();
    let payout = scene.request("0.30", check()).unwrap().payout;
    assert_eq!(payout.from_commission, money("0.3"));
    assert_eq!(scene.money(), ["0.0000", "0.0000", "0.0000", "0.3000"]);
}

#[test]
fn e22_e23_active_and_suspended_and_closed_and_no_way_back() {
    use AgentStatus::{Active, Closed, Suspended};
    for (was, becomes, may) in [
        (Active, Active, false),
        (Active, Suspended, true),
        (Active, Closed, true),
        (Suspended, Active, true),
        (Suspended, Suspended, false),
        (Suspended, Closed, true),
        (Closed, Active, false),
        (Closed, Suspended, false),
        (Closed, Closed, false),
    ] {
        let expected = if may {
            Ok(())
        } else {
            illegal(&was.to_string())
        };
        assert_eq!(
            standing::must_become(was, becomes),
            expected,
            "{was} {becomes}"
        );
    }
    let mut scene = Scene::new();
    assert_eq!(scene.reinstate(), illegal("ACTIVE"));
    scene.suspend().unwrap();
    assert_eq!(scene.suspend(), illegal("SUSPENDED"));
    scene.close().unwrap();
    for refused in [scene.suspend(), scene.reinstate(), scene.close()] {
        assert_eq!(refused, illegal("CLOSED"));
    }
    assert_eq!(scene.books.added.standings.len(), 2);
}

#[test]
fn e22_a_suspended_agent_does_not_act_inside_accounts_that_it_manages() {
    let mut scene = Scene::new();
    let customer = scene.customer;
    scene.change_customer(customer, |file| {
        file.customer.management = Management::AgentManaged;
    });
    scene.product("phone", ProductKind::Service, money("1"));
    scene.give(customer, "10", "0");
    let own = scene.account_of(scene.agent);
    scene.give(own, "10", "0");
    let buys = |by, customer| PurchaseProduct {
        by,
        customer,
        product_code: name("phone"),
    };
    let agent = Party::Agent(scene.agent);
    scene.suspend().unwrap();
    let refused = reason(scene.run(&buys(agent, customer)));
    assert_eq!(refused, Err(Reason::AgentNotActive));
    scene
        .run(&buys(Party::Operator(operator(1)), customer))
        .unwrap();
    scene
        .run(&buys(agent, own))
        .expect("its own account, as any customer");
}

#[test]
fn e22_what_is_taken_back_of_a_suspension_comes_from_what_is_held_and_after_it_from_the_commission()
{
    let mut scene = Scene::new();
    scene.suspend().unwrap();
    let call = scene.call("100");
    scene.refund(&call, Some("50")).unwrap();
    assert_eq!(scene.money()[1..3], ["0.0000", "1.5000"]);
    scene.reinstate().unwrap();
    scene.suspend().unwrap();
    scene.call("10");
    scene.refund(&call, Some("25")).unwrap();
    assert_eq!(scene.money()[1..3], ["0.7500", "0.3000"], "it was released");
}

#[test]
fn e22_of_what_was_forfeited_nothing_is_taken_back() {
    let mut scene = Scene::new();
    let free = scene.call("100");
    scene.pass(TimeDelta::hours(1));
    scene.suspend().unwrap();
    let lost = scene.call("100");
    scene.close().unwrap();
    let refunded = scene.refund(&lost, None).unwrap();
    assert_eq!(refunded.clawback, None);
    assert_eq!(scene.money()[1..3], ["3.0000", "0.0000"]);
    let refunded = scene.refund(&free, None).unwrap();
    assert!(refunded.clawback.is_some());
    assert_eq!(scene.money()[1..3], ["0.0000", "0.0000"]);
}

#[test]
fn e09_what_was_released_waits_out_its_hold_period() {
    let mut scene = Scene::new();
    scene.set_terms(|terms| terms.payout_hold_days = 30);
    let agent = scene.agent;
    scene.books.immature.load(agent, Money::ZERO);
    scene.books.immature_held.load(agent, Money::ZERO);
    scene.suspend().unwrap();
    scene.call("1000");
    assert_eq!(scene.figures().held, money("30"));
    scene.reinstate().unwrap();
    assert_eq!(scene.figures().commission, money("30"));
    assert_eq!(scene.figures().withdrawable, money("0"));
    scene.transfer("30").expect("spending it never waits");
}

#[test]
fn e02_a_bonus_is_commission_that_no_charge_earned() {
    let mut scene = Scene::new();
    let agent = scene.agent;
    scene.load_agent_balance(agent, money("1"), Exact::from_units(9_999));
    let row = scene.bonus("25.0001").unwrap();
    assert_eq!(row.kind, CommissionKind::Bonus);
    assert_eq!((row.base, row.amount), (Money::ZERO, money("25.0001")));
    assert_eq!(row.exact, Exact::from(money("25.0001")));
    assert_eq!(row.carry_after, Exact::from_units(9_999), "as it was");
    assert_eq!((row.charge_id, row.customer_id), (None, None));
    assert_eq!(scene.money()[1], "26.0001");
    let (kind, moved) = scene.newest();
    assert_eq!(kind, TransactionKind::Bonus);
    assert_eq!(
        moved,
        [
            (Account::AgentCommission, "25.0001".into()),
            (Account::ExpenseCommission, "-25.0001".into())
        ]
    );
    let event = scene.books.added.agent_events.last().unwrap();
    assert_eq!(event.kind, AgentEventKind::Commission);
    assert_eq!(event.subject_id, row.id.uuid());
    assert!(scene.books.slots.iter().next().is_none(), "of no charge");
}

#[test]
fn e08_a_bonus_pays_off_a_commission_below_zero_first() {
    let mut scene = Scene::new();
    scene.endow("0", "-4");
    scene.bonus("3").unwrap();
    assert_eq!(scene.money()[1], "-1.0000");
    assert_eq!(
        scene.request("20", check()),
        Err(Reason::CommissionNegative)
    );
    scene.bonus("21").unwrap();
    scene.request("20", check()).unwrap();
}

#[test]
fn e22_a_bonus_is_held_while_the_agent_is_suspended_and_e23_none_is_paid_once_it_is_closed() {
    let mut scene = Scene::new();
    for amount in ["0", "-1"] {
        assert_eq!(scene.bonus(amount), Err(Reason::AmountNotPositive));
    }
    assert!(matches!(
        scene.bonus("90000000000.0001"),
        Err(Reason::InvalidInput(_))
    ));
    scene.suspend().unwrap();
    assert!(scene.bonus("5").unwrap().held);
    assert_eq!(scene.money()[1..3], ["0.0000", "5.0000"]);
    scene.close().unwrap();
    assert_eq!(scene.money()[1..3], ["0.0000", "0.0000"]);
    assert_eq!(scene.bonus("5"), Err(Reason::AgentNotActive));
}

#[test]
fn e22_customers_are_served_as_ever() {
    let mut scene = Scene::new();
    scene.give(scene.customer, "10", "0");
    scene.suspend().unwrap();
    let customer = scene.customer;
    let charge = scene.charge(customer, ChargeKind::Service, "10").unwrap();
    assert_eq!(charge.agent_id, Some(scene.agent));
    assert_eq!(scene.cash(customer), "0.0000");
}
