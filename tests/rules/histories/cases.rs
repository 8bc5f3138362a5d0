//! Fraud cases, foretold: what is held, released and taken back (E28, R43).

use std::collections::BTreeMap;

use entity::agent::AgentStatus;
use entity::agent_event::AgentEventKind;
use entity::charge::ChargeState;
use entity::entry::Account;
use entity::fraud_case::FraudCaseState;
use entity::transaction::{Cause, TransactionKind};
use entity::{AgentId, ChargeId, FraudCaseId, TypedId};
use uuid::Uuid;

use super::charges::moved;
use super::expected::{EXPENSE, Expected, Told, commission_of, held};
use super::model::{Model, units};
use crate::world::World;

impl Model {
    fn in_order(&mut self, mut charges: Vec<ChargeId>) -> Vec<ChargeId> {
        charges.sort_by_key(|id| (self.charge_by_id(*id).occurred_at, *id));
        charges
    }

    /// E28: what the charges earned is held, as far as it is there.
    pub fn suspect(&mut self, world: &World, charges: Vec<ChargeId>) -> Vec<Expected> {
        let charges = self.in_order(charges);
        let mut cases = world.books.fraud_cases.iter().map(|(id, _)| *id);
        let case = cases.find(|id| !self.cases.contains_key(id));
        let case = case.expect("a new case");
        self.cases
            .insert(case, (FraudCaseState::Open, charges.clone()));
        let mut of_agents: BTreeMap<AgentId, Vec<ChargeId>> = BTreeMap::new();
        for charge in charges {
            self.charge_by_id(charge).state = ChargeState::FraudHeld;
            if let Some(of) = self.earnings.get(&charge) {
                of_agents.entry(of.row.agent_id).or_default().push(charge);
            }
        }
        let mut all = Vec::new();
        for (agent, charges) in of_agents {
            let cause = (Cause::FraudCase, case.uuid());
            let mut holds = Expected::new(TransactionKind::CommissionHeld, cause);
            for charge in charges {
                let net = self.earnings[&charge].net.max(0);
                let (there, moves) = match self.fate(world, charge) {
                    Some(AgentStatus::Closed) => (0, false),
                    None | Some(AgentStatus::Suspended) => {
                        let pool = self.balance(Account::AgentHeld, agent.uuid())
                            + holds.at(held(agent))
                            - self.holds_of(agent);
                        (pool, false)
                    }
                    Some(AgentStatus::Active) => {
                        let own = commission_of(agent);
                        (self.house(own) + holds.at(own), true)
                    }
                };
                let amount = net.min(there.max(0));
                if amount > 0 {
                    self.holds.insert(charge, amount);
                }
                if moves && amount > 0 {
                    moved(&mut holds.moves, commission_of(agent), held(agent), amount);
                    let row = self.earnings[&charge].row.id.uuid();
                    holds
                        .told
                        .push((agent, Told::Known(AgentEventKind::Commission, row)));
                }
            }
            if !holds.moves.is_empty() {
                all.push(holds);
            }
        }
        all
    }

    /// E28, R43: confirmed, all that is left is taken back; cleared, it is released.
    pub fn decide_case(&mut self, world: &World, case: FraudCaseId, fraud: bool) -> Vec<Expected> {
        let (state, charges) = self.cases.get_mut(&case).expect("a case");
        assert_eq!(*state, FraudCaseState::Open, "E28: decided twice");
        *state = if fraud {
            FraudCaseState::Confirmed
        } else {
            FraudCaseState::Cleared
        };
        let charges = charges.clone();
        let mut of_agents: BTreeMap<AgentId, Vec<ChargeId>> = BTreeMap::new();
        for id in charges {
            let charge = self.charge_by_id(id);
            charge.state = if fraud {
                ChargeState::FraudConfirmed
            } else if charge.refunded.is_zero() {
                ChargeState::Posted
            } else if charge.refunded < charge.amount {
                ChargeState::PartiallyRefunded
            } else {
                ChargeState::Refunded
            };
            if let Some(of) = self.earnings.get(&id) {
                of_agents.entry(of.row.agent_id).or_default().push(id);
            }
        }
        let cause = (Cause::FraudCase, case.uuid());
        let (mut all, mut clawed_back) = (Vec::new(), 0);
        for (agent, charges) in of_agents {
            let mut released = Expected::new(TransactionKind::CommissionReleased, cause);
            let mut forfeited = Expected::new(TransactionKind::CommissionForfeited, cause);
            for charge in &charges {
                let amount = self.holds.remove(charge).unwrap_or_default();
                let (end, to) = match self.fate(world, *charge) {
                    None | Some(AgentStatus::Suspended) => continue,
                    Some(AgentStatus::Active) => (&mut released, commission_of(agent)),
                    Some(AgentStatus::Closed) => (&mut forfeited, EXPENSE),
                };
                moved(&mut end.moves, held(agent), to, amount);
                if amount > 0 && (!fraud || to == EXPENSE) {
                    let row = self.earnings[charge].row.id.uuid();
                    end.told
                        .push((agent, Told::Known(AgentEventKind::Commission, row)));
                }
            }
            let let_go = released.at(held(agent)) + forfeited.at(held(agent));
            all.extend(
                [released, forfeited]
                    .into_iter()
                    .filter(|end| !end.moves.is_empty()),
            );
            if fraud {
                let taken = self.take_all(world, agent, (cause, let_go), &charges);
                clawed_back -= taken
                    .iter()
                    .flat_map(|taken| &taken.rows)
                    .map(|row| row.amount)
                    .sum::<i128>();
                all.extend(taken);
            }
        }
        let row = world.books.fraud_cases.get(&case).expect("a case");
        assert_eq!(units(row.clawed_back), clawed_back, "E28");
        all
    }

    /// All that is left of what the charges earned; of less than 0.0001 in all nothing.
    fn take_all(
        &mut self,
        world: &World,
        agent: AgentId,
        (cause, let_go): ((Cause, Uuid), i128),
        charges: &[ChargeId],
    ) -> Option<Expected> {
        let left: Vec<(ChargeId, i128)> = charges
            .iter()
            .map(|id| {
                (
                    *id,
                    units(self.earnings[id].row.base) - self.earnings[id].taken,
                )
            })
            .filter(|(id, _)| self.fate(world, *id) != Some(AgentStatus::Closed))
            .collect();
        let exact: i128 = left
            .iter()
            .map(|(id, base)| {
                let rate = self.earnings[id].row.commission_rate.percent();
                base * i128::from(rate.basis_points())
            })
            .sum();
        if (self.carries[&agent] - exact).div_euclid(10_000) == 0 {
            return None;
        }
        let mut taken = Expected::new(TransactionKind::CommissionClawback, cause);
        // What was let go just now is in `held` no more.
        taken.moves.insert(held(agent), let_go);
        let mut carries = BTreeMap::new();
        for charge in left {
            self.take_back(world, charge, &mut carries, &mut taken);
        }
        moved(&mut taken.moves, held(agent), held(agent), 0);
        *taken.moves.entry(held(agent)).or_default() -= let_go;
        taken.moves.retain(|_, amount| *amount != 0);
        taken.carries = carries;
        Some(taken)
    }
}
