//! Charges: paid as they say, and earning whom they should at the rate of their time (rules 5 and 6).

use entity::{AgentId, ChargeId, CustomerId};

use super::proof::Proof;

/// What decides agent and rate of a charge `c` (E05): when it happened, or was posted where that was earlier.
const INSTANT: &str =
    "CASE WHEN c.occurred_at < c.created_at THEN c.occurred_at ELSE c.created_at END";

/// What charges must be.
pub(super) fn proofs() -> Vec<Proof> {
    vec![entries(), agents(), earned(), twice(), refunds()]
}

/// The transaction of a charge brings its amount, and takes its promotional part and the rest from its customer.
fn entries() -> Proof {
    Proof {
        rules: &["CHARGE_ENTRIES_DIFFER"],
        sql: "SELECT c.id, CAST(c.amount AS TEXT) AS amount, CAST(c.promo_part AS TEXT) AS promo_part,
                CAST(COALESCE(SUM(CASE WHEN e.account LIKE 'revenue:%' THEN e.amount END), 0) AS TEXT) AS revenue,
                CAST(-COALESCE(SUM(CASE WHEN e.account = 'customer:promo' THEN e.amount END), 0) AS TEXT) AS promo
              FROM charge c LEFT JOIN entry e ON e.transaction_id = c.transaction_id
              GROUP BY c.id
              HAVING c.amount <> COALESCE(SUM(CASE WHEN e.account = CASE c.kind WHEN 'CALL' THEN 'revenue:calls'
                  WHEN 'SERVICE' THEN 'revenue:services' ELSE 'revenue:plans' END THEN e.amount END), 0)
                OR c.promo_part <> -COALESCE(SUM(CASE WHEN e.account = 'customer:promo' THEN e.amount END), 0)
                OR SUM(CASE WHEN e.account IN ('customer:cash', 'customer:promo')
                  AND e.owner_id <> c.customer_id THEN 1 ELSE 0 END) > 0"
            .into(),
        tell: |row| {
            Ok(format!(
                "{}: {}, {} of it promotional; its entries say {}, {} of it promotional",
                row.id::<ChargeId>("id")?,
                row.money("amount")?,
                row.money("promo_part")?,
                row.money("revenue")?,
                row.money("promo")?
            ))
        },
    }
}

/// The agent on a charge is the agent of record of its time.
///
/// An affiliation may begin or end at the very instant of a charge, after it: then both answers are right.
fn agents() -> Proof {
    Proof {
        rules: &["CHARGE_AGENT_DIFFERS"],
        sql: format!(
            "SELECT id, customer_id, agent_id FROM
                (SELECT c.id, c.customer_id, c.agent_id, c.created_at, {INSTANT} AS instant FROM charge c) AS c
              WHERE CASE WHEN c.agent_id IS NULL THEN EXISTS
                  (SELECT 1 FROM affiliation f WHERE f.customer_id = c.customer_id AND f.since <= c.instant
                    AND (f.until IS NULL OR c.instant < f.until)
                    AND NOT (f.since = c.instant AND c.instant = c.created_at))
                ELSE NOT EXISTS
                  (SELECT 1 FROM affiliation f WHERE f.customer_id = c.customer_id AND f.agent_id = c.agent_id
                    AND f.since <= c.instant AND (f.until IS NULL OR c.instant < f.until
                      OR (c.instant = f.until AND c.instant = c.created_at))) END"
        )
        .into(),
        tell: |row| {
            Ok(format!(
                "{}: {} was not the agent of record of {} then",
                row.id::<ChargeId>("id")?,
                row.id::<AgentId>("agent_id")?,
                row.id::<CustomerId>("customer_id")?
            ))
        },
    }
}

