//! Books in memory to try rules on: those that the server would have loaded for the customers of one agent.

use std::sync::Arc;

use agent_program::program::{Books, RatedCharge, RecordCharges, Terms};
use chrono::{DateTime, TimeDelta, Utc};
use entity::charge::ChargeKind;
use entity::{AgentId, Money, chain};

use super::Plan;
use super::people::name;
use super::world::World;

/// A small world in which nothing has happened yet.
pub struct Sample {
    world: World,
    now: DateTime<Utc>,
}

impl Sample {
    /// As of an instant.
    #[must_use]
    pub fn new(now: DateTime<Utc>) -> Self {
        let mut plan = Plan::of(4_000, now);
        // Twenty-five of every agent, and some more.
        plan.customers = plan.agents * 40;
        let head = chain::Model {
            shard: 0,
            seq: 0,
            hash: "0".repeat(64),
        };
        let world = World::new(&plan, Arc::new(Terms::default()), head);
        Self { world, now }
    }

    /// The first agent.
    #[must_use]
    pub fn agent(&self) -> AgentId {
        self.world.agent_id(0)
    }

    /// Books with so many of its customers, as a batch finds them.
    #[must_use]
    pub fn books(&self, customers: usize) -> Books {
        let of_first = self.world.agents[0].customers.iter();
        self.world
            .open(self.now, of_first.copied().take(customers), [0])
    }

    /// A request that charges so many calls to these customers in turn.
    #[must_use]
    pub fn charges(&self, customers: usize, count: usize) -> RecordCharges {
        let of_first = &self.world.agents[0].customers[..customers];
        let charges = of_first.iter().cycle().zip(0..count);
        let charges = charges.map(|(place, nth)| RatedCharge {
            external_id: name(&format!("row-{nth}")),
            account_number: self.world.customers[*place].file.customer.number.clone(),
            kind: ChargeKind::Call,
            description: name("A call"),
            amount: Money::from_units(198),
            commissionable: true,
            occurred_at: self.now - TimeDelta::minutes(1),
        });
        RecordCharges {
            source: name("switch"),
            charges: charges.collect(),
        }
    }
}
