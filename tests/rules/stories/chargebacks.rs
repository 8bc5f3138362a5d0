//! Payments that are charged back, and transfers that are taken back.

use agent_program::program::{
    BeginTopUp, FinishTopUp, Finished, GatewaySaid, GaveBack, Party, Reason, ReverseTopUp,
    ReverseTransfer, SettleTopUp, Transferred,
};
use chrono::TimeDelta;
use entity::charge::ChargeKind;
use entity::commission::CommissionKind;
use entity::top_up::{TopUpMethod, TopUpState};
use entity::transaction::TransactionKind;
use entity::{AgentId, CustomerId, Exact, Money, TopUpId, TransferId, top_up};

use super::scene::{Scene, illegal, reason};
use crate::world::{World, money, name};

impl Scene {
    /// Money that was announced.
    fn announced(&mut self, customer: CustomerId, amount: &str, method: TopUpMethod) -> TopUpId {
        let token = (method != TopUpMethod::Wire).then(|| "tok".to_owned());
        let begin = BeginTopUp {
            by: Party::Customer(customer),
            customer,
            amount: money(amount),
            method,
            payment_token: token,
        };
        self.run(&begin).expect("announced").id
    }

    /// Money that was paid in.
    fn paid_in(&mut self, customer: CustomerId, amount: &str) -> TopUpId {
        let top_up = self.announced(customer, amount, TopUpMethod::CreditCard);
        let reference = name("ref");
        self.run(&SettleTopUp { top_up, reference })
            .expect("settled");
        top_up
    }

    fn reversed(&mut self, top_up: TopUpId) -> Result<top_up::Model, Reason> {
        self.remember();
        let reference = name("CB-1");
        reason(self.run(&ReverseTopUp { top_up, reference }))
    }

    fn takes_back(
        &mut self,
        transfer: TransferId,
        amount: Option<&str>,
    ) -> Result<Transferred, Reason> {
        self.remember();
        let command = ReverseTransfer {
            transfer,
            amount: amount.map(money),
            reason: name("To the wrong account"),
        };
        reason(self.run(&command))
    }

    fn commission_of(&self, agent: AgentId) -> Money {
        self.books.figures(agent).commission
    }

    /// What was clawed back, by charge in their order, with the rate's base.
    fn clawed(&self) -> Vec<(String, String)> {
        let rows = self.books.added.commissions.iter();
        let rows = rows.filter(|row| row.kind == CommissionKind::Clawback);
        rows.map(|row| (row.base.to_string(), row.amount.to_string()))
            .collect()
    }
}

#[test]
fn e29_what_the_money_paid_for_loses_its_commission_and_nothing_else_does() {
    let mut scene = Scene::new();
    let customer = scene.customer;
    let first = scene.paid_in(customer, "10.00");
    let second = scene.paid_in(customer, "20.00");
    scene.call("15.00");
    // 3% of 15.00; of the 15.00, 5.00 is the second's.
    assert_eq!(scene.figures().commission, money("0.4500"));
    let row = scene.reversed(second).expect("reversed");
    assert_eq!(row.state, TopUpState::Reversed);
    assert_eq!(row.reversed_at, Some(scene.now()));
    assert_eq!(row.reversal_reference, Some(name("CB-1")));
    assert_eq!(row.reference, Some(name("ref")));
    assert_eq!(scene.clawed(), [("-5.0000".into(), "-0.1500".into())]);
    assert_eq!(scene.cash(customer), "-5.0000");
    scene.reversed(first).expect("reversed");
    assert_eq!(scene.clawed()[1], ("-10.0000".into(), "-0.3000".into()));
    assert_eq!(scene.figures().commission, Money::ZERO);
    assert_eq!(scene.cash(customer), "-15.0000");
    assert_eq!(scene.reversed(first), illegal("REVERSED"));
}

#[test]
fn e29_a_debt_is_paid_by_what_comes_next() {
    let mut scene = Scene::new();
    let customer = scene.customer;
    scene.paid_in(customer, "5.00");
    scene.call("8.00");
    let next = scene.paid_in(customer, "10.00");
    scene.reversed(next).expect("reversed");
    // 3.00 of the call's 8.00 was the second's.
    assert_eq!(scene.clawed(), [("-3.0000".into(), "-0.0900".into())]);
    assert_eq!(scene.cash(customer), "-3.0000");
}

