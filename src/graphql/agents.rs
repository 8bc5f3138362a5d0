//! Agents: the program's resellers.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result};
use entity::{AgentId, agent, agent_balance, commission_rate};

use super::access::enter;
use super::balances::AgentBalance;
use super::commission_rates::CommissionRatePeriod;
use super::commissions::CommissionFilter;
use super::connection::{Connection, PageArgs, page};
use super::context::services;
use super::cursor::{EventCursor, EventStream};
use super::customers::{self, CustomerFilter, CustomerOrder, OrderDirection};
use super::error::{Answer, maybe};
use super::given::search;
use super::loaders::{AgentMoney, RatesOf, StandingsOf, find, must};
use super::nodes::{Agent, Application, Commission, Customer, Payout, Transaction, Transfer};
use super::payouts::PayoutFilter;
use super::scalars::{DateTime, Percent};
use super::standing::{AgentStanding, AgentStatus};
use super::transactions::{self, TransactionFilter};
use crate::Error;
use crate::program::rates::rate_at;
use crate::store::{agents, commissions, payouts, transfers};

/// A person or a company.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "agent::AgentKind")]
pub enum AgentKind {
    /// A person.
    Individual,
    /// A company.
    Business,
}

/// By what agents are ordered.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgentOrderField {
    /// When they were approved.
    JoinedAt,
    /// The names under which they sell.
    Name,
}

/// The order of agents.
#[derive(InputObject, Clone, Copy, Debug)]
pub struct AgentOrder {
    /// By what.
    field: AgentOrderField,
    /// Which way.
    direction: OrderDirection,
}

impl Default for AgentOrder {
    fn default() -> Self {
        Self {
            field: AgentOrderField::JoinedAt,
            direction: OrderDirection::Desc,
        }
    }
}

/// Which agents.
#[derive(InputObject, Clone, Debug, Default)]
pub struct AgentFilter {
    /// In name or agent number: at most 200 characters; letters of either case are the same.
    search: Option<String>,
    /// Whether they earn.
    status: Option<AgentStatus>,
}

/// A reseller of the program, who earns a commission on what its customers pay for. The agent itself sees it and operators;
/// others meet its profile.
#[Object]
impl Agent {
    /// The global id, `agt_…`.
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The public Agent ID: digits with a check digit, never changed.
    async fn agent_number(&self) -> &str {
        self.0.number.as_str()
    }

    /// The link with the agent's number in it: whoever signs up through it becomes this agent's customer.
    async fn signup_url(&self, ctx: &Context<'_>) -> String {
        services(ctx).site.signup_link(&self.0.number)
    }

    /// The name under which it sells.
    async fn display_name(&self) -> &str {
        self.0.display_name.as_str()
    }

    /// A person or a company.
    async fn kind(&self) -> AgentKind {
        self.0.kind.into()
    }

    /// Whether it earns.
    async fn status(&self) -> AgentStatus {
        self.0.status.into()
    }

    /// What operators decided about it, newest first: since when it is what it is, and why. Empty: it is `ACTIVE` since it
    /// joined.
    async fn standings(&self, ctx: &Context<'_>) -> Result<Vec<AgentStanding>> {
        let rows = find(ctx, StandingsOf(self.0.id)).await?;
        Ok(AgentStanding::all(rows.unwrap_or_default()))
    }

    /// When it was approved.
    async fn joined_at(&self) -> DateTime {
        self.0.joined_at.into()
    }

    /// The rate in force now: one for everything.
    async fn commission_rate(&self, ctx: &Context<'_>) -> Result<Percent> {
        let rates = self.rates(ctx).await?;
        let now = services(ctx).clock.now();
        let rate = rate_at(&rates, now).or_else(|| rates.last().map(|row| row.commission_rate));
        let rate = rate.ok_or_else(|| Error::Fault("an agent has no rate".into()))?;
        Ok(rate.percent().into())
    }

    /// Every rate, newest first, one period without gap or overlap after the other. The first may begin in the future.
    async fn commission_rates(&self, ctx: &Context<'_>) -> Result<Vec<CommissionRatePeriod>> {
        Ok(CommissionRatePeriod::all(self.rates(ctx).await?))
    }

    /// What it has, as of now.
    async fn balance(&self, ctx: &Context<'_>) -> Result<AgentBalance> {
        Ok(AgentBalance::of(ctx, &self.0).await?)
    }

