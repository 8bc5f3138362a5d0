//! What is suspected: held, taken back or released (E28, R43).

use agent_program::program::Span;
use agent_program::program::{
    ClearFraudCase, CloseAgent, ConfirmFraudCase, OpenFraudCase, Reason, Refusal, ReinstateAgent,
    Suspects, Terms,
};
use chrono::TimeDelta;
use entity::agent::AgentStatus;
use entity::agent_event::AgentEventKind;
use entity::charge::{self, ChargeState};
use entity::commission::CommissionKind;
use entity::desk_event::DeskSubject;
use entity::fraud_case::{self, FraudCaseState, FraudReason};
use entity::transaction::TransactionKind;
use entity::{ChargeId, FraudCaseId, Money, Prose, TypedId};

use super::scene::{PLENTY, Scene, check, illegal, operator, reason};
use crate::world::money;

fn charges(suspects: &[&charge::Model]) -> Suspects {
    Suspects::Charges(suspects.iter().map(|charge| charge.id).collect())
}

impl Scene {
    fn open(&mut self, suspects: Suspects) -> Result<fraud_case::Model, Reason> {
        reason(self.try_open(suspects))
    }

    fn try_open(&mut self, suspects: Suspects) -> Result<fraud_case::Model, Refusal> {
        let all: Vec<charge::Model> = self
            .books
            .charges
            .iter()
            .map(|(_, row)| row.clone())
            .collect();
        for charge in &all {
            self.recall(charge);
        }
        self.run(&OpenFraudCase {
            operator: operator(1),
            suspects,
            reason: FraudReason::StolenPayment,
            note: None,
        })
    }

    fn suspect(&mut self, charges_of: &[&charge::Model]) -> fraud_case::Model {
        self.open(charges(charges_of)).expect("opened")
    }

    fn confirm(&mut self, case: FraudCaseId) -> Result<fraud_case::Model, Reason> {
        reason(self.run(&ConfirmFraudCase {
            operator: operator(2),
            case,
            note: Some(Prose::parse("The bank says so").expect("prose")),
        }))
    }

    fn clear(&mut self, case: FraudCaseId) -> Result<fraud_case::Model, Reason> {
        reason(self.run(&ClearFraudCase {
            operator: operator(2),
            case,
            note: None,
        }))
    }

    fn close_agent(&mut self) {
        let (operator, agent) = (operator(1), self.agent);
        let reason = Prose::parse("So").expect("prose");
        self.run(&CloseAgent {
            operator,
            agent,
            reason,
        })
        .expect("closed");
    }

    fn state_of(&self, charge: &charge::Model) -> ChargeState {
        self.books.charge_of(charge.id).expect("a charge").state
    }

    fn held_of(&self, charge: &charge::Model) -> String {
        self.books.case_charges[&charge.id].held.to_string()
    }

    /// The kinds of all transactions since the last one that was counted.
    fn kinds_since(&self, count: usize) -> Vec<TransactionKind> {
        let rows = &self.books.added.transactions[count..];
        rows.iter().map(|row| row.kind).collect()
    }
}

#[test]
fn e28_a_case_holds_what_its_charges_earned_and_no_more() {
    let mut scene = Scene::new();
    let (first, other, last) = (scene.call("10"), scene.call("7"), scene.call("20"));
    let before = scene.books.added.transactions.len();
    let case = scene.suspect(&[&last, &first]);
    assert_eq!(case.state, FraudCaseState::Open);
    assert_eq!((case.opened_by, case.decided_by), (operator(1), None));
    assert_eq!(scene.money(), ["0.0000", "0.2100", "0.9000", "0.0000"]);
    assert_eq!(scene.held_of(&first), "0.3000");
    assert_eq!(scene.held_of(&last), "0.6000");
    assert_eq!(scene.state_of(&first), ChargeState::FraudHeld);
    assert_eq!(scene.state_of(&other), ChargeState::Posted);
    assert_eq!(scene.kinds_since(before), [TransactionKind::CommissionHeld]);
    // The agent is told of each, the oldest first; and the desk of the case.
    let events = &scene.books.added.agent_events;
    let told: Vec<_> = events
        .iter()
        .rev()
        .take(2)
        .map(|row| row.subject_id)
        .collect();
    let rows = [&last, &first].map(|charge| scene.earned(charge).expect("earned").id.uuid());
    assert_eq!(told, rows);
    assert!(
        events
            .iter()
            .all(|row| row.kind == AgentEventKind::Commission)
    );
    let desk = scene.books.added.desk_events.last().expect("told");
    assert_eq!(
        (desk.subject, desk.subject_id),
        (DeskSubject::FraudCase, case.id.uuid())
    );
}

