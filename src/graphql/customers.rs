//! Telephone accounts, and who of them is whose.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result};
use entity::{AgentId, TypedId, affiliation, agent, customer, customer_balance};
use sea_orm::Order;

use super::access::enter;
use super::balances::CustomerBalance;
use super::charges::ChargeFilter;
use super::connection::{Connection, PageArgs, page};
use super::context::sight;
use super::cursor::{EventCursor, EventStream};
use super::error::{Answer, maybe};
use super::given::{Given, search};
use super::loaders::{AccountMoney, OpenAffiliation, find, must, sum};
use super::nodes::{AgentProfile, Charge, Customer, Plan, TopUp, Transaction};
use super::period::PeriodInput;
use super::scalars::{DateTime, Money};
use super::sight::{Relation, Sight};
use super::transactions::{self, TransactionFilter};
use crate::Error;
use crate::store::{charges, commissions, customers, plans, top_ups};

/// How far an account is.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "customer::CustomerStatus")]
pub enum CustomerStatus {
    /// Signed up by an agent, and not yet claimed.
    Pending,
    /// In use.
    Active,
    /// Can neither buy nor be given money, for now.
    Suspended,
    /// No longer in use.
    Closed,
}

/// Who acts inside an account.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "customer::Management")]
pub enum Management {
    /// The customer holds its own login.
    #[graphql(name = "SELF")]
    Own,
    /// The agent signed it up; a claim link is out. Until it is used the agent manages.
    PendingHandover,
    /// The agent keeps the account under its own control.
    AgentManaged,
}

/// How a customer came to its agent.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "affiliation::AffiliationMethod")]
pub enum AffiliationMethod {
    /// The Agent ID typed at signup.
    AgentNumber,
    /// The agent's link.
    Link,
    /// Signed up by the agent, and handed over.
    AgentHandover,
    /// Signed up and managed by the agent.
    AgentManaged,
    /// Named later, by the customer in time or by an operator.
    Assigned,
}

/// Which way a list goes.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderDirection {
    /// The least, or the oldest, first.
    Asc,
    /// The greatest, or the newest, first.
    Desc,
}

impl From<OrderDirection> for Order {
    fn from(direction: OrderDirection) -> Self {
        match direction {
            OrderDirection::Asc => Self::Asc,
            OrderDirection::Desc => Self::Desc,
        }
    }
}

/// By what customers are ordered.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum CustomerOrderField {
    /// When they signed up.
    JoinedAt,
    /// Their names.
    Name,
}

/// The order of customers.
#[derive(InputObject, Clone, Copy, Debug)]
pub struct CustomerOrder {
    /// By what.
    field: CustomerOrderField,
    /// Which way.
    direction: OrderDirection,
}

impl Default for CustomerOrder {
    fn default() -> Self {
        Self {
            field: CustomerOrderField::JoinedAt,
            direction: OrderDirection::Desc,
        }
    }
}

/// Which customers.
#[derive(InputObject, Clone, Debug, Default)]
pub struct CustomerFilter {
    /// In name, e-mail or account number: at most 200 characters; letters of either case are the same.
    search: Option<String>,
    /// How far the account is.
    status: Option<CustomerStatus>,
    /// Who acts inside the account.
    management: Option<Management>,
    /// The agent of record. For operators: another's customers are no agent's to find.
    agent_id: Option<Given<ID>>,
}

/// The customers that somebody may see: an agent's own, or for an operator all.
///
/// # Errors
/// `BAD_USER_INPUT` for the arguments of the page; the database's.
pub async fn list(
    ctx: &Context<'_>,
    args: &PageArgs,
    of: Option<AgentId>,
    filter: Option<CustomerFilter>,
    order: Option<CustomerOrder>,
) -> Result<Connection<Customer>, Error> {
    let filter = filter.unwrap_or_default();
    let order = order.unwrap_or_default();
    let nobody = AgentId::from_uuid(uuid::Uuid::nil());
    let named = (filter.agent_id).map(|given| given.known().unwrap_or(nobody));
    let agent = match (of, named) {
        (Some(own), Some(named)) if own != named => Some(nobody),
        (own, named) => own.or(named),
    };
    let list = customers::list(&customers::Customers {
        agent,
        search: search(filter.search)?,
        status: filter.status.map(Into::into),
        management: filter.management.map(Into::into),
        by_name: order.field == CustomerOrderField::Name,
        order: order.direction.into(),
    });
    page(ctx, args, &list, |row| Customer::of(row, agent)).await
}

