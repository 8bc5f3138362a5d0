//! What a charge must move and earn, by the rules' own words.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use entity::agent::AgentStatus;
use entity::charge::{self, ChargeKind, ChargeState};
use entity::commission::{self, CommissionKind};
use entity::entry::Account;
use entity::{AgentId, PhoneNumber, TypedId};

use super::expected::Earning;
use super::model::{Model, Place, status, stood, units};
use crate::world::World;

/// How a charge is paid: promo, cash, an agent's own commission.
type Parts = (i128, i128, i128);

/// Puts `amount` down as moved from one place to another.
pub fn moved(moves: &mut BTreeMap<Place, i128>, from: Place, to: Place, amount: i128) {
    *moves.entry(from).or_default() -= amount;
    *moves.entry(to).or_default() += amount;
    moves.retain(|_, units| *units != 0);
}

impl Model {
    /// What a charge must have moved; proves its commission on the way (4, 5).
    pub fn charge(
        &mut self,
        world: &World,
        charge: &charge::Model,
        commissions: &[commission::Model],
    ) -> BTreeMap<Place, i128> {
        let owner = Some(charge.customer_id.uuid());
        let (promo, cash, own) = self.parts(world, charge);
        assert_eq!(units(charge.promo_part), promo, "promo first (E13)");
        let revenue = match charge.kind {
            ChargeKind::Call => Account::RevenueCalls,
            ChargeKind::Service => Account::RevenueServices,
            ChargeKind::PlanFee => Account::RevenuePlans,
        };
        self.paid.insert(charge.id, (promo, cash, own));
        let mut moves = BTreeMap::new();
        let revenue = (revenue, None);
        moved(&mut moves, (Account::CustomerPromo, owner), revenue, promo);
        moved(&mut moves, (Account::CustomerCash, owner), revenue, cash);
        if let Some(agent) = world.books.customers[&charge.customer_id].own_of {
            let from = (Account::AgentCommission, Some(agent.uuid()));
            moved(&mut moves, from, revenue, own);
        }
        match (due(world, charge, cash + own), commissions) {
            (None, []) => {}
            (Some((agent, rate)), [row]) => {
                let posted = self.commission(world, charge, (agent, rate, cash + own), row);
                let earning = Earning {
                    row: row.clone(),
                    taken: 0,
                    net: posted,
                    clawbacks: 0,
                };
                self.earnings.insert(charge.id, earning);
                let to = if is_held(world, agent, charge.occurred_at) {
                    Account::AgentHeld
                } else {
                    Account::AgentCommission
                };
                let from = (Account::ExpenseCommission, None);
                moved(&mut moves, from, (to, Some(agent.uuid())), posted);
            }
            (due, found) => panic!("5: due {due:?}, found {found:?}"),
        }
        moves
    }

    fn parts(&self, world: &World, charge: &charge::Model) -> Parts {
        let customer = charge.customer_id;
        let amount = units(charge.amount);
        if charge.external_id.as_str().starts_with("top_") {
            return (0, amount, 0);
        }
        let has_promo = self.balance(Account::CustomerPromo, customer.uuid());
        let has_cash = self.balance(Account::CustomerCash, customer.uuid());
        let owner = world.books.customers[&customer]
            .own_of
            .filter(|agent| status(world, *agent) == AgentStatus::Active);
        let has_commission = owner.map_or(0, |agent| {
            self.balance(Account::AgentCommission, agent.uuid())
        });
        let promo = has_promo.min(amount);
        let covered = has_cash.max(0).min(amount - promo);
        let own = has_commission.max(0).min(amount - promo - covered);
        let cash = amount - promo - own;
        if charge.kind != ChargeKind::Call {
            let all = has_promo + has_cash + has_commission;
            assert!(amount <= all.max(0), "E31: bought beyond what there is");
            assert!(cash <= has_cash || cash == 0, "E31: bought on credit");
        }
        (promo, cash, own)
    }