    /// The agent's own telephone account: it holds funding, and can buy services.
    async fn customer(&self, ctx: &Context<'_>) -> Result<Customer> {
        Ok(Customer::from(must(ctx, self.0.customer_id).await?))
    }

    /// The application that made it an agent.
    async fn application(&self, ctx: &Context<'_>) -> Answer<Application> {
        maybe(async {
            match self.0.application_id {
                Some(id) => Ok(find(ctx, id).await?.map(Application)),
                None => Ok(None),
            }
        })
        .await
    }

    /// Its customers, whichever way they came.
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
            let args = PageArgs::new(first, after, last, before);
            customers::list(ctx, &args, Some(self.0.id), filter, order_by)
                .await
                .map(Some)
        })
        .await
    }

    /// Its commissions, newest first.
    async fn commissions(
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
        #[graphql(desc = "Which commissions.")] filter: Option<CommissionFilter>,
    ) -> Answer<Connection<Commission>> {
        maybe(async {
            let filter = filter.unwrap_or_default().read()?;
            let list = commissions::of_agent(self.0.id, &filter);
            page(
                ctx,
                &PageArgs::new(first, after, last, before),
                &list,
                Commission,
            )
            .await
            .map(Some)
        })
        .await
    }

    /// What it gave to its customers, newest first.
    async fn transfers(
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
    ) -> Answer<Connection<Transfer>> {
        maybe(async {
            let list = transfers::of_agent(self.0.id);
            page(
                ctx,
                &PageArgs::new(first, after, last, before),
                &list,
                Transfer,
            )
            .await
            .map(Some)
        })
        .await
    }

    /// What it asked to be paid out, newest first.
    async fn payouts(
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
        #[graphql(desc = "Which payouts.")] filter: Option<PayoutFilter>,
    ) -> Answer<Connection<Payout>> {
        maybe(async {
            let filter = filter.unwrap_or_default();
            let list = payouts::list(Some(self.0.id), &filter.read());
            page(
                ctx,
                &PageArgs::new(first, after, last, before),
                &list,
                Payout,
            )
            .await
            .map(Some)
        })
        .await
    }

    /// The ledger transactions that touched its accounts, its own telephone account's among them. Newest first.
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
            let args = PageArgs::new(first, after, last, before);
            transactions::of_agent(ctx, &args, self.0.id, filter)
                .await
                .map(Some)
        })
        .await
    }

    /// The position of the newest event of `agentEvents`, to subscribe from.
    async fn latest_cursor(&self, ctx: &Context<'_>) -> Result<String> {
        let row: agent_balance::Model = must(ctx, AgentMoney(self.0.id)).await?;
        Ok(latest_cursor(self.0.id, &row))
    }
}

impl Agent {
    async fn rates(&self, ctx: &Context<'_>) -> Result<Vec<commission_rate::Model>, Error> {
        Ok(find(ctx, RatesOf(self.0.id)).await?.unwrap_or_default())
    }
}

fn latest_cursor(id: AgentId, row: &agent_balance::Model) -> String {
    let stream = EventStream::Agent(id);
    let seq = row.event_seq;
    EventCursor { stream, seq }.encode()
}

/// Its share of the queries.
#[derive(Default)]
pub struct AgentQuery;

#[Object]
impl AgentQuery {
    /// All agents. Operators only.
    ///
    /// Example: `{ agents(filter: { status: ACTIVE }) { nodes { displayName commissionRate } } }`
    async fn agents(
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
        #[graphql(desc = "Which agents.")] filter: Option<AgentFilter>,
        #[graphql(
            desc = "In which order: the newest first, if left out.",
            default_with = "Some(AgentOrder::default())"
        )]
        order_by: Option<AgentOrder>,
    ) -> Answer<Connection<Agent>> {
        maybe(async {
            enter(ctx)?;
            let filter = filter.unwrap_or_default();
            let order = order_by.unwrap_or_default();
            let list = agents::list(&agents::Agents {
                search: search(filter.search)?,
                status: filter.status.map(Into::into),
                by_name: order.field == AgentOrderField::Name,
                order: order.direction.into(),
            });
            page(
                ctx,
                &PageArgs::new(first, after, last, before),
                &list,
                Agent,
            )
            .await
            .map(Some)
        })
        .await
    }
}
