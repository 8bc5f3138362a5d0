//! `accountEvents`: what happens to the balance of a telephone account.

use async_graphql::{Context, ID, SimpleObject, Subscription};
use entity::{CustomerId, account_event, transaction};

use super::feed::{Feed, feed, missing, position, rows};
use crate::Error;
use crate::graphql::access::enter;
use crate::graphql::balances::CustomerBalance;
use crate::graphql::context::services;
use crate::graphql::cursor::{EventCursor, EventStream};
use crate::graphql::given::{Given, bad_argument};
use crate::graphql::nodes::Transaction;
use crate::graphql::scalars::DateTime;
use crate::store::Db;

/// A change of a telephone account's balance.
#[derive(SimpleObject)]
pub struct AccountEvent {
    /// To come back to, as `after`: opaque.
    cursor: String,
    /// When it was posted.
    occurred_at: DateTime,
    /// What was posted.
    transaction: Transaction,
    /// The account's balance right after this event.
    balance: CustomerBalance,
}

/// `accountEvents`.
#[derive(Default)]
pub struct AccountSubscription;

#[Subscription]
impl AccountSubscription {
    /// Every change of a telephone account's balance, in order. Your own account's, or that of one that you manage:
    /// this ends with FORBIDDEN when the customer claims it. Operators name any account.
    ///
    /// First comes what happened after `after`, then what happens. `CURSOR_EXPIRED` for a cursor that this account never
    /// had: start again from `customer.latestCursor`.
    ///
    /// Example: `subscription { accountEvents { cursor transaction { kind description } balance { cash promo } } }`
    async fn account_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cursor of the last event that you have. From now on, if left out.")]
        after: Option<String>,
        #[graphql(desc = "Your own account, if left out.")] customer_id: Option<Given<ID>>,
    ) -> async_graphql::Result<Feed<AccountEvent>> {
        let actor = enter(ctx)?;
        let person = actor.person()?;
        let customer = match customer_id {
            Some(given) => given.known::<CustomerId>(),
            None => person.customer,
        };
        let must = || bad_argument("customerId", "must name a telephone account");
        let customer = customer.ok_or_else(must)?;
        let stream = EventStream::Account(customer);
        let after = position(after.as_deref(), stream)?;
        let services = services(ctx);
        let following = services
            .live
            .account_events(person, customer, after)
            .await?;
        let db = services.db.clone();
        Ok(feed(ctx, stream, following, move |rows| {
            dress(db.clone(), rows)
        }))
    }
}

async fn dress(db: Db, page: Vec<account_event::Model>) -> Result<Vec<(i64, AccountEvent)>, Error> {
    let ids: Vec<_> = page.iter().map(|row| row.transaction_id).collect();
    let id = transaction::Column::Id;
    let transactions = rows::<transaction::Entity, _>(&db, id, &ids, |row| row.id).await?;
    let events = page.into_iter().map(|row| {
        let transaction = transactions.get(&row.transaction_id).cloned();
        let cursor = EventCursor {
            stream: EventStream::Account(row.customer_id),
            seq: row.seq,
        };
        let event = AccountEvent {
            cursor: cursor.encode(),
            occurred_at: DateTime(row.occurred_at),
            transaction: Transaction(transaction.ok_or_else(missing)?),
            balance: CustomerBalance {
                cash: row.cash,
                promo: row.promo,
            },
        };
        Ok((cursor.seq, event))
    });
    events.collect()
}
