//! Money in, across and out: top-ups, transfers and payouts against what their transactions moved (rule 8).

use entity::{AgentId, PayoutId, TopUpId, TransferId};

use super::proof::Proof;

/// What top-ups, transfers and payouts must be.
pub(super) fn proofs() -> Vec<Proof> {
    vec![top_ups(), transfers(), payouts(), reserved(), in_transit()]
}

/// A settled top-up brought its customer its amount, from where its method pays; any other brought nothing.
fn top_ups() -> Proof {
    Proof {
        rules: &["TOP_UP_DIFFERS"],
        sql: r#"SELECT u.id, u.state, CAST(u.amount AS TEXT) AS amount, CAST(COALESCE(SUM(CASE
                  WHEN e.account = 'customer:cash' AND e.owner_id = u.customer_id THEN e.amount END), 0) AS TEXT) AS paid
              FROM top_up u LEFT JOIN "transaction" t ON t.id = u.transaction_id
              LEFT JOIN entry e ON e.transaction_id = u.transaction_id
              GROUP BY u.id, t.kind, t.cause_id
              HAVING CASE WHEN u.state NOT IN ('SETTLED', 'REVERSED') THEN u.transaction_id IS NOT NULL
                ELSE COALESCE(t.kind, '') <> 'TOP_UP' OR t.cause_id <> u.id
                  OR u.amount <> COALESCE(SUM(CASE
                    WHEN e.account = 'customer:cash' AND e.owner_id = u.customer_id THEN e.amount END), 0)
                  OR -u.amount <> COALESCE(SUM(CASE WHEN e.account = CASE u.method WHEN 'WIRE' THEN 'clearing:bank'
                    WHEN 'PAYPAL' THEN 'clearing:paypal' ELSE 'clearing:card' END THEN e.amount END), 0) END"#
            .into(),
        tell: |row| {
            Ok(format!(
                "{} is {} with {}, and its transaction brought {}",
                row.id::<TopUpId>("id")?,
                row.text("state")?,
                row.money("amount")?,
                row.money("paid")?
            ))
        },
    }
}

/// A transfer's parts are its amount, and what it took from the agent's funding and commission and gave the customer.
fn transfers() -> Proof {
    Proof {
        rules: &["TRANSFER_DIFFERS"],
        sql: "SELECT f.id, CAST(f.amount AS TEXT) AS amount, CAST(f.from_funding AS TEXT) AS from_funding,
                CAST(f.from_commission AS TEXT) AS from_commission, CAST(COALESCE(SUM(CASE
                  WHEN e.account = 'customer:cash' AND e.owner_id = f.customer_id THEN e.amount END), 0) AS TEXT) AS given
              FROM transfer f JOIN agent a ON a.id = f.agent_id
              LEFT JOIN entry e ON e.transaction_id = f.transaction_id
              GROUP BY f.id, a.customer_id
              HAVING f.amount <> f.from_funding + f.from_commission OR f.reversed NOT BETWEEN 0 AND f.amount
                OR f.amount <> COALESCE(SUM(CASE
                  WHEN e.account = 'customer:cash' AND e.owner_id = f.customer_id THEN e.amount END), 0)
                OR -f.from_funding <> COALESCE(SUM(CASE
                  WHEN e.account = 'customer:cash' AND e.owner_id = a.customer_id THEN e.amount END), 0)
                OR -f.from_commission <> COALESCE(SUM(CASE
                  WHEN e.account = 'agent:commission' AND e.owner_id = f.agent_id THEN e.amount END), 0)"
            .into(),
        tell: |row| {
            Ok(format!(
                "{}: {} of {} funding and {} commission; its transaction gave {}",
                row.id::<TransferId>("id")?,
                row.money("amount")?,
                row.money("from_funding")?,
                row.money("from_commission")?,
                row.money("given")?
            ))
        },
    }
}

/// Net = gross - fee, and the parts sum to the gross (E12, E15).
fn payouts() -> Proof {
    Proof {
        rules: &["PAYOUT_PARTS_DIFFER"],
        sql: "SELECT id, CAST(gross AS TEXT) AS gross, CAST(fee AS TEXT) AS fee, CAST(net AS TEXT) AS net,
                CAST(from_commission AS TEXT) AS from_commission, CAST(from_funding AS TEXT) AS from_funding
              FROM payout WHERE net <> gross - fee OR from_commission + from_funding <> gross
                OR fee < 0 OR net <= 0 OR from_commission < 0 OR from_funding < 0"
            .into(),
        tell: |row| {
            Ok(format!(
                "{}: {} less {} is {}, of {} commission and {} funding",
                row.id::<PayoutId>("id")?,
                row.money("gross")?,
                row.money("fee")?,
                row.money("net")?,
                row.money("from_commission")?,
                row.money("from_funding")?
            ))
        },
    }
}

/// `reserved` is the gross of the agent's REQUESTED and APPROVED payouts.
fn reserved() -> Proof {
    Proof {
        rules: &["RESERVED_DIFFERS"],
        sql: "SELECT b.agent_id, CAST(b.reserved AS TEXT) AS reserved, CAST(COALESCE(p.gross, 0) AS TEXT) AS gross
              FROM agent_balance b LEFT JOIN (SELECT agent_id, SUM(gross) AS gross FROM payout
                WHERE state IN ('REQUESTED', 'APPROVED') GROUP BY agent_id) AS p ON p.agent_id = b.agent_id
              WHERE b.reserved <> COALESCE(p.gross, 0)"
            .into(),
        tell: |row| {
            Ok(format!(
                "{}: {} is reserved, and its open payouts are {}",
                row.id::<AgentId>("agent_id")?,
                row.money("reserved")?,
                row.money("gross")?
            ))
        },
    }
}

/// `payouts:in_transit` is the net of the SENT payouts, each with its own.
fn in_transit() -> Proof {
    Proof {
        rules: &["IN_TRANSIT_DIFFERS"],
        sql: r#"SELECT payout_id, CAST(SUM(amount) AS TEXT) AS in_transit, CAST(SUM(net) AS TEXT) AS net FROM (
                SELECT id AS payout_id, CAST(0 AS BIGINT) AS amount, net FROM payout WHERE state = 'SENT'
                UNION ALL SELECT t.cause_id, e.amount, 0 FROM entry e JOIN "transaction" t ON t.id = e.transaction_id
                WHERE e.account = 'payouts:in_transit') AS moved
              GROUP BY payout_id HAVING SUM(amount) <> SUM(net)"#
            .into(),
        tell: |row| {
            Ok(format!(
                "{}: {} is in transit, and should be {}",
                row.id::<PayoutId>("payout_id")?,
                row.money("in_transit")?,
                row.money("net")?
            ))
        },
    }
}
