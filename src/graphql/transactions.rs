//! Transactions: what the ledger moved.

use std::collections::BTreeSet;

use async_graphql::{Context, Enum, ID, InputObject, Object, Result};
use entity::entry::Account;
use entity::transaction::Cause;
use entity::{
    AgentId, ChargeId, CommissionId, CustomerId, FraudCaseId, PayoutId, TopUpId, TransactionId,
    TransferId, TypedId, agent, entry, transaction,
};
use uuid::Uuid;

use super::access::enter;
use super::connection::{Connection, PageArgs, page, slice};
use super::context::sight;
use super::error::{Answer, maybe};
use super::given::Given;
use super::loaders::{AgentOfAccount, EntriesOf, find, must};
use super::nodes::{
    Agent, Charge, Commission, Customer, FraudCase, Node, Payout, TopUp, Transaction, Transfer,
};
use super::scalars::{DateTime, Money};
use super::sight::Sight;
use crate::Error;
use crate::store::transactions::{self, Transactions};

/// What happened.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "transaction::TransactionKind")]
pub enum TransactionKind {
    /// Money was paid in.
    TopUp,
    /// A payment was charged back.
    TopUpReversed,
    /// An operator gave promotional credit.
    PromoGrant,
    /// A call, a service or a monthly fee, and its commission.
    Charge,
    /// A charge was given back, and its commission taken back.
    ChargeRefunded,
    /// An agent gave funds to a customer.
    Transfer,
    /// An operator took a transfer back.
    TransferReversed,
    /// Commission was taken back.
    CommissionClawback,
    /// Commission was put on hold.
    CommissionHeld,
    /// Held commission was released.
    CommissionReleased,
    /// Held commission was lost.
    CommissionForfeited,
    /// An operator gave an agent a bonus.
    Bonus,
    /// A payout was asked for.
    PayoutReserved,
    /// A payout was cancelled or rejected.
    PayoutReleased,
    /// A payout was sent.
    PayoutSent,
    /// A payout arrived.
    PayoutSettled,
    /// A payout came back.
    PayoutReturned,
    /// An operator corrected a balance.
    Adjustment,
    /// A debt was given up.
    WriteOff,
}

/// Which transactions.
#[derive(InputObject, Clone, Debug, Default)]
pub struct TransactionFilter {
    /// Of these kinds. All, if left out or empty.
    kinds: Option<Vec<TransactionKind>>,
    /// That occurred at or after this instant. Inclusive.
    from: Option<Given<DateTime>>,
    /// That occurred before this instant. Exclusive.
    to: Option<Given<DateTime>>,
}

impl TransactionFilter {
    fn read(filter: Option<Self>) -> Result<Transactions, Error> {
        let filter = filter.unwrap_or_default();
        let at = |given: Option<Given<DateTime>>, name: &str| {
            given.map(|given| given.argument(name)).transpose()
        };
        Ok(Transactions {
            kinds: filter.kinds.into_iter().flatten().map(Into::into).collect(),
            from: at(filter.from, "filter.from")?,
            to: at(filter.to, "filter.to")?,
        })
    }
}

/// The transactions that touched a telephone account; only those that touched one of `shared_with`'s accounts as well, where
/// that is given.
///
/// # Errors
/// `BAD_USER_INPUT` for the arguments; the database's.
pub async fn of_account(
    ctx: &Context<'_>,
    args: &PageArgs,
    id: CustomerId,
    shared_with: Option<BTreeSet<Uuid>>,
    filter: Option<TransactionFilter>,
) -> Result<Connection<Transaction>, Error> {
    let filter = TransactionFilter::read(filter)?;
    let list = transactions::of_account(id, shared_with, &filter);
    let mut slice = slice(ctx, args, &list).await?;
    let ids = slice.take().into_iter().map(|row| row.transaction_id);
    Ok(slice.show(show(ctx, ids).await?))
}