#[test]
fn e29_each_agent_gives_back_what_it_earned_at_its_own_rate() {
    let mut scene = Scene::new();
    let customer = scene.customer;
    let first = scene.agent;
    let second = World::agent(&mut scene, 1_000);
    let top_up = scene.paid_in(customer, "30.00");
    scene.call("10.00");
    scene.pass(TimeDelta::hours(1));
    scene.affiliate(customer, None);
    scene.call("5.00");
    scene.pass(TimeDelta::hours(1));
    scene.affiliate(customer, Some(second));
    scene.call("10.00");
    assert_eq!(scene.commission_of(second), money("1.0000"));
    scene.reversed(top_up).expect("reversed");
    assert_eq!(scene.commission_of(first), Money::ZERO);
    assert_eq!(scene.commission_of(second), Money::ZERO);
    let kinds = scene.books.added.transactions.iter().map(|row| row.kind);
    let kinds: Vec<_> = kinds.skip(4).collect();
    // One for each agent; the call without an agent takes back nothing.
    assert_eq!(
        kinds,
        [
            TransactionKind::TopUpReversed,
            TransactionKind::CommissionClawback,
            TransactionKind::CommissionClawback
        ]
    );
}

#[test]
fn e29_less_than_a_unit_is_taken_from_the_carry_with_the_chargeback_itself() {
    let mut scene = Scene::new();
    let customer = scene.customer;
    let top_up = scene.paid_in(customer, "5.00");
    // 3% of 0.0010 is 0.00003: nothing is posted, and it is carried.
    scene.call("0.0010");
    assert_eq!(scene.figures().carry, Exact::from_units(3_000));
    scene.reversed(top_up).expect("reversed");
    assert_eq!(scene.figures().carry, Exact::ZERO);
    assert_eq!(scene.clawed(), [("-0.0010".into(), "0.0000".into())]);
    let last = scene
        .books
        .added
        .transactions
        .last()
        .expect("a transaction");
    assert_eq!(last.kind, TransactionKind::TopUpReversed);
    let row = scene.books.added.commissions.last().expect("a clawback");
    assert_eq!(row.transaction_id, last.id);
    let event = scene.books.added.agent_events.last().expect("an event");
    assert_eq!(
        (event.subject_id, event.transaction_id),
        (row.id.0, Some(last.id))
    );
}

#[test]
fn e29_many_commissions_are_taken_back_a_thousand_at_a_time() {
    let mut scene = Scene::new();
    let customer = scene.customer;
    let top_up = scene.paid_in(customer, "100.00");
    for _ in 0..1_000 {
        scene.call("0.0990");
    }
    // 3% of 0.0001 is 0.000003: the last two move nothing but the carry, and are told with what came before.
    scene.call("0.0001");
    scene.call("0.0001");
    scene.reversed(top_up).expect("reversed");
    let added = &scene.books.added;
    let clawbacks = added
        .transactions
        .iter()
        .filter(|row| row.kind == TransactionKind::CommissionClawback);
    let clawbacks: Vec<_> = clawbacks.map(|row| row.id).collect();
    let taken = added.commissions.iter();
    let taken = taken.filter(|row| row.kind == CommissionKind::Clawback);
    let of: Vec<_> = taken.map(|row| row.transaction_id).collect();
    assert_eq!((clawbacks.len(), of.len()), (1, 1_002));
    assert!(of.iter().all(|id| *id == clawbacks[0]));
    let told = added.agent_events.iter();
    let told = told.filter(|row| row.transaction_id == Some(clawbacks[0]));
    assert_eq!(told.count(), 1_002);
    assert_eq!(scene.figures().commission, Money::ZERO);
    assert_eq!(scene.figures().carry, Exact::ZERO);
}

#[test]
fn e29_promotional_credit_is_nobodys_money() {
    let mut scene = Scene::new();
    let customer = scene.customer;
    scene.give(customer, "0", "4");
    let top_up = scene.paid_in(customer, "10.00");
    scene.call("10.00");
    // 4.00 of it was free: 6.00 of the 10.00 is spent.
    assert_eq!(scene.figures().commission, money("0.1800"));
    scene.reversed(top_up).expect("reversed");
    assert_eq!(scene.clawed(), [("-6.0000".into(), "-0.1800".into())]);
    assert_eq!(scene.cash(customer), "-6.0000");
}

#[test]
fn e29_what_was_refunded_is_not_taken_twice() {
    let mut scene = Scene::new();
    let customer = scene.customer;
    let top_up = scene.paid_in(customer, "10.00");
    let call = scene.call("10.00");
    scene.refund(&call, Some("4.00")).expect("refunded");
    assert_eq!(scene.figures().commission, money("0.1800"));
    scene.reversed(top_up).expect("reversed");
    assert_eq!(scene.figures().commission, Money::ZERO);
    assert_eq!(scene.cash(customer), "-6.0000");
    // And what was charged back is not taken by a refund.
    scene.refund(&call, None).expect("refunded");
    assert_eq!(scene.figures().commission, Money::ZERO);
}

