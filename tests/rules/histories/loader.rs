//! Books that hold what a command says that it needs and no more: what is decided on them must be the same.

use std::collections::BTreeSet;

use agent_program::program::{Books, CallRates, Command, Needs, prefixes};
use entity::{AgentId, CustomerId, Money};

use super::moves::{immature, immature_held};
use super::oracle::paid_in;
use crate::world::World;

/// Loads as [`Needs`] promises.
pub fn load<C: Command>(world: &World, command: &C) -> Books {
    let mut needs = Needs::default();
    command.needs(&mut needs);
    let (all, mut books) = (&world.books, world.empty_books());
    let mut agents = needs.agents.clone();
    let mut customers: BTreeSet<CustomerId> = needs.customers.clone();
    let mut products = BTreeSet::new();
    for number in &needs.numbers {
        if let Some(id) = all.numbers.get(number) {
            books.numbers.insert(number.clone(), *id);
            customers.insert(*id);
        }
    }
    for id in &needs.plans {
        if let Some(plan) = all.plans.get(id) {
            books.plans.load(*id, plan.clone());
            customers.insert(plan.customer_id);
            products.insert(plan.product_id);
        }
    }
    for id in &needs.top_ups {
        if let Some(top_up) = all.top_ups.get(id) {
            books.top_ups.load(*id, top_up.clone());
            customers.insert(top_up.customer_id);
            products.extend(top_up.product_id);
        }
    }
    let mut for_payout = needs.immature.clone();
    for id in &needs.payouts {
        if let Some(payout) = all.payouts.get(id) {
            books.payouts.load(*id, payout.clone());
            agents.insert(payout.agent_id);
            for_payout.insert(payout.agent_id);
        }
    }
    for (id, product) in &all.products {
        if products.contains(id)
            || needs.products.contains(id)
            || needs.product_codes.contains(&product.code)
        {
            books.products.insert(*id, product.clone());
        }
    }
    for key in &needs.charges {
        if let Some(charge) = all.charges.get(key) {
            books.charges.load(key.clone(), charge.clone());
        }
    }
    let wanted: BTreeSet<&str> = needs.calls_to.iter().flat_map(prefixes).collect();
    let rates = world.call_rates.iter();
    let rates = rates.filter(|rate| wanted.contains(rate.prefix.as_str()));
    books.call_rates = CallRates::new(rates.cloned());
    for id in &customers {
        if let Some(file) = all.customers.get(id) {
            agents.extend(file.own_of);
            agents.extend(file.affiliations.iter().map(|time| time.agent_id));
        }
    }
    owners(&mut books, all, &agents, customers);
    for id in for_payout {
        if all.agents.get(&id).is_some() {
            let sum = i64::try_from(immature(world, id)).expect("within range");
            books.immature.load(id, Money::from_units(sum));
            let held = i64::try_from(immature_held(world, id)).expect("within range");
            books.immature_held.load(id, Money::from_units(held));
        }
    }
    for (customer, method) in needs.paid_in {
        let sum = paid_in(world, customer, method);
        books.paid_in.load((customer, method), sum);
    }
    if needs.desk {
        let desk = all.desk.get(&()).expect("the desk");
        books.desk.load((), desk.clone());
    }
    books
}

fn owners(
    books: &mut Books,
    all: &Books,
    agents: &BTreeSet<AgentId>,
    mut customers: BTreeSet<CustomerId>,
) {
    for id in agents {
        let Some(file) = all.agents.get(id) else {
            continue;
        };
        books.agents.load(*id, file.clone());
        let balance = all.agent_balance(*id).clone();
        books.agent_balances.load(*id, balance);
        customers.insert(file.agent.customer_id);
    }
    for id in customers {
        let Some(file) = all.customers.get(&id) else {
            continue;
        };
        books.customers.load(id, file.clone());
        let balance = all.customer_balance(id).clone();
        books.customer_balances.load(id, balance);
    }
}
