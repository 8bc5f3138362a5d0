use agent_program::program::{
    CancelPayout, PayoutDecided, Reason, RejectPayout, ReturnPayout, SendPayout, SettlePayout,
    Terms,
};
use entity::entry::Account;
use entity::payout::PayoutState;
use entity::{AgentId, Money, PayoutId, Prose};

use super::scene::{Scene, check, illegal, operator, paypal, reason, wire};
use crate::world::{money, name};

fn why() -> Prose {
    Prose::parse("as it is").unwrap()
}

type Decided = Result<PayoutDecided, Reason>;
type Decision = fn(&mut Scene, PayoutId) -> Decided;

impl Scene {
    fn cancel(&mut self, agent: AgentId, payout: PayoutId) -> Decided {
        reason(self.run(&CancelPayout { agent, payout }))
    }

    fn reject(&mut self, payout: PayoutId) -> Decided {
        reason(self.run(&RejectPayout {
            operator: operator(1),
            payout,
            reason: Some(why()),
        }))
    }

    fn settle(&mut self, payout: PayoutId) -> Decided {
        let reference = None;
        reason(self.run(&SettlePayout { payout, reference }))
    }

    fn bank_returns(&mut self, payout: PayoutId, return_fee: bool) -> Decided {
        reason(self.run(&ReturnPayout {
            payout,
            reason: why(),
            return_fee,
        }))
    }

    /// The sum of the entries of one of the house's accounts.
    fn house(&self, account: Account) -> Money {
        let entries = self.books.added.entries.iter();
        let of_account = entries.filter(|entry| entry.account == account);
        of_account.map(|entry| entry.amount).sum()
    }
}

fn endowed(funding: &str, commission: &str) -> Scene {
    let mut scene = Scene::new();
    scene.endow(funding, commission);
    scene
}

#[test]
fn e14_each_decision_is_possible_in_its_states_only() {
    use PayoutState::{Approved, Cancelled, Paid, Rejected, Requested, Returned, Sent};
    let reach = |state: PayoutState| {
        let mut scene = endowed("0", "100");
        let agent = scene.agent;
        let id = scene.request("50", check()).unwrap().payout.id;
        if matches!(state, Approved | Sent | Paid | Returned) {
            scene.approve(1, id).unwrap();
        }
        if matches!(state, Sent | Paid | Returned) {
            scene.send(2, id).unwrap();
        }
        match state {
            Paid => drop(scene.settle(id).unwrap()),
            Returned => drop(scene.bank_returns(id, false).unwrap()),
            Cancelled => drop(scene.cancel(agent, id).unwrap()),
            Rejected => drop(scene.reject(id).unwrap()),
            _ => {}
        }
        let row = scene.books.payouts.get(&id).unwrap();
        assert_eq!(row.state, state);
        (scene, id)
    };
    let decisions: [(PayoutState, &[PayoutState], Decision); 6] = [
        (Cancelled, &[Requested], |scene, id| {
            scene.cancel(scene.agent, id)
        }),
        (Approved, &[Requested], |scene, id| scene.approve(1, id)),
        (Rejected, &[Requested, Approved], |scene, id| {
            scene.reject(id)
        }),
        (Sent, &[Approved], |scene, id| scene.send(2, id)),
        (Paid, &[Sent], |scene, id| scene.settle(id)),
        (Returned, &[Sent], |scene, id| scene.bank_returns(id, true)),
    ];
    for (to, from, decide) in decisions {
        for state in [
            Requested, Approved, Sent, Paid, Cancelled, Rejected, Returned,
        ] {
            let (mut scene, id) = reach(state);
            let decided = decide(&mut scene, id);
            if from.contains(&state) {
                assert_eq!(decided.unwrap().payout.state, to);
            } else {
                assert_eq!(decided, illegal(&state.to_string()), "{state} to {to}");
            }
        }
    }
}

#[test]
fn e14_what_is_cancelled_or_rejected_goes_back_to_where_it_came_from() {
    for cancels in [true, false] {
        let mut scene = endowed("30", "20.5");
        let agent = scene.agent;
        let id = scene.request("40", wire()).unwrap().payout.id;
        assert_eq!(scene.money(), ["10.5000", "0.0000", "0.0000", "40.0000"]);
        let decided = if cancels {
            scene.cancel(agent, id)
        } else {
            scene.reject(id)
        };
        assert_eq!(decided.unwrap().balance.reserved, money("0"));
        assert_eq!(scene.money(), ["30.0000", "20.5000", "0.0000", "0.0000"]);
    }
}

#[test]
fn an_agent_cancels_its_own_payouts_only() {
    let mut scene = endowed("0", "100");
    let id = scene.request("50", check()).unwrap().payout.id;
    let stranger = scene.agent(300);
    let missing = Err(Reason::NotFound("payout".into()));
    assert_eq!(scene.cancel(stranger, id), missing);
    assert_eq!(scene.money()[3], "50.0000");
}

