//! Corrections and debts that are written off: over a limit by two.

use agent_program::program::{Owner, PostAdjustment, Reason, Seconded, WriteOff};
use chrono::TimeDelta;
use entity::desk_event::DeskSubject;
use entity::transaction::TransactionKind;
use entity::{Exact, Money, proposal};

use super::scene::{Scene, illegal, lacks, operator, reason};
use crate::world::{money, name};

impl Scene {
    fn adjust(&mut self, who: u128, amount: Money) -> Result<Seconded, Reason> {
        let command = PostAdjustment {
            operator: operator(who),
            customer: self.customer,
            amount,
            reason: name("Charged twice"),
        };
        reason(self.run(&command))
    }

    fn write_off(
        &mut self,
        who: u128,
        owner: Owner,
        amount: Option<&str>,
    ) -> Result<Seconded, Reason> {
        let command = WriteOff {
            operator: operator(who),
            owner,
            amount: amount.map(money),
            reason: name("Gone away"),
        };
        reason(self.run(&command))
    }
}

fn waits(done: Result<Seconded, Reason>) -> proposal::Model {
    match done {
        Ok(Seconded::Waits(proposal)) => proposal,
        other => panic!("{other:?}"),
    }
}

fn posted(done: Result<Seconded, Reason>) -> TransactionKind {
    match done {
        Ok(Seconded::Posted(transaction)) => transaction.kind,
        other => panic!("{other:?}"),
    }
}

#[test]
fn e17_up_to_the_limit_one_is_enough() {
    let mut scene = Scene::new();
    let customer = scene.customer;
    let done = scene.adjust(1, money("1000"));
    assert_eq!(posted(done), TransactionKind::Adjustment);
    assert_eq!(scene.cash(customer), "1000.0000");
    posted(scene.adjust(1, -money("999.9999")));
    assert_eq!(scene.cash(customer), "0.0001");
    // Never below zero, and not nothing.
    assert_eq!(scene.adjust(1, -money("0.0002")), lacks("0.0001", "0.0002"));
    assert!(matches!(
        scene.adjust(1, Money::ZERO),
        Err(Reason::InvalidInput(_))
    ));
}

#[test]
fn e17_over_the_limit_the_first_proposes_and_the_second_posts() {
    let mut scene = Scene::new();
    let customer = scene.customer;
    let much = money("1000.0001");
    let first = waits(scene.adjust(1, much));
    assert_eq!(scene.cash(customer), "0.0000");
    let event = scene.books.added.desk_events.last().expect("an event");
    assert_eq!(
        (event.subject, event.subject_id),
        (DeskSubject::Proposal, first.id.0)
    );
    // The same person is refused again, and the desk is not told twice.
    assert_eq!(waits(scene.adjust(1, much)), first);
    assert_eq!(scene.books.added.desk_events.len(), 1);
    // Another amount is another proposal.
    assert_ne!(
        waits(scene.adjust(2, much + Money::from_units(1))).id,
        first.id
    );
    scene.pass(TimeDelta::days(7) - TimeDelta::seconds(1));
    posted(scene.adjust(2, much));
    assert_eq!(scene.cash(customer), "1000.0001");
    let row = scene.books.proposals.get(&first.id).expect("the proposal");
    assert_eq!(row.seconded_by, Some(operator(2)));
    assert_eq!(row.seconded_at, Some(scene.now()));
    // It is used up.
    assert_ne!(waits(scene.adjust(2, much)).id, first.id);
}

#[test]
fn e17_a_proposal_is_good_for_seven_days() {
    let mut scene = Scene::new();
    let much = money("2000");
    let first = waits(scene.adjust(1, much));
    scene.pass(TimeDelta::days(7));
    assert_ne!(waits(scene.adjust(2, much)).id, first.id);
}

#[test]
fn e08_a_debt_is_written_off_and_never_more_than_it() {
    let mut scene = Scene::new();
    let (agent, customer) = (scene.agent, scene.customer);
    let debtor = Owner::Agent(agent);
    assert_eq!(scene.write_off(1, debtor, None), illegal("NOT_BELOW_ZERO"));
    scene.load_agent_balance(agent, -money("5"), Exact::ZERO);
    assert!(matches!(
        scene.write_off(1, debtor, Some("5.0001")),
        Err(Reason::InvalidInput(_))
    ));
    assert_eq!(
        scene.write_off(1, debtor, Some("0")),
        Err(Reason::AmountNotPositive)
    );
    posted(scene.write_off(1, debtor, Some("2")));
    assert_eq!(scene.money()[1], "-3.0000");
    assert_eq!(
        posted(scene.write_off(1, debtor, None)),
        TransactionKind::WriteOff
    );
    assert_eq!(scene.money()[1], "0.0000");
    // A customer's cash likewise; over the limit by two.
    scene.load_customer_balance(customer, -money("1500"), Money::ZERO);
    let debtor = Owner::Customer(customer);
    waits(scene.write_off(1, debtor, None));
    assert_eq!(scene.cash(customer), "-1500.0000");
    posted(scene.write_off(2, debtor, None));
    assert_eq!(scene.cash(customer), "0.0000");
}