#[test]
fn e29_a_pending_top_up_fails_and_nothing_moves() {
    let mut scene = Scene::new();
    let customer = scene.customer;
    let wire = scene.announced(customer, "50.00", TopUpMethod::Wire);
    let row = scene.reversed(wire).expect("failed");
    assert_eq!(row.state, TopUpState::Failed);
    assert_eq!((row.give_back_since, row.reversed_at), (None, None));
    let card = scene.announced(customer, "10.00", TopUpMethod::CreditCard);
    let row = scene.reversed(card).expect("failed");
    assert_eq!(row.give_back_since, Some(scene.now()));
    assert_eq!(scene.reversed(card), illegal("FAILED"));
    // It went back, and then the processor takes it after all: that goes back too, until it has.
    let returned = scene.run(&GaveBack { top_up: card });
    assert_eq!(returned.expect("returned").give_back_since, None);
    let finish = FinishTopUp {
        top_up: card,
        said: GatewaySaid::Approved {
            reference: name("late"),
        },
    };
    let late = scene.run(&finish).expect("finished");
    let Finished::Failed { top_up, give_back } = late else {
        panic!("{late:?}")
    };
    assert!(give_back);
    assert_eq!(top_up.give_back_since, Some(scene.now()));
    assert!(scene.books.added.transactions.is_empty());
    let nobodys = scene.books.new_id();
    assert_eq!(
        scene.reversed(nobodys),
        Err(Reason::NotFound("top-up".into()))
    );
}

#[test]
fn e27_commission_goes_back_before_funding_and_never_what_is_spent() {
    let mut scene = Scene::new();
    let account = scene.account_of(scene.agent);
    let customer = scene.customer;
    scene.paid_in(account, "6.00");
    scene.paid_in(customer, "200.00");
    scene.call("200.00");
    // 6.00 funding and 6.00 commission: 10.00 takes 4.00 of the commission.
    let transfer = scene.transfer("10.00").expect("transferred").transfer;
    assert_eq!(scene.money()[..2], ["0.0000", "2.0000"]);
    scene.call("3.00");
    assert_eq!(scene.figures().commission, money("2.0900"));
    let spent = |unspent| {
        Err(Reason::TransferSpent {
            unspent: money(unspent),
        })
    };
    assert_eq!(
        scene.takes_back(transfer.id, Some("7.0001")),
        spent("7.0000")
    );
    assert_eq!(
        scene.takes_back(transfer.id, Some("0")),
        Err(Reason::AmountNotPositive)
    );
    let done = scene
        .takes_back(transfer.id, Some("5.00"))
        .expect("taken back");
    assert_eq!(done.transfer.reversed, money("5.00"));
    assert_eq!(done.balance, scene.figures());
    assert_eq!(scene.money()[..2], ["1.0000", "6.0900"]);
    assert_eq!(scene.cash(customer), "2.0000");
    let done = scene.takes_back(transfer.id, None).expect("taken back");
    assert_eq!(done.transfer.reversed, money("7.00"));
    assert_eq!(scene.money()[..2], ["3.0000", "6.0900"]);
    assert_eq!(scene.takes_back(transfer.id, None), spent("0.0000"));
}

#[test]
fn e27_of_two_transfers_each_knows_its_own() {
    let mut scene = Scene::new();
    let account = scene.account_of(scene.agent);
    scene.paid_in(account, "30.00");
    let first = scene.transfer("10.00").expect("transferred").transfer;
    let second = scene.transfer("10.00").expect("transferred").transfer;
    scene.call("12.00");
    let spent = |unspent| {
        Err(Reason::TransferSpent {
            unspent: money(unspent),
        })
    };
    assert_eq!(scene.takes_back(first.id, None), spent("0.0000"));
    assert_eq!(scene.takes_back(second.id, Some("8.0001")), spent("8.0000"));
    scene.takes_back(second.id, None).expect("taken back");
    assert_eq!(scene.money()[0], "18.0000");
    let third = scene.transfer("1.00").expect("transferred").transfer;
    scene.takes_back(third.id, None).expect("taken back");
    assert_eq!(scene.takes_back(third.id, None), illegal("REVERSED"));
}

#[test]
fn e29_money_that_was_passed_on_is_found_where_it_was_spent() {
    let mut scene = Scene::new();
    let account = scene.account_of(scene.agent);
    let (customer, agent) = (scene.customer, scene.agent);
    let stolen = scene.paid_in(account, "20.00");
    let transfer = scene.transfer("15.00").expect("transferred").transfer;
    scene.call("5.00");
    // What an agent buys for itself earns itself nothing, and so loses nothing.
    scene
        .charge(account, ChargeKind::Call, "1.00")
        .expect("a call");
    scene
        .takes_back(transfer.id, Some("4.00"))
        .expect("taken back");
    assert_eq!(scene.commission_of(agent), money("0.1500"));
    scene.reversed(stolen).expect("reversed");
    assert_eq!(scene.commission_of(agent), Money::ZERO);
    // 20.00 - 15.00 - 1.00 + 4.00 - 20.00; the customer keeps what it was given in good faith.
    assert_eq!(scene.cash(account), "-12.0000");
    assert_eq!(scene.cash(customer), "6.0000");
}
