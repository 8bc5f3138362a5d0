//! What the audit log tells of logins: who came in, who tried, and what ended a session.

use chrono::{DateTime, Utc};
use entity::{AuditEntryId, LoginId, TypedId, audit_entry};
use sea_orm::{DatabaseTransaction, DbErr};
use uuid::Uuid;

use super::{Auth, Origin};
use crate::Error;
use crate::store::{News, audit};

/// A line about a login.
pub(super) async fn note(
    txn: &DatabaseTransaction,
    at: DateTime<Utc>,
    action: &str,
    login: Option<LoginId>,
    from: &Origin,
    detail: Option<String>,
) -> Result<(), DbErr> {
    let entry = audit_entry::Model {
        id: AuditEntryId::from_uuid(Uuid::now_v7()),
        at,
        actor_id: login,
        acting_for_id: None,
        action: action.to_owned(),
        subject: login.map(|login| login.to_string()),
        detail,
        source: audit::shown(from.address),
    };
    audit::write(txn, entry).await
}

impl Auth {
    /// An attempt that failed: of a login, or of an address that none has, which is told masked. What was typed may be
    /// a password in the wrong field.
    pub(super) async fn note_failure(
        &self,
        action: &str,
        login: Option<LoginId>,
        address: Option<&str>,
        from: &Origin,
    ) -> Result<(), Error> {
        let detail = match login {
            Some(_) => None,
            None => Some(masked(address)),
        };
        let txn = self.db.begin_write().await?;
        note(&txn, self.clock.now(), action, login, from, detail).await?;
        Ok(self.db.commit(txn, News::none()).await?)
    }
}

/// The first letter of an address and its domain.
fn masked(address: Option<&str>) -> String {
    let parts = address.and_then(|address| address.rsplit_once('@'));
    let Some((name, domain)) = parts else {
        return "not an address".into();
    };
    let first: String = name.chars().take(1).collect();
    format!("{first}…@{domain}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_by_its_first_letter_and_domain() {
        assert_eq!(masked(Some("anna@example.com")), "a…@example.com");
        assert_eq!(masked(Some("ä@example.com")), "ä…@example.com");
        assert_eq!(masked(None), "not an address");
    }
}