/// A subscriber's telephone account. Its holder sees it, its agent of record, and operators; an agent's own telephone account
/// is one too, and holds the agent's funding.
#[Object]
impl Customer {
    /// The global id, `cus_…`.
    pub async fn id(&self) -> ID {
        self.row.id.into()
    }

    /// The public account number: digits with a check digit, never changed.
    async fn account_number(&self) -> &str {
        self.row.number.as_str()
    }

    /// The account holder's name.
    async fn name(&self) -> &str {
        self.row.name.as_str()
    }

    /// The account holder's e-mail address, if there is one.
    async fn email(&self) -> Option<&str> {
        self.row.email.as_ref().map(entity::Email::as_str)
    }

    /// How far the account is.
    async fn status(&self) -> CustomerStatus {
        self.row.status.into()
    }

    /// Who acts inside the account.
    async fn management(&self) -> Management {
        self.row.management.into()
    }

    /// When it signed up, or was signed up.
    async fn joined_at(&self) -> DateTime {
        self.row.joined_at.into()
    }

    /// The agent of record. Null: none, and nobody earns.
    async fn agent(&self, ctx: &Context<'_>) -> Answer<AgentProfile> {
        maybe(async {
            let open: Option<affiliation::Model> = find(ctx, OpenAffiliation(self.row.id)).await?;
            match open {
                Some(open) => Ok(find(ctx, open.agent_id).await?.map(AgentProfile)),
                None => Ok(None),
            }
        })
        .await
    }

    /// How and when it came to the agent of record. Null: it has none.
    async fn affiliation(&self, ctx: &Context<'_>) -> Answer<Affiliation> {
        maybe(async {
            Ok(find(ctx, OpenAffiliation(self.row.id))
                .await?
                .map(Affiliation))
        })
        .await
    }

    /// What is on the account, as of now.
    async fn balance(&self, ctx: &Context<'_>) -> Result<CustomerBalance> {
        let row = self.money(ctx).await?;
        Ok(CustomerBalance {
            cash: row.cash,
            promo: row.promo,
        })
    }

    /// What was charged, the newest `occurredAt` first. An agent sees those that occurred while the customer was its own; of a
    /// customer that it manages, all.
    async fn charges(
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
        #[graphql(desc = "Which charges.")] filter: Option<ChargeFilter>,
    ) -> Answer<Connection<Charge>> {
        maybe(async {
            let filter = filter.unwrap_or_default().read()?;
            let of = match self.relation(ctx).await? {
                Relation::Stranger => return Ok(None),
                Relation::Monitors => sight(ctx).agent(),
                Relation::Operator | Relation::Own | Relation::Manages => None,
            };
            let list = charges::of_customer(self.row.id, of, &filter);
            page(
                ctx,
                &PageArgs::new(first, after, last, before),
                &list,
                Charge,
            )
            .await
            .map(Some)
        })
        .await
    }

    /// What was paid in, newest first. Null to an agent that does not manage the customer.
    async fn top_ups(
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
    ) -> Answer<Connection<TopUp>> {
        maybe(async {
            if !self.relation(ctx).await?.sees_all() {
                return Ok(None);
            }
            let list = top_ups::of_customer(self.row.id);
            page(
                ctx,
                &PageArgs::new(first, after, last, before),
                &list,
                TopUp,
            )
            .await
            .map(Some)
        })
        .await
    }

    /// The monthly fees that run or ran, newest first.
    async fn plans(
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
    ) -> Answer<Connection<Plan>> {
        maybe(async {
            if !self.relation(ctx).await?.sees() {
                return Ok(None);
            }
            let list = plans::of_customer(self.row.id);
            page(ctx, &PageArgs::new(first, after, last, before), &list, Plan)
                .await
                .map(Some)
        })
        .await
    }

