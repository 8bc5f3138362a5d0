//! Any node by its id.

use std::hash::Hash;

use async_graphql::{Context, ID, Object, Result};
use entity::{
    AgentId, ApiKeyId, ApplicationId, AuditEntryId, ChargeId, CommissionId, CustomerId,
    FraudCaseId, LoginId, PayoutId, PlanId, ProductId, ProposalId, TopUpId, TransactionId,
    TransferId, TypedId, agent,
};
use futures_util::future::join_all;

use super::access::enter;
use super::context::sight;
use super::error::{Answer, maybe};
use super::gathering::Loader;
use super::given::{Given, bad_argument};
use super::limits;
use super::loaders::{AgentOfApplication, Rows, find};
use super::nodes::{
    Agent, ApiKey, Application, AuditEntry, Charge, Commission, Customer, FraudCase, Node, Payout,
    Plan, Product, Proposal, TopUp, Transaction, Transfer, User,
};
use super::sight::Sight;
use super::transactions;
use crate::Error;

/// The node that an id names, if the viewer may see it.
///
/// # Errors
/// The database's.
pub async fn node(ctx: &Context<'_>, id: &str) -> Result<Option<Node>, Error> {
    let sight = sight(ctx);
    let prefix = id.split('_').next().unwrap_or_default();
    match prefix {
        LoginId::PREFIX => {
            let row = row(ctx, LoginId::parse(id)).await?;
            Ok(row
                .filter(|row| sight.login(row.id))
                .map(|row| User(row).into()))
        }
        AgentId::PREFIX => {
            let row = row(ctx, AgentId::parse(id)).await?;
            Ok(row
                .filter(|row| sight.is_agent(row.id))
                .map(|row| Agent(row).into()))
        }
        CustomerId::PREFIX => match row(ctx, CustomerId::parse(id)).await? {
            Some(row) if sight.relation(ctx, row.id).await?.sees() => {
                Ok(Some(Customer::from(row).into()))
            }
            _ => Ok(None),
        },
        ApplicationId::PREFIX => match row(ctx, ApplicationId::parse(id)).await? {
            Some(row) if sight.application(&row) || made(ctx, sight, row.id).await? => {
                Ok(Some(Application(row).into()))
            }
            _ => Ok(None),
        },
        ProductId::PREFIX => {
            let row = row(ctx, ProductId::parse(id)).await?;
            Ok(row
                .filter(|row| sight.product(row))
                .map(|row| Product(row).into()))
        }
        ApiKeyId::PREFIX => {
            let row = row(ctx, ApiKeyId::parse(id)).await?;
            Ok(row
                .filter(|_| sight == Sight::All)
                .map(|row| ApiKey(row).into()))
        }
        AuditEntryId::PREFIX => {
            let row = row(ctx, AuditEntryId::parse(id)).await?;
            Ok(row
                .filter(|_| sight == Sight::All)
                .map(|row| AuditEntry(row).into()))
        }
        _ => money(ctx, prefix, id).await,
    }
}

/// The nodes that money moved by.
async fn money(ctx: &Context<'_>, prefix: &str, id: &str) -> Result<Option<Node>, Error> {
    let sight = sight(ctx);
    match prefix {
        PlanId::PREFIX => match row(ctx, PlanId::parse(id)).await? {
            Some(row) if sight.plan(ctx, &row).await? => Ok(Some(Plan(row).into())),
            _ => Ok(None),
        },
        ChargeId::PREFIX => match row(ctx, ChargeId::parse(id)).await? {
            Some(row) if sight.charge(ctx, &row).await? => Ok(Some(Charge(row).into())),
            _ => Ok(None),
        },
        TopUpId::PREFIX => match row(ctx, TopUpId::parse(id)).await? {
            Some(row) if sight.top_up(ctx, &row).await? => Ok(Some(TopUp(row).into())),
            _ => Ok(None),
        },
        TransferId::PREFIX => match row(ctx, TransferId::parse(id)).await? {
            Some(row) if sight.transfer(ctx, &row).await? => Ok(Some(Transfer(row).into())),
            _ => Ok(None),
        },
        CommissionId::PREFIX => {
            let row = row(ctx, CommissionId::parse(id)).await?;
            Ok(row
                .filter(|row| sight.commission(row))
                .map(|row| Commission(row).into()))
        }
        PayoutId::PREFIX => {
            let row = row(ctx, PayoutId::parse(id)).await?;
            Ok(row
                .filter(|row| sight.payout(row))
                .map(|row| Payout(row).into()))
        }
        FraudCaseId::PREFIX => {
            let row = row(ctx, FraudCaseId::parse(id)).await?;
            Ok(row
                .filter(|_| sight == Sight::All)
                .map(|row| FraudCase(row).into()))
        }
        ProposalId::PREFIX => {
            let row = row(ctx, ProposalId::parse(id)).await?;
            Ok(row
                .filter(|_| sight == Sight::All)
                .map(|row| Proposal(row).into()))
        }
        TransactionId::PREFIX => match row(ctx, TransactionId::parse(id)).await? {
            Some(row) if transactions::sees(ctx, row.id).await? => {
                Ok(Some(Transaction(row).into()))
            }
            _ => Ok(None),
        },
        _ => Ok(None),
    }
}

/// Whether an application made the agent that asks.
async fn made(ctx: &Context<'_>, sight: Sight, id: ApplicationId) -> Result<bool, Error> {
    let agent: Option<agent::Model> = find(ctx, AgentOfApplication(id)).await?;
    Ok(agent.is_some_and(|agent| sight.is_agent(agent.id)))
}

async fn row<K, V>(ctx: &Context<'_>, id: Option<K>) -> Result<Option<V>, Error>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    Rows: Loader<K, Value = V>,
    V: Clone + Send + Sync + 'static,
{
    match id {
        Some(id) => find(ctx, id).await,
        None => Ok(None),
    }
}

/// Its share of the queries.
#[derive(Default)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// Any node that the viewer may see. A foreign one and a missing one are both null.
    ///
    /// Example: `{ node(id: "agt_0192f0c1d2e37a4b8c5d6e7f80910213") { id ... on Agent { displayName } } }`
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A global id, as any type's `id` has it.")] id: Given<ID>,
    ) -> Answer<Node> {
        maybe(async {
            enter(ctx)?;
            node(ctx, &id.into_text()).await
        })
        .await
    }

    /// The same for many, in the order asked: at most 100. Null stands where there is none.
    ///
    /// Example: `{ nodes(ids: ["chg_0192f0c1d2e37a4b8c5d6e7f80910213"]) { id } }`
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Global ids, at most 100.")] ids: Vec<Given<ID>>,
    ) -> Result<Vec<Answer<Node>>> {
        enter(ctx)?;
        if ids.len() > limits::PAGE_MAX as usize {
            return Err(bad_argument("ids", "must be at most 100").into());
        }
        let ids: Vec<String> = ids.into_iter().map(Given::into_text).collect();
        let found = ids.iter().map(|id| maybe(node(ctx, id)));
        Ok(join_all(found).await)
    }
}
