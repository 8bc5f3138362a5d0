//! Reports: what was charged and earned, by day, month, kind, customer or agent (R23, R45).

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use entity::charge::ChargeKind;
use entity::{AgentId, CustomerId, TypedId};
use futures_util::future::try_join_all;
use sea_orm::DatabaseTransaction;

use super::access::enter;
use super::connection::{Computed, Connection, PageArgs};
use super::context::{services, sight};
use super::cursor::{EventCursor, EventStream};
use super::error::{Answer, maybe};
use super::given::{Given, bad_argument};
use super::loaders::must;
use super::nodes::{Agent, Customer};
use super::period::{Period, PeriodInput};
use super::scalars::{DateTime, Money};
use crate::Error;
use crate::store::reports::{self, Doings, Figures, Span};

/// By what the rows of a report are told apart.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportGrouping {
    /// A row for each day on which something happened.
    Day,
    /// A row for each month in which something happened.
    Month,
    /// A row for each kind of charge.
    Kind,
    /// A row for each customer.
    Customer,
}

/// What a report is about.
#[derive(InputObject)]
pub struct ReportInput {
    /// At least one day and at most 400.
    period: PeriodInput,
    /// By what the rows are told apart. For `commissionReport` only.
    #[graphql(default_with = "ReportGrouping::Day")]
    group_by: ReportGrouping,
    /// Operators only; an agent's is its own. Left out, an operator sees the program's.
    agent_id: Option<Given<ID>>,
}

/// Sums over a time.
#[derive(SimpleObject)]
pub struct CommissionFigures {
    /// How many charges there were, free ones included.
    charges: i32,
    /// What was paid for, in cash or promotional credit.
    spent: Money,
    /// What commission is due on.
    base: Money,
    /// Credited to the agent, held or not.
    earned: Money,
    /// Taken back.
    clawed_back: Money,
    /// earned - clawedBack.
    net: Money,
}

/// Commissions by day, month, kind or customer.
#[derive(SimpleObject)]
pub struct CommissionReport {
    /// In the order of their keys; customers by what they earned the agent, the most first. Nothing stands for nothing, nor
    /// for a customer that is another agent's now.
    rows: Vec<CommissionReportRow>,
    /// The sums of all rows.
    totals: CommissionFigures,
    /// The instant that the report shows.
    as_of: DateTime,
    /// Subscribe to `agentEvents(after:)` with it: the events that follow are exactly those that this report does not hold.
    /// Null on the program's.
    cursor: Option<String>,
}

/// One line of a report.
#[derive(SimpleObject)]
pub struct CommissionReportRow {
    /// The day (2026-11-22), month (2026-11), charge kind (CALL) or customer id.
    key: String,
    /// The same for people: the customer's name, `Calls`.
    label: String,
    /// What happened then, or there.
    figures: CommissionFigures,
}

/// What each customer spent and earned its agent.
pub struct CustomerReport {
    rows: Connection<CustomerReportRow>,
    totals: CommissionFigures,
    as_of: DateTime,
}

/// What one customer did.
#[derive(SimpleObject)]
pub struct CustomerReportRow {
    /// The customer.
    customer: Customer,
    /// How many calls it made.
    calls: i32,
    /// How long they lasted together, in seconds.
    call_seconds: i32,
    /// What it spent, and what that earned.
    figures: CommissionFigures,
    /// When it was charged last within the period.
    last_charge_at: Option<DateTime>,
}

/// Revenue, traffic, signups and commission of each agent.
pub struct AgentReport {
    rows: Connection<AgentReportRow>,
    totals: CommissionFigures,
    as_of: DateTime,
}

/// What one agent brought.
#[derive(SimpleObject)]
pub struct AgentReportRow {
    /// The agent.
    agent: Agent,
    /// How many customers came to it within the period.
    signups: i32,
    /// How many of its customers were charged within the period.
    active_customers: i32,
    /// How many calls its customers made.
    calls: i32,
    /// How long they lasted together, in seconds.
    call_seconds: i32,
    /// What its customers spent, and what that earned.
    figures: CommissionFigures,
}

