//! The audit log: who did what, written with what he did.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use entity::{AuditEntryId, LoginId, audit_entry};
use sea_orm::{
    ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel, Order, QueryFilter,
};

use super::pages::List;
use crate::program::Noted;

/// What somebody is about to do: known before it is decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    pub by: LoginId,
    /// Whether he is an operator: then it is noted whatever it is.
    pub operator: bool,
    /// The mutation's name.
    pub action: String,
    pub source: Option<IpAddr>,
}

impl Act {
    /// An operator's, from within the process.
    #[must_use]
    pub fn of_operator(by: LoginId, action: &str) -> Self {
        Self {
            by,
            operator: true,
            action: action.into(),
            source: None,
        }
    }

    /// Its line in the log, now that it is done; none for what people do for themselves.
    #[must_use]
    pub fn entry(
        &self,
        noted: Noted,
        id: AuditEntryId,
        at: DateTime<Utc>,
    ) -> Option<audit_entry::Model> {
        let is_noted = self.operator || noted.acting_for.is_some();
        is_noted.then(|| audit_entry::Model {
            id,
            at,
            actor_id: Some(self.by),
            acting_for_id: noted.acting_for,
            action: self.action.clone(),
            subject: noted.subject,
            detail: noted.detail,
            source: shown(self.source),
        })
    }
}

/// An address as the log shows it.
#[must_use]
pub fn shown(source: Option<IpAddr>) -> Option<String> {
    source.map(|address| address.to_canonical().to_string())
}

/// Writes a line, as part of what it tells of.
///
/// # Errors
/// The database's.
pub async fn write(txn: &DatabaseTransaction, entry: audit_entry::Model) -> Result<(), DbErr> {
    audit_entry::Entity::insert(entry.into_active_model())
        .exec_without_returning(txn)
        .await?;
    Ok(())
}

/// Which lines.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    pub actor: Option<LoginId>,
    pub action: Option<String>,
    pub from: Option<DateTime<Utc>>,
    /// Not included.
    pub to: Option<DateTime<Utc>>,
}

/// The lines, newest first.
#[must_use]
pub fn list(filter: &AuditFilter) -> List<audit_entry::Entity> {
    use audit_entry::{Column, Entity};
    let mut rows = Entity::find();
    if let Some(actor) = filter.actor {
        rows = rows.filter(Column::ActorId.eq(actor));
    }
    if let Some(action) = &filter.action {
        rows = rows.filter(Column::Action.eq(action.as_str()));
    }
    if let Some(from) = filter.from {
        rows = rows.filter(Column::At.gte(from));
    }
    if let Some(to) = filter.to {
        rows = rows.filter(Column::At.lt(to));
    }
    List::new("audit log", rows, [Column::At, Column::Id], Order::Desc)
}
