//! Loads the books of a batch and locks their owners: agents by id, then customers by id, then the desk.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use entity::agent::AgentStatus;
use entity::top_up::{TopUpMethod, TopUpState};
use entity::{
    AccountNumber, AgentId, CustomerId, Money, Name, PayoutId, PlanId, ProductId, StandingId,
    TopUpId, TransferId, affiliation, agent, agent_standing, call_rate, charge, commission,
    commission_rate, customer, payout, plan, product, top_up, transfer,
};
use sea_orm::sea_query::{Expr, ExprTrait, Func, SimpleExpr};
use sea_orm::{
    ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QuerySelect, Select,
};

use super::past;
use super::trace::{self, Trace};
use crate::Clock;
use crate::program::{AgentFile, Books, CallRates, CustomerFile, IdSource, Needs, Terms, prefixes};
use crate::store::{bulk, commissions, locks};

/// Whose rows are locked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Owners {
    pub agents: BTreeSet<AgentId>,
    pub customers: BTreeSet<CustomerId>,
}

#[expect(
    clippy::large_enum_variant,
    reason = "one at a time, and nearly always the large one"
)]
pub(super) enum Loaded {
    Books(Books),
    /// Others have to be locked than were: begin again with these.
    Again(Owners),
}

/// What commands name without saying whose it is.
struct Named {
    plans: Vec<plan::Model>,
    top_ups: Vec<top_up::Model>,
    payouts: Vec<payout::Model>,
    transfers: Vec<transfer::Model>,
    charges: Vec<charge::Model>,
}

/// Loads what is needed; `known` are owners that an earlier try found.
pub(super) async fn load(
    txn: &DatabaseTransaction,
    needs: &Needs,
    known: Owners,
    terms: &Arc<Terms>,
    clock: &Clock,
    ids: impl FnOnce(DateTime<Utc>) -> IdSource,
) -> Result<Loaded, DbErr> {
    if needs.traced.is_empty() {
        return load_named(txn, needs, known, terms, clock, ids, None).await;
    }
    let mut trace = Trace::default();
    let needs = trace.follow(txn, needs).await?;
    load_named(txn, &needs, known, terms, clock, ids, Some(trace)).await
}

/// Loads what is named, with the histories of money that has been followed to the accounts that it came to.
async fn load_named(
    txn: &DatabaseTransaction,
    needs: &Needs,
    known: Owners,
    terms: &Arc<Terms>,
    clock: &Clock,
    ids: impl FnOnce(DateTime<Utc>) -> IdSource,
    trace: Option<Trace>,
) -> Result<Loaded, DbErr> {
    let named = named(txn, needs).await?;
    let numbers = numbers(txn, needs).await?;
    let mut asked = needs.customers.clone();
    asked.extend(named.plans.iter().map(|row| row.customer_id));
    asked.extend(named.top_ups.iter().map(|row| row.customer_id));
    asked.extend(numbers.iter().map(|(_, id)| *id));
    asked.extend(named.transfers.iter().map(|row| row.customer_id));
    asked.extend(named.charges.iter().map(|row| row.customer_id));
    let asked: Vec<CustomerId> = asked.into_iter().collect();
    let mut agents = known.agents.clone();
    agents.extend(&needs.agents);
    agents.extend(named.payouts.iter().map(|row| row.agent_id));
    agents.extend(named.transfers.iter().map(|row| row.agent_id));

    let found = around(txn, &asked, agents).await?;
    let (agent_balances, customer_balances) =
        locks::lock_owners(txn, &found.owners.agents, &found.owners.customers).await?;
    let desk = if needs.desk {
        Some(locks::lock_desk(txn).await?)
    } else {
        None
    };
    // Only now is it known what others have done: read again what may have changed before the locks were had.
    let under_lock = around(txn, &asked, found.owners.agents.clone()).await?;
    if !under_lock.owners.agents.is_subset(&found.owners.agents)
        || !under_lock
            .owners
            .customers
            .is_subset(&found.owners.customers)
    {
        return Ok(Loaded::Again(under_lock.owners));
    }
    let mut needs = Cow::Borrowed(needs);
    let mut histories = None;
    if let Some(mut trace) = trace {
        let now_needed = trace.follow(txn, &needs).await?;
        if !now_needed.customers.is_subset(&found.owners.customers) {
            return Ok(Loaded::Again(found.owners));
        }
        needs = Cow::Owned(now_needed);
        histories = Some(trace.into_histories());
    }
    let needs = needs.as_ref();

    let now = clock.now();
    let mut books = Books::new(now, Arc::clone(terms), ids(now));
    for row in agent_balances {
        books.agent_balances.load(row.agent_id, row);
    }
    for row in customer_balances {
        books.customer_balances.load(row.customer_id, row);
    }
    if let Some(desk) = desk {
        books.desk.load((), desk);
    }
    let mut shown: BTreeSet<AgentId> = named.payouts.iter().map(|row| row.agent_id).collect();
    shown.extend(named.transfers.iter().map(|row| row.agent_id));
    let named = self::named(txn, needs).await?;
    files(txn, &mut books, under_lock).await?;
    products(txn, &mut books, needs, &named).await?;
    calls(txn, &mut books, needs).await?;
    past::charges(txn, &mut books, named.charges).await?;
    if !books.charge_keys.is_empty()
        || !needs.fraud_cases.is_empty()
        || !needs.fraud_held.is_empty()
    {
        past::cases(txn, &mut books, needs).await?;
    }
    trace::proposals(txn, &mut books, &needs.proposals).await?;
    books.histories = histories.unwrap_or_default();
    let mut immature = needs.immature.clone();
    immature.extend(shown);
    sums(txn, &mut books, needs, &immature).await?;
    books.numbers.extend(numbers);
    for row in named.plans {
        books.plans.load(row.id, row);
    }
    for row in named.top_ups {
        books.top_ups.load(row.id, row);
    }
    for row in named.transfers {
        books.transfers.load(row.id, row);
    }
    for row in named.payouts {
        books.payouts.load(row.id, row);
    }
    Ok(Loaded::Books(books))
}

