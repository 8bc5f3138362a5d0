//! What owners have: balances, their versions, and how far below zero they may be (rules 2 and 7).

use entity::TransactionId;

use super::proof::{Proof, Row};
use sea_orm::DbErr;

/// What owners' accounts must be.
pub(super) fn proofs() -> Vec<Proof> {
    vec![chain(), balances(), owners(), below_zero()]
}

/// Each entry carries the balance after it, and the versions are 1, 2, 3 … without gap.
fn chain() -> Proof {
    Proof {
        rules: &["VERSION_GAP", "BALANCE_AFTER_DIFFERS"],
        sql: "SELECT transaction_id, owner_id, account, version,
                CAST(balance_after AS TEXT) AS balance, CAST(previous_balance + amount AS TEXT) AS expected,
                CASE WHEN version IS NULL OR version <> previous_version + 1 THEN 'VERSION_GAP'
                     ELSE 'BALANCE_AFTER_DIFFERS' END AS rule
              FROM (SELECT transaction_id, owner_id, account, version, amount, balance_after,
                      LAG(version, 1, CAST(0 AS BIGINT)) OVER w AS previous_version,
                      LAG(balance_after, 1, CAST(0 AS BIGINT)) OVER w AS previous_balance
                    FROM entry WHERE owner_id IS NOT NULL
                    WINDOW w AS (PARTITION BY owner_id, account ORDER BY version)) AS chained
              WHERE version IS NULL OR version <> previous_version + 1
                OR balance_after IS NULL OR balance_after <> previous_balance + amount"
            .into(),
        tell: |row| {
            let (account, version) = (row.account()?, row.number("version")?);
            let transaction = row.id::<TransactionId>("transaction_id")?;
            if row.text("rule")? == "VERSION_GAP" {
                return Ok(format!("{account}: none comes before version {version}, in {transaction}"));
            }
            let (balance, expected) = (row.money("balance")?, row.money("expected")?);
            Ok(format!(
                "{account}: version {version}, in {transaction}, leaves {balance} and should leave {expected}"
            ))
        },
    }
}

/// A balance row is the sum and the count of its entries.
fn balances() -> Proof {
    Proof {
        rules: &["BALANCE_DIFFERS"],
        sql: "WITH balance (owner_id, account, amount, version) AS (
                SELECT customer_id, 'customer:cash', cash, cash_version FROM customer_balance
                UNION ALL SELECT customer_id, 'customer:promo', promo, promo_version FROM customer_balance
                UNION ALL SELECT agent_id, 'agent:commission', commission, commission_version FROM agent_balance
                UNION ALL SELECT agent_id, 'agent:held', held, held_version FROM agent_balance
                UNION ALL SELECT agent_id, 'agent:reserved', reserved, reserved_version FROM agent_balance),
              book (owner_id, account, amount, entries) AS (
                SELECT owner_id, account, SUM(amount), COUNT(*) FROM entry
                WHERE owner_id IS NOT NULL GROUP BY owner_id, account)
              SELECT b.owner_id, b.account, b.version, COALESCE(k.entries, 0) AS entries,
                CAST(b.amount AS TEXT) AS balance, CAST(COALESCE(k.amount, 0) AS TEXT) AS total
              FROM balance b LEFT JOIN book k ON k.owner_id = b.owner_id AND k.account = b.account
              WHERE b.amount <> COALESCE(k.amount, 0) OR b.version <> COALESCE(k.entries, 0)"
            .into(),
        tell: |row| {
            Ok(format!(
                "{}: {} at version {}, and its {} entries sum to {}",
                row.account()?,
                row.money("balance")?,
                row.number("version")?,
                row.number("entries")?,
                row.money("total")?
            ))
        },
    }
}

/// Every owner has a balance row, and every balance row and entry an owner.
fn owners() -> Proof {
    Proof {
        rules: &["BALANCE_MISSING", "OWNER_MISSING"],
        sql: "SELECT 'BALANCE_MISSING' AS rule, c.id AS owner_id, 'customer:cash' AS account FROM customer c
                WHERE NOT EXISTS (SELECT 1 FROM customer_balance b WHERE b.customer_id = c.id)
              UNION ALL SELECT 'BALANCE_MISSING', a.id, 'agent:commission' FROM agent a
                WHERE NOT EXISTS (SELECT 1 FROM agent_balance b WHERE b.agent_id = a.id)
              UNION ALL SELECT 'OWNER_MISSING', b.customer_id, 'customer:cash' FROM customer_balance b
                WHERE NOT EXISTS (SELECT 1 FROM customer c WHERE c.id = b.customer_id)
              UNION ALL SELECT 'OWNER_MISSING', b.agent_id, 'agent:commission' FROM agent_balance b
                WHERE NOT EXISTS (SELECT 1 FROM agent a WHERE a.id = b.agent_id)
              UNION ALL SELECT DISTINCT 'OWNER_MISSING', e.owner_id, e.account FROM entry e
                WHERE e.account IN ('customer:cash', 'customer:promo')
                  AND NOT EXISTS (SELECT 1 FROM customer c WHERE c.id = e.owner_id)
              UNION ALL SELECT DISTINCT 'OWNER_MISSING', e.owner_id, e.account FROM entry e
                WHERE e.account IN ('agent:commission', 'agent:held', 'agent:reserved')
                  AND NOT EXISTS (SELECT 1 FROM agent a WHERE a.id = e.owner_id)"
            .into(),
        tell: |row| {
            let missing = |row: &Row| -> Result<&str, DbErr> {
                let balance = row.text("rule")? == "BALANCE_MISSING";
                Ok(if balance { "has no balance row" } else { "has no owner" })
            };
            Ok(format!("{} {}", row.account()?, missing(row)?))
        },
    }
}

/// Cash goes below zero only by a call or a charged-back top-up, commission only by a clawback; the rest never.
fn below_zero() -> Proof {
    Proof {
        rules: &["BELOW_ZERO"],
        sql: r#"SELECT e.transaction_id, e.owner_id, e.account, t.kind, CAST(e.balance_after AS TEXT) AS balance
              FROM entry e JOIN "transaction" t ON t.id = e.transaction_id
              LEFT JOIN charge c ON t.cause = 'CHARGE' AND c.id = t.cause_id
              WHERE e.balance_after < 0 AND CASE e.account
                WHEN 'customer:cash' THEN e.amount < 0 AND t.kind <> 'TOP_UP_REVERSED'
                  AND NOT (t.kind = 'CHARGE' AND COALESCE(c.kind, '') = 'CALL')
                WHEN 'agent:commission' THEN e.amount < 0
                  AND t.kind NOT IN ('CHARGE_REFUNDED', 'COMMISSION_CLAWBACK', 'TOP_UP_REVERSED')
                ELSE e.balance_after < 0 END"#
            .into(),
        tell: |row| {
            Ok(format!(
                "{}: {} {} leaves {}",
                row.account()?,
                row.text("kind")?,
                row.id::<TransactionId>("transaction_id")?,
                row.money("balance")?
            ))
        },
    }
}
