//! Reports as CSV: a header row, then a row for each of theirs. Without a row of sums, which a spreadsheet would add to
//! the others.

use std::borrow::Cow;
use std::collections::HashMap;

use entity::{AgentId, CustomerId, agent, customer};
use futures_util::stream::{self, BoxStream, StreamExt};

use super::cells::{Lines, number, text, time};
use super::{AgentRow, Grouping, Key, Report};
use crate::Error;
use crate::store::reports::{Doings, Figures};
use crate::store::{Db, bulk};

/// How many rows are written at once.
const ROWS: usize = 500;
const FIGURES: [&str; 6] = ["charges", "spent", "base", "earned", "clawed back", "net"];

type Chunks = BoxStream<'static, Result<Vec<u8>, Error>>;

fn figures<'a>(figures: &Figures) -> [Cow<'a, str>; 6] {
    [
        number(figures.charges),
        number(figures.spent),
        number(figures.base),
        number(figures.earned),
        number(figures.clawed_back),
        number(figures.earned - figures.clawed_back),
    ]
}

/// The header, then the rows, some at a time.
fn table<R, F>(
    db: Db,
    header: Vec<String>,
    rows: Vec<R>,
    write: fn(Db, Vec<R>) -> F,
) -> Result<Chunks, Error>
where
    R: Send + 'static,
    F: Future<Output = Result<Vec<u8>, Error>> + Send + 'static,
{
    let mut head = Lines::new();
    head.add(header.into_iter().map(Cow::from))?;
    let head = head.bytes()?;
    let body = stream::try_unfold((db, rows.into_iter()), move |(db, mut rows)| async move {
        let some: Vec<R> = rows.by_ref().take(ROWS).collect();
        if some.is_empty() {
            return Ok(None);
        }
        let bytes = write(db.clone(), some).await?;
        Ok::<_, Error>(Some((bytes, (db, rows))))
    });
    Ok(stream::once(async move { Ok(head) }).chain(body).boxed())
}

fn header(first: &[&str]) -> Vec<String> {
    let names = first.iter().chain(&FIGURES);
    names.map(|name| (*name).to_owned()).collect()
}

/// A commission report's.
pub(super) async fn commissions(
    db: Db,
    report: Report,
    grouping: Grouping,
) -> Result<Chunks, Error> {
    let txn = db.begin_read().await?;
    let rows = report.rows(&txn, grouping).await?;
    txn.commit().await?;
    let first = match grouping {
        Grouping::Day => ["day", "label"],
        Grouping::Month => ["month", "label"],
        Grouping::Kind => ["kind", "label"],
        Grouping::Customer => ["customer", "label"],
    };
    table(db, header(&first), rows, |db, rows| async move {
        let ids = rows.iter().filter_map(|(key, _)| match key {
            Key::Customer(id) => Some(*id),
            _ => None,
        });
        let names = names(&db, ids.collect()).await?;
        let mut lines = Lines::new();
        for (key, own) in rows {
            let label = key.label(|id| {
                names
                    .get(&id)
                    .map(|row| row.name.to_string())
                    .unwrap_or_default()
            });
            let first = [number(key.text()), text(&label)];
            lines.add(first.into_iter().chain(figures(&own)))?;
        }
        lines.bytes()
    })
}

/// A customer report's.
pub(super) async fn customers(db: Db, report: Report) -> Result<Chunks, Error> {
    let txn = db.begin_read().await?;
    let rows = report.customers(&txn).await?;
    txn.commit().await?;
    let zone = report.period.zone;
    let mut header = header(&["account number", "name", "calls", "call seconds"]);
    header.push(format!("last charge ({zone})"));
    header.push("customer".into());
    let rows = rows.into_iter().map(|(_, id, doings)| (id, doings, zone));
    let rows: Vec<(CustomerId, Doings, chrono_tz::Tz)> = rows.collect();
    table(db, header, rows, |db, rows| async move {
        let names = names(&db, rows.iter().map(|(id, ..)| *id).collect()).await?;
        let mut lines = Lines::new();
        for (id, doings, zone) in rows {
            let (account, name) = names.get(&id).map_or_else(Default::default, |row| {
                (row.number.to_string(), row.name.to_string())
            });
            let own = &doings.figures;
            let first = [
                text(&account),
                text(&name),
                number(own.calls),
                number(own.call_seconds),
            ];
            let last = doings
                .last_charge_at
                .map_or(Cow::from(""), |at| time(at, zone));
            let cells = first.into_iter().chain(figures(own));
            lines.add(cells.chain([last, number(id)]))?;
        }
        lines.bytes()
    })
}

/// An agent report's.
pub(super) async fn agents(db: Db, report: Report) -> Result<Chunks, Error> {
    let txn = db.begin_read().await?;
    let (rows, _) = report.agents(&txn).await?;
    txn.commit().await?;
    let first = [
        "agent number",
        "name",
        "signups",
        "active customers",
        "calls",
        "call seconds",
    ];
    let mut header = header(&first);
    header.push("agent".into());
    let rows: Vec<AgentRow> = rows.into_iter().map(|(_, row)| row).collect();
    table(db, header, rows, |db, rows| async move {
        let ids: Vec<AgentId> = rows.iter().map(|row| row.agent).collect();
        let found =
            bulk::find_all::<agent::Entity, _>(db.reader(), agent::Column::Id, &ids).await?;
        let names: HashMap<AgentId, agent::Model> =
            found.into_iter().map(|row| (row.id, row)).collect();
        let mut lines = Lines::new();
        for row in rows {
            let (agent_number, name) = names.get(&row.agent).map_or_else(Default::default, |row| {
                (row.number.to_string(), row.display_name.to_string())
            });
            let first = [
                text(&agent_number),
                text(&name),
                number(row.signups),
                number(row.active),
                number(row.figures.calls),
                number(row.figures.call_seconds),
            ];
            let cells = first.into_iter().chain(figures(&row.figures));
            lines.add(cells.chain([number(row.agent)]))?;
        }
        lines.bytes()
    })
}

async fn names(
    db: &Db,
    ids: Vec<CustomerId>,
) -> Result<HashMap<CustomerId, customer::Model>, Error> {
    let rows = bulk::find_all::<customer::Entity, _>(db.reader(), customer::Column::Id, &ids);
    let rows = rows.await?.into_iter();
    Ok(rows.map(|row| (row.id, row)).collect())
}
