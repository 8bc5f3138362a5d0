use agent_program::program::{Reason, TransferFunds};
use entity::charge::ChargeKind;
use entity::customer::{CustomerStatus, Management};
use entity::{CustomerId, Exact, TypedId};
use uuid::Uuid;

use super::scene::{Scene, lacks, reason};
use crate::world::{money, name};

#[test]
fn r28_an_agent_transfers_to_any_customer_of_its_managed_or_not() {
    for management in [
        Management::Own,
        Management::PendingHandover,
        Management::AgentManaged,
    ] {
        let mut scene = Scene::new();
        scene.endow("20", "0");
        let customer = scene.customer;
        scene.change_customer(customer, |file| file.customer.management = management);
        scene.transfer("20").unwrap();
        assert_eq!(scene.cash(customer), "20.0000");
        assert_eq!(scene.money()[0], "0.0000");
    }
}

#[test]
fn r29_never_to_a_customer_that_is_not_its_own() {
    let mut scene = Scene::new();
    scene.endow("20", "0");
    let stranger = scene.agent(300);
    let theirs = scene.another(Some(stranger));
    let own_account = scene.account_of(scene.agent);
    let none = CustomerId::from_uuid(Uuid::from_u128(u128::MAX));
    let nobodys = scene.another(None);
    let mine = scene.customer;
    for customer in [theirs, nobodys, own_account, none] {
        scene.customer = customer;
        assert_eq!(scene.transfer("1"), Err(Reason::NotAffiliated));
    }
    scene.affiliate(mine, Some(stranger));
    scene.customer = mine;
    assert_eq!(scene.transfer("1"), Err(Reason::NotAffiliated), "any more");
    assert!(scene.books.added.transactions.is_empty());
}

#[test]
fn r29_never_more_than_is_available() {
    let mut scene = Scene::new();
    scene.endow("5", "2.5");
    assert_eq!(scene.transfer("7.5001"), lacks("7.5", "7.5001"));
    let done = scene.transfer("7.5").unwrap();
    assert_eq!(done.balance.available(), money("0"));
    assert_eq!(scene.transfer("0.0001"), lacks("0", "0.0001"));
}

#[test]
fn r30_nothing_comes_back_by_a_negative_transfer() {
    let mut scene = Scene::new();
    scene.give(scene.customer, "20", "0");
    for amount in ["0", "-0.0001", "-20"] {
        assert_eq!(scene.transfer(amount), Err(Reason::AmountNotPositive));
    }
}

#[test]
fn r40_e13_funding_is_spent_first_and_then_commission() {
    let mut scene = Scene::new();
    scene.endow("5", "10");
    let first = scene.transfer("4").unwrap().transfer;
    assert_eq!(
        (first.from_funding, first.from_commission),
        (money("4"), money("0"))
    );
    let second = scene.transfer("4").unwrap().transfer;
    assert_eq!(
        (second.from_funding, second.from_commission),
        (money("1"), money("3"))
    );
    assert_eq!(scene.money()[..2], ["0.0000", "7.0000"]);
    assert_eq!(scene.cash(scene.customer), "8.0000");
}

#[test]
fn e13_a_debt_of_the_own_account_is_paid_before_commission_is_given_away() {
    let mut scene = Scene::new();
    scene.endow("-5", "8");
    assert_eq!(scene.transfer("3.01"), lacks("3", "3.01"));
    let done = scene.transfer("3").unwrap().transfer;
    assert_eq!(done.from_commission, money("3"));
    assert_eq!(scene.money()[..2], ["-5.0000", "5.0000"]);
}

#[test]
fn e08_no_transfer_out_of_a_commission_below_zero() {
    let mut scene = Scene::new();
    scene.endow("10", "-4");
    assert_eq!(scene.transfer("6.01"), Err(Reason::CommissionNegative));
    assert_eq!(scene.transfer("10"), Err(Reason::CommissionNegative));
    assert_eq!(scene.transfer("10.01"), lacks("6", "10.01"));
    let done = scene.transfer("6").unwrap().transfer;
    assert_eq!(done.from_funding, money("6"));
    assert_eq!(scene.money()[..2], ["4.0000", "-4.0000"]);
}

#[test]
fn e08_new_commission_pays_the_debt_first() {
    let mut scene = Scene::new();
    let agent = scene.agent;
    scene.load_agent_balance(agent, money("-4"), Exact::ZERO);
    scene.call("100");
    assert_eq!(scene.money()[1], "-1.0000");
    scene.call("100");
    assert_eq!(scene.money()[1], "2.0000");
    assert!(scene.transfer("2").is_ok());
}

#[test]
fn a_customer_that_is_not_active_is_given_nothing() {
    let mut scene = Scene::new();
    scene.endow("10", "0");
    let customer = scene.customer;
    for (status, open) in [
        (CustomerStatus::Suspended, false),
        (CustomerStatus::Closed, false),
        (CustomerStatus::Pending, true),
    ] {
        scene.change_customer(customer, |file| file.customer.status = status);
        let done = scene.transfer("1");
        assert_eq!(done.is_ok(), open, "{status}");
        if !open {
            assert_eq!(done, Err(Reason::CustomerNotActive));
        }
    }
}

#[test]
fn e19_an_agent_funds_the_agent_below_it() {
    let mut scene = Scene::new();
    scene.endow("10", "0");
    let below = scene.agent(300);
    let (account, above) = (scene.account_of(below), scene.agent);
    scene.affiliate(account, Some(above));
    scene.customer = account;
    scene.transfer("10").unwrap();
    assert_eq!(scene.books.funding(below), money("10"));
    let told = scene.books.added.agent_events.iter();
    assert_eq!(told.filter(|event| event.agent_id == below).count(), 1);
}

#[test]
fn a_memo_goes_with_the_transfer() {
    let mut scene = Scene::new();
    scene.endow("10", "0");
    let command = TransferFunds {
        agent: scene.agent,
        customer: scene.customer,
        amount: money("1"),
        memo: Some(name("thank you")),
    };
    let done = reason(scene.run(&command)).unwrap();
    assert_eq!(done.transfer.memo, Some(name("thank you")));
}

#[test]
fn r41_the_own_account_spends_promo_then_funding_then_commission() {
    let mut scene = Scene::new();
    scene.endow("2", "5");
    let account = scene.account_of(scene.agent);
    scene.give(account, "2", "1");
    let charge = scene.charge(account, ChargeKind::Service, "4").unwrap();
    assert_eq!(charge.promo_part, money("1"));
    assert_eq!(scene.promo(account), "0.0000");
    assert_eq!(scene.money()[..2], ["0.0000", "4.0000"]);
    assert_eq!(scene.earned(&charge), None, "nobody earns on himself");
    let beyond = scene.charge(account, ChargeKind::Service, "4.0001");
    assert_eq!(beyond, lacks("4", "4.0001"));
}
