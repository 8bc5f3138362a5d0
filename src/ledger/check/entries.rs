//! Double entry: every transaction sums to zero and has a cause (rule 1).

use entity::TransactionId;

use super::proof::Proof;

/// What the transactions must be.
pub(super) fn proofs() -> Vec<Proof> {
    vec![
        Proof {
            rules: &["TRANSACTION_UNBALANCED"],
            sql: "SELECT transaction_id, CAST(SUM(amount) AS TEXT) AS total FROM entry
                  GROUP BY transaction_id HAVING SUM(amount) <> 0"
                .into(),
            tell: |row| {
                let transaction = row.id::<TransactionId>("transaction_id")?;
                Ok(format!("{transaction} sums to {}", row.money("total")?))
            },
        },
        Proof {
            rules: &["TRANSACTION_EMPTY"],
            sql: r#"SELECT t.id FROM "transaction" t
                  WHERE NOT EXISTS (SELECT 1 FROM entry e WHERE e.transaction_id = t.id)"#
                .into(),
            tell: |row| Ok(format!("{} has no entries", row.id::<TransactionId>("id")?)),
        },
        Proof {
            rules: &["TRANSACTION_MISSING"],
            sql: r#"SELECT DISTINCT e.transaction_id FROM entry e
                  WHERE NOT EXISTS (SELECT 1 FROM "transaction" t WHERE t.id = e.transaction_id)"#
                .into(),
            tell: |row| {
                let transaction = row.id::<TransactionId>("transaction_id")?;
                Ok(format!("{transaction} has entries and does not exist"))
            },
        },
        Proof {
            rules: &["CAUSE_MISSING"],
            sql: r#"SELECT t.id, t.kind, t.cause FROM "transaction" t WHERE CASE
                  WHEN t.kind = 'CHARGE' THEN NOT EXISTS
                    (SELECT 1 FROM charge c WHERE c.id = t.cause_id AND c.transaction_id = t.id)
                  WHEN t.kind = 'TOP_UP' THEN NOT EXISTS
                    (SELECT 1 FROM top_up u WHERE u.id = t.cause_id AND u.transaction_id = t.id)
                  WHEN t.kind = 'TRANSFER' THEN NOT EXISTS
                    (SELECT 1 FROM transfer f WHERE f.id = t.cause_id AND f.transaction_id = t.id)
                  WHEN t.cause = 'CHARGE' THEN NOT EXISTS (SELECT 1 FROM charge c WHERE c.id = t.cause_id)
                  WHEN t.cause = 'AGENT' THEN NOT EXISTS (SELECT 1 FROM agent a WHERE a.id = t.cause_id)
                  WHEN t.cause = 'COMMISSION' THEN NOT EXISTS (SELECT 1 FROM commission m WHERE m.id = t.cause_id)
                  WHEN t.cause = 'CUSTOMER' THEN NOT EXISTS (SELECT 1 FROM customer c WHERE c.id = t.cause_id)
                  WHEN t.cause = 'FRAUD_CASE' THEN NOT EXISTS (SELECT 1 FROM fraud_case f WHERE f.id = t.cause_id)
                  WHEN t.cause = 'PAYOUT' THEN NOT EXISTS (SELECT 1 FROM payout p WHERE p.id = t.cause_id)
                  WHEN t.cause = 'TOP_UP' THEN NOT EXISTS (SELECT 1 FROM top_up u WHERE u.id = t.cause_id)
                  ELSE NOT EXISTS (SELECT 1 FROM transfer f WHERE f.id = t.cause_id) END"#
                .into(),
            tell: |row| {
                let (transaction, kind) = (row.id::<TransactionId>("id")?, row.text("kind")?);
                let cause = row.text("cause")?;
                Ok(format!("{transaction} is a {kind} whose {cause} does not exist or says otherwise"))
            },
        },
    ]
}
