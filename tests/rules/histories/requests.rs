//! Payouts, through all their states and out of turn.

use agent_program::program::{
    ApprovePayout, CancelPayout, Destination, PayoutDecided, Reason, Refusal, RejectPayout,
    RequestPayout, ReturnPayout, SendPayout, SettlePayout,
};
use entity::entry::Account;
use entity::payout::PayoutState::{Approved, Requested, Sent};
use entity::{AgentId, Email, LoginId, PayoutId, Prose, TypedId};
use uuid::Uuid;

use super::history::History;
use super::model::units;
use super::oracle;
use crate::world::name;

fn destination(method: i64) -> Destination {
    match method {
        0 => Destination::Check {
            payee: name("Ada"),
            address: Prose::parse("1 Main Street").expect("prose"),
        },
        1 => Destination::Paypal {
            email: Email::parse("ada@example.com").expect("an address"),
        },
        _ => Destination::Wire {
            payee: name("Ada"),
            bank_name: name("First Bank"),
            account_number: name("12345678"),
            routing_code: name("021000021"),
        },
    }
}

impl History {
    pub fn request_payout(&mut self) {
        // Two out of three times somebody who has enough.
        let rich = |agent: &AgentId| {
            let (a, b) = self.model.withdrawable(&self.world, *agent);
            a + b >= 200_000
        };
        let rich: Vec<_> = self.world.agents.iter().copied().filter(rich).collect();
        let agent = match self.chance.maybe(&rich) {
            Some(agent) if self.chance.percent(66) => agent,
            _ => self.chance.of(&self.world.agents),
        };
        let (of_commission, of_funding) = self.model.withdrawable(&self.world, agent);
        let least = units(self.world.books.terms.minimum_payout);
        let fee = units(self.world.books.terms.wire_fee);
        let some = i128::from(self.chance.between(200_000, 1_200_000));
        let edges = [
            some.min(of_commission + of_funding),
            some.min(of_commission + of_funding),
            of_commission + of_funding,
            (of_commission + of_funding) / 100 * 100,
            units(self.world.books.terms.second_person_over),
            least,
            fee,
            fee + 100,
        ];
        let command = RequestPayout {
            agent,
            amount: self.cents(&edges),
            destination: destination(self.chance.between(0, 3)),
        };
        let foreseen = oracle::payout(&self.model, &self.world, &command);
        let decided = self.decide(&command, foreseen);
        if let Ok(decided) = &decided {
            assert_eq!(decided.payout.gross, command.amount);
            assert_eq!(decided.payout.requested_at, self.world.now());
            self.payouts.push(decided.payout.id);
        }
        self.proved(decided);
    }

    /// What was answered is what stands in the books.
    fn proved(&mut self, decided: Result<PayoutDecided, Refusal>) {
        let Ok(decided) = decided else { return };
        let payout = &decided.payout;
        assert_eq!(self.world.books.payouts.get(&payout.id), Some(payout));
        let agent = payout.agent_id;
        let (a, b) = self.model.withdrawable(&self.world, agent);
        assert_eq!(units(decided.balance.withdrawable), a + b);
        let owner = agent.uuid();
        let commission = self.model.balance(Account::AgentCommission, owner);
        assert_eq!(units(decided.balance.commission), commission);
        let funding = self.model.funding(&self.world, agent);
        assert_eq!(units(decided.balance.funding), funding);
    }

    pub fn decide_on_payout(&mut self) {
        if self.payouts.is_empty() && self.chance.percent(95) {
            return self.request_payout();
        }
        // Of the newest ones, which are likely to be open.
        let newest = self.payouts.len().saturating_sub(3);
        let id = self
            .chance
            .maybe(&self.payouts[newest..])
            .filter(|_| !self.chance.percent(3))
            .unwrap_or(PayoutId::from_uuid(Uuid::from_u128(u128::MAX)));
        let operator = LoginId::from_uuid(Uuid::from_u128(self.chance.of(&[1, 2])));
        let reason = || Prose::parse("as it is").expect("prose");
        let row = self.world.books.payouts.get(&id).cloned();
        let state = row.as_ref().map(|row| row.state);
        let choice = match state {
            Some(Requested) if self.chance.percent(85) => self.chance.of(&[0, 1, 2, 2, 2, 2, 2]),
            Some(Approved) if self.chance.percent(85) => self.chance.of(&[1, 3, 3, 3, 3, 3]),
            Some(Sent) if self.chance.percent(80) => self.chance.of(&[4, 5]),
            _ => self.chance.between(0, 6),
        };
        let world = &self.world;
        match choice {
            0 => {
                let owner = row.map(|row| row.agent_id);
                let agent = match owner {
                    Some(owner) if self.chance.percent(90) => owner,
                    _ => self.chance.of(&world.agents),
                };
                let foreseen = if owner == Some(agent) {
                    oracle::decision(world, id, &[Requested])
                } else {
                    Some(Reason::NotFound("payout".into()))
                };
                let command = CancelPayout { agent, payout: id };
                let decided = self.decide(&command, foreseen);
                self.proved(decided);
            }
            1 => {
                let foreseen = oracle::decision(world, id, &[Requested, Approved]);
                let command = RejectPayout {
                    operator,
                    payout: id,
                    reason: Some(reason()),
                };
                let decided = self.decide(&command, foreseen);
                self.proved(decided);
            }
            2 => {
                let foreseen = oracle::decision(world, id, &[Requested]);
                let command = ApprovePayout {
                    operator,
                    payout: id,
                };
                let told = self.model.read.agent_events;
                let decided = self.decide(&command, foreseen);
                let news = self.model.read.agent_events - told;
                assert_eq!(news, usize::from(decided.is_ok()), "heard of");
                self.proved(decided);
            }
            3 => {
                let limit = world.books.terms.second_person_over;
                let alone = row
                    .filter(|row| row.gross > limit && row.approved_by == Some(operator))
                    .map(|_| Reason::SecondPersonRequired);
                let foreseen = oracle::decision(world, id, &[Approved]).or(alone);
                let command = SendPayout {
                    operator,
                    payout: id,
                    reference: Some(name("wire 7")),
                };
                let decided = self.decide(&command, foreseen);
                self.proved(decided);
            }
            4 => {
                let foreseen = oracle::decision(world, id, &[Sent]);
                let command = SettlePayout {
                    payout: id,
                    reference: None,
                };
                let decided = self.decide(&command, foreseen);
                self.proved(decided);
            }
            _ => {
                let foreseen = oracle::decision(world, id, &[Sent]);
                let command = ReturnPayout {
                    payout: id,
                    reason: reason(),
                    return_fee: self.chance.percent(50),
                };
                let fees = (Account::RevenuePayoutFees, None);
                let before = self.model.house(fees);
                let decided = self.decide(&command, foreseen);
                if let Ok(decided) = &decided {
                    let returned = before - self.model.house(fees);
                    let fee = units(decided.payout.fee);
                    assert_eq!(returned, if command.return_fee { fee } else { 0 }, "E16");
                }
                self.proved(decided);
            }
        }
    }
}
