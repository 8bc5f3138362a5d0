//! Agents' standing: its history, what was held under it, and what became of that (E22, E23, E24).

use entity::{AffiliationId, AgentId, AssignmentId, CommissionId, StandingId, TransactionId};

use super::proof::Proof;

/// Every standing with when it ended and as what: of several that begin together the last one counts.
const STOOD: &str =
    "SELECT id, agent_id, status, since, ordinal, LEAD(since) OVER w AS until, LEAD(status) OVER w AS became
     FROM agent_standing WINDOW w AS (PARTITION BY agent_id ORDER BY ordinal)";

/// What standings must be.
pub(super) fn proofs() -> Vec<Proof> {
    vec![
        histories(),
        told(),
        suspensions(),
        held(),
        pools(),
        transactions(),
        late(),
        customers(),
        assignments(),
    ]
}

/// ACTIVE ⇄ SUSPENDED → CLOSED, numbered without gap, one after the other; and the newest is the agent's.
fn histories() -> Proof {
    Proof {
        rules: &["STANDING_GAP", "STANDING_ILLEGAL", "STANDING_DIFFERS"],
        sql: "SELECT agent_id, CAST(ordinal AS BIGINT) AS ordinal, status, rule FROM (
                SELECT s.agent_id, s.ordinal, s.status, CASE
                  WHEN s.ordinal <> s.previous + 1 THEN 'STANDING_GAP'
                  WHEN s.was = 'CLOSED' OR s.was = s.status OR s.since < s.before THEN 'STANDING_ILLEGAL'
                  WHEN s.next IS NULL AND s.status <> a.status THEN 'STANDING_DIFFERS' END AS rule
                FROM (SELECT agent_id, ordinal, status, since, LAG(ordinal, 1, 0) OVER w AS previous,
                        LAG(status, 1, 'ACTIVE') OVER w AS was, LAG(since) OVER w AS before, LEAD(id) OVER w AS next
                      FROM agent_standing WINDOW w AS (PARTITION BY agent_id ORDER BY ordinal)) AS s
                JOIN agent a ON a.id = s.agent_id
                UNION ALL SELECT a.id, 0, 'ACTIVE', 'STANDING_DIFFERS' FROM agent a
                WHERE a.status <> 'ACTIVE' AND NOT EXISTS (SELECT 1 FROM agent_standing s WHERE s.agent_id = a.id)
              ) AS judged WHERE rule IS NOT NULL"
            .into(),
        tell: |row| {
            let (agent, status) = (row.id::<AgentId>("agent_id")?, row.text("status")?);
            let ordinal = row.number("ordinal")?;
            Ok(match row.text("rule")?.as_str() {
                "STANDING_GAP" => format!("{agent}: none comes before standing {ordinal}"),
                "STANDING_ILLEGAL" => format!("{agent}: standing {ordinal}, {status}, cannot follow the one before it"),
                _ => format!("{agent} is not {status}, as its newest standing says"),
            })
        },
    }
}

/// The agent heard of each.
fn told() -> Proof {
    Proof {
        rules: &["STANDING_UNTOLD"],
        sql: "SELECT s.id, s.agent_id FROM agent_standing s WHERE 1 <> (SELECT COUNT(*) FROM agent_event v
                WHERE v.subject_id = s.id AND v.kind = 'STANDING' AND v.agent_id = s.agent_id
                  AND COALESCE(v.transaction_id, v.agent_id) = COALESCE(s.transaction_id, s.agent_id))"
            .into(),
        tell: |row| {
            let (agent, standing) = (row.id::<AgentId>("agent_id")?, row.id::<StandingId>("id")?);
            Ok(format!("{agent} is not told of {standing} once, with what it moved"))
        },
    }
}