#[test]
fn e28_a_confirmed_case_takes_back_all_that_its_charges_earned() {
    let mut scene = Scene::new();
    let (first, other) = (scene.call("10"), scene.call("7"));
    let case = scene.suspect(&[&first]).id;
    let (agent, now) = (scene.agent, scene.now());
    scene.set_rate(agent, now, 1_000);
    let before = scene.books.added.transactions.len();
    let decided = scene.confirm(case).expect("confirmed");
    assert_eq!(decided.state, FraudCaseState::Confirmed);
    assert_eq!(decided.clawed_back, money("0.3"));
    assert_eq!(decided.decided_by, Some(operator(2)));
    assert_eq!(scene.money(), ["0.0000", "0.2100", "0.0000", "0.0000"]);
    assert_eq!(scene.state_of(&first), ChargeState::FraudConfirmed);
    assert_eq!(scene.held_of(&first), "0.0000");
    let kinds = [
        TransactionKind::CommissionReleased,
        TransactionKind::CommissionClawback,
    ];
    assert_eq!(scene.kinds_since(before), kinds);
    let clawback = scene.books.added.commissions.last().expect("a clawback");
    assert_eq!(clawback.kind, CommissionKind::Clawback);
    assert_eq!(clawback.exact.to_string(), "-0.30000000");
    assert_eq!(scene.confirm(case), illegal("CONFIRMED"));
    assert_eq!(scene.clear(case), illegal("CONFIRMED"));
    assert_eq!(
        scene.open(charges(&[&other, &first])),
        illegal("FRAUD_CONFIRMED")
    );
    // It is the money of a thief: it can still be given back, and nothing more is taken.
    let refunded = scene.refund(&first, None).expect("refunded");
    assert_eq!(refunded.charge.state, ChargeState::FraudConfirmed);
    assert_eq!(refunded.clawback, None);
}

#[test]
fn e28_a_cleared_case_releases_what_it_held() {
    let mut scene = Scene::new();
    let (first, second) = (scene.call("10"), scene.call("20"));
    scene.refund(&second, Some("5")).expect("refunded");
    let case = scene.suspect(&[&first, &second]).id;
    assert_eq!(scene.money(), ["0.0000", "0.0000", "0.7500", "0.0000"]);
    scene.refund(&first, None).expect("refunded");
    assert_eq!(scene.money(), ["0.0000", "0.0000", "0.4500", "0.0000"]);
    assert_eq!(scene.state_of(&first), ChargeState::FraudHeld);
    let decided = scene.clear(case).expect("cleared");
    assert_eq!(decided.clawed_back, Money::ZERO);
    assert_eq!(scene.money(), ["0.0000", "0.4500", "0.0000", "0.0000"]);
    assert_eq!(scene.state_of(&first), ChargeState::Refunded);
    assert_eq!(scene.state_of(&second), ChargeState::PartiallyRefunded);
    assert_eq!(scene.clear(case), illegal("CLEARED"));
    // Whoever was cleared can be suspected again.
    scene.suspect(&[&second]);
    assert_eq!(scene.held_of(&second), "0.4500");
}

#[test]
fn e08_what_was_spent_is_held_as_far_as_it_is_there_and_owed_once_it_is_confirmed() {
    let mut scene = Scene::new();
    let (first, second) = (scene.call("1000"), scene.call("100"));
    scene.sent("31", check());
    assert_eq!(scene.money(), ["0.0000", "2.0000", "0.0000", "0.0000"]);
    let case = scene.suspect(&[&first, &second]).id;
    assert_eq!(scene.held_of(&first), "2.0000");
    assert_eq!(scene.held_of(&second), "0.0000");
    assert_eq!(scene.money(), ["0.0000", "0.0000", "2.0000", "0.0000"]);
    scene.confirm(case).expect("confirmed");
    assert_eq!(scene.money(), ["0.0000", "-31.0000", "0.0000", "0.0000"]);
    scene.call("10");
    assert_eq!(scene.money(), ["0.0000", "-30.7000", "0.0000", "0.0000"]);
    // Where nothing is there, nothing is held.
    let third = scene.call("50");
    let before = scene.books.added.transactions.len();
    scene.suspect(&[&third]);
    assert_eq!(scene.held_of(&third), "0.0000");
    assert_eq!(scene.kinds_since(before), []);
}

#[test]
fn e28_a_period_takes_the_customers_charges_that_are_in_no_other_case() {
    let mut scene = Scene::new();
    let from = scene.now();
    let first = scene.call("10");
    scene.pass(TimeDelta::hours(1));
    let second = scene.call("20");
    let to = scene.now() + TimeDelta::hours(1);
    scene.pass(TimeDelta::hours(1));
    // The end is no part of it, and neither is another customer.
    let third = scene.call_at(to, "40");
    let agent = scene.agent;
    let other = scene.another(Some(agent));
    scene.give(other, PLENTY, "0");
    let customer = scene.customer;
    let of = |from, to| Suspects::Customer {
        customer,
        span: Span { from, to },
    };
    scene.suspect(&[&first]);
    scene.open(of(from, to)).expect("opened");
    assert_eq!(scene.state_of(&second), ChargeState::FraudHeld);
    assert_eq!(scene.state_of(&third), ChargeState::Posted);
    assert_eq!(scene.money(), ["0.0000", "1.2000", "0.9000", "0.0000"]);
    let refusal = scene.try_open(of(from, to)).expect_err("all are in a case");
    assert_eq!(refusal.field.as_deref(), Some("subject.customer.period"));
    assert!(matches!(refusal.reason, Reason::InvalidInput(_)));
}