async fn named(txn: &DatabaseTransaction, needs: &Needs) -> Result<Named, DbErr> {
    let plans: Vec<PlanId> = needs.plans.iter().copied().collect();
    let top_ups: Vec<TopUpId> = needs.top_ups.iter().copied().collect();
    let transfers: Vec<TransferId> = needs.transfers.iter().copied().collect();
    let payouts: Vec<PayoutId> = needs.payouts.iter().copied().collect();
    Ok(Named {
        plans: some::<plan::Entity, _>(txn, plan::Column::Id, &plans).await?,
        top_ups: some::<top_up::Entity, _>(txn, top_up::Column::Id, &top_ups).await?,
        payouts: some::<payout::Entity, _>(txn, payout::Column::Id, &payouts).await?,
        transfers: some::<transfer::Entity, _>(txn, transfer::Column::Id, &transfers).await?,
        charges: past::named(txn, needs).await?,
    })
}

/// Whose account numbers these are: for ever, so that it need not be read again under the locks.
async fn numbers(
    txn: &DatabaseTransaction,
    needs: &Needs,
) -> Result<Vec<(AccountNumber, CustomerId)>, DbErr> {
    let numbers: Vec<AccountNumber> = needs.numbers.iter().cloned().collect();
    let customers = some::<customer::Entity, _>(txn, customer::Column::Number, &numbers).await?;
    let customers = customers.into_iter();
    Ok(customers.map(|row| (row.number, row.id)).collect())
}

/// As [`bulk::find_all`], without a statement for nothing.
async fn some<E, V>(
    txn: &DatabaseTransaction,
    column: E::Column,
    values: &[V],
) -> Result<Vec<E::Model>, DbErr>
where
    E: EntityTrait,
    V: Into<sea_orm::Value> + sea_orm::sea_query::ValueType + Clone,
{
    if values.is_empty() {
        return Ok(Vec::new());
    }
    bulk::find_all::<E, V>(txn, column, values).await
}

/// What stands around the customers that were asked for: their agents, and whose own accounts they are.
struct Around {
    owners: Owners,
    agents: Vec<agent::Model>,
    affiliations: Vec<affiliation::Model>,
    /// The customers that were asked for.
    asked: Vec<CustomerId>,
}

