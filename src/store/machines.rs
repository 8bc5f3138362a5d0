//! Machines' keys.

use entity::api_key;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, QueryOrder};

/// All keys, newest first: there are few.
///
/// # Errors
/// The database's.
pub async fn api_keys(conn: &impl ConnectionTrait) -> Result<Vec<api_key::Model>, DbErr> {
    api_key::Entity::find()
        .order_by_desc(api_key::Column::Id)
        .all(conn)
        .await
}