#[test]
fn e28_what_cannot_be_suspected_is_refused_and_changes_nothing() {
    let mut scene = Scene::new();
    let first = scene.call("10");
    let nobody = ChargeId::from_uuid(uuid::Uuid::from_u128(7));
    let refusal = scene
        .try_open(Suspects::Charges(vec![first.id, nobody]))
        .expect_err("nobody's");
    assert!(matches!(refusal.reason, Reason::NotFound(_)));
    assert_eq!(refusal.field.as_deref(), Some("subject.chargeIds.1"));
    let refusal = scene
        .try_open(Suspects::Charges(Vec::new()))
        .expect_err("of nothing");
    assert!(matches!(refusal.reason, Reason::InvalidInput(_)));
    assert_eq!(scene.state_of(&first), ChargeState::Posted);
    // Named twice it is held once.
    scene
        .open(Suspects::Charges(vec![first.id, first.id]))
        .expect("opened");
    assert_eq!(scene.money(), ["0.0000", "0.0000", "0.3000", "0.0000"]);
    assert_eq!(scene.open(charges(&[&first])), illegal("FRAUD_HELD"));
    let nobodys = FraudCaseId::from_uuid(uuid::Uuid::from_u128(7));
    assert!(matches!(scene.confirm(nobodys), Err(Reason::NotFound(_))));
}

#[test]
fn r43_what_was_earned_under_a_suspension_stays_held_when_it_is_cleared() {
    let mut scene = Scene::new();
    let agent = scene.agent;
    scene.stands(agent, AgentStatus::Suspended);
    let (first, second) = (scene.call("10"), scene.call("20"));
    assert_eq!(scene.money(), ["0.0000", "0.0000", "0.9000", "0.0000"]);
    let before = scene.books.added.transactions.len();
    let case = scene.suspect(&[&first]).id;
    assert_eq!(scene.kinds_since(before), []);
    assert_eq!(scene.books.pool(agent), money("0.6"));
    scene.clear(case).expect("cleared");
    assert_eq!(scene.kinds_since(before), []);
    assert_eq!(scene.books.pool(agent), money("0.9"));
    // Reinstated, the agent has what no case holds.
    let case = scene.suspect(&[&second]).id;
    let reason = Prose::parse("So").expect("prose");
    scene
        .run(&ReinstateAgent {
            operator: operator(1),
            agent,
            reason,
        })
        .expect("reinstated");
    assert_eq!(scene.money(), ["0.0000", "0.3000", "0.6000", "0.0000"]);
    scene.clear(case).expect("cleared");
    assert_eq!(scene.money(), ["0.0000", "0.9000", "0.0000", "0.0000"]);
}

#[test]
fn r43_confirmed_it_is_taken_from_what_the_suspension_holds() {
    let mut scene = Scene::new();
    scene.endow("0", "5");
    let agent = scene.agent;
    scene.stands(agent, AgentStatus::Suspended);
    let (first, _) = (scene.call("10"), scene.call("20"));
    let case = scene.suspect(&[&first]).id;
    scene.confirm(case).expect("confirmed");
    assert_eq!(scene.money(), ["0.0000", "5.0000", "0.6000", "0.0000"]);
}

#[test]
fn e22_what_a_closed_agents_case_holds_is_forfeited_where_its_suspension_was() {
    let mut scene = Scene::new();
    let agent = scene.agent;
    let free = scene.call("100");
    scene.stands(agent, AgentStatus::Suspended);
    let held = scene.call("10");
    let case = scene.suspect(&[&free, &held]).id;
    assert_eq!(scene.money(), ["0.0000", "0.0000", "3.3000", "0.0000"]);
    scene.close_agent();
    assert_eq!(scene.money(), ["0.0000", "0.0000", "3.3000", "0.0000"]);
    scene.clear(case).expect("cleared");
    assert_eq!(scene.money(), ["0.0000", "3.0000", "0.0000", "0.0000"]);
    let kinds = [
        TransactionKind::CommissionReleased,
        TransactionKind::CommissionForfeited,
    ];
    let count = scene.books.added.transactions.len();
    assert_eq!(scene.kinds_since(count - 2), kinds);
}

#[test]
fn e09_what_a_case_holds_inside_the_hold_period_takes_nothing_from_what_is_mature() {
    let terms = Terms {
        payout_hold_days: 30,
        ..Terms::default()
    };
    let mut scene = Scene::with(terms);
    scene.endow("0", "40");
    let agent = scene.agent;
    scene.books.immature.load(agent, Money::ZERO);
    let young = scene.call("100");
    assert_eq!(scene.figures().withdrawable, money("40"));
    let case = scene.suspect(&[&young]).id;
    assert_eq!(scene.figures().withdrawable, money("40"));
    scene.clear(case).expect("cleared");
    assert_eq!(scene.figures().commission, money("43"));
    assert_eq!(scene.figures().withdrawable, money("40"));
    let case = scene.suspect(&[&young]).id;
    scene.confirm(case).expect("confirmed");
    assert_eq!(scene.figures().commission, money("40"));
    assert_eq!(scene.figures().withdrawable, money("40"));
}