async fn around(
    txn: &DatabaseTransaction,
    asked: &[CustomerId],
    mut agents: BTreeSet<AgentId>,
) -> Result<Around, DbErr> {
    let affiliations =
        some::<affiliation::Entity, _>(txn, affiliation::Column::CustomerId, asked).await?;
    agents.extend(affiliations.iter().map(|row| row.agent_id));
    let own = some::<agent::Entity, _>(txn, agent::Column::CustomerId, asked).await?;
    for row in &own {
        agents.insert(row.id);
    }
    let ids: Vec<AgentId> = agents.iter().copied().collect();
    let rows = some::<agent::Entity, _>(txn, agent::Column::Id, &ids).await?;
    let mut customers: BTreeSet<CustomerId> = asked.iter().copied().collect();
    customers.extend(rows.iter().map(|row| row.customer_id));
    Ok(Around {
        owners: Owners { agents, customers },
        agents: rows,
        affiliations,
        asked: asked.to_vec(),
    })
}

async fn files(txn: &DatabaseTransaction, books: &mut Books, around: Around) -> Result<(), DbErr> {
    let ids: Vec<CustomerId> = around.owners.customers.into_iter().collect();
    let customers = some::<customer::Entity, _>(txn, customer::Column::Id, &ids).await?;
    for customer in customers {
        let own_of = around
            .agents
            .iter()
            .find(|row| row.customer_id == customer.id);
        let affiliations = around.affiliations.iter();
        let file = CustomerFile {
            own_of: own_of.map(|row| row.id),
            affiliations: affiliations
                .filter(|row| row.customer_id == customer.id)
                .cloned()
                .collect(),
            customer,
        };
        // An account that is only here as an agent's own is not here as a customer: its agents are not loaded.
        if around.asked.contains(&file.customer.id) || file.own_of.is_some() {
            books.customers.load(file.customer.id, Arc::new(file));
        }
    }
    agent_files(txn, books, around.agents).await
}

async fn agent_files(
    txn: &DatabaseTransaction,
    books: &mut Books,
    agents: Vec<agent::Model>,
) -> Result<(), DbErr> {
    let ids: Vec<AgentId> = agents.iter().map(|agent| agent.id).collect();
    let mut files: BTreeMap<AgentId, AgentFile> = BTreeMap::new();
    for agent in agents {
        let file = AgentFile {
            agent,
            rates: Vec::new(),
            standings: Vec::new(),
        };
        files.insert(file.agent.id, file);
    }
    let column = commission_rate::Column::AgentId;
    let mut rates = some::<commission_rate::Entity, _>(txn, column, &ids).await?;
    rates.sort_by_key(|row| row.effective_from);
    for row in rates {
        if let Some(file) = files.get_mut(&row.agent_id) {
            file.rates.push(row);
        }
    }
    let column = agent_standing::Column::AgentId;
    let mut standings = some::<agent_standing::Entity, _>(txn, column, &ids).await?;
    standings.sort_by_key(|row| row.ordinal);
    for row in standings {
        if let Some(file) = files.get_mut(&row.agent_id) {
            file.standings.push(row);
        }
    }
    for (id, file) in files {
        books.agents.load(id, Arc::new(file));
    }
    Ok(())
}

async fn products(
    txn: &DatabaseTransaction,
    books: &mut Books,
    needs: &Needs,
    named: &Named,
) -> Result<(), DbErr> {
    let codes: Vec<Name> = needs.product_codes.iter().cloned().collect();
    let mut ids = needs.products.clone();
    ids.extend(named.plans.iter().map(|row| row.product_id));
    ids.extend(named.top_ups.iter().filter_map(|row| row.product_id));
    let ids: Vec<ProductId> = ids.into_iter().collect();
    let by_code = some::<product::Entity, _>(txn, product::Column::Code, &codes).await?;
    let by_id = some::<product::Entity, _>(txn, product::Column::Id, &ids).await?;
    for row in by_code.into_iter().chain(by_id) {
        books.products.insert(row.id, row);
    }
    Ok(())
}

