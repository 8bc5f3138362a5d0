//! Who there is when a history begins, and what changes around the commands.

use agent_program::program::{Terms, affiliations, rates};
use chrono::TimeDelta;
use entity::agent::AgentStatus;
use entity::customer::{CustomerStatus, Management};
use entity::product::ProductKind;
use entity::{AgentId, CustomerId, Exact, Money};

use super::history::History;
use super::model::open_agent;
use crate::chance::Chance;
use crate::world::{World, dawn, money};

fn terms(chance: &mut Chance) -> Terms {
    let mut terms = Terms {
        payout_hold_days: chance.of(&[0, 0, 30]),
        funding_withdrawable: chance.percent(70),
        second_person_over: chance.of(&[money("40"), money("1000")]),
        ..Terms::default()
    };
    if chance.percent(40) {
        terms.card_limits.maximum_per_day = Some(chance.of(&[money("25"), money("60")]));
    }
    terms
}

fn management(chance: &mut Chance) -> Management {
    chance.of(&[
        Management::Own,
        Management::PendingHandover,
        Management::AgentManaged,
    ])
}

/// Agents, customers and a price list.
pub fn world(chance: &mut Chance) -> World {
    let mut world = World::new(terms(chance));
    for _ in 0..chance.between(1, 5) {
        let agent = world.agent(chance.between(100, 1_001));
        if chance.percent(30) {
            let later = dawn() + TimeDelta::hours(chance.between(1, 1_000));
            world.set_rate(agent, later, chance.between(100, 1_001));
        }
        let commission = match chance.between(0, 10) {
            0 => -chance.between(1, 50_000),
            1..7 => chance.between(0, 3_000_000),
            _ => 0,
        };
        let carry = Exact::from_units(chance.between(0, 10_000));
        world.load_agent_balance(agent, Money::from_units(commission), carry);
        if chance.percent(15) {
            world.stands(agent, AgentStatus::Suspended);
        }
    }
    for _ in 0..chance.between(2, 7) {
        let management = management(chance);
        let customer = world.customer(management);
        let agent = chance.of(&world.agents);
        if chance.percent(80) {
            world.affiliate(customer, Some(agent));
        }
        if management == Management::PendingHandover {
            world.change_customer(customer, |file| {
                file.customer.status = CustomerStatus::Pending;
            });
        }
    }
    for customer in world.customers.clone() {
        let cash = match chance.between(0, 10) {
            0 => -chance.between(1, 30_000),
            1..7 => chance.between(0, 2_000_000),
            _ => 0,
        };
        let promo = chance.of(&[0, 0, 7, 12_345, 100_000]);
        let (cash, promo) = (Money::from_units(cash), Money::from_units(promo));
        world.load_customer_balance(customer, cash, promo);
    }
    price_list(&mut world);
    world
}

fn price_list(world: &mut World) {
    for (code, kind, price) in [
        ("number", ProductKind::Service, "10"),
        ("fax", ProductKind::Service, "4.9951"),
        ("greeting", ProductKind::Service, "0"),
        ("tax", ProductKind::Service, "1.5"),
        ("gone", ProductKind::Service, "1"),
        ("basic", ProductKind::Plan, "5"),
        ("full", ProductKind::Plan, "24.99"),
    ] {
        let id = world.product(code, kind, money(price));
        let product = world.books.products.get_mut(&id).expect("a product");
        product.commissionable = code != "tax";
        product.available = code != "gone";
    }
    let early = dawn() - TimeDelta::days(400);
    let later = dawn() + TimeDelta::days(12);
    let free = Money::ZERO;
    world.call_rate("1", early, (money("0.0198"), free), (30, 6));
    world.call_rate("1212", later, (money("0.0099"), money("0.01")), (60, 60));
    world.call_rate("44", early, (money("0.0301"), free), (1, 1));
    world.call_rate("44", later, (money("0.25"), free), (1, 1));
    world.call_rate("4470", early, (money("0.5555"), money("0.3")), (6, 6));
    world.call_rate("49800", early, (free, free), (1, 1));
}

impl History {
    /// Time passes, and now and then something happens that is no command of these.
    pub fn turn(&mut self) {
        let passes = match self.chance.between(0, 10) {
            0..4 => TimeDelta::seconds(self.chance.between(0, 90)),
            4..7 => TimeDelta::minutes(self.chance.between(1, 700)),
            7..9 => TimeDelta::hours(self.chance.between(12, 120)),
            _ => TimeDelta::days(self.chance.between(5, 45)),
        };
        self.world.pass(passes);
        if self.chance.percent(18) {
            self.happens();
        }
    }

    fn happens(&mut self) {
        let agent = self.chance.of(&self.world.agents);
        let customer = self.chance.of(&self.world.customers);
        match self.chance.between(0, 10) {
            0..3 => self.new_rate(agent),
            3..6 => self.new_agent(customer, agent),
            6 => {
                let status = self.chance.of(&[
                    CustomerStatus::Active,
                    CustomerStatus::Active,
                    CustomerStatus::Suspended,
                    CustomerStatus::Closed,
                ]);
                self.world
                    .change_customer(customer, |file| file.customer.status = status);
            }
            7 => {
                let management = management(&mut self.chance);
                self.world
                    .change_customer(customer, |file| file.customer.management = management);
            }
            8 => {
                let id = self.chance.of(&self.world.products);
                let product = self.world.books.products.get_mut(&id);
                let product = product.expect("a product");
                product.available = !product.available || self.chance.percent(50);
            }
            _ => {
                let fee = Money::from_units(self.chance.between(0, 30) * 10_000);
                self.world.set_terms(|terms| terms.wire_fee = fee);
            }
        }
    }

    fn new_rate(&mut self, agent: AgentId) {
        let now = self.world.now();
        let asked = self.chance.of(&[
            None,
            Some(now),
            Some(now + TimeDelta::days(3)),
            Some(now - TimeDelta::seconds(1)),
        ]);
        let rates = self.world.books.agents[&agent].rates.clone();
        let Ok(from) = rates::effective_from(asked, &rates, now) else {
            assert!(asked.is_some_and(|asked| asked < now));
            return;
        };
        assert!(from >= now, "E06: never backwards");
        let basis_points = self.chance.between(100, 1_001);
        self.world.set_rate(agent, from, basis_points);
    }

    /// Another agent of record, or none; an agent's own account may go under another agent (E19).
    fn new_agent(&mut self, customer: CustomerId, agent: AgentId) {
        if self.chance.percent(15) {
            return self.world.affiliate(customer, None);
        }
        let agent_row = &self.world.books.agents[&agent].agent;
        if affiliations::must_take_customers(agent_row).is_err() {
            return;
        }
        let mut above = vec![self.world.account_of(agent)];
        while let Some(next) = open_agent(&self.world, above[above.len() - 1]) {
            above.push(self.world.account_of(next));
        }
        if affiliations::must_not_circle(customer, above).is_ok() {
            self.world.affiliate(customer, Some(agent));
        }
    }
}
