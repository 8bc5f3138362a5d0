//! The first answers that idempotency keys keep: each can still be read (rule 9).

use entity::{IdempotencyKey, idempotency};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait};
use serde::de::IgnoredAny;
use uuid::Uuid;

use super::findings::Findings;

/// How many are held at once.
const BATCH: u64 = 1_000;

/// Reads every answer, some at a time.
pub(super) async fn readable(
    conn: &impl ConnectionTrait,
    findings: &mut Findings,
) -> Result<(), DbErr> {
    let mut last: Option<(Uuid, IdempotencyKey)> = None;
    loop {
        let mut batch = idempotency::Entity::find()
            .cursor_by((idempotency::Column::ActorId, idempotency::Column::Key));
        if let Some(last) = last {
            batch.after(last);
        }
        let rows = batch.first(BATCH).all(conn).await?;
        for row in &rows {
            if serde_json::from_str::<IgnoredAny>(&row.answer).is_err() {
                let (actor, key) = (row.actor_id, row.key.as_str());
                let detail = format!("the answer to {actor} under the key {key} is no JSON");
                findings.add("ANSWER_UNREADABLE", detail);
            }
        }
        let full = rows.len() as u64 == BATCH;
        match rows.into_iter().next_back() {
            Some(row) if full => last = Some((row.actor_id, row.key)),
            _ => return Ok(()),
        }
    }
}
