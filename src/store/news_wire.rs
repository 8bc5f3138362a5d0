//! Telling other processes on the same `PostgreSQL`, and hearing from them.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use sqlx::postgres::{PgListener, PgPoolOptions};
use uuid::Uuid;

use super::news::{News, Newsroom, Stream};

const CHANNEL: &str = "agent_program";
/// A payload has less than 8,000 bytes; a stream takes at most 39.
const STREAMS_PER_PAYLOAD: usize = 180;

#[derive(Serialize, Deserialize)]
struct Payload {
    /// The process that tells it, which needs not hear it again.
    from: Uuid,
    streams: Vec<Stream>,
}

/// Tells the news when this transaction commits, and never if it does not. Fails where a statement of it has failed,
/// which `PostgreSQL` would answer by rolling back and calling that a success.
pub(super) async fn notify(
    txn: &impl ConnectionTrait,
    from: Uuid,
    news: &News,
) -> Result<(), DbErr> {
    if news.is_empty() {
        txn.execute_unprepared("SELECT 1").await?;
        return Ok(());
    }
    let streams: Vec<Stream> = news.iter().collect();
    for streams in streams.chunks(STREAMS_PER_PAYLOAD) {
        let streams = streams.to_vec();
        let payload = serde_json::to_string(&Payload { from, streams })
            .map_err(|e| DbErr::Json(e.to_string()))?;
        let values = [CHANNEL.into(), payload.into()];
        txn.execute_raw(Statement::from_sql_and_values(
            DbBackend::Postgres,
            "SELECT pg_notify($1, $2)",
            values,
        ))
        .await?;
    }
    Ok(())
}

/// Listens on a connection of its own, until the task is dropped.
pub(super) async fn listen(
    pool: &PgPool,
    process: Uuid,
    newsroom: Newsroom,
) -> Result<tokio::task::AbortHandle, DbErr> {
    let options = (*pool.connect_options())
        .clone()
        .options([("statement_timeout", "0")]);
    let own = PgPoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_lazy_with(options);
    let mut listener = start(&own).await?;
    let task = tokio::spawn(async move {
        loop {
            match listener.try_recv().await {
                Ok(Some(told)) => hear(told.payload(), process, &newsroom),
                // The connection was lost and is there again: what was told meanwhile is in the tables.
                Ok(None) => newsroom.announce_all(),
                Err(error) => {
                    tracing::warn!(%error, "cannot hear what other processes tell");
                    listener = restart(&own, listener).await;
                    newsroom.announce_all();
                }
            }
        }
    });
    Ok(task.abort_handle())
}

async fn start(pool: &PgPool) -> Result<PgListener, DbErr> {
    let mut listener = PgListener::connect_with(pool).await.map_err(unreachable)?;
    listener.listen(CHANNEL).await.map_err(unreachable)?;
    Ok(listener)
}

async fn restart(pool: &PgPool, broken: PgListener) -> PgListener {
    drop(broken);
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        if let Ok(listener) = start(pool).await {
            return listener;
        }
    }
}

fn hear(payload: &str, process: Uuid, newsroom: &Newsroom) {
    match serde_json::from_str::<Payload>(payload) {
        Ok(told) if told.from == process => {}
        Ok(told) => newsroom.announce(&told.streams.into_iter().collect()),
        // From another version of this program.
        Err(_) => newsroom.announce_all(),
    }
}

pub(super) fn unreachable(error: sqlx::Error) -> DbErr {
    DbErr::Conn(sea_orm::RuntimeErr::SqlxError(error.into()))
}
