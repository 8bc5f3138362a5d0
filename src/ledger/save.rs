//! Writes what a batch decided: one statement for each table, each touched balance once.

use entity::agent::{self, AgentStatus};
use entity::{
    CustomerId, account_event, agent_balance, agent_event, agent_slot, agent_standing, audit_entry,
    charge, commission, customer_balance, customer_day, desk, desk_event, entry, fraud_case,
    fraud_case_charge, idempotency, payout, plan, proposal, top_up, transaction, transfer,
};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait};
use serde::Serialize;

use crate::program::{Books, Fate, Shelf};
use crate::store::{News, affiliations, bulk};

const SLOT_FIGURES: &[&str] = &[
    "charges",
    "calls",
    "call_seconds",
    "spent",
    "base",
    "earned",
    "clawed_back",
];

/// Writes all that is new or changed, causes before what points at them; answers who is to hear of it.
pub(super) async fn save(
    txn: &DatabaseTransaction,
    books: &Books,
    kept: &[idempotency::Model],
) -> Result<News, DbErr> {
    let added = &books.added;
    insert::<transaction::Entity>(txn, &added.transactions).await?;
    insert::<entry::Entity>(txn, &added.entries).await?;
    let left = standings(txn, books).await?;
    shelf::<plan::Entity, _>(txn, &books.plans).await?;
    shelf::<top_up::Entity, _>(txn, &books.top_ups).await?;
    shelf::<payout::Entity, _>(txn, &books.payouts).await?;
    shelf::<charge::Entity, _>(txn, &books.charges).await?;
    insert::<commission::Entity>(txn, &added.commissions).await?;
    insert::<transfer::Entity>(txn, &added.transfers).await?;
    insert::<audit_entry::Entity>(txn, &added.audit_entries).await?;
    shelf::<transfer::Entity, _>(txn, &books.transfers).await?;
    shelf::<proposal::Entity, _>(txn, &books.proposals).await?;
    shelf::<fraud_case::Entity, _>(txn, &books.fraud_cases).await?;
    shelf::<fraud_case_charge::Entity, _>(txn, &books.case_charges).await?;
    shelf::<agent_balance::Entity, _>(txn, &books.agent_balances).await?;
    shelf::<customer_balance::Entity, _>(txn, &books.customer_balances).await?;
    shelf::<desk::Entity, _>(txn, &books.desk).await?;
    insert::<agent_event::Entity>(txn, &added.agent_events).await?;
    insert::<account_event::Entity>(txn, &added.account_events).await?;
    insert::<desk_event::Entity>(txn, &added.desk_events).await?;
    let slots: Vec<agent_slot::Model> = books.slots.of(Fate::New).cloned().collect();
    if !slots.is_empty() {
        bulk::add_all::<agent_slot::Entity>(txn, &slots, SLOT_FIGURES, &[]).await?;
    }
    let days: Vec<customer_day::Model> = books.days.of(Fate::New).cloned().collect();
    if !days.is_empty() {
        let latest = ["last_charge_at"];
        bulk::add_all::<customer_day::Entity>(txn, &days, SLOT_FIGURES, &latest).await?;
    }
    insert::<idempotency::Entity>(txn, kept).await?;
    let mut news = news(books);
    for account in left {
        news.account(account);
    }
    Ok(news)
}

/// What was decided about agents. One that is closed parts with all its customers, most of them not on the books; answers
/// the accounts that it managed.
async fn standings(txn: &DatabaseTransaction, books: &Books) -> Result<Vec<CustomerId>, DbErr> {
    insert::<agent_standing::Entity>(txn, &books.added.standings).await?;
    let changed = books.agents.of(Fate::Changed);
    let changed: Vec<agent::Model> = changed.map(|file| file.agent.clone()).collect();
    if !changed.is_empty() {
        bulk::update_all::<agent::Entity>(txn, &changed).await?;
    }
    let mut left = Vec::new();
    for standing in &books.added.standings {
        if standing.status == AgentStatus::Closed {
            left.extend(affiliations::end_all(txn, standing.agent_id, standing.since).await?);
        }
    }
    Ok(left)
}

fn news(books: &Books) -> News {
    let mut news = News::none();
    for event in &books.added.agent_events {
        news.agent(event.agent_id);
    }
    for event in &books.added.account_events {
        news.account(event.customer_id);
    }
    if !books.added.desk_events.is_empty() {
        news.desk();
    }
    news
}

async fn insert<E>(txn: &impl ConnectionTrait, rows: &[E::Model]) -> Result<(), DbErr>
where
    E: EntityTrait,
    E::Model: Serialize,
{
    if rows.is_empty() {
        return Ok(());
    }
    bulk::insert_all::<E>(txn, rows).await
}

async fn shelf<E, K>(txn: &impl ConnectionTrait, rows: &Shelf<K, E::Model>) -> Result<(), DbErr>
where
    E: EntityTrait,
    E::Model: Serialize + Clone,
    K: Ord + Clone,
{
    let new: Vec<E::Model> = rows.of(Fate::New).cloned().collect();
    insert::<E>(txn, &new).await?;
    let changed: Vec<E::Model> = rows.of(Fate::Changed).cloned().collect();
    if changed.is_empty() {
        return Ok(());
    }
    bulk::update_all::<E>(txn, &changed).await
}