/// What each customer spent and earned its agent.
#[Object]
impl CustomerReport {
    /// A page of it: whoever earned the agent most comes first.
    async fn rows(&self) -> &Connection<CustomerReportRow> {
        &self.rows
    }

    /// The sums of all customers, whatever the page.
    async fn totals(&self) -> &CommissionFigures {
        &self.totals
    }

    /// The instant that the report shows.
    async fn as_of(&self) -> &DateTime {
        &self.as_of
    }
}

/// Revenue, traffic, signups and commission of each agent.
#[Object]
impl AgentReport {
    /// A page of it: whoever earned most comes first.
    async fn rows(&self) -> &Connection<AgentReportRow> {
        &self.rows
    }

    /// The sums of all agents, whatever the page.
    async fn totals(&self) -> &CommissionFigures {
        &self.totals
    }

    /// The instant that the report shows.
    async fn as_of(&self) -> &DateTime {
        &self.as_of
    }
}

impl From<&Figures> for CommissionFigures {
    fn from(figures: &Figures) -> Self {
        Self {
            charges: count(figures.charges),
            spent: figures.spent.into(),
            base: figures.base.into(),
            earned: figures.earned.into(),
            clawed_back: figures.clawed_back.into(),
            net: (figures.earned - figures.clawed_back).into(),
        }
    }
}

/// As GraphQL's 32 bits hold it: a count beyond two thousand million stands at the end of the scale.
fn count(n: i64) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

/// Reports.
#[derive(Default)]
pub struct ReportQuery;

#[Object]
impl ReportQuery {
    /// Commissions by day, month, customer or kind. An agent sees its own; an operator names an agent or sees the program's.
    ///
    /// Example: `{ commissionReport(input: {period: {from: "2026-11-01", to: "2026-12-01", timeZone: "Europe/Berlin"}, groupBy: DAY}) { rows { key figures { spent earned } } totals { net } cursor } }`
    async fn commission_report(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which period, of whom, by what.")] input: ReportInput,
    ) -> Answer<CommissionReport> {
        maybe(async {
            let Some(asked) = Asked::read(ctx, &input)? else {
                return Ok(None);
            };
            let services = services(ctx);
            let txn = services.db.begin_read().await?;
            let cursor = match asked.agent {
                Some(agent) => Some(EventCursor {
                    stream: EventStream::Agent(agent),
                    seq: reports::position(&txn, agent).await?,
                }),
                None => None,
            };
            let as_of = services.clock.now();
            let rows = asked.rows(&txn, input.group_by).await?;
            // By kind, since customers that are another's now have no row.
            let all = reports::by_kind(&txn, asked.agent, asked.span()).await?;
            txn.commit().await?;
            let totals = Figures::total(all.values());
            let shown = rows.iter().map(async |(key, figures)| {
                Ok::<_, Error>(CommissionReportRow {
                    key: key.text(),
                    label: key.label(ctx).await?,
                    figures: figures.into(),
                })
            });
            Ok(Some(CommissionReport {
                rows: try_join_all(shown).await?,
                totals: (&totals).into(),
                as_of: as_of.into(),
                cursor: cursor.map(EventCursor::encode),
            }))
        })
        .await
    }

