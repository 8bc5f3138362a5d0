//! Lists of what waits for a second operator.

use chrono::{DateTime, Utc};
use entity::proposal;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::pages::List;

/// What can still be seconded at an instant, or all that was ever proposed; newest first.
#[must_use]
pub fn list(open_at: Option<DateTime<Utc>>) -> List<proposal::Entity> {
    use proposal::Column;
    let mut rows = proposal::Entity::find();
    if let Some(now) = open_at {
        rows = rows
            .filter(Column::TransactionId.is_null())
            .filter(Column::ExpiresAt.gt(now));
    }
    List::newest_first("proposals", rows)
}
