//! Operators decide on agents, and give them bonuses.

use std::collections::BTreeMap;

use agent_program::program::{CloseAgent, PayBonus, Reason, ReinstateAgent, SuspendAgent};
use entity::agent::{self, AgentStatus};
use entity::commission::{self, CommissionKind};
use entity::entry::Account;
use entity::transaction::{self, Cause};
use entity::{AgentId, LoginId, Prose, TypedId};
use uuid::Uuid;

use super::charges::moved;
use super::history::History;
use super::model::{Model, Place, open_agent, status, stood, units};
use crate::world::{World, name};

impl History {
    /// E22, E23: ACTIVE, SUSPENDED and back, and CLOSED for good.
    pub fn standing(&mut self) {
        let agent = self.chance.of(&self.world.agents);
        let operator = LoginId::from_uuid(Uuid::from_u128(1));
        let reason = Prose::parse("looked into").expect("prose");
        let was = status(&self.world, agent);
        let becomes = match (was, self.chance.between(0, 10)) {
            (AgentStatus::Active, 0..6) | (_, 8) => AgentStatus::Suspended,
            (AgentStatus::Suspended, 0..5) | (_, 9) => AgentStatus::Active,
            _ => AgentStatus::Closed,
        };
        let reserved = self.model.balance(Account::AgentReserved, agent.uuid());
        let refused = match (was, becomes) {
            (AgentStatus::Closed, _) => Some("CLOSED"),
            (_, AgentStatus::Closed) if reserved != 0 => Some("PAYOUTS_OPEN"),
            (AgentStatus::Active, AgentStatus::Active) => Some("ACTIVE"),
            (AgentStatus::Suspended, AgentStatus::Suspended) => Some("SUSPENDED"),
            _ => None,
        };
        let refused = refused.map(|state| Reason::IllegalState(state.into()));
        let decided = match becomes {
            AgentStatus::Suspended => self.decide(
                &SuspendAgent {
                    operator,
                    agent,
                    reason,
                },
                refused,
            ),
            AgentStatus::Active => self.decide(
                &ReinstateAgent {
                    operator,
                    agent,
                    reason,
                },
                refused,
            ),
            AgentStatus::Closed => self.decide(
                &CloseAgent {
                    operator,
                    agent,
                    reason,
                },
                refused,
            ),
        };
        if let Ok(decided) = decided {
            self.stands(&decided, becomes);
        }
    }

    fn stands(&mut self, decided: &agent::Model, becomes: AgentStatus) {
        let agent = decided.id;
        assert_eq!(decided.status, becomes);
        assert_eq!(status(&self.world, agent), becomes);
        let held = self.model.balance(Account::AgentHeld, agent.uuid());
        if becomes != AgentStatus::Suspended {
            let by_cases = self.model.holds_of(agent);
            assert_eq!(held, by_cases, "released or forfeited, but for cases");
        }
        if becomes == AgentStatus::Closed {
            for customer in self.world.customers.clone() {
                assert_ne!(open_agent(&self.world, customer), Some(agent), "E23");
            }
        }
    }

    pub fn bonus(&mut self) {
        let agent = self.chance.of(&self.world.agents);
        let command = PayBonus {
            agent,
            amount: self.amount(&[10_000]),
            reason: name("Well done"),
        };
        let amount = units(command.amount);
        let closed = status(&self.world, agent) == AgentStatus::Closed;
        let refused = if amount <= 0 {
            Some(Reason::AmountNotPositive)
        } else if amount > 900_000_000_000_000 {
            Some(Reason::InvalidInput(
                "A bonus is at most 90000000000.0000.".into(),
            ))
        } else {
            closed.then_some(Reason::AgentNotActive)
        };
        let _ = self.decide(&command, refused);
    }
}

impl Model {
    /// A bonus leaves the carry as it is, and is held while the agent is suspended.
    pub fn bonus(
        &mut self,
        world: &World,
        transaction: &transaction::Model,
        row: &commission::Model,
    ) -> BTreeMap<Place, i128> {
        assert_eq!(row.kind, CommissionKind::Bonus);
        assert_eq!(transaction.cause, Cause::Commission);
        assert_eq!(transaction.cause_id, row.id.uuid());
        let amount = units(row.amount);
        assert_eq!(units(row.base), 0);
        assert_eq!(i128::from(row.exact.units()), amount * 10_000);
        let carry = self.carries[&row.agent_id];
        assert_eq!(i128::from(row.carry_before.units()), carry);
        assert_eq!(i128::from(row.carry_after.units()), carry);
        assert_eq!((row.customer_id, row.charge_id), (None, None));
        let sums = self.earned.entry(row.agent_id).or_default();
        sums.0 += amount * 10_000;
        sums.1 += amount * 10_000;
        let (stands, _) = stood(world, row.agent_id, world.now());
        assert_eq!(row.held, stands == AgentStatus::Suspended, "E22");
        let to = if row.held {
            Account::AgentHeld
        } else {
            Account::AgentCommission
        };
        let mut moves = BTreeMap::new();
        let from = (Account::ExpenseCommission, None);
        let agent: AgentId = row.agent_id;
        moved(&mut moves, from, (to, Some(agent.uuid())), amount);
        moves
    }
}