/// The transactions that touched an agent's accounts, its own telephone account's among them.
///
/// # Errors
/// `BAD_USER_INPUT` for the arguments; the database's.
pub async fn of_agent(
    ctx: &Context<'_>,
    args: &PageArgs,
    id: AgentId,
    filter: Option<TransactionFilter>,
) -> Result<Connection<Transaction>, Error> {
    let filter = TransactionFilter::read(filter)?;
    let list = transactions::of_agent(id, &filter);
    let mut slice = slice(ctx, args, &list).await?;
    let ids = slice
        .take()
        .into_iter()
        .filter_map(|row| row.transaction_id);
    Ok(slice.show(show(ctx, ids).await?))
}

async fn show(
    ctx: &Context<'_>,
    ids: impl Iterator<Item = TransactionId>,
) -> Result<Vec<Transaction>, Error> {
    let rows = ids.map(|id| must(ctx, id));
    let rows = futures_util::future::try_join_all(rows).await?;
    Ok(rows.into_iter().map(Transaction).collect())
}

/// Whether somebody may see a transaction: when it touched an account whose entries he may see.
///
/// # Errors
/// The database's.
pub async fn sees(ctx: &Context<'_>, id: TransactionId) -> Result<bool, Error> {
    Ok(sight(ctx) == Sight::All || !visible_entries(ctx, id).await?.is_empty())
}

/// The entries on his own accounts and on those of customers that he manages; all for an operator.
async fn visible_entries(ctx: &Context<'_>, id: TransactionId) -> Result<Vec<entry::Model>, Error> {
    let entries: Vec<entry::Model> = find(ctx, EntriesOf(id)).await?.unwrap_or_default();
    let sight = sight(ctx);
    if sight == Sight::All {
        return Ok(entries);
    }
    let own = sight.owners();
    let mut seen = Vec::with_capacity(entries.len());
    for entry in entries {
        let visible = match (entry.owner_id, entry.account) {
            (Some(owner), _) if own.contains(&owner) => true,
            (Some(owner), Account::CustomerCash | Account::CustomerPromo) => {
                let customer = CustomerId::from_uuid(owner);
                sight.relation(ctx, customer).await?.sees_all()
            }
            _ => false,
        };
        if visible {
            seen.push(entry);
        }
    }
    Ok(seen)
}

/// A balanced set of ledger entries: all that one event moved, and never changed afterwards. A charge and its commission are
/// one transaction. Whoever has an account in it sees it, an agent that manages one of its customers, and operators.
#[Object]
impl Transaction {
    /// The global id, `txn_…`.
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What happened.
    async fn kind(&self) -> TransactionKind {
        self.0.kind.into()
    }

    /// A line for people.
    async fn description(&self) -> &str {
        self.0.description.as_str()
    }

    /// What caused it: a charge, a transfer, a top-up, a payout, a commission, or the customer itself. Null where the viewer may
    /// not see that.
    async fn cause(&self, ctx: &Context<'_>) -> Answer<Node> {
        maybe(cause(ctx, self.0.cause, self.0.cause_id)).await
    }

    /// The entries on accounts that the viewer may see: his own, and those of customers that he manages. All of them for an
    /// operator, who sees them sum to zero.
    async fn entries(&self, ctx: &Context<'_>) -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for row in visible_entries(ctx, self.0.id).await? {
            let funding = is_funding(ctx, &row).await?;
            entries.push(Entry { row, funding });
        }
        Ok(entries)
    }

    /// When it happened outside, such as the answer time of a call.
    async fn occurred_at(&self) -> DateTime {
        self.0.occurred_at.into()
    }

    /// When it was posted.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }
}

/// The cash of an agent's own telephone account is its funding.
async fn is_funding(ctx: &Context<'_>, row: &entry::Model) -> Result<bool, Error> {
    let Some(owner) = row
        .owner_id
        .filter(|_| row.account == Account::CustomerCash)
    else {
        return Ok(false);
    };
    let account = AgentOfAccount(CustomerId::from_uuid(owner));
    let agent: Option<agent::Model> = find(ctx, account).await?;
    Ok(agent.is_some())
}