    /// The ledger transactions that touched the account, newest first. An agent that does not manage the customer sees those
    /// that touched its own accounts as well: what it transferred, and what earned it commission.
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
            let relation = self.relation(ctx).await?;
            if !relation.sees() {
                return Ok(None);
            }
            let shared_with = (!relation.sees_all()).then(|| sight(ctx).owners());
            let args = PageArgs::new(first, after, last, before);
            let found =
                transactions::of_account(ctx, &args, self.row.id, shared_with, filter).await?;
            Ok(Some(found))
        })
        .await
    }

    /// What the viewing agent, or for an operator any agent, earned on this customer, less what was taken back: in a period by
    /// the time of the charge, or ever. Null to the customer.
    async fn commission_earned(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "From when to when. All time, if left out.")] period: Option<PeriodInput>,
    ) -> Answer<Money> {
        maybe(async {
            let of = match sight(ctx) {
                Sight::All => None,
                Sight::Own {
                    agent: Some(agent),
                    customer,
                    ..
                } if customer != Some(self.row.id) => Some(agent),
                Sight::Own { .. } | Sight::Nothing => return Ok(None),
            };
            let period = period.map(|period| period.read("period")).transpose()?;
            let period = period.map(|period| period.span());
            let part = commissions::earned_on(self.row.id, of, period);
            let earned = entity::Money::from_units(sum(ctx, part).await?);
            Ok(Some(Money(earned)))
        })
        .await
    }

    /// The position of the newest event of `accountEvents`, to subscribe from.
    async fn latest_cursor(&self, ctx: &Context<'_>) -> Result<String> {
        let seq = self.money(ctx).await?.event_seq;
        let stream = EventStream::Account(self.row.id);
        Ok(EventCursor { stream, seq }.encode())
    }
}

impl Customer {
    async fn money(&self, ctx: &Context<'_>) -> Result<customer_balance::Model, Error> {
        must(ctx, AccountMoney(self.row.id)).await
    }

    async fn relation(&self, ctx: &Context<'_>) -> Result<Relation, Error> {
        sight(ctx).relation_to(ctx, self).await
    }
}

/// How and when a customer came to its agent.
pub struct Affiliation(affiliation::Model);

/// How and when a customer came to its agent of record.
#[Object]
impl Affiliation {
    /// How.
    async fn method(&self) -> AffiliationMethod {
        self.0.method.into()
    }

    /// Since when: what is charged from then on earns the agent commission.
    async fn since(&self) -> DateTime {
        self.0.since.into()
    }
}

/// What others may see of an agent.
#[Object]
impl AgentProfile {
    /// The public Agent ID: digits with a check digit, never changed.
    async fn agent_number(&self) -> &str {
        self.0.number.as_str()
    }

    /// The name under which it sells.
    async fn display_name(&self) -> &str {
        self.0.display_name.as_str()
    }
}

/// Its share of the queries.
#[derive(Default)]
pub struct CustomerQuery;

#[Object]
impl CustomerQuery {
    /// Customers: an agent's own, or all for an operator.
    ///
    /// Example: `{ customers(first: 20, filter: { search: "ada" }) { nodes { name balance { available } } } }`
    async fn customers(
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
        #[graphql(desc = "Which customers.")] filter: Option<CustomerFilter>,
        #[graphql(
            desc = "In which order: the newest first, if left out.",
            default_with = "Some(CustomerOrder::default())"
        )]
        order_by: Option<CustomerOrder>,
    ) -> Answer<Connection<Customer>> {
        maybe(async {
            enter(ctx)?;
            let of = match sight(ctx) {
                Sight::All => None,
                other => Some(other.agent().ok_or(Error::Forbidden)?),
            };
            let args = PageArgs::new(first, after, last, before);
            list(ctx, &args, of, filter, order_by).await.map(Some)
        })
        .await
    }

    /// What a signup page may show of the agent that a number or link names. Anyone may ask; null if there is no active one, and
    /// for a mistyped number.
    ///
    /// Example: `{ agentProfile(agentNumber: "1000-0005") { displayName } }`
    async fn agent_profile(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The Agent ID as typed: spaces and dashes are ignored.")]
        agent_number: String,
    ) -> Answer<AgentProfile> {
        maybe(async {
            enter(ctx)?;
            let Ok(number) = entity::AgentNumber::parse(&agent_number) else {
                return Ok(None);
            };
            let row: Option<agent::Model> =
                find(ctx, super::loaders::AgentNumbered(number)).await?;
            let active = row.filter(|row| row.status == agent::AgentStatus::Active);
            Ok(active.map(AgentProfile))
        })
        .await
    }
}