async fn calls(txn: &DatabaseTransaction, books: &mut Books, needs: &Needs) -> Result<(), DbErr> {
    let external_ids: BTreeSet<Name> = needs.charges.iter().map(|(_, id)| id.clone()).collect();
    let external_ids: Vec<Name> = external_ids.into_iter().collect();
    let known = some::<charge::Entity, _>(txn, charge::Column::ExternalId, &external_ids).await?;
    for row in known {
        let key = (row.source.clone(), row.external_id.clone());
        if needs.charges.contains(&key) {
            books.charges.load(key, row);
        }
    }
    let of_numbers: BTreeSet<String> = needs
        .calls_to
        .iter()
        .flat_map(prefixes)
        .map(str::to_owned)
        .collect();
    let of_numbers: Vec<String> = of_numbers.into_iter().collect();
    let call_rates = some::<call_rate::Entity, _>(txn, call_rate::Column::Prefix, &of_numbers);
    books.call_rates = CallRates::new(call_rates.await?);
    Ok(())
}

/// `sum(amount)` as a 64-bit integer on both databases.
fn sum_of(column: impl Into<SimpleExpr>) -> SimpleExpr {
    let sum = Func::coalesce([Func::sum(column.into()).into(), Expr::value(0_i64)]);
    Expr::expr(sum).cast_as("bigint")
}

/// What agents were credited and may not have paid out yet, free and held.
async fn immature(
    txn: &DatabaseTransaction,
    books: &mut Books,
    agents: &BTreeSet<AgentId>,
) -> Result<(), DbErr> {
    let rows: Vec<(AgentId, Money)> = immature_of(agents, books.now)
        .filter(commissions::is_free())
        .into_tuple()
        .all(txn)
        .await?;
    let held: Vec<(AgentId, Money)> = immature_of(agents, books.now)
        .filter(commission::Column::Held.eq(true))
        .filter(commission::Column::SuspensionId.is_in(suspensions(books, agents)))
        .into_tuple()
        .all(txn)
        .await?;
    for agent in agents {
        books.immature.load(*agent, Money::ZERO);
        books.immature_held.load(*agent, Money::ZERO);
    }
    for (agent, sum) in rows {
        books.immature.load(agent, sum);
    }
    for (agent, sum) in held {
        books.immature_held.load(agent, sum);
    }
    past::young(txn, books, agents).await
}

fn immature_of(agents: &BTreeSet<AgentId>, now: DateTime<Utc>) -> Select<commission::Entity> {
    commission::Entity::find()
        .select_only()
        .column(commission::Column::AgentId)
        .column_as(sum_of(Expr::col(commission::Column::Amount)), "sum")
        .filter(commission::Column::AgentId.is_in(agents.iter().copied()))
        .filter(commission::Column::MaturesAt.gt(now))
        .group_by(commission::Column::AgentId)
}

/// The suspensions of these agents that last.
fn suspensions(books: &Books, agents: &BTreeSet<AgentId>) -> Vec<StandingId> {
    let files = agents.iter().filter_map(|agent| books.agents.get(agent));
    let last = files.filter_map(|file| file.standings.last());
    let last = last.filter(|standing| standing.status == AgentStatus::Suspended);
    last.map(|standing| standing.id).collect()
}

/// Sums of what is recent, and so few: they are never kept as figures of their own.
async fn sums(
    txn: &DatabaseTransaction,
    books: &mut Books,
    needs: &Needs,
    immature: &BTreeSet<AgentId>,
) -> Result<(), DbErr> {
    if books.terms.payout_hold_days > 0 && !immature.is_empty() {
        self::immature(txn, books, immature).await?;
    }
    if !needs.paid_in.is_empty() {
        let customers: BTreeSet<CustomerId> = needs.paid_in.iter().map(|(id, _)| *id).collect();
        let rows: Vec<(CustomerId, TopUpMethod, Money)> = top_up::Entity::find()
            .select_only()
            .column(top_up::Column::CustomerId)
            .column(top_up::Column::Method)
            .column_as(sum_of(Expr::col(top_up::Column::Amount)), "sum")
            .filter(top_up::Column::CustomerId.is_in(customers))
            .filter(top_up::Column::CreatedAt.gt(books.now - TimeDelta::days(1)))
            .filter(top_up::Column::State.ne(TopUpState::Failed))
            .group_by(top_up::Column::CustomerId)
            .group_by(top_up::Column::Method)
            .into_tuple()
            .all(txn)
            .await?;
        for (customer, method, sum) in rows {
            books.paid_in.load((customer, method), sum);
        }
    }
    Ok(())
}
