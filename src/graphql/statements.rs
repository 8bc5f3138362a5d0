//! Statements: an account's month, to the last 0.0001.

use async_graphql::{Context, ID, Object, SimpleObject};
use entity::{AgentId, CustomerId, Money as Amount, agent, customer};

use super::access::enter;
use super::context::{services, sight};
use super::error::{Answer, maybe};
use super::given::{Given, bad_argument};
use super::loaders::find;
use super::reports::link;
use super::scalars::{Date, DateTime, Money};
use super::sight::Sight;
use super::transactions::TransactionKind;
use crate::Error;
use crate::program::Period;
use crate::sheets::{Sheet, Statement as Sums, account_name};
use crate::store::statements::Owner;

/// A month's statement of an owner's accounts: opening, lines and closing tally to 0.0001, in sum and for each account, and
/// its closing is the opening of the next.
#[derive(SimpleObject)]
pub struct Statement {
    /// The month's first instant, in the operator's time zone.
    from: DateTime,
    /// The first instant after it. Of a month that runs, the closing is what there is now.
    to: DateTime,
    /// What all accounts held together at the beginning.
    opening: Money,
    /// What moved them, by kind of transaction and account.
    lines: Vec<StatementLine>,
    /// What all accounts held together at the end: the opening and the lines.
    closing: Money,
    /// The accounts that it is about: a telephone account's cash and promotional credit; or an agent's funding, commission,
    /// held and reserved.
    accounts: Vec<StatementAccount>,
    /// Each entry by itself as CSV: a signed link, good for ten minutes and for as long as this session.
    csv_url: String,
}

/// What one kind of transaction moved on one account.
#[derive(SimpleObject)]
pub struct StatementLine {
    /// What happened.
    kind: TransactionKind,
    /// Such as `customer:cash`, `agent:funding`, `agent:commission`.
    account: String,
    /// How often.
    count: i32,
    /// What it came to: positive raised what the owner has.
    amount: Money,
}

/// One account's beginning and end.
#[derive(SimpleObject)]
pub struct StatementAccount {
    /// Such as `customer:cash`, `agent:funding`, `agent:commission`.
    account: String,
    /// What it held at the beginning.
    opening: Money,
    /// What it held at the end.
    closing: Money,
}

/// Its share of the queries.
#[derive(Default)]
pub struct StatementQuery;

#[Object]
impl StatementQuery {
    /// A month's statement: the viewer's own (an agent's as an agent; its own telephone account's by that one's id), that of
    /// a customer that it manages, or any for an operator, who names one. Null for one that the viewer may not see.
    ///
    /// Example: `{ statement(month: "2026-11-01") { opening lines { kind account count amount } closing csvUrl } }`
    async fn statement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A customer's or an agent's id. The viewer's own, if left out.")]
        account_of: Option<Given<ID>>,
        #[graphql(desc = "Any day of the month.")] month: Given<Date>,
    ) -> Answer<Statement> {
        maybe(async {
            enter(ctx)?;
            let day = month.argument("month")?;
            let Some(owner) = owner(ctx, account_of).await? else {
                return Ok(None);
            };
            let services = services(ctx);
            let statement = Sums {
                owner,
                period: Period::month_of(day, services.terms.time_zone),
            };
            let txn = services.db.begin_read().await?;
            let (accounts, lines) = statement.read(&txn).await?;
            txn.commit().await?;
            let span = statement.period.span();
            let total = |of: fn(&crate::sheets::AccountSum) -> Amount| -> Amount {
                accounts.iter().map(of).sum()
            };
            Ok(Some(Statement {
                from: span.from.into(),
                to: span.to.into(),
                opening: total(|sum| sum.opening).into(),
                closing: total(|sum| sum.closing).into(),
                lines: lines
                    .into_iter()
                    .map(|line| StatementLine {
                        kind: line.kind.into(),
                        account: account_name(line.account, owner),
                        count: i32::try_from(line.count).unwrap_or(i32::MAX),
                        amount: line.amount.into(),
                    })
                    .collect(),
                accounts: accounts
                    .iter()
                    .map(|sum| StatementAccount {
                        account: account_name(sum.account, owner),
                        opening: sum.opening.into(),
                        closing: sum.closing.into(),
                    })
                    .collect(),
                csv_url: link(ctx, Sheet::Statement(statement))?,
            }))
        })
        .await
    }
}

/// Whose statement is asked for; `None` where the viewer may not see it, or there is none such.
async fn owner(ctx: &Context<'_>, named: Option<Given<ID>>) -> Result<Option<Owner>, Error> {
    let sight = sight(ctx);
    let Some(named) = named else {
        return match (sight.agent(), sight.customer()) {
            (Some(agent), _) => of_agent(ctx, agent).await,
            (None, Some(account)) => Ok(Some(Owner {
                account,
                agent: None,
            })),
            (None, None) if sight == Sight::All => Err(bad_argument(
                "accountOf",
                "must be the id of a customer or an agent",
            )),
            (None, None) => Err(Error::Forbidden),
        };
    };
    if let Some(agent) = named.known::<AgentId>() {
        return if sight.is_agent(agent) {
            of_agent(ctx, agent).await
        } else {
            Ok(None)
        };
    }
    let Some(account) = named.known::<CustomerId>() else {
        let must = "must be the id of a customer or an agent";
        return Err(bad_argument("accountOf", must));
    };
    if !sight.relation(ctx, account).await?.sees_all() {
        return Ok(None);
    }
    let row: Option<customer::Model> = find(ctx, account).await?;
    Ok(row.map(|_| Owner {
        account,
        agent: None,
    }))
}

async fn of_agent(ctx: &Context<'_>, id: AgentId) -> Result<Option<Owner>, Error> {
    let row: Option<agent::Model> = find(ctx, id).await?;
    Ok(row.map(|row| Owner {
        account: row.customer_id,
        agent: Some(id),
    }))
}
