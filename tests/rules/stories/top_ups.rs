use agent_program::program::{
    BeginTopUp, FinishTopUp, Finished, GatewaySaid, Party, Reason, SettleTopUp, is_stale,
};
use chrono::TimeDelta;
use entity::customer::{CustomerStatus, Management};
use entity::entry::Account;
use entity::top_up::{self, TopUpMethod, TopUpState};
use entity::{CustomerId, TopUpId};

use super::scene::{Scene, illegal, operator, reason};
use crate::world::{money, name};

const METHODS: [TopUpMethod; 4] = [
    TopUpMethod::CreditCard,
    TopUpMethod::DebitCard,
    TopUpMethod::Paypal,
    TopUpMethod::Wire,
];

impl Scene {
    fn begin(
        &mut self,
        by: Party,
        customer: CustomerId,
        method: TopUpMethod,
        amount: &str,
    ) -> Result<top_up::Model, Reason> {
        let payment_token = (method != TopUpMethod::Wire).then(|| "tok_approve".into());
        reason(self.run(&BeginTopUp {
            by,
            customer,
            amount: money(amount),
            method,
            payment_token,
        }))
    }

    fn pay_in(&mut self, method: TopUpMethod, amount: &str) -> Result<top_up::Model, Reason> {
        let customer = self.customer;
        self.begin(Party::Customer(customer), customer, method, amount)
    }

    fn finish(&mut self, top_up: TopUpId, approved: bool) -> Finished {
        let reference = name("ch_1");
        let said = if approved {
            GatewaySaid::Approved { reference }
        } else {
            GatewaySaid::Declined
        };
        self.run(&FinishTopUp { top_up, said }).unwrap()
    }

    fn arrived(&mut self, top_up: TopUpId) -> Result<top_up::Model, Reason> {
        let reference = name("wire 1");
        reason(self.run(&SettleTopUp { top_up, reference }))
    }
}

#[test]
fn r25_r33_money_is_paid_in_by_card_paypal_or_wire() {
    for (method, account) in [
        (TopUpMethod::CreditCard, Account::ClearingCard),
        (TopUpMethod::DebitCard, Account::ClearingCard),
        (TopUpMethod::Paypal, Account::ClearingPaypal),
        (TopUpMethod::Wire, Account::ClearingBank),
    ] {
        let mut scene = Scene::new();
        let id = scene.pay_in(method, "50").unwrap().id;
        assert_eq!(scene.cash(scene.customer), "0.0000", "an intent only");
        scene.finish(id, true);
        assert_eq!(scene.cash(scene.customer), "50.0000");
        let from = scene.books.added.entries.last().unwrap();
        assert_eq!((from.account, from.amount), (account, money("-50")));
    }
}

#[test]
fn r27_an_agent_tops_up_what_it_manages_and_its_own_account() {
    let mut scene = Scene::new();
    let (agent, customer) = (scene.agent, scene.customer);
    let card = TopUpMethod::CreditCard;
    let by = Party::Agent(agent);
    assert_eq!(
        scene.begin(by, customer, card, "10"),
        Err(Reason::NotManaged)
    );
    for management in [Management::AgentManaged, Management::PendingHandover] {
        scene.change_customer(customer, |file| file.customer.management = management);
        scene.begin(by, customer, card, "10").unwrap();
    }
    let own = scene.account_of(agent);
    scene.begin(by, own, card, "10").unwrap();
    let other = scene.agent(300);
    let missing = Err(Reason::NotFound("customer".into()));
    let by = Party::Agent(other);
    assert_eq!(scene.begin(by, customer, card, "10"), missing);
    let by = Party::Customer(own);
    assert_eq!(scene.begin(by, customer, card, "10"), missing);
    let by = Party::Operator(operator(1));
    scene.begin(by, customer, card, "10").unwrap();
}

#[test]
fn r34_each_method_has_its_least_and_its_most() {
    for (method, least, under, most, over) in [
        (TopUpMethod::CreditCard, "5", "4.99", "500", "500.01"),
        (TopUpMethod::DebitCard, "5", "4.99", "500", "500.01"),
        (TopUpMethod::Paypal, "5", "4.99", "1000", "1000.01"),
    ] {
        let mut scene = Scene::new();
        for (amount, taken) in [(least, true), (under, false), (over, false)] {
            let begun = scene.pay_in(method, amount);
            assert_eq!(begun.is_ok(), taken, "{amount} by {method}");
            if !taken {
                assert!(matches!(begun, Err(Reason::TopUpMethodLimit(_))));
            }
        }
        assert!(Scene::new().pay_in(method, most).is_ok());
    }
    let mut scene = Scene::new();
    assert!(scene.pay_in(TopUpMethod::Wire, "49.99").is_err());
    assert!(scene.pay_in(TopUpMethod::Wire, "99999999999.99").is_ok());
}