/// What is commissionable, paid for and of an agent's customer has one EARNED row, right in all it says; the rest has
/// none.
///
/// An agent that is closed has no customers from then on: what happened before, it earned (E05, E23).
fn earned() -> Proof {
    Proof {
        rules: &[
            "COMMISSION_MISSING",
            "COMMISSION_UNDUE",
            "COMMISSION_AGENT_DIFFERS",
            "COMMISSION_RATE_DIFFERS",
            "COMMISSION_BASE_DIFFERS",
            "COMMISSION_DIFFERS",
        ],
        sql: format!(
            "WITH rate AS (SELECT agent_id, commission_rate, effective_from,
                  LEAD(effective_from) OVER w AS until, LAG(commission_rate) OVER w AS before
                FROM commission_rate WINDOW w AS (PARTITION BY agent_id ORDER BY effective_from))
              SELECT id, commission_id, rule FROM (
                SELECT c.id, m.id AS commission_id, CASE
                  WHEN m.id IS NULL THEN CASE WHEN c.commissionable AND c.amount > c.promo_part
                    AND r.agent_id IS NOT NULL THEN 'COMMISSION_MISSING' END
                  WHEN NOT c.commissionable OR c.amount <= c.promo_part OR r.agent_id IS NULL THEN 'COMMISSION_UNDUE'
                  WHEN m.agent_id <> c.agent_id THEN 'COMMISSION_AGENT_DIFFERS'
                  WHEN m.commission_rate <> r.commission_rate AND NOT (r.effective_from = c.created_at
                    AND c.instant = c.created_at AND m.commission_rate = COALESCE(r.before, 0))
                    THEN 'COMMISSION_RATE_DIFFERS'
                  WHEN m.base <> c.amount - c.promo_part THEN 'COMMISSION_BASE_DIFFERS'
                  WHEN m.customer_id <> c.customer_id OR m.occurred_at <> c.occurred_at
                    OR m.transaction_id <> c.transaction_id THEN 'COMMISSION_DIFFERS' END AS rule
                FROM (SELECT c.id, c.customer_id, c.agent_id, c.commissionable, c.amount, c.promo_part,
                        c.occurred_at, c.created_at, c.transaction_id, {INSTANT} AS instant FROM charge c) AS c
                LEFT JOIN commission m ON m.charge_id = c.id AND m.kind = 'EARNED'
                LEFT JOIN rate r ON r.agent_id = c.agent_id AND r.effective_from <= c.instant
                  AND (r.until IS NULL OR c.instant < r.until)) AS judged
              WHERE rule IS NOT NULL"
        )
        .into(),
        tell: |row| {
            let charge = row.id::<ChargeId>("id")?;
            let commission = row.id::<entity::CommissionId>("commission_id")?;
            Ok(match row.text("rule")?.as_str() {
                "COMMISSION_MISSING" => format!("{charge} earned nothing, and should have"),
                "COMMISSION_UNDUE" => format!("{charge} should earn nothing, and there is {commission}"),
                "COMMISSION_AGENT_DIFFERS" => format!("{commission} is not of the agent of {charge}"),
                "COMMISSION_RATE_DIFFERS" => {
                    format!("{commission} is not at the rate that was in force at {charge}")
                }
                "COMMISSION_BASE_DIFFERS" => {
                    format!("{commission} is not on what was paid in cash of {charge}")
                }
                _ => format!("{commission} has not the customer, time or transaction of {charge}"),
            })
        },
    }
}

fn twice() -> Proof {
    Proof {
        rules: &["COMMISSION_TWICE"],
        sql: "SELECT charge_id, COUNT(*) AS times FROM commission WHERE kind = 'EARNED'
              GROUP BY charge_id HAVING COUNT(*) > 1"
            .into(),
        tell: |row| {
            let (charge, times) = (row.id::<ChargeId>("charge_id")?, row.number("times")?);
            Ok(format!("{charge} earned {times} times"))
        },
    }
}

