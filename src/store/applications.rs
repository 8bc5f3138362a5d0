//! Lists of applications.

use entity::application;
use entity::application::ApplicationState;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::pages::List;

/// Applications in a state or in any, newest first.
#[must_use]
pub fn list(state: Option<ApplicationState>) -> List<application::Entity> {
    let mut rows = application::Entity::find();
    if let Some(state) = state {
        rows = rows.filter(application::Column::State.eq(state));
    }
    List::newest_first("applications", rows)
}
