//! Proposals: what an operator asked for that takes a second one.

use async_graphql::{Context, Enum, ID, Object, Result};
use entity::proposal;

use super::access::enter;
use super::connection::{Connection, PageArgs, page};
use super::context::services;
use super::error::{Answer, maybe};
use super::loaders::{find, must};
use super::nodes::{Agent, Customer, Proposal, Transaction, User};
use super::scalars::{DateTime, Money};
use crate::store::proposals;

/// What is proposed.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "proposal::ProposalKind")]
pub enum ProposalKind {
    /// `postAdjustment`.
    Adjustment,
    /// `writeOff`.
    WriteOff,
}

/// What an operator asked for that takes a second one, being over the operator's limit. Nothing moves before another
/// operator asks for the same: the same mutation for the same account and amount. Operators only.
#[Object]
impl Proposal {
    /// The global id, `prp_…`.
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What is to be done.
    async fn kind(&self) -> ProposalKind {
        self.0.kind.into()
    }

    /// Whose cash it is about. Null where it is about an agent's commission.
    async fn customer(&self, ctx: &Context<'_>) -> Answer<Customer> {
        maybe(async {
            match self.0.customer_id {
                Some(id) => Ok(find(ctx, id).await?.map(Customer::from)),
                None => Ok(None),
            }
        })
        .await
    }

    /// Whose commission it is about. Null where it is about a customer's cash.
    async fn agent(&self, ctx: &Context<'_>) -> Answer<Agent> {
        maybe(async {
            match self.0.agent_id {
                Some(id) => Ok(find(ctx, id).await?.map(Agent)),
                None => Ok(None),
            }
        })
        .await
    }

    /// How much: signed.
    async fn amount(&self) -> Money {
        self.0.amount.into()
    }

    /// Why, in the words of who proposed it. Those of the second operator stand in the books.
    async fn reason(&self) -> &str {
        self.0.reason.as_str()
    }

    /// Who proposed it.
    async fn proposed_by(&self, ctx: &Context<'_>) -> Result<User> {
        Ok(User(must(ctx, self.0.proposed_by).await?))
    }

    /// When it was proposed.
    async fn proposed_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// Nobody can second it from then on.
    async fn expires_at(&self) -> DateTime {
        self.0.expires_at.into()
    }

    /// Who seconded it. Null while nobody has.
    async fn seconded_by(&self, ctx: &Context<'_>) -> Answer<User> {
        maybe(async {
            match self.0.seconded_by {
                Some(id) => Ok(find(ctx, id).await?.map(User)),
                None => Ok(None),
            }
        })
        .await
    }

    /// When it was seconded. Null while nobody has.
    async fn seconded_at(&self) -> Option<DateTime> {
        self.0.seconded_at.map(DateTime)
    }

    /// What was posted then. Null while nobody has seconded it.
    async fn transaction(&self, ctx: &Context<'_>) -> Answer<Transaction> {
        maybe(async {
            match self.0.transaction_id {
                Some(id) => Ok(find(ctx, id).await?.map(Transaction)),
                None => Ok(None),
            }
        })
        .await
    }
}

/// Its share of the queries.
#[derive(Default)]
pub struct ProposalQuery;

#[Object]
impl ProposalQuery {
    /// What waits for a second operator. Operators only. Newest first.
    ///
    /// Example: `{ proposals(first: 20) { nodes { id kind amount reason proposedBy { name } expiresAt } } }`
    async fn proposals(
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
        #[graphql(
            desc = "Those that were seconded, or can no longer be, as well.",
            default = false
        )]
        decided: bool,
    ) -> Answer<Connection<Proposal>> {
        maybe(async {
            enter(ctx)?;
            let open_at = (!decided).then(|| services(ctx).clock.now());
            let list = proposals::list(open_at);
            let args = PageArgs::new(first, after, last, before);
            page(ctx, &args, &list, Proposal).await.map(Some)
        })
        .await
    }
}