/// What was given back of a charge is no more than it, stands in its `CHARGE_REFUNDED` transactions, came from the revenue
/// that it brought and went to its customer, or to the commission of the agent whose own account it is; and all of it is
/// all of each part. Its state says so.
fn refunds() -> Proof {
    Proof {
        rules: &["REFUND_EXCEEDS", "REFUND_ENTRIES_DIFFER", "CHARGE_STATE_DIFFERS"],
        sql: r#"WITH refund AS (SELECT t.cause_id,
                  -SUM(CASE WHEN e.account LIKE 'revenue:%' THEN e.amount ELSE 0 END) AS given,
                  SUM(CASE WHEN e.account = 'customer:promo' THEN e.amount ELSE 0 END) AS promo,
                  SUM(CASE WHEN e.account = 'customer:cash' THEN e.amount ELSE 0 END) AS cash,
                  SUM(CASE WHEN e.account IN ('customer:cash', 'customer:promo') AND e.owner_id <> c.customer_id
                    OR e.account LIKE 'revenue:%' AND e.account <> CASE c.kind WHEN 'CALL' THEN 'revenue:calls'
                      WHEN 'SERVICE' THEN 'revenue:services' ELSE 'revenue:plans' END
                    OR e.account LIKE 'customer:%' AND e.amount < 0 THEN 1 ELSE 0 END) AS astray
                FROM "transaction" t JOIN entry e ON e.transaction_id = t.id LEFT JOIN charge c ON c.id = t.cause_id
                WHERE t.kind = 'CHARGE_REFUNDED' GROUP BY t.cause_id),
              paid AS (SELECT e.transaction_id, -SUM(e.amount) AS cash FROM entry e
                JOIN "transaction" t ON t.id = e.transaction_id AND t.kind = 'CHARGE'
                WHERE e.account = 'customer:cash' GROUP BY e.transaction_id)
              SELECT id, CAST(amount AS TEXT) AS amount, CAST(refunded AS TEXT) AS refunded,
                CAST(given AS TEXT) AS given, state, rule FROM (
                SELECT r.cause_id AS id, c.amount, c.refunded, r.given, c.state, CASE
                  WHEN c.id IS NULL OR r.astray > 0 OR r.given <> c.refunded OR r.promo > c.promo_part
                    OR (c.refunded = c.amount AND (r.promo <> c.promo_part OR r.cash <> COALESCE(p.cash, 0)))
                    THEN 'REFUND_ENTRIES_DIFFER' END AS rule
                FROM refund r LEFT JOIN charge c ON c.id = r.cause_id
                LEFT JOIN paid p ON p.transaction_id = c.transaction_id
                UNION ALL SELECT c.id, c.amount, c.refunded, 0, c.state, CASE
                  WHEN c.refunded < 0 OR c.refunded > c.amount THEN 'REFUND_EXCEEDS'
                  WHEN c.refunded > 0 AND NOT EXISTS (SELECT 1 FROM refund r WHERE r.cause_id = c.id)
                    THEN 'REFUND_ENTRIES_DIFFER'
                  WHEN c.state IN ('POSTED', 'PARTIALLY_REFUNDED', 'REFUNDED') AND c.state <> CASE
                    WHEN c.refunded = 0 THEN 'POSTED' WHEN c.refunded < c.amount THEN 'PARTIALLY_REFUNDED'
                    ELSE 'REFUNDED' END THEN 'CHARGE_STATE_DIFFERS' END
                FROM charge c) AS judged
              WHERE rule IS NOT NULL"#
            .into(),
        tell: |row| {
            let (charge, amount) = (row.id::<ChargeId>("id")?, row.money("amount")?);
            let refunded = row.money("refunded")?;
            Ok(match row.text("rule")?.as_str() {
                "REFUND_EXCEEDS" => format!("{charge}: {refunded} refunded of {amount}"),
                "CHARGE_STATE_DIFFERS" => {
                    format!("{charge} is {} with {refunded} refunded of {amount}", row.text("state")?)
                }
                _ => format!(
                    "{charge}: {refunded} refunded of {amount}, and its refunds gave {}",
                    row.money("given")?
                ),
            })
        },
    }
}