/// What was earned names the suspension that lasted then, and no other; and so does what takes it back.
///
/// A suspension may begin or end at the very instant of a charge, after it: then both answers are right.
fn suspensions() -> Proof {
    Proof {
        rules: &["SUSPENSION_DIFFERS"],
        sql: format!(
            "SELECT m.id, m.agent_id, m.suspension_id, s.id AS lasted
              FROM (SELECT id, agent_id, kind, suspension_id, created_at,
                      CASE WHEN occurred_at < created_at THEN occurred_at ELSE created_at END AS instant
                    FROM commission WHERE kind <> 'CLAWBACK'
                      AND (suspension_id IS NOT NULL OR agent_id IN (SELECT agent_id FROM agent_standing))) AS m
              LEFT JOIN ({STOOD}) AS s ON s.agent_id = m.agent_id AND s.status = 'SUSPENDED'
                AND s.since <= m.instant AND (s.until IS NULL OR m.instant < s.until)
              WHERE ((m.suspension_id IS NULL) <> (s.id IS NULL) OR m.suspension_id <> s.id)
                AND NOT (m.instant = m.created_at AND EXISTS (SELECT 1 FROM agent_standing t
                  WHERE t.agent_id = m.agent_id AND t.since = m.instant))
              UNION ALL SELECT m.id, m.agent_id, m.suspension_id, r.suspension_id
              FROM commission m JOIN commission r ON r.id = m.reverses_id
              WHERE m.kind = 'CLAWBACK' AND ((m.suspension_id IS NULL) <> (r.suspension_id IS NULL)
                OR m.suspension_id <> r.suspension_id)"
        )
        .into(),
        tell: |row| {
            let commission = row.id::<CommissionId>("id")?;
            let agent = row.id::<AgentId>("agent_id")?;
            Ok(format!("{commission} does not name the suspension under which {agent} earned it, or none"))
        },
    }
}

/// What was credited to `held` was earned under a suspension that had not been lifted; and all of that was.
fn held() -> Proof {
    Proof {
        rules: &["COMMISSION_HELD_DIFFERS"],
        sql: format!(
            "SELECT m.id, m.agent_id, m.held FROM commission m LEFT JOIN ({STOOD}) AS s ON s.id = m.suspension_id
              WHERE m.kind <> 'CLAWBACK' AND (m.held OR m.suspension_id IS NOT NULL) AND NOT CASE
                WHEN s.id IS NULL OR s.status <> 'SUSPENDED' OR s.agent_id <> m.agent_id THEN FALSE
                WHEN COALESCE(s.became, '') <> 'ACTIVE' THEN m.held
                WHEN m.created_at < s.until THEN m.held
                WHEN m.created_at > s.until THEN NOT m.held
                ELSE TRUE END"
        )
        .into(),
        tell: |row| {
            let commission = row.id::<CommissionId>("id")?;
            Ok(format!("{commission} was held and should not have been, or the other way round"))
        },
    }
}

/// What is held is what was earned under a suspension that lasts, less what was taken back of that, and what open fraud
/// cases hold of what was not; of any other agent nothing is. What a clawback finds too little for by the carry, it takes
/// from the commission: a unit at most.
fn pools() -> Proof {
    Proof {
        rules: &["HELD_DIFFERS"],
        sql: format!(
            "SELECT agent_id, CAST(held AS TEXT) AS held, CAST(earned AS TEXT) AS earned FROM (
                SELECT b.agent_id, b.held, COALESCE(k.clawbacks, 0) AS clawbacks,
                  COALESCE(k.earned, 0) + COALESCE(o.held, 0) AS earned
                FROM agent_balance b LEFT JOIN ({STOOD}) AS s
                  ON s.agent_id = b.agent_id AND s.until IS NULL AND s.status = 'SUSPENDED'
                LEFT JOIN (SELECT suspension_id, SUM(amount) AS earned,
                    SUM(CASE WHEN kind = 'CLAWBACK' THEN 1 ELSE 0 END) AS clawbacks
                  FROM commission WHERE suspension_id IS NOT NULL GROUP BY suspension_id) AS k
                  ON k.suspension_id = s.id
                LEFT JOIN (SELECT h.agent_id, SUM(h.held) AS held FROM fraud_case_charge h
                    JOIN commission m ON m.id = h.commission_id LEFT JOIN ({STOOD}) AS u ON u.id = m.suspension_id
                    WHERE h.held > 0 AND (u.id IS NULL OR u.until IS NOT NULL) GROUP BY h.agent_id) AS o
                  ON o.agent_id = b.agent_id) AS held
              WHERE held < earned OR held > earned + clawbacks"
        )
        .into(),
        tell: |row| {
            let (agent, held) = (row.id::<AgentId>("agent_id")?, row.money("held")?);
            let earned = row.money("earned")?;
            Ok(format!("of {agent} {held} is held, and {earned} waits by a suspension or a fraud case"))
        },
    }
}