async fn cause(ctx: &Context<'_>, cause: Cause, id: Uuid) -> Result<Option<Node>, Error> {
    let sight = sight(ctx);
    match cause {
        Cause::Charge => {
            let Some(row) = find(ctx, ChargeId::from_uuid(id)).await? else {
                return Ok(None);
            };
            let seen = sight.charge(ctx, &row).await?;
            Ok(seen.then(|| Charge(row).into()))
        }
        Cause::TopUp => {
            let Some(row) = find(ctx, TopUpId::from_uuid(id)).await? else {
                return Ok(None);
            };
            let seen = sight.top_up(ctx, &row).await?;
            Ok(seen.then(|| TopUp(row).into()))
        }
        Cause::Transfer => {
            let Some(row) = find(ctx, TransferId::from_uuid(id)).await? else {
                return Ok(None);
            };
            let seen = sight.transfer(ctx, &row).await?;
            Ok(seen.then(|| Transfer(row).into()))
        }
        Cause::Commission => {
            let row = find(ctx, CommissionId::from_uuid(id)).await?;
            let seen = row.filter(|row| sight.commission(row));
            Ok(seen.map(|row| Commission(row).into()))
        }
        Cause::Payout => {
            let row = find(ctx, PayoutId::from_uuid(id)).await?;
            let seen = row.filter(|row| sight.payout(row));
            Ok(seen.map(|row| Payout(row).into()))
        }
        Cause::FraudCase => {
            let row = find(ctx, FraudCaseId::from_uuid(id)).await?;
            let seen = row.filter(|_| sight == Sight::All);
            Ok(seen.map(|row| FraudCase(row).into()))
        }
        Cause::Customer => {
            let id = CustomerId::from_uuid(id);
            if !sight.relation(ctx, id).await?.sees() {
                return Ok(None);
            }
            Ok(find(ctx, id).await?.map(|row| Customer::from(row).into()))
        }
        Cause::Agent => {
            let id = AgentId::from_uuid(id);
            if !sight.is_agent(id) {
                return Ok(None);
            }
            Ok(find(ctx, id).await?.map(|row| Agent(row).into()))
        }
    }
}

/// One line of a transaction.
pub struct Entry {
    row: entry::Model,
    funding: bool,
}

/// One line of a transaction: an amount on an account.
#[Object]
impl Entry {
    /// Such as `customer:cash`, `customer:promo`, `agent:funding` (the cash of an agent's own telephone account),
    /// `agent:commission`, `agent:held`, `agent:reserved`, `revenue:calls`.
    async fn account(&self) -> String {
        if self.funding {
            "agent:funding".into()
        } else {
            self.row.account.name()
        }
    }

    /// Signed: positive raises what the owner has.
    async fn amount(&self) -> Money {
        self.row.amount.into()
    }

    /// After this entry. Null on the house's own accounts, which keep no balance.
    async fn balance_after(&self) -> Option<Money> {
        self.row.balance_after.map(Money)
    }
}

/// Its share of the queries.
#[derive(Default)]
pub struct TransactionQuery;

#[Object]
impl TransactionQuery {
    /// The ledger transactions that touched the viewer's own accounts, or all for an operator. Newest first.
    ///
    /// Example: `{ transactions(first: 10) { nodes { kind description entries { account amount balanceAfter } } } }`
    async fn transactions(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "How many rows from the beginning: 1 to 100, and 20 if neither `first` nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only rows behind the one with this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end: 1 to 100. Not together with `first`.")]
        last: Option<i32>,
        #[graphql(desc = "Only rows before the one with this cursor.")] before: Option<String>,
        #[graphql(desc = "Which transactions.")] filter: Option<TransactionFilter>,
    ) -> Answer<Connection<Transaction>> {
        maybe(async {
            enter(ctx)?;
            let args = PageArgs::new(first, after, last, before);
            let sight = sight(ctx);
            let found = match (sight.agent(), sight.customer()) {
                _ if sight == Sight::All => {
                    let list = transactions::all(&TransactionFilter::read(filter)?);
                    page(ctx, &args, &list, Transaction).await?
                }
                (Some(agent), _) => of_agent(ctx, &args, agent, filter).await?,
                (None, Some(customer)) => of_account(ctx, &args, customer, None, filter).await?,
                (None, None) => return Err(Error::Forbidden),
            };
            Ok(Some(found))
        })
        .await
    }
}
