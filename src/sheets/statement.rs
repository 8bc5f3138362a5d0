//! A month's statement: what the accounts held at its beginning, what moved them, and what they held at its end.

use std::borrow::Cow;
use std::collections::VecDeque;

use entity::entry::Account;
use entity::{Money, TransactionId};
use futures_util::stream::{self, BoxStream, StreamExt};
use sea_orm::{ConnectionTrait, DbErr};
use serde::{Deserialize, Serialize};

use super::cells::{Lines, instant, number, text, time};
use crate::Error;
use crate::program::Period;
use crate::store::Db;
use crate::store::statements::{self, Bounds, EventsOf, Line, Moved, Owner, Range};

/// How many events are read at once.
const STRETCH: i64 = 500;

/// An owner's month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    pub owner: Owner,
    pub period: Period,
}

/// What a statement says of one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountSum {
    pub account: Account,
    pub opening: Money,
    pub closing: Money,
}

impl Statement {
    /// The accounts with what they held, and the lines between. What an account held and its lines sum to what it held
    /// at the end, to 0.0001.
    ///
    /// # Errors
    /// The database's.
    pub async fn read(
        &self,
        txn: &impl ConnectionTrait,
    ) -> Result<(Vec<AccountSum>, Vec<Line>), DbErr> {
        let bounds = statements::bounds(txn, self.owner, self.period.span()).await?;
        let balances = statements::balances(txn, self.owner, bounds).await?;
        let sums = balances.into_iter();
        let sums = sums.map(|(account, (opening, closing))| AccountSum {
            account,
            opening,
            closing,
        });
        let lines = statements::lines(txn, self.owner, bounds).await?;
        Ok((sums.collect(), lines))
    }

    /// The same, each entry by itself, as CSV: read and written a stretch at a time.
    ///
    /// # Errors
    /// The database's.
    pub(super) async fn csv(
        self,
        db: Db,
    ) -> Result<BoxStream<'static, Result<Vec<u8>, Error>>, Error> {
        let bounds = statements::bounds(db.reader(), self.owner, self.period.span()).await?;
        let balances = statements::balances(db.reader(), self.owner, bounds).await?;
        let mut head = Lines::new();
        let zone = self.period.zone;
        let columns = [
            format!("time ({zone})"),
            "kind".into(),
            "description".into(),
            "account".into(),
            "amount".into(),
            "balance after".into(),
            format!("happened ({zone})"),
            "posted (UTC)".into(),
            "transaction".into(),
        ];
        head.add(columns.map(Cow::from))?;
        let mut tail = Lines::new();
        let span = self.period.span();
        for (account, (opening, closing)) in balances {
            head.add(self.end("OPENING", span.from, account, opening))?;
            tail.add(self.end("CLOSING", span.to, account, closing))?;
        }
        let ends = (head.bytes()?, tail.bytes()?);
        let body = Body {
            statement: self,
            db,
            left: stretches(self.owner, bounds),
            last: None,
        };
        let body = stream::try_unfold(body, Body::next);
        let once = |bytes| stream::once(async move { Ok(bytes) });
        Ok(once(ends.0).chain(body).chain(once(ends.1)).boxed())
    }

    fn end<'a>(
        &self,
        kind: &'a str,
        at: chrono::DateTime<chrono::Utc>,
        account: Account,
        held: Money,
    ) -> [Cow<'a, str>; 9] {
        let empty = Cow::from("");
        [
            time(at, self.period.zone),
            kind.into(),
            empty.clone(),
            name(account, self.owner).into(),
            empty.clone(),
            number(held),
            empty.clone(),
            instant(at),
            empty,
        ]
    }
}

/// As the owner knows it: the cash of an agent's own telephone account is its funding.
#[must_use]
pub fn name(account: Account, owner: Owner) -> String {
    if account == Account::CustomerCash && owner.agent.is_some() {
        "agent:funding".into()
    } else {
        account.name()
    }
}

/// What is to be read, piece by piece: of an agent first what its account did before it was one.
fn stretches(owner: Owner, bounds: Bounds) -> VecDeque<(EventsOf, Range)> {
    let account = (EventsOf::Account(owner.account), bounds.account);
    let mut all = VecDeque::new();
    match owner.agent {
        None => all.push_back(account),
        Some(agent) => {
            if bounds.agent.behind == 0 {
                all.push_back(account);
            }
            all.push_back((EventsOf::Agent(agent), bounds.agent));
        }
    }
    all
}

/// What is left to be written.
struct Body {
    statement: Statement,
    db: Db,
    left: VecDeque<(EventsOf, Range)>,
    /// The transaction written last: one with several events is written once.
    last: Option<TransactionId>,
}

impl Body {
    async fn next(mut self) -> Result<Option<(Vec<u8>, Self)>, Error> {
        while let Some((of, range)) = self.left.pop_front() {
            if range.behind >= range.up_to {
                continue;
            }
            let here = Range {
                behind: range.behind,
                up_to: range.up_to.min(range.behind + STRETCH),
            };
            let rest = Range {
                behind: here.up_to,
                up_to: range.up_to,
            };
            self.left.push_front((of, rest));
            let owner = self.statement.owner;
            let rows = statements::entries(self.db.reader(), owner, of, here).await?;
            let bytes = self.write(&rows)?;
            if !bytes.is_empty() {
                return Ok(Some((bytes, self)));
            }
        }
        Ok(None)
    }

    fn write(&mut self, rows: &[Moved]) -> Result<Vec<u8>, Error> {
        let mut lines = Lines::new();
        let zone = self.statement.period.zone;
        let mut at = 0;
        while let Some(first) = rows.get(at) {
            let event = rows[at..].iter().take_while(|row| row.seq == first.seq);
            let event: Vec<&Moved> = event.collect();
            at += event.len();
            if self.last.replace(first.id) == Some(first.id) {
                continue;
            }
            for row in event {
                lines.add([
                    time(row.created_at, zone),
                    number(row.kind),
                    text(row.description.as_str()),
                    name(row.account, self.statement.owner).into(),
                    number(row.amount),
                    number(row.balance_after),
                    time(row.occurred_at, zone),
                    instant(row.created_at),
                    number(row.id),
                ])?;
            }
        }
        lines.bytes()
    }
}