/// A standing moved what it says, and whatever an agent's standing moved is of one: reinstated, it is released; closed, it
/// is forfeited.
fn transactions() -> Proof {
    Proof {
        rules: &["STANDING_TRANSACTION_DIFFERS"],
        sql: r#"SELECT s.agent_id, s.transaction_id FROM agent_standing s
                LEFT JOIN "transaction" t ON t.id = s.transaction_id AND t.cause = 'AGENT'
                  AND t.cause_id = s.agent_id AND t.created_at = s.since
                  AND t.kind = CASE s.status WHEN 'ACTIVE' THEN 'COMMISSION_RELEASED' ELSE 'COMMISSION_FORFEITED' END
                WHERE s.transaction_id IS NOT NULL AND t.id IS NULL
              UNION ALL SELECT t.cause_id, t.id FROM "transaction" t
                WHERE t.cause = 'AGENT' AND t.kind IN ('COMMISSION_RELEASED', 'COMMISSION_FORFEITED')
                  AND NOT EXISTS (SELECT 1 FROM agent_standing s WHERE s.transaction_id = t.id)"#
            .into(),
        tell: |row| {
            let agent = row.id::<AgentId>("agent_id")?;
            let transaction = row.id::<TransactionId>("transaction_id")?;
            Ok(format!("{transaction} is not what a standing of {agent} released or forfeited"))
        },
    }
}

/// What was earned under a suspension that ended with the closing, and was reported after it, was forfeited at once.
fn late() -> Proof {
    Proof {
        rules: &["FORFEIT_DIFFERS"],
        sql: format!(
            r#"SELECT t.id, m.id AS commission_id FROM "transaction" t
              LEFT JOIN commission m ON m.id = t.cause_id AND m.created_at = t.created_at
              LEFT JOIN ({STOOD}) AS s ON s.id = m.suspension_id
              LEFT JOIN entry e ON e.transaction_id = t.id AND e.account = 'agent:held'
              WHERE t.kind = 'COMMISSION_FORFEITED' AND t.cause = 'COMMISSION'
                AND NOT (COALESCE(s.became, '') = 'CLOSED' AND m.created_at >= s.until
                  AND e.owner_id = m.agent_id AND e.amount = -m.amount)"#
        )
        .into(),
        tell: |row| {
            let transaction = row.id::<TransactionId>("id")?;
            Ok(format!(
                "{transaction} forfeits what was not earned under a suspension that ended with the closing"
            ))
        },
    }
}

/// Nobody came to an agent that was not active, and nobody is a closed agent's customer (E22, E23).
fn customers() -> Proof {
    Proof {
        rules: &["AFFILIATION_UNDUE"],
        sql: format!(
            "SELECT DISTINCT f.id, f.agent_id FROM affiliation f JOIN ({STOOD}) AS s ON s.agent_id = f.agent_id
              WHERE s.status <> 'ACTIVE' AND ((f.since > s.since AND (s.until IS NULL OR f.since < s.until))
                OR (s.status = 'CLOSED' AND (f.until IS NULL OR f.until > s.since)))"
        )
        .into(),
        tell: |row| {
            let (time, agent) = (row.id::<AffiliationId>("id")?, row.id::<AgentId>("agent_id")?);
            Ok(format!("{time}: {agent} was not active then"))
        },
    }
}

/// What an operator assigned is so: the one time ends, and the other begins (E24).
fn assignments() -> Proof {
    Proof {
        rules: &["ASSIGNMENT_DIFFERS"],
        sql: "SELECT a.id FROM assignment a
              WHERE (a.from_agent_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM affiliation f
                  WHERE f.customer_id = a.customer_id AND f.agent_id = a.from_agent_id AND f.until = a.at))
                OR (a.to_agent_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM affiliation f
                  WHERE f.customer_id = a.customer_id AND f.agent_id = a.to_agent_id AND f.since = a.at))"
            .into(),
        tell: |row| Ok(format!("{}: the customer's times with agents say otherwise", row.id::<AssignmentId>("id")?)),
    }
}