    /// Proves one commission row; answers what was posted (4, E01).
    fn commission(
        &mut self,
        world: &World,
        charge: &charge::Model,
        (agent, rate, base): (AgentId, i128, i128),
        row: &commission::Model,
    ) -> i128 {
        let exact = base * rate;
        let carry = self.carries.get_mut(&agent).expect("an agent");
        let before = *carry;
        let mut posted = (exact + before) / 10_000;
        if posted * 10_000 > exact + before {
            posted -= 1;
        }
        *carry = exact + before - posted * 10_000;
        let sums = self.earned.entry(agent).or_default();
        sums.0 += exact;
        sums.1 += posted * 10_000;
        let days = i64::from(world.books.terms.payout_hold_days);
        let found = (
            i128::from(row.exact.units()),
            units(row.amount),
            i128::from(row.carry_before.units()),
            i128::from(row.carry_after.units()),
        );
        assert_eq!(found, (exact, posted, before, *carry), "4");
        assert_eq!(row.agent_id, agent);
        assert_eq!(row.customer_id, Some(charge.customer_id));
        assert_eq!(row.charge_id, Some(charge.id));
        assert_eq!(row.kind, CommissionKind::Earned);
        assert_eq!(units(row.base), base, "E03");
        let basis_points = row.commission_rate.percent().basis_points();
        assert_eq!(i128::from(basis_points), rate, "E05: the rate of its time");
        assert_eq!(row.held, is_held(world, agent, charge.occurred_at), "E22");
        assert_eq!(row.reverses_id, None);
        assert_eq!(row.occurred_at, charge.occurred_at);
        assert_eq!(row.created_at, world.now());
        assert_eq!(row.matures_at, world.now() + chrono::TimeDelta::days(days));
        posted
    }

    /// Each charge once, changed by refunds and fraud cases alone; the roll-ups are their sums.
    pub fn charges_once(&mut self, world: &World, fresh: Vec<charge::Model>) {
        for charge in fresh {
            assert_eq!(charge.created_at, world.now());
            assert_eq!(charge.state, ChargeState::Posted);
            assert_eq!(units(charge.refunded), 0, "6");
            assert_eq!(charge.amount.is_zero(), charge.transaction_id.is_none());
            listed(world, &charge);
            self.roll_up(world, &charge);
            let key = (charge.source.clone(), charge.external_id.clone());
            self.keys.insert(charge.id, key.clone());
            self.charges.insert(key, charge);
        }
        let unchanged = world.books.charges.iter().eq(self.charges.iter());
        assert!(unchanged, "a charge was changed otherwise");
        let slots = world.books.slots.iter().map(|((agent, slot, kind), row)| {
            let figures = [
                i128::from(row.charges),
                i128::from(row.calls),
                i128::from(row.call_seconds),
                units(row.spent),
                units(row.base),
                units(row.earned),
                units(row.clawed_back),
            ];
            ((*agent, slot.timestamp(), *kind), figures)
        });
        assert!(slots.eq(self.slots.iter().map(|(k, v)| (*k, *v))), "slots");
        let days = world
            .books
            .days
            .iter()
            .map(|((agent, customer, day), row)| {
                let figures = [
                    i128::from(row.charges),
                    i128::from(row.calls),
                    i128::from(row.call_seconds),
                    units(row.spent),
                    units(row.base),
                    units(row.earned),
                    units(row.clawed_back),
                ];
                let begins = day.and_hms_opt(0, 0, 0).expect("midnight").and_utc();
                ((*agent, *customer, begins.timestamp()), figures)
            });
        assert!(days.eq(self.days.iter().map(|(k, v)| (*k, *v))), "days");
    }

