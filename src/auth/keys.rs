//! Machines' keys, `agk_…`.

use chrono::TimeDelta;
use entity::api_key;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{Auth, Machine, digest};
use crate::Error;
use crate::store::News;

/// How exact `lastUsedAt` is: a switch that posts a thousand calls a second is written down once in a while.
const EXACT_TO: TimeDelta = TimeDelta::minutes(1);

impl Auth {
    /// Whose key it is; `None` when it is nobody's, or was revoked.
    ///
    /// # Errors
    /// The database's.
    pub(super) async fn machine(&self, token: &str) -> Result<Option<Machine>, Error> {
        let Some(key) = self.keys.find(digest(token)).await? else {
            return Ok(None);
        };
        let now = self.clock.now();
        if key.last_used_at.is_none_or(|last| last + EXACT_TO <= now) {
            let unseen = api_key::Column::LastUsedAt
                .is_null()
                .or(api_key::Column::LastUsedAt.lte(now - EXACT_TO));
            let txn = self.db.begin_write().await?;
            api_key::Entity::update_many()
                .col_expr(api_key::Column::LastUsedAt, Expr::value(now))
                .filter(api_key::Column::Id.eq(key.id))
                .filter(unseen)
                .exec(&txn)
                .await?;
            self.db.commit(txn, News::none()).await?;
        }
        Ok(Some(Machine {
            key: key.id,
            role: key.role,
        }))
    }
}
