//! Books that hold what a command says that it needs and no more: what is decided on them must be the same.

use std::collections::BTreeSet;

use agent_program::program::lots::{CashLine, Histories, Lots, Traced};
use agent_program::program::{Books, CallRates, Command, Earned, Needs, Owner, prefixes};
use entity::charge::ChargeState;
use entity::entry::Account;
use entity::fraud_case::FraudCaseState;
use entity::transaction::TransactionKind;
use entity::{AgentId, ChargeId, CustomerId, Money, TransactionId, TypedId};
use uuid::Uuid;

use super::moves::{immature, immature_held};
use super::oracle::paid_in;
use crate::world::World;

/// Loads as [`Needs`] promises.
pub fn load<C: Command>(world: &World, cash: &Histories, command: &C) -> Books {
    let mut needs = Needs::default();
    command.needs(&mut needs);
    let histories = follow(world, cash, &mut needs);
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
    for id in &needs.transfers {
        if let Some(transfer) = all.transfers.get(id) {
            books.transfers.load(*id, transfer.clone());
            agents.insert(transfer.agent_id);
            customers.insert(transfer.customer_id);
            for_payout.insert(transfer.agent_id);
        }
    }
    books.histories = histories;
    customers.extend(past(world, &mut books, &needs));
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

/// What the accounts begin with, as the first thing that happened to them.
pub fn openings(world: &World) -> Histories {
    let rows = world.books.customer_balances.iter();
    rows.map(|(id, row)| {
        let opening = CashLine {
            version: 0,
            transaction: TransactionId::from_uuid(Uuid::from_u128(u128::MAX - id.uuid().as_u128())),
            kind: TransactionKind::Adjustment,
            cause: id.uuid(),
            amount: row.cash,
            other: None,
        };
        let begins = (!row.cash.is_zero()).then_some(opening);
        (*id, begins.into_iter().collect())
    })
    .collect()
}

/// Adds what happened since.
pub fn tell(world: &World, cash: &mut Histories, told: usize) {
    let added = &world.books.added;
    let fresh = &added.entries[told..];
    for entry in fresh
        .iter()
        .filter(|entry| entry.account == Account::CustomerCash)
    {
        let mut of = added.transactions.iter().rev();
        let of = of
            .find(|row| row.id == entry.transaction_id)
            .expect("its transaction");
        let mut beside = fresh.iter().filter(|other| {
            other.transaction_id == entry.transaction_id
                && other.account == Account::CustomerCash
                && other.line != entry.line
        });
        let other = beside.next();
        let owner = |entry: &entity::entry::Model| CustomerId(entry.owner_id.expect("an owner's"));
        cash.entry(owner(entry)).or_default().push(CashLine {
            version: entry.version.expect("an owner's"),
            transaction: of.id,
            kind: of.kind,
            cause: of.cause_id,
            amount: entry.amount,
            other: other.map(|other| (owner(other), other.amount)),
        });
    }
}

/// Follows money to its end, and needs the charges that it paid for and the accounts that it came to.
fn follow(world: &World, cash: &Histories, needs: &mut Needs) -> Histories {
    let all = &world.books;
    let origin = needs.traced.iter().filter_map(|traced| match traced {
        Traced::TopUp(id) => all.top_ups.get(id).map(|row| row.customer_id),
        Traced::Transfer(id) => all.transfers.get(id).map(|row| row.customer_id),
    });
    let mut known: BTreeSet<CustomerId> = origin.collect();
    loop {
        let histories = known.iter().map(|id| (*id, cash[id].clone())).collect();
        let lots = Lots::replay(&histories);
        let before = known.len();
        known.extend(lots.beyond(&needs.traced));
        if known.len() > before {
            continue;
        }
        for traced in &needs.traced {
            if let Traced::TopUp(id) = traced {
                needs.charge_ids.extend(lots.paid_by(*id).into_keys());
            }
        }
        needs.customers.extend(known);
        return histories;
    }
}

/// Charges with what they earned, fraud cases, and what waits for a second operator; answers whose charges they are.
fn past(world: &World, books: &mut Books, needs: &Needs) -> BTreeSet<CustomerId> {
    let all = &world.books;
    let mut ids = needs.charge_ids.clone();
    for row in all
        .fraud_cases
        .iter()
        .filter(|(id, _)| needs.fraud_cases.contains(id))
    {
        books.fraud_cases.load(*row.0, row.1.clone());
    }
    let of_case = all.case_charges.iter();
    let of_case = of_case.filter(|(_, row)| needs.fraud_cases.contains(&row.case_id));
    ids.extend(of_case.map(|(id, _)| *id));
    for (customer, span) in &needs.charges_of {
        let of = all.charges.iter().map(|(_, row)| row);
        let of = of.filter(|row| row.customer_id == *customer);
        let of = of.filter(|row| span.from <= row.occurred_at && row.occurred_at < span.to);
        ids.extend(
            of.filter(|row| !super::expected::is_suspect(row.state))
                .map(|row| row.id),
        );
    }
    let mut customers = BTreeSet::new();
    let mut agents = needs.fraud_held.clone();
    for (key, charge) in all.charges.iter().filter(|(_, row)| ids.contains(&row.id)) {
        books.charges.load(key.clone(), charge.clone());
        books.charge_keys.insert(charge.id, key.clone());
        customers.insert(charge.customer_id);
        agents.extend(earned(all, books, charge.id));
        let open = |row: &entity::fraud_case_charge::Model| {
            all.fraud_cases[&row.case_id].state == FraudCaseState::Open
        };
        let case = all.case_charges.get(&charge.id).filter(|row| open(row));
        if charge.state == ChargeState::FraudHeld
            && let Some(row) = case
        {
            books.case_charges.load(charge.id, row.clone());
        }
        if let Some(own) = all.paid_with_commission.get(&charge.id) {
            books.paid_with_commission.insert(charge.id, *own);
        }
    }
    for agent in agents {
        let held = all.case_charges.iter().map(|(_, row)| row);
        let held = held.filter(|row| row.agent_id == Some(agent));
        let held = held.map(|row| row.held).sum();
        books.fraud_held.load(agent, held);
    }
    for (id, row) in all.proposals.iter() {
        let open = row.transaction_id.is_none() && row.expires_at > world.now();
        if open && needs.proposals.contains(&Owner::of(row)) {
            books.proposals.load(*id, row.clone());
        }
    }
    customers
}

/// What a charge earned, from the rows; answers whom.
fn earned(all: &Books, books: &mut Books, charge: ChargeId) -> Option<AgentId> {
    let mut of = all
        .added
        .commissions
        .iter()
        .filter(|row| row.charge_id == Some(charge));
    let row = of.next()?;
    let mut earned = Earned::whole(row.clone());
    of.for_each(|clawback| earned.take(clawback));
    books.earned.load(charge, earned);
    Some(row.agent_id)
}
