//! Which refusal must come, by the rules' own words; where none, the command must be carried out.

use agent_program::program::{Reason, RequestPayout, TransferFunds};
use entity::agent::AgentStatus;
use entity::customer::CustomerStatus;
use entity::entry::Account;
use entity::payout::{PayoutMethod, PayoutState};
use entity::top_up::TopUpMethod;
use entity::{CustomerId, Money, PayoutId, TypedId};

use super::model::{Model, open_agent, status, units};
use crate::world::World;

fn amount(units: i128) -> Money {
    Money::from_units(i64::try_from(units).expect("within range"))
}

pub fn is_open(world: &World, customer: CustomerId) -> bool {
    let status = world.books.customers[&customer].customer.status;
    matches!(status, CustomerStatus::Pending | CustomerStatus::Active)
}

/// R28, R29, E08, E22.
pub fn transfer(model: &Model, world: &World, command: &TransferFunds) -> Option<Reason> {
    let asked = units(command.amount);
    if asked <= 0 {
        return Some(Reason::AmountNotPositive);
    }
    let known = world.books.customers.get(&command.customer).is_some();
    if !known || open_agent(world, command.customer) != Some(command.agent) {
        return Some(Reason::NotAffiliated);
    }
    if status(world, command.agent) != AgentStatus::Active {
        return Some(Reason::AgentNotActive);
    }
    if !is_open(world, command.customer) {
        return Some(Reason::CustomerNotActive);
    }
    let funding = model.funding(world, command.agent);
    let commission = model.balance(Account::AgentCommission, command.agent.uuid());
    let available = (funding + commission).max(0);
    if asked <= available {
        return None;
    }
    Some(if commission < 0 && asked <= funding {
        Reason::CommissionNegative
    } else {
        Reason::InsufficientFunds {
            available: amount(available),
            requested: command.amount,
        }
    })
}

/// R37, R38, E08 to E12.
pub fn payout(model: &Model, world: &World, command: &RequestPayout) -> Option<Reason> {
    let asked = units(command.amount);
    let method = command.destination.method();
    let terms = &world.books.terms;
    let fee = match method {
        PayoutMethod::Wire => units(terms.wire_fee),
        PayoutMethod::Check | PayoutMethod::Paypal => 0,
    };
    let least = units(terms.minimum_payout);
    let minimum = amount(least.max(fee + 100));
    if asked <= 0 {
        return Some(Reason::AmountNotPositive);
    }
    if asked % 100 != 0 {
        return Some(Reason::AmountNotWholeCents);
    }
    let agent = command.agent;
    if status(world, agent) == AgentStatus::Suspended {
        return Some(Reason::AgentNotActive);
    }
    if model.balance(Account::AgentCommission, agent.uuid()) < 0 {
        return Some(Reason::CommissionNegative);
    }
    let fee_shown = amount(fee);
    if asked < least && status(world, agent) != AgentStatus::Closed {
        return Some(Reason::PayoutBelowMinimum {
            minimum,
            fee: fee_shown,
        });
    }
    if asked <= fee {
        return Some(Reason::PayoutNetNotPositive {
            minimum,
            fee: fee_shown,
        });
    }
    let (of_commission, of_funding) = model.withdrawable(world, agent);
    let available = of_commission + of_funding;
    (asked > available).then(|| Reason::InsufficientFunds {
        available: amount(available),
        requested: command.amount,
    })
}

/// E14: which states allow it.
pub fn decision(world: &World, payout: PayoutId, from: &[PayoutState]) -> Option<Reason> {
    match world.books.payouts.get(&payout) {
        None => Some(Reason::NotFound("payout".into())),
        Some(row) if from.contains(&row.state) => None,
        Some(row) => Some(Reason::IllegalState(row.state.to_string())),
    }
}

/// R34: what a method takes of an amount, now.
pub fn limit(world: &World, customer: CustomerId, method: TopUpMethod, asked: Money) -> bool {
    let limits = world.books.terms.top_up_limits(method);
    let today = units(paid_in(world, customer, method));
    let within = |most: Option<Money>, sum| most.is_none_or(|most| sum <= units(most));
    within(limits.maximum, units(asked)) && within(limits.maximum_per_day, today + units(asked))
}

/// R34: paid in over the last 24 hours by a method, failed payments aside.
pub fn paid_in(world: &World, customer: CustomerId, method: TopUpMethod) -> Money {
    let since = world.now() - chrono::TimeDelta::hours(24);
    let rows = world.books.top_ups.iter().map(|(_, row)| row);
    rows.filter(|row| row.customer_id == customer && row.method == method)
        .filter(|row| row.created_at > since && row.state != entity::top_up::TopUpState::Failed)
        .map(|row| row.amount)
        .sum()
}
