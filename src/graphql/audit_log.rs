//! `auditLog`: who did what.

use async_graphql::{Context, ID, InputObject, Object};
use entity::{LoginId, TypedId};

use super::access::enter;
use super::connection::{Connection, PageArgs, page};
use super::error::{Answer, maybe};
use super::given::Given;
use super::loaders::find;
use super::nodes::{AuditEntry, Customer, Node, User};
use super::refetch::node;
use super::scalars::DateTime;
use crate::Error;
use crate::store::audit;

/// Which lines of the audit log.
#[derive(InputObject, Clone, Debug, Default)]
pub struct AuditFilter {
    /// Of this login.
    actor_id: Option<Given<ID>>,
    /// Of this name: a mutation's, or `signInFailed` and the like.
    action: Option<String>,
    /// At or after this instant.
    from: Option<Given<DateTime>>,
    /// Before this instant.
    to: Option<Given<DateTime>>,
}

impl AuditFilter {
    /// As the store takes it. An id that is nobody's finds nothing.
    fn read(self) -> Result<audit::AuditFilter, Error> {
        let at = |given: Option<Given<DateTime>>, name: &str| {
            given.map(|given| given.argument(name)).transpose()
        };
        let nobody = LoginId::from_uuid(uuid::Uuid::nil());
        Ok(audit::AuditFilter {
            actor: (self.actor_id).map(|given| given.known().unwrap_or(nobody)),
            action: self.action,
            from: at(self.from, "filter.from")?,
            to: at(self.to, "filter.to")?,
        })
    }
}

/// A line of the audit log, which is never changed or deleted: an operator's act, an agent's for a customer, a sign-in, one
/// that failed, or what ended a session. Written in the transaction of what it tells of, once; what was refused, or only
/// answered again, has none. Operators only.
#[Object]
impl AuditEntry {
    /// The global id, `aud_…`.
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// When.
    async fn at(&self) -> DateTime {
        self.0.at.into()
    }

    /// Whose login did it, or was tried. Null where somebody tried an address that has none.
    async fn actor(&self, ctx: &Context<'_>) -> Answer<User> {
        maybe(async {
            match self.0.actor_id {
                Some(id) => Ok(find(ctx, id).await?.map(User)),
                None => Ok(None),
            }
        })
        .await
    }

    /// The customer on whose behalf, where an agent acted for one it manages.
    async fn acting_for(&self, ctx: &Context<'_>) -> Answer<Customer> {
        maybe(async {
            match self.0.acting_for_id {
                Some(id) => Ok(find(ctx, id).await?.map(Customer::from)),
                None => Ok(None),
            }
        })
        .await
    }

    /// The mutation's name; `signInFailed`, `changePasswordFailed` or `refreshTokenReused` for what went wrong.
    async fn action(&self) -> &str {
        &self.0.action
    }

    /// What it was done to, or what it made. Null where it was about nothing with an id, as calls or their rates.
    async fn subject(&self, ctx: &Context<'_>) -> Answer<Node> {
        maybe(async {
            match &self.0.subject {
                Some(id) => node(ctx, id).await,
                None => Ok(None),
            }
        })
        .await
    }

    /// Figures and reasons. Never a password, a payment token or where a payout goes; an address that has no login is masked.
    async fn detail(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// The address it came from, as far as it can be believed. Null for what came from within the server.
    async fn source(&self) -> Option<&str> {
        self.0.source.as_deref()
    }
}

/// Its share of the queries.
#[derive(Default)]
pub struct AuditLogQuery;

#[Object]
impl AuditLogQuery {
    /// Who did what. Operators only. Newest first.
    ///
    /// Example: `{ auditLog(first: 20, filter: {action: "signInFailed"}) { nodes { at actor { name } detail source } } }`
    async fn audit_log(
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
        #[graphql(desc = "Only these.")] filter: Option<AuditFilter>,
    ) -> Answer<Connection<AuditEntry>> {
        maybe(async {
            enter(ctx)?;
            let list = audit::list(&filter.unwrap_or_default().read()?);
            let args = PageArgs::new(first, after, last, before);
            page(ctx, &args, &list, AuditEntry).await.map(Some)
        })
        .await
    }
}