#[test]
fn e17_over_the_limit_it_takes_two() {
    let mut scene = endowed("0", "5000");
    let id = scene.request("1000.01", check()).unwrap().payout.id;
    scene.approve(1, id).unwrap();
    assert_eq!(scene.send(1, id), Err(Reason::SecondPersonRequired));
    assert_eq!(
        scene.books.payouts.get(&id).unwrap().approved_by,
        Some(operator(1))
    );
    assert_eq!(scene.send(2, id).unwrap().payout.state, PayoutState::Sent);
    let id = scene.request("1000", check()).unwrap().payout.id;
    scene.approve(1, id).unwrap();
    assert_eq!(scene.send(1, id).unwrap().payout.state, PayoutState::Sent);
}

#[test]
fn a_payout_is_not_sent_without_reference_nor_rejected_without_reason() {
    let mut scene = endowed("0", "100");
    let payout = scene.request("50", check()).unwrap().payout.id;
    let mute = RejectPayout {
        operator: operator(1),
        payout,
        reason: None,
    };
    assert_eq!(
        scene.run(&mute).unwrap_err().field.as_deref(),
        Some("reason")
    );
    scene.approve(1, payout).unwrap();
    let mute = SendPayout {
        operator: operator(2),
        payout,
        reference: None,
    };
    let refusal = scene.run(&mute).unwrap_err();
    assert_eq!(refusal.field.as_deref(), Some("reference"));
}

#[test]
fn r38_a_wire_that_is_sent_brings_the_operator_its_fee() {
    let mut scene = endowed("0", "100");
    let id = scene.sent("100", wire());
    assert_eq!(scene.money()[1..], ["0.0000", "0.0000", "0.0000"]);
    assert_eq!(scene.house(Account::PayoutsInTransit), money("73"));
    assert_eq!(scene.house(Account::RevenuePayoutFees), money("27"));
    scene.settle(id).unwrap();
    assert_eq!(scene.house(Account::PayoutsInTransit), money("0"));
    assert_eq!(scene.house(Account::ClearingBank), money("73"));
}

#[test]
fn r36_a_payout_leaves_by_its_own_clearing_account() {
    for (to, account) in [
        (paypal(), Account::ClearingPaypal),
        (check(), Account::ClearingBank),
    ] {
        let mut scene = endowed("0", "100");
        let id = scene.sent("30", to);
        scene.settle(id).unwrap();
        assert_eq!(scene.house(account), money("30"));
    }
}

#[test]
fn a_payout_keeps_its_reference_unless_another_came() {
    let mut scene = endowed("0", "100");
    let first = scene.sent("30", check());
    let kept = scene.settle(first).unwrap().payout.reference;
    assert_eq!(kept, Some(name("wire 7")));
    let payout = scene.sent("30", check());
    let reference = Some(name("cashed 8"));
    let settled = scene.run(&SettlePayout { payout, reference }).unwrap();
    assert_eq!(settled.payout.reference, Some(name("cashed 8")));
}

#[test]
fn e16_what_the_bank_returns_comes_back_with_its_fee_or_without() {
    for (gives_fee, commission, fees) in [(true, "100.0000", "0"), (false, "73.0000", "27")] {
        let mut scene = endowed("0", "100");
        let id = scene.sent("100", wire());
        let returned = scene.bank_returns(id, gives_fee).unwrap().payout;
        assert_eq!(returned.state, PayoutState::Returned);
        assert_eq!(scene.money()[1], commission);
        assert_eq!(scene.house(Account::PayoutsInTransit), money("0"));
        assert_eq!(scene.house(Account::RevenuePayoutFees), money(fees));
    }
}

#[test]
fn e16_a_fee_that_is_kept_is_borne_by_the_commission_first() {
    for (funding, commission, kept) in [
        ("60", "40", ["60.0000", "13.0000"]),
        ("73", "27", ["73.0000", "0.0000"]),
        ("90", "10", ["73.0000", "0.0000"]),
        ("100", "0", ["73.0000", "0.0000"]),
    ] {
        let mut scene = endowed(funding, commission);
        let id = scene.sent("100", wire());
        scene.bank_returns(id, false).unwrap();
        assert_eq!(scene.money()[..2], kept, "{funding} and {commission}");
        let mut scene = endowed(funding, commission);
        let before = scene.money();
        let id = scene.sent("100", wire());
        scene.bank_returns(id, true).unwrap();
        assert_eq!(scene.money(), before);
    }
}

#[test]
fn e16_what_comes_back_pays_a_debt_of_commission_first() {
    let mut scene = Scene::with(Terms::default());
    scene.endow("0", "50");
    let id = scene.sent("50", check());
    let (agent, mut row) = (scene.agent, scene.books.agent_balance(scene.agent).clone());
    row.commission = money("-10");
    scene.books.agent_balances.load(agent, row);
    scene.bank_returns(id, false).unwrap();
    assert_eq!(scene.money()[1], "40.0000");
}

#[test]
fn the_agent_hears_of_each_decision_with_the_state_that_it_led_to() {
    let mut scene = endowed("0", "100");
    let id = scene.sent("50", check());
    scene.settle(id).unwrap();
    let states = scene.books.added.agent_events.iter();
    let states: Vec<_> = states.map(|event| event.payout_state.unwrap()).collect();
    assert_eq!(
        states,
        [
            PayoutState::Requested,
            PayoutState::Approved,
            PayoutState::Sent,
            PayoutState::Paid
        ]
    );
    assert_eq!(scene.books.agent_balance(scene.agent).event_seq, 4);
}