    /// What each customer spent and earned its agent, whoever earned most first. An agent sees its own; an operator names an
    /// agent or sees the program's. A customer that is another's now has no row, and is in the totals for its time here.
    ///
    /// Example: `{ customerReport(input: {period: {from: "2026-11-01", to: "2026-12-01"}}, first: 10) { rows { nodes { customer { name } figures { spent earned } } } totals { net } } }`
    async fn customer_report(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which period, and of whom.")] input: ReportInput,
        #[graphql(desc = "How many rows from the beginning, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "The rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "The rows before this cursor.")] before: Option<String>,
    ) -> Answer<CustomerReport> {
        maybe(async {
            let Some(asked) = Asked::read(ctx, &input)? else {
                return Ok(None);
            };
            let services = services(ctx);
            let txn = services.db.begin_read().await?;
            let as_of = services.clock.now();
            let all = reports::by_customer(&txn, asked.agent, asked.span()).await?;
            let own = match sight(ctx).agent() {
                Some(agent) => Some(reports::still_with(&txn, agent).await?),
                None => None,
            };
            txn.commit().await?;
            let totals = Figures::total(all.values().map(|doings| &doings.figures));
            let mut rows = Vec::new();
            for (id, doings) in of_each_customer(&all, own.as_ref()) {
                let place = (-doings.figures.earned.units(), id.uuid());
                rows.push((place, (id, doings)));
            }
            rows.sort_by_key(|(place, _)| *place);
            let list = Computed {
                name: "customerReport",
                rows,
            };
            let args = PageArgs::new(first, after, last, before);
            let page = list.page(&args)?;
            let rows = page
                .show(|(id, doings): (CustomerId, Doings)| async move {
                    Ok::<_, Error>(CustomerReportRow {
                        customer: Customer(must(ctx, id).await?),
                        calls: count(doings.figures.calls),
                        call_seconds: count(doings.figures.call_seconds),
                        figures: (&doings.figures).into(),
                        last_charge_at: doings.last_charge_at.map(Into::into),
                    })
                })
                .await?;
            Ok(Some(CustomerReport {
                rows,
                totals: (&totals).into(),
                as_of: as_of.into(),
            }))
        })
        .await
    }

    /// Operators: revenue, traffic, signups and commission per agent, to decide rates on.
    ///
    /// Example: `{ agentReport(input: {period: {from: "2026-11-01", to: "2026-12-01"}}) { rows { nodes { agent { displayName } signups activeCustomers figures { spent earned } } } } }`
    async fn agent_report(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which period, and of whom.")] input: ReportInput,
        #[graphql(desc = "How many rows from the beginning, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "The rows behind this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "The rows before this cursor.")] before: Option<String>,
    ) -> Answer<AgentReport> {
        maybe(async {
            let Some(asked) = Asked::read(ctx, &input)? else {
                return Ok(None);
            };
            let services = services(ctx);
            let txn = services.db.begin_read().await?;
            let as_of = services.clock.now();
            let figures = reports::by_agent(&txn, asked.agent, asked.span()).await?;
            let signups = reports::signups(&txn, asked.agent, asked.span()).await?;
            let doings = reports::by_customer(&txn, asked.agent, asked.span()).await?;
            txn.commit().await?;
            let totals = Figures::total(figures.values());
            let agents: BTreeSet<AgentId> = figures.keys().chain(signups.keys()).copied().collect();
            let list = Computed {
                name: "agentReport",
                rows: ranked(agents, &figures),
            };
            let (figures, signups, doings) = (&figures, &signups, &doings);
            let args = PageArgs::new(first, after, last, before);
            let rows = list
                .page(&args)?
                .show(|id: AgentId| async move {
                    let own = figures.get(&id).copied().unwrap_or_default();
                    let active = doings
                        .iter()
                        .filter(|((agent, _), doings)| *agent == id && doings.figures.charges > 0);
                    Ok::<_, Error>(AgentReportRow {
                        agent: Agent(must(ctx, id).await?),
                        signups: count(signups.get(&id).copied().unwrap_or_default()),
                        active_customers: i32::try_from(active.count()).unwrap_or(i32::MAX),
                        calls: count(own.calls),
                        call_seconds: count(own.call_seconds),
                        figures: (&own).into(),
                    })
                })
                .await?;
            Ok(Some(AgentReport {
                rows,
                totals: (&totals).into(),
                as_of: as_of.into(),
            }))
        })
        .await
    }
}

type Place = (i64, uuid::Uuid);

/// Whoever earned most first.
fn ranked(
    agents: BTreeSet<AgentId>,
    figures: &BTreeMap<AgentId, Figures>,
) -> Vec<(Place, AgentId)> {
    let earned = |id: &AgentId| figures.get(id).map_or(0, |own| own.earned.units());
    let mut rows: Vec<_> = agents
        .into_iter()
        .map(|id| ((-earned(&id), id.uuid()), id))
        .collect();
    rows.sort_by_key(|(place, _)| *place);
    rows
}

