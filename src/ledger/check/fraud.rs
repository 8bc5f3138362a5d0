//! Fraud cases: what they hold is there to be held, and what was decided was done (E28, R43).

use entity::{ChargeId, FraudCaseId, TransactionId};

use super::proof::Proof;

/// What fraud cases must be.
pub(super) fn proofs() -> Vec<Proof> {
    vec![states(), holds(), clawbacks(), leftovers(), transactions()]
}

/// A charge is `FRAUD_HELD` in one open case, `FRAUD_CONFIRMED` in one that was confirmed, and otherwise in neither.
fn states() -> Proof {
    Proof {
        rules: &["FRAUD_STATE_DIFFERS"],
        sql: "SELECT id, state FROM (
                SELECT c.id, c.state, COALESCE(k.open, 0) AS open, COALESCE(k.confirmed, 0) AS confirmed
                FROM charge c LEFT JOIN (SELECT h.charge_id,
                    SUM(CASE WHEN f.state = 'OPEN' THEN 1 ELSE 0 END) AS open,
                    SUM(CASE WHEN f.state = 'CONFIRMED' THEN 1 ELSE 0 END) AS confirmed
                  FROM fraud_case_charge h JOIN fraud_case f ON f.id = h.case_id GROUP BY h.charge_id) AS k
                  ON k.charge_id = c.id
                WHERE k.charge_id IS NOT NULL OR c.state IN ('FRAUD_HELD', 'FRAUD_CONFIRMED')) AS counted
              WHERE open <> CASE state WHEN 'FRAUD_HELD' THEN 1 ELSE 0 END
                OR confirmed <> CASE state WHEN 'FRAUD_CONFIRMED' THEN 1 ELSE 0 END"
            .into(),
        tell: |row| {
            let (charge, state) = (row.id::<ChargeId>("id")?, row.text("state")?);
            Ok(format!("{charge} is {state}, and its fraud cases are not"))
        },
    }
}

/// Only an open case holds anything, of what its charge earned whom, and no more than is left of that.
fn holds() -> Proof {
    Proof {
        rules: &["FRAUD_HOLD_DIFFERS"],
        sql: "SELECT h.case_id, h.charge_id, CAST(h.held AS TEXT) AS held, CAST(COALESCE(k.net, 0) AS TEXT) AS net
              FROM fraud_case_charge h JOIN fraud_case f ON f.id = h.case_id
              LEFT JOIN commission m ON m.charge_id = h.charge_id AND m.kind = 'EARNED'
              LEFT JOIN (SELECT charge_id, SUM(amount) AS net FROM commission WHERE charge_id IN
                  (SELECT charge_id FROM fraud_case_charge WHERE held > 0) GROUP BY charge_id) AS k
                ON k.charge_id = h.charge_id
              WHERE h.held < 0 OR (f.state <> 'OPEN' AND h.held <> 0) OR (h.held > 0 AND h.held > k.net)
                OR (h.commission_id IS NULL) <> (m.id IS NULL) OR h.commission_id <> m.id
                OR h.agent_id <> m.agent_id"
            .into(),
        tell: |row| {
            let (case, charge) = (row.id::<FraudCaseId>("case_id")?, row.id::<ChargeId>("charge_id")?);
            let (held, net) = (row.money("held")?, row.money("net")?);
            Ok(format!("{case} holds {held} of what {charge} earned, and {net} is left of it"))
        },
    }
}

/// What was taken back for a case is what it says, of its own charges, and only once it was confirmed.
fn clawbacks() -> Proof {
    Proof {
        rules: &["FRAUD_CLAWBACK_DIFFERS"],
        sql: r#"SELECT f.id, f.state, CAST(f.clawed_back AS TEXT) AS said,
                CAST(COALESCE(k.taken, 0) AS TEXT) AS taken
              FROM fraud_case f LEFT JOIN (SELECT t.cause_id, -SUM(m.amount) AS taken,
                  SUM(CASE WHEN h.case_id IS NULL OR m.kind <> 'CLAWBACK' THEN 1 ELSE 0 END) AS astray
                FROM "transaction" t JOIN commission m ON m.transaction_id = t.id
                LEFT JOIN fraud_case_charge h ON h.case_id = t.cause_id AND h.charge_id = m.charge_id
                WHERE t.cause = 'FRAUD_CASE' GROUP BY t.cause_id) AS k ON k.cause_id = f.id
              WHERE f.clawed_back <> COALESCE(k.taken, 0) OR k.astray > 0
                OR (k.cause_id IS NOT NULL AND f.state <> 'CONFIRMED')"#
            .into(),
        tell: |row| {
            let (case, state) = (row.id::<FraudCaseId>("id")?, row.text("state")?);
            let (said, taken) = (row.money("said")?, row.money("taken")?);
            Ok(format!("{case} is {state} and took back {said}; {taken} was taken back for it"))
        },
    }
}

/// Of what a confirmed case is about nothing is left to take back, but what was forfeited, and parts below 0.0001.
fn leftovers() -> Proof {
    Proof {
        rules: &["FRAUD_LEFT"],
        sql: "SELECT h.case_id, h.charge_id, CAST(m.base + COALESCE(k.taken, 0) AS TEXT) AS base
              FROM fraud_case f JOIN fraud_case_charge h ON h.case_id = f.id
              JOIN commission m ON m.id = h.commission_id
              LEFT JOIN (SELECT reverses_id, SUM(base) AS taken FROM commission WHERE reverses_id IS NOT NULL
                GROUP BY reverses_id) AS k ON k.reverses_id = m.id
              WHERE f.state = 'CONFIRMED' AND (m.base + COALESCE(k.taken, 0)) * m.commission_rate >= 10000
                AND NOT EXISTS (SELECT 1 FROM agent_standing s JOIN agent_standing n
                  ON n.agent_id = s.agent_id AND n.ordinal = s.ordinal + 1
                  WHERE s.id = m.suspension_id AND n.status = 'CLOSED')"
            .into(),
        tell: |row| {
            let (case, charge) = (row.id::<FraudCaseId>("case_id")?, row.id::<ChargeId>("charge_id")?);
            let base = row.money("base")?;
            Ok(format!("{case} is confirmed, and what {charge} earned on {base} was not taken back"))
        },
    }
}

/// A case's transactions are of its two decisions, at their instants.
fn transactions() -> Proof {
    Proof {
        rules: &["FRAUD_TRANSACTION_DIFFERS"],
        sql: r#"SELECT t.id, t.cause_id, t.kind FROM "transaction" t LEFT JOIN fraud_case f ON f.id = t.cause_id
              WHERE t.cause = 'FRAUD_CASE' AND NOT COALESCE(CASE t.kind
                WHEN 'COMMISSION_HELD' THEN t.created_at = f.opened_at
                WHEN 'COMMISSION_CLAWBACK' THEN f.state = 'CONFIRMED' AND t.created_at = f.decided_at
                WHEN 'COMMISSION_RELEASED' THEN t.created_at = f.decided_at
                WHEN 'COMMISSION_FORFEITED' THEN t.created_at = f.decided_at END, FALSE)"#
            .into(),
        tell: |row| {
            let (transaction, kind) = (row.id::<TransactionId>("id")?, row.text("kind")?);
            let case = row.id::<FraudCaseId>("cause_id")?;
            Ok(format!("{transaction}, {kind}, is of no decision of {case}"))
        },
    }
}