    fn roll_up(&mut self, world: &World, charge: &charge::Model) {
        let Some(agent) = charge.agent_id else { return };
        let mut rows = world.books.added.commissions.iter().rev();
        let row = rows.find(|row| row.charge_id == Some(charge.id));
        let figures = [
            1,
            i128::from(charge.kind == ChargeKind::Call),
            i128::from(charge.call_seconds.unwrap_or(0)),
            units(charge.amount),
            row.map_or(0, |row| units(row.base)),
            row.map_or(0, |row| units(row.amount)),
            0,
        ];
        let at = charge.occurred_at.timestamp();
        let slot = (agent, at - at.rem_euclid(900), charge.kind);
        let day = (agent, charge.customer_id, at - at.rem_euclid(86_400));
        let slot = self.slots.entry(slot).or_default();
        slot.iter_mut()
            .zip(figures)
            .for_each(|(sum, add)| *sum += add);
        let day = self.days.entry(day).or_default();
        day.iter_mut()
            .zip(figures)
            .for_each(|(sum, add)| *sum += add);
    }
}

/// Whether what is earned on something of this instant is held: under a suspension that is not lifted (E22).
fn is_held(world: &World, agent: AgentId, occurred_at: DateTime<Utc>) -> bool {
    let (stood, became) = stood(world, agent, occurred_at.min(world.now()));
    stood == AgentStatus::Suspended && became != Some(AgentStatus::Active)
}

/// Who is due what rate, where somebody is (5).
fn due(world: &World, charge: &charge::Model, base: i128) -> Option<(AgentId, i128)> {
    let at = charge.occurred_at.min(charge.created_at);
    let times = &world.books.customers[&charge.customer_id].affiliations;
    let of_record: Vec<_> = times
        .iter()
        .filter(|time| time.since <= at && time.until.is_none_or(|until| until > at))
        .map(|time| time.agent_id)
        .collect();
    assert!(of_record.len() <= 1, "11");
    let agent = of_record.first().copied();
    assert_eq!(charge.agent_id, agent, "E05: the agent of its time");
    let agent = agent?;
    let (stood, _) = stood(world, agent, at);
    assert_ne!(stood, AgentStatus::Closed, "E23: nobody is its customer");
    let rates = &world.books.agents[&agent].rates;
    let rate = rates
        .iter()
        .filter(|rate| rate.effective_from <= at)
        .max_by_key(|rate| rate.effective_from)?;
    let basis_points = i128::from(rate.commission_rate.percent().basis_points());
    (charge.commissionable && base > 0).then_some((agent, basis_points))
}

/// 10: the price is the list's, whoever the agent is.
fn listed(world: &World, charge: &charge::Model) {
    if let Some(product) = charge.product_id {
        let product = &world.books.products[&product];
        assert_eq!(charge.amount, product.price, "10");
        assert_eq!(charge.commissionable, product.commissionable);
    }
    let (Some(to), Some(seconds)) = (&charge.call_to, charge.call_seconds) else {
        return;
    };
    let (billed, price) = price_of_call(world, charge, to, i128::from(seconds));
    assert_eq!(charge.call_billed_seconds.map(i128::from), Some(billed));
    assert_eq!(units(charge.amount), price, "E35");
}

fn price_of_call(
    world: &World,
    charge: &charge::Model,
    to: &PhoneNumber,
    seconds: i128,
) -> (i128, i128) {
    let at = charge.occurred_at.min(charge.created_at);
    let of_call = world
        .call_rates
        .iter()
        .filter(|rate| rate.effective_from <= at && to.digits().starts_with(&rate.prefix))
        .max_by_key(|rate| (rate.prefix.len(), rate.effective_from))
        .expect("a rate was in force");
    let (initial, increment) = (
        i128::from(of_call.initial_increment),
        i128::from(of_call.increment),
    );
    let beyond = (seconds - initial).max(0);
    let begun = beyond / increment + i128::from(beyond % increment > 0);
    let billed = initial + begun * increment;
    // Twice the price in sixtieths, so that a half is whole.
    let exact = billed * units(of_call.price_per_minute);
    let mut price = exact / 60;
    match (2 * (exact % 60)).cmp(&60) {
        std::cmp::Ordering::Greater => price += 1,
        std::cmp::Ordering::Equal => price += price % 2,
        std::cmp::Ordering::Less => {}
    }
    (billed, units(of_call.connection_fee) + price)
}
