//! Machines' keys.

use async_graphql::{Context, ID, Object};

use super::access::enter;
use super::context::services;
use super::error::{Answer, maybe};
use super::nodes::ApiKey;
use super::people::Role;
use super::scalars::DateTime;
use crate::store::machines;

/// A key of a telephone switch or a payment processor. Its secret was shown once and is nowhere. Only operators see it.
#[Object]
impl ApiKey {
    /// The global id, `key_…`.
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What the operator called it.
    async fn name(&self) -> &str {
        self.0.name.as_str()
    }

    /// `SWITCH` or `PROCESSOR`.
    async fn role(&self) -> Role {
        self.0.role.into()
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// When it was last used, to the minute or so. Null: never.
    async fn last_used_at(&self) -> Option<DateTime> {
        self.0.last_used_at.map(DateTime)
    }

    /// When it was ended. Null: it is good.
    async fn revoked_at(&self) -> Option<DateTime> {
        self.0.revoked_at.map(DateTime)
    }
}

/// Its share of the queries.
#[derive(Default)]
pub struct MachineQuery;

#[Object]
impl MachineQuery {
    /// All keys, the newest first, ended ones among them. Operators only.
    ///
    /// Example: `{ apiKeys { name role lastUsedAt revokedAt } }`
    async fn api_keys(&self, ctx: &Context<'_>) -> Answer<Vec<ApiKey>> {
        maybe(async {
            enter(ctx)?;
            let rows = machines::api_keys(services(ctx).db.reader()).await?;
            Ok(Some(rows.into_iter().map(ApiKey).collect()))
        })
        .await
    }
}
