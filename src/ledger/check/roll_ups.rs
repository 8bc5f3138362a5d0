//! Roll-ups: what reports read is what the charges and commissions say.

use chrono::{DateTime, SecondsFormat};
use entity::{AgentId, CustomerId};
use sea_orm::{DbBackend, DbErr};

use super::proof::{Proof, Row};
use crate::store::instants::{day_of, quarter_of};

/// What the roll-ups must be.
pub(super) fn proofs(backend: DbBackend) -> Vec<Proof> {
    vec![slots(backend), days(backend)]
}

/// Sums that must be nothing once the roll-up's own figures are taken away.
const SUMS: &str = "CAST(SUM(charges) AS TEXT) AS charges, CAST(SUM(calls) AS TEXT) AS calls,
    CAST(SUM(call_seconds) AS TEXT) AS call_seconds, CAST(SUM(spent) AS TEXT) AS spent, CAST(SUM(base) AS TEXT) AS base,
    CAST(SUM(earned) AS TEXT) AS earned, CAST(SUM(clawed_back) AS TEXT) AS clawed_back";
const ANY: &str =
    "SUM(charges) <> 0 OR SUM(calls) <> 0 OR SUM(call_seconds) <> 0 OR SUM(spent) <> 0
    OR SUM(base) <> 0 OR SUM(earned) <> 0 OR SUM(clawed_back) <> 0";
const CHARGE: &str = "1 AS charges, CASE WHEN c.kind = 'CALL' THEN 1 ELSE 0 END AS calls,
    COALESCE(c.call_seconds, 0) AS call_seconds, c.amount AS spent, CAST(0 AS BIGINT) AS base,
    CAST(0 AS BIGINT) AS earned, CAST(0 AS BIGINT) AS clawed_back";
const COMMISSION: &str = "0, 0, 0, 0, CASE WHEN m.kind = 'EARNED' THEN m.base ELSE 0 END,
    CASE WHEN m.kind = 'EARNED' THEN m.amount ELSE 0 END, CASE WHEN m.kind = 'CLAWBACK' THEN -m.amount ELSE 0 END";
const LESS: &str = "-charges, -calls, -call_seconds, -spent, -base, -earned, -clawed_back";

/// `agent_slot`: by agent, quarter of an hour and kind of charge.
fn slots(backend: DbBackend) -> Proof {
    let (charged, earned) = (
        quarter_of(backend, "c.occurred_at"),
        quarter_of(backend, "m.occurred_at"),
    );
    let slot = quarter_of(backend, "slot");
    Proof {
        rules: &["AGENT_SLOT_DIFFERS"],
        sql: format!(
            "SELECT agent_id, quarter, kind, {SUMS} FROM (
                SELECT c.agent_id, {charged} AS quarter, c.kind, {CHARGE} FROM charge c WHERE c.agent_id IS NOT NULL
                UNION ALL SELECT m.agent_id, {earned}, c.kind, {COMMISSION}
                FROM commission m JOIN charge c ON c.id = m.charge_id
                UNION ALL SELECT agent_id, {slot}, kind, {LESS} FROM agent_slot) AS tallied
              GROUP BY agent_id, quarter, kind HAVING {ANY}"
        )
        .into(),
        tell: |row| {
            let begins = DateTime::from_timestamp(row.number("quarter")?.saturating_mul(900), 0);
            let begins = begins.unwrap_or_default().to_rfc3339_opts(SecondsFormat::Secs, true);
            let (agent, kind) = (row.id::<AgentId>("agent_id")?, row.text("kind")?);
            Ok(format!("{agent} {begins} {kind} {}", differences(row)?))
        },
    }
}

/// `customer_day`: by agent, customer and UTC day, with the time of the last charge.
fn days(backend: DbBackend) -> Proof {
    let (charged, earned) = (
        day_of(backend, "c.occurred_at"),
        day_of(backend, "m.occurred_at"),
    );
    Proof {
        rules: &["CUSTOMER_DAY_DIFFERS"],
        sql: format!(
            "SELECT agent_id, customer_id, day, {SUMS} FROM (
                SELECT c.agent_id, c.customer_id, {charged} AS day, {CHARGE}, c.occurred_at AS charged_at,
                  CAST(NULL AS timestamptz) AS last_charge_at FROM charge c WHERE c.agent_id IS NOT NULL
                UNION ALL SELECT m.agent_id, m.customer_id, {earned}, {COMMISSION}, NULL, NULL
                FROM commission m WHERE m.customer_id IS NOT NULL
                UNION ALL SELECT agent_id, customer_id, CAST(day AS TEXT), {LESS}, NULL, last_charge_at
                FROM customer_day) AS tallied
              GROUP BY agent_id, customer_id, day HAVING {ANY} OR MAX(charged_at) <> MAX(last_charge_at)
                OR (MAX(charged_at) IS NULL) <> (MAX(last_charge_at) IS NULL)"
        )
        .into(),
        tell: |row| {
            let (agent, customer) = (row.id::<AgentId>("agent_id")?, row.id::<CustomerId>("customer_id")?);
            Ok(format!("{agent} {customer} {} {}", row.text("day")?, differences(row)?))
        },
    }
}

fn differences(row: &Row) -> Result<String, DbErr> {
    let mut differences = Vec::new();
    for count in ["charges", "calls", "call_seconds"] {
        let difference = row.text(count)?;
        if difference != "0" {
            differences.push(format!("{count} by {difference}"));
        }
    }
    for figure in ["spent", "base", "earned", "clawed_back"] {
        let difference = row.money(figure)?;
        if difference != "0.0000" {
            differences.push(format!("{figure} by {difference}"));
        }
    }
    if differences.is_empty() {
        return Ok("has another time of the last charge".into());
    }
    Ok(format!("has too little {}", differences.join(", ")))
}