#[test]
fn r34_the_most_of_a_day_counts_what_is_pending_too() {
    let mut scene = Scene::new();
    let (card, customer) = (TopUpMethod::CreditCard, scene.customer);
    scene.pay_in(card, "500").unwrap();
    scene.pay_in(card, "490.01").unwrap();
    assert!(scene.pay_in(card, "10").is_err());
    scene.pay_in(card, "9.99").unwrap();
    assert!(scene.pay_in(card, "5").is_err());
    scene.pay_in(TopUpMethod::Paypal, "5").unwrap();
    scene.books.paid_in.load((customer, card), money("0"));
    scene.pay_in(card, "500").unwrap();
}

#[test]
fn r34_without_a_limit_of_the_day_there_is_none() {
    let mut scene = Scene::new();
    scene.set_terms(|terms| {
        terms.card_limits.maximum = None;
        terms.card_limits.maximum_per_day = None;
    });
    scene.pay_in(TopUpMethod::CreditCard, "5000").unwrap();
}

#[test]
fn e11_top_ups_are_whole_cents() {
    for method in METHODS {
        let mut scene = Scene::new();
        for (amount, reason) in [
            ("60.001", Reason::AmountNotWholeCents),
            ("60.0001", Reason::AmountNotWholeCents),
            ("0", Reason::AmountNotPositive),
            ("-60", Reason::AmountNotPositive),
        ] {
            assert_eq!(scene.pay_in(method, amount), Err(reason));
        }
    }
}

#[test]
fn a_card_needs_a_token_and_a_wire_has_none() {
    let mut scene = Scene::new();
    let customer = scene.customer;
    for (method, payment_token) in [
        (TopUpMethod::Wire, Some("tok".to_owned())),
        (TopUpMethod::CreditCard, None),
        (TopUpMethod::Paypal, None),
    ] {
        let command = BeginTopUp {
            by: Party::Customer(customer),
            customer,
            amount: money("60"),
            method,
            payment_token,
        };
        let refusal = scene.run(&command).unwrap_err();
        assert_eq!(refusal.field.as_deref(), Some("paymentToken"));
    }
}

#[test]
fn a_closed_account_pays_nothing_in() {
    let mut scene = Scene::new();
    let customer = scene.customer;
    scene.change_customer(customer, |file| {
        file.customer.status = CustomerStatus::Closed;
    });
    let refused = scene.pay_in(TopUpMethod::CreditCard, "10");
    assert_eq!(refused, Err(Reason::CustomerNotActive));
}

#[test]
fn what_the_gateway_says_twice_is_carried_out_once() {
    let mut scene = Scene::new();
    let id = scene.pay_in(TopUpMethod::CreditCard, "10").unwrap().id;
    let first = scene.finish(id, true);
    scene.pass(TimeDelta::hours(1));
    for approved in [true, false] {
        assert_eq!(scene.finish(id, approved), first);
    }
    assert_eq!(scene.cash(scene.customer), "10.0000");
    assert_eq!(scene.arrived(id), illegal("SETTLED"));
}

#[test]
fn what_was_declined_stays_declined_and_money_that_came_after_all_is_given_back() {
    let mut scene = Scene::new();
    let id = scene.pay_in(TopUpMethod::CreditCard, "10").unwrap().id;
    for (approved, gives_back) in [(false, false), (false, false), (true, true)] {
        let Finished::Failed { top_up, give_back } = scene.finish(id, approved) else {
            panic!("it was declined");
        };
        assert_eq!(top_up.state, TopUpState::Failed);
        assert_eq!(give_back, gives_back);
    }
    assert_eq!(scene.cash(scene.customer), "0.0000");
    assert_eq!(scene.arrived(id), illegal("FAILED"));
}

#[test]
fn r33_a_wire_counts_when_it_has_arrived_and_once() {
    let mut scene = Scene::new();
    let id = scene.pay_in(TopUpMethod::Wire, "60").unwrap().id;
    let settled = scene.arrived(id).unwrap();
    assert_eq!(settled.state, TopUpState::Settled);
    assert_eq!(settled.reference, Some(name("wire 1")));
    assert_eq!(scene.arrived(id), illegal("SETTLED"));
    assert_eq!(scene.cash(scene.customer), "60.0000");
    let [told] = scene.books.added.account_events.as_slice() else {
        panic!("told once");
    };
    assert_eq!(told.cash, money("60"));
}

#[test]
fn an_agents_funding_is_the_cash_of_its_own_account_and_it_hears_of_it() {
    let mut scene = Scene::new();
    scene.customer = scene.account_of(scene.agent);
    let id = scene.pay_in(TopUpMethod::Wire, "60").unwrap().id;
    scene.arrived(id).unwrap();
    assert_eq!(scene.money()[0], "60.0000");
    let [event] = scene.books.added.agent_events.as_slice() else {
        panic!("told once");
    };
    assert_eq!(event.funding, money("60"));
}

#[test]
fn a_payment_is_asked_about_after_a_minute_and_a_wire_is_not() {
    let mut scene = Scene::new();
    let card = scene.pay_in(TopUpMethod::CreditCard, "10").unwrap();
    let wire = scene.pay_in(TopUpMethod::Wire, "60").unwrap();
    let minute = scene.now() + TimeDelta::minutes(1);
    let after = minute + TimeDelta::microseconds(1);
    assert!(!is_stale(&card, minute));
    assert!(is_stale(&card, after));
    assert!(!is_stale(&wire, after));
}
