//! Reports: what was charged and earned, by day, month, kind, customer or agent (R23, R45).

use std::collections::HashMap;

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use entity::CustomerId;
use futures_util::future::try_join_all;

use super::access::enter;
use super::connection::{Computed, Connection, PageArgs};
use super::context::{addressee, services, sight};
use super::cursor::{EventCursor, EventStream};
use super::error::{Answer, maybe};
use super::given::{Given, bad_argument};
use super::loaders::must;
use super::nodes::{Agent, Customer};
use super::period::PeriodInput;
use super::scalars::{DateTime, Money};
use crate::Error;
use crate::sheets::{Grouping, Key, Report, Sheet};
use crate::store::reports::{self, Figures};

/// By what the rows of a report are told apart.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "Grouping")]
pub enum ReportGrouping {
    /// A row for each day on which something happened.
    Day,
    /// A row for each month in which something happened.
    Month,
    /// A row for each kind of charge, and one for bonuses: `BONUS`.
    Kind,
    /// A row for each customer, and one for bonuses: `BONUS`.
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
    /// Credited to the agent, held or not; its bonuses among it.
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
    /// The rows as CSV: a signed link, good for ten minutes and for as long as this session. With a header row, amounts and
    /// dates that a spreadsheet reads, and no sums.
    csv_url: String,
}

/// One line of a report.
#[derive(SimpleObject)]
pub struct CommissionReportRow {
    /// The day (2026-11-22), month (2026-11), charge kind (CALL) or customer id; BONUS for what operators gave.
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
    csv_url: String,
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
    csv_url: String,
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

    /// All rows as CSV: a signed link, good for ten minutes and for as long as this session.
    async fn csv_url(&self) -> &str {
        &self.csv_url
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

    /// All rows as CSV: a signed link, good for ten minutes and for as long as this session.
    async fn csv_url(&self) -> &str {
        &self.csv_url
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
    /// Commissions by day, month, customer or kind, bonuses among them. An agent sees its own; an operator names an agent or sees
    /// the program's.
    ///
    /// Example: `{ commissionReport(input: {period: {from: "2026-11-01", to: "2026-12-01", timeZone: "Europe/Berlin"}, groupBy: DAY}) { rows { key figures { spent earned } } totals { net } cursor } }`
    async fn commission_report(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which period, of whom, by what.")] input: ReportInput,
    ) -> Answer<CommissionReport> {
        maybe(async {
            let Some(report) = read(ctx, &input)? else {
                return Ok(None);
            };
            let services = services(ctx);
            let grouping = input.group_by.into();
            let txn = services.db.begin_read().await?;
            let cursor = match report.agent {
                Some(agent) => Some(EventCursor {
                    stream: EventStream::Agent(agent),
                    seq: reports::position(&txn, agent).await?,
                }),
                None => None,
            };
            let as_of = services.clock.now();
            let rows = report.rows(&txn, grouping).await?;
            let totals = report.totals(&txn).await?;
            txn.commit().await?;
            let names = names(ctx, &rows).await?;
            let name = |id| names.get(&id).cloned().unwrap_or_default();
            let shown = rows.iter().map(|(key, figures)| CommissionReportRow {
                key: key.text(),
                label: key.label(name),
                figures: figures.into(),
            });
            Ok(Some(CommissionReport {
                rows: shown.collect(),
                totals: (&totals).into(),
                as_of: as_of.into(),
                cursor: cursor.map(EventCursor::encode),
                csv_url: link(ctx, Sheet::Commissions(report, grouping))?,
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
            let Some(report) = read(ctx, &input)? else {
                return Ok(None);
            };
            let services = services(ctx);
            let txn = services.db.begin_read().await?;
            let as_of = services.clock.now();
            let rows = report.customers(&txn).await?.into_iter();
            let totals = report.customer_totals(&txn).await?;
            txn.commit().await?;
            let list = Computed {
                name: "customerReport",
                rows: rows
                    .map(|(place, id, doings)| (place, (id, doings)))
                    .collect(),
            };
            let args = PageArgs::new(first, after, last, before);
            let rows = list
                .page(&args)?
                .show(|(id, doings)| async move {
                    Ok::<_, Error>(CustomerReportRow {
                        customer: Customer::from(must(ctx, id).await?),
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
                csv_url: link(ctx, Sheet::Customers(report))?,
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
            let Some(report) = read(ctx, &input)? else {
                return Ok(None);
            };
            let services = services(ctx);
            let txn = services.db.begin_read().await?;
            let as_of = services.clock.now();
            let (rows, totals) = report.agents(&txn).await?;
            txn.commit().await?;
            let list = Computed {
                name: "agentReport",
                rows,
            };
            let args = PageArgs::new(first, after, last, before);
            let rows = list
                .page(&args)?
                .show(|row| async move {
                    Ok::<_, Error>(AgentReportRow {
                        agent: Agent(must(ctx, row.agent).await?),
                        signups: count(row.signups),
                        active_customers: count(row.active),
                        calls: count(row.figures.calls),
                        call_seconds: count(row.figures.call_seconds),
                        figures: (&row.figures).into(),
                    })
                })
                .await?;
            Ok(Some(AgentReport {
                rows,
                totals: (&totals).into(),
                as_of: as_of.into(),
                csv_url: link(ctx, Sheet::Agents(report))?,
            }))
        })
        .await
    }
}

/// What is asked for; `None` where it is of an agent that the viewer may not see.
fn read(ctx: &Context<'_>, input: &ReportInput) -> Result<Option<Report>, Error> {
    enter(ctx)?;
    let period = input.period.read("input.period")?;
    let named = input.agent_id.as_ref();
    let named = named.map(Given::known);
    let viewer = sight(ctx).agent();
    let agent = match (viewer, named) {
        (_, Some(None)) => {
            return Err(bad_argument("input.agentId", "must be the id of an agent"));
        }
        (Some(own), Some(Some(named))) if own != named => return Ok(None),
        (Some(own), _) => Some(own),
        (None, named) => named.flatten(),
    };
    Ok(Some(Report {
        period,
        agent,
        viewer,
    }))
}

/// The link to a file for whoever asks.
pub(super) fn link(ctx: &Context<'_>, sheet: Sheet) -> Result<String, Error> {
    services(ctx).sheets.url(sheet, addressee(ctx).person()?)
}

/// What the customers of these rows are called.
async fn names(
    ctx: &Context<'_>,
    rows: &[(Key, Figures)],
) -> Result<HashMap<CustomerId, String>, Error> {
    let ids = rows.iter().filter_map(|(key, _)| match key {
        Key::Customer(id) => Some(*id),
        _ => None,
    });
    let found = ids.map(async |id| {
        let customer: entity::customer::Model = must(ctx, id).await?;
        Ok::<_, Error>((id, customer.name.to_string()))
    });
    Ok(try_join_all(found).await?.into_iter().collect())
}
