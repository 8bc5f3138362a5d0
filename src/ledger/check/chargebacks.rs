//! What is taken back, and what operators correct: against what their transactions moved (E08, E17, E27, E29).

use entity::{ProposalId, TopUpId, TransactionId, TransferId};

use super::proof::Proof;

/// What chargebacks, transfers taken back, corrections and proposals must be.
pub(super) fn proofs() -> Vec<Proof> {
    vec![
        top_ups(),
        clawbacks(),
        transfers(),
        corrections(),
        proposals(),
    ]
}

/// What was charged back took its amount from its account, back to where it came from, once; nothing else did.
fn top_ups() -> Proof {
    Proof {
        rules: &["TOP_UP_REVERSED_DIFFERS"],
        sql: r#"SELECT u.id, u.state, CAST(u.amount AS TEXT) AS amount, CAST(-COALESCE(SUM(CASE
                  WHEN e.account = 'customer:cash' AND e.owner_id = u.customer_id THEN e.amount END), 0) AS TEXT) AS taken
              FROM top_up u
              LEFT JOIN "transaction" t ON t.cause_id = u.id AND t.kind = 'TOP_UP_REVERSED'
              LEFT JOIN entry e ON e.transaction_id = t.id
              GROUP BY u.id
              HAVING CASE WHEN u.state <> 'REVERSED' THEN COUNT(t.id) > 0
                ELSE -u.amount <> COALESCE(SUM(CASE
                    WHEN e.account = 'customer:cash' AND e.owner_id = u.customer_id THEN e.amount END), 0)
                  OR u.amount <> COALESCE(SUM(CASE WHEN e.account = CASE u.method WHEN 'WIRE' THEN 'clearing:bank'
                    WHEN 'PAYPAL' THEN 'clearing:paypal' ELSE 'clearing:card' END THEN e.amount END), 0) END"#
            .into(),
        tell: |row| {
            Ok(format!(
                "{} is {} with {}, and {} was charged back",
                row.id::<TopUpId>("id")?,
                row.text("state")?,
                row.money("amount")?,
                row.money("taken")?
            ))
        },
    }
}

/// Commission is taken back for a top-up only when it was charged back, and on no more than it was.
fn clawbacks() -> Proof {
    Proof {
        rules: &["CHARGEBACK_CLAWBACK_DIFFERS"],
        sql: r#"SELECT u.id, u.state, CAST(u.amount AS TEXT) AS amount, CAST(-SUM(m.base) AS TEXT) AS base
              FROM commission m JOIN "transaction" t ON t.id = m.transaction_id
              JOIN top_up u ON u.id = t.cause_id WHERE t.cause = 'TOP_UP'
              GROUP BY u.id
              HAVING u.state <> 'REVERSED' OR -SUM(m.base) > u.amount
                OR SUM(CASE WHEN m.kind <> 'CLAWBACK' THEN 1 ELSE 0 END) > 0"#
            .into(),
        tell: |row| {
            Ok(format!(
                "{} is {} with {}, and commission was taken back on {}",
                row.id::<TopUpId>("id")?,
                row.text("state")?,
                row.money("amount")?,
                row.money("base")?
            ))
        },
    }
}

/// What of a transfer was taken back is what the customer gave, and no more of each part than it was made of.
fn transfers() -> Proof {
    Proof {
        rules: &["TRANSFER_REVERSED_DIFFERS"],
        sql: r#"SELECT f.id, CAST(f.reversed AS TEXT) AS reversed, CAST(-COALESCE(SUM(CASE
                  WHEN e.account = 'customer:cash' AND e.owner_id = f.customer_id THEN e.amount END), 0) AS TEXT) AS taken
              FROM transfer f JOIN agent a ON a.id = f.agent_id
              LEFT JOIN "transaction" t ON t.cause_id = f.id AND t.kind = 'TRANSFER_REVERSED'
              LEFT JOIN entry e ON e.transaction_id = t.id
              GROUP BY f.id, a.customer_id
              HAVING -f.reversed <> COALESCE(SUM(CASE
                  WHEN e.account = 'customer:cash' AND e.owner_id = f.customer_id THEN e.amount END), 0)
                OR f.from_funding < COALESCE(SUM(CASE
                  WHEN e.account = 'customer:cash' AND e.owner_id = a.customer_id THEN e.amount END), 0)
                OR f.from_commission < COALESCE(SUM(CASE
                  WHEN e.account = 'agent:commission' AND e.owner_id = f.agent_id THEN e.amount END), 0)"#
            .into(),
        tell: |row| {
            Ok(format!(
                "{}: {} is taken back, and its transactions took {}",
                row.id::<TransferId>("id")?,
                row.money("reversed")?,
                row.money("taken")?
            ))
        },
    }
}

/// A correction moves its owner's money against its own expense; a debt is written off up to zero.
fn corrections() -> Proof {
    Proof {
        rules: &["CORRECTION_DIFFERS"],
        sql: r#"SELECT t.id, t.kind, e.account, CAST(e.amount AS TEXT) AS amount
              FROM "transaction" t JOIN entry e ON e.transaction_id = t.id
              WHERE t.kind IN ('ADJUSTMENT', 'WRITE_OFF') AND CASE
                WHEN e.account = 'expense:adjustment' THEN t.kind <> 'ADJUSTMENT'
                WHEN e.account = 'expense:bad_debt' THEN t.kind <> 'WRITE_OFF'
                WHEN e.account = 'customer:cash' THEN e.owner_id <> t.cause_id
                  OR (t.kind = 'WRITE_OFF' AND (e.amount < 0 OR e.balance_after > 0))
                WHEN e.account = 'agent:commission' THEN e.owner_id <> t.cause_id
                  OR t.kind <> 'WRITE_OFF' OR e.amount < 0 OR e.balance_after > 0
                ELSE t.kind <> '' END"#
            .into(),
        tell: |row| {
            Ok(format!(
                "{} is a {} with {} on {}",
                row.id::<TransactionId>("id")?,
                row.text("kind")?,
                row.money("amount")?,
                row.text("account")?
            ))
        },
    }
}

/// What was seconded is what was posted: of the same kind, owner and amount.
fn proposals() -> Proof {
    Proof {
        rules: &["PROPOSAL_DIFFERS"],
        sql: r#"SELECT p.id, p.kind, CAST(p.amount AS TEXT) AS amount, CAST(COALESCE(e.amount, 0) AS TEXT) AS posted
              FROM proposal p JOIN "transaction" t ON t.id = p.transaction_id
              LEFT JOIN entry e ON e.transaction_id = t.id AND e.owner_id IS NOT NULL
              WHERE t.kind <> p.kind OR e.amount IS NULL OR e.amount <> p.amount
                OR e.owner_id <> COALESCE(p.customer_id, p.agent_id)"#
            .into(),
        tell: |row| {
            Ok(format!(
                "{} is a {} of {}, and {} was posted",
                row.id::<ProposalId>("id")?,
                row.text("kind")?,
                row.money("amount")?,
                row.money("posted")?
            ))
        },
    }
}
