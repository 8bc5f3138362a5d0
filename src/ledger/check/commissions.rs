//! Commissions: exact, rounded without loss, credited as they say, never taken back twice (rules 4 and 6).

use entity::{AgentId, CommissionId, TransactionId};

use super::proof::Proof;

/// What commission rows must be.
pub(super) fn proofs() -> Vec<Proof> {
    vec![figures(), chain(), carries(), entries(), clawbacks()]
}

/// `exact = base × rate`, and `amount + carry_after = exact + carry_before` (E01).
fn figures() -> Proof {
    Proof {
        rules: &["EXACT_DIFFERS", "ROUNDING_DIFFERS"],
        sql: "SELECT id, CAST(exact AS TEXT) AS exact, CAST(base * commission_rate AS TEXT) AS expected,
                CAST(amount AS TEXT) AS amount, CAST(carry_before AS TEXT) AS carry_before,
                CAST(carry_after AS TEXT) AS carry_after,
                CASE WHEN kind = 'EARNED' AND exact <> base * commission_rate THEN 'EXACT_DIFFERS'
                     ELSE 'ROUNDING_DIFFERS' END AS rule
              FROM commission
              WHERE (kind = 'EARNED' AND exact <> base * commission_rate)
                OR amount * 10000 + carry_after <> exact + carry_before
                OR carry_before NOT BETWEEN 0 AND 9999 OR carry_after NOT BETWEEN 0 AND 9999"
            .into(),
        tell: |row| {
            let (commission, exact) = (row.id::<CommissionId>("id")?, row.exact("exact")?);
            if row.text("rule")? == "EXACT_DIFFERS" {
                let expected = row.exact("expected")?;
                return Ok(format!("{commission}: {exact}, and base × rate is {expected}"));
            }
            Ok(format!(
                "{commission}: carry {} + exact {exact} is not amount {} + carry {}",
                row.exact("carry_before")?,
                row.money("amount")?,
                row.exact("carry_after")?
            ))
        },
    }
}

/// A row begins with the carry that the agent's row before it left, in the order of the agent's events.
///
/// The transaction is compared in a COALESCE, so that no database looks through all events of an agent, or of a
/// transaction of many commissions, for each row.
fn chain() -> Proof {
    Proof {
        rules: &["CARRY_CHAIN_BROKEN"],
        sql: "SELECT id, agent_id, CAST(carry_before AS TEXT) AS carry, CAST(previous AS TEXT) AS previous
              FROM (SELECT m.id, m.agent_id, m.carry_before, LAG(m.carry_after, 1, CAST(0 AS BIGINT))
                      OVER (PARTITION BY m.agent_id ORDER BY COALESCE(v.seq, (SELECT MIN(x.seq) FROM agent_event x
                        WHERE x.transaction_id = m.transaction_id AND x.agent_id = m.agent_id)), m.id) AS previous
                    FROM commission m LEFT JOIN agent_event v
                      ON v.subject_id = m.id AND COALESCE(v.transaction_id, v.agent_id) = m.transaction_id) AS chained
              WHERE carry_before <> previous"
            .into(),
        tell: |row| {
            Ok(format!(
                "{} of {} begins with a carry of {}, and the one before it left {}",
                row.id::<CommissionId>("id")?,
                row.id::<AgentId>("agent_id")?,
                row.exact("carry")?,
                row.exact("previous")?
            ))
        },
    }
}

/// Sum of amounts + carry = sum of exact.
fn carries() -> Proof {
    Proof {
        rules: &["CARRY_DIFFERS"],
        sql: "SELECT b.agent_id, CAST(b.carry AS TEXT) AS carry, CAST(COALESCE(k.rest, 0) AS TEXT) AS rest
              FROM agent_balance b LEFT JOIN
                (SELECT agent_id, SUM(exact - amount * 10000) AS rest FROM commission GROUP BY agent_id) AS k
                ON k.agent_id = b.agent_id
              WHERE b.carry <> COALESCE(k.rest, 0) OR b.carry NOT BETWEEN 0 AND 9999"
            .into(),
        tell: |row| {
            Ok(format!(
                "{}: the carry is {}, and its commissions leave {}",
                row.id::<AgentId>("agent_id")?,
                row.exact("carry")?,
                row.exact("rest")?
            ))
        },
    }
}

/// The entries of a transaction on `agent:commission`, `agent:held` and `expense:commission` are its commission rows.
/// What is taken back may come from both of the agent's accounts.
///
/// What an agent spends of its commission on its own telephone account, and gets back of it, is no commission.
fn entries() -> Proof {
    Proof {
        rules: &["COMMISSION_ENTRIES_DIFFER"],
        sql: r#"SELECT transaction_id, owner_id, account, CAST(SUM(amount) AS TEXT) AS difference FROM (
                SELECT transaction_id, agent_id AS owner_id,
                  CASE WHEN held AND kind <> 'CLAWBACK' THEN 'agent:held' ELSE 'agent:commission' END AS account, amount
                FROM commission
                UNION ALL SELECT transaction_id, NULL, 'expense:commission', -amount FROM commission
                UNION ALL SELECT e.transaction_id, e.owner_id,
                  CASE WHEN e.account = 'agent:held' AND t.kind NOT IN ('CHARGE', 'BONUS') THEN 'agent:commission'
                    ELSE e.account END, -e.amount
                FROM entry e JOIN "transaction" t ON t.id = e.transaction_id
                WHERE e.account IN ('agent:commission', 'agent:held', 'expense:commission')
                  AND t.kind IN ('CHARGE', 'CHARGE_REFUNDED', 'COMMISSION_CLAWBACK', 'BONUS', 'TOP_UP_REVERSED')
                  AND NOT (t.kind = 'CHARGE' AND e.account = 'agent:commission' AND e.amount < 0)
                  AND NOT (t.kind = 'CHARGE_REFUNDED' AND e.account = 'agent:commission' AND e.amount > 0)
              ) AS credited GROUP BY transaction_id, owner_id, account HAVING SUM(amount) <> 0"#
            .into(),
        tell: |row| {
            let account = row.text("account")?;
            let account = if account.starts_with("agent:") { row.account()? } else { account };
            Ok(format!(
                "{}: its commissions and its entries on {account} differ by {}",
                row.id::<TransactionId>("transaction_id")?,
                row.money("difference")?
            ))
        },
    }
}

/// Clawbacks of a row never exceed it, to the last 0.00000001, and are its agent's (E07).
fn clawbacks() -> Proof {
    Proof {
        rules: &["CLAWBACK_EXCEEDS"],
        sql: "SELECT r.id, CAST(r.exact AS TEXT) AS exact, CAST(-SUM(m.exact) AS TEXT) AS taken
              FROM commission m JOIN commission r ON r.id = m.reverses_id
              WHERE m.kind = 'CLAWBACK' GROUP BY r.id, r.exact, r.kind, r.agent_id
              HAVING r.exact + SUM(m.exact) < 0 OR r.kind = 'CLAWBACK' OR MAX(m.exact) > 0
                OR SUM(CASE WHEN m.agent_id <> r.agent_id THEN 1 ELSE 0 END) > 0"
            .into(),
        tell: |row| {
            Ok(format!(
                "{} earned {}, and {} was taken back",
                row.id::<CommissionId>("id")?,
                row.exact("exact")?,
                row.exact("taken")?
            ))
        },
    }
}
