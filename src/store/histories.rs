//! What happened to the cash of an account, from its first entry on.

use entity::CustomerId;
use sea_orm::{ConnectionTrait, DbErr, Statement};

use crate::program::lots::CashLine;

/// The entries of an account's cash after a version, in order.
///
/// # Errors
/// The database's.
pub async fn after(
    conn: &impl ConnectionTrait,
    account: CustomerId,
    version: i64,
) -> Result<Vec<CashLine>, DbErr> {
    let sql = r#"SELECT e.version, e.transaction_id, t.kind, t.cause_id, e.amount,
            o.owner_id AS other_id, o.amount AS other_amount
        FROM entry e JOIN "transaction" t ON t.id = e.transaction_id
        LEFT JOIN entry o ON t.kind IN ('TRANSFER', 'TRANSFER_REVERSED') AND o.transaction_id = e.transaction_id
            AND o.account = 'customer:cash' AND o.line <> e.line
        WHERE e.owner_id = $1 AND e.account = 'customer:cash' AND e.version > $2 ORDER BY e.version"#;
    let values = [account.into(), version.into()];
    let statement = Statement::from_sql_and_values(conn.get_database_backend(), sql, values);
    let rows = conn.query_all_raw(statement).await?;
    let lines = rows.iter().map(|row| {
        let other: Option<CustomerId> = row.try_get("", "other_id")?;
        let amount = row.try_get("", "other_amount")?;
        Ok(CashLine {
            version: row.try_get("", "version")?,
            transaction: row.try_get("", "transaction_id")?,
            kind: row.try_get("", "kind")?,
            cause: row.try_get("", "cause_id")?,
            amount: row.try_get("", "amount")?,
            other: other.zip(amount),
        })
    });
    lines.collect()
}