/// What each customer did, with whichever agent; of those that an agent may still see.
fn of_each_customer(
    all: &BTreeMap<(AgentId, CustomerId), Doings>,
    own: Option<&BTreeSet<CustomerId>>,
) -> BTreeMap<CustomerId, Doings> {
    let mut each: BTreeMap<CustomerId, Doings> = BTreeMap::new();
    let seen = |id: &CustomerId| own.is_none_or(|own| own.contains(id));
    for ((_, id), doings) in all.iter().filter(|((_, id), _)| seen(id)) {
        let sum = each.entry(*id).or_default();
        sum.figures.add(&doings.figures);
        sum.last_charge_at = sum.last_charge_at.max(doings.last_charge_at);
    }
    each
}

/// A report that somebody may see.
struct Asked {
    period: Period,
    /// `None`: the program's.
    agent: Option<AgentId>,
    /// The agent that asks. `None`: an operator.
    viewer: Option<AgentId>,
}

/// What a row is about.
enum Key {
    Time(String),
    Kind(ChargeKind),
    Customer(CustomerId),
}

impl Asked {
    /// What is asked for; `None` where it is of an agent that the viewer may not see.
    fn read(ctx: &Context<'_>, input: &ReportInput) -> Result<Option<Self>, Error> {
        enter(ctx)?;
        let period = input.period.read("input.period")?;
        let named = input.agent_id.as_ref();
        let named = named.map(Given::known::<AgentId>);
        let agent = match (sight(ctx).agent(), named) {
            (_, Some(None)) => {
                return Err(bad_argument("input.agentId", "must be the id of an agent"));
            }
            (Some(own), Some(Some(named))) if own != named => return Ok(None),
            (Some(own), _) => Some(own),
            (None, named) => named.flatten(),
        };
        let viewer = sight(ctx).agent();
        Ok(Some(Self {
            period,
            agent,
            viewer,
        }))
    }

    fn span(&self) -> Span {
        self.period.span()
    }

    async fn rows(
        &self,
        txn: &DatabaseTransaction,
        grouping: ReportGrouping,
    ) -> Result<Vec<(Key, Figures)>, Error> {
        let named = match grouping {
            ReportGrouping::Day => self.period.days(),
            ReportGrouping::Month => self.period.months(),
            ReportGrouping::Kind => {
                let kinds = reports::by_kind(txn, self.agent, self.span()).await?;
                let mut rows: Vec<_> = kinds.into_iter().collect();
                rows.sort_by_key(|(kind, _)| kind.to_string());
                let rows = rows.into_iter();
                return Ok(rows.map(|(kind, own)| (Key::Kind(kind), own)).collect());
            }
            ReportGrouping::Customer => {
                let all = reports::by_customer(txn, self.agent, self.span()).await?;
                let own = match self.viewer {
                    Some(agent) => Some(reports::still_with(txn, agent).await?),
                    None => None,
                };
                let each = of_each_customer(&all, own.as_ref()).into_iter();
                let mut rows: Vec<_> = each
                    .map(|(id, doings)| (Key::Customer(id), doings.figures))
                    .collect();
                rows.sort_by_key(|(_, own)| -own.earned.units());
                return Ok(rows);
            }
        };
        let spans: Vec<Span> = named.iter().map(|(_, span)| *span).collect();
        let figures = reports::by_span(txn, self.agent, &spans).await?;
        let rows = figures.into_iter();
        let name = |n: usize| named.get(n).map(|(name, _)| Key::Time(name.clone()));
        Ok(rows.filter_map(|(n, own)| Some((name(n)?, own))).collect())
    }
}

impl Key {
    fn text(&self) -> String {
        match self {
            Self::Time(name) => name.clone(),
            Self::Kind(kind) => kind.to_string(),
            Self::Customer(id) => id.to_string(),
        }
    }

    async fn label(&self, ctx: &Context<'_>) -> Result<String, Error> {
        Ok(match self {
            Self::Time(name) => name.clone(),
            Self::Kind(ChargeKind::Call) => "Calls".into(),
            Self::Kind(ChargeKind::Service) => "Services".into(),
            Self::Kind(ChargeKind::PlanFee) => "Monthly fees".into(),
            Self::Customer(id) => {
                let customer: entity::customer::Model = must(ctx, *id).await?;
                customer.name.to_string()
            }
        })
    }
}
