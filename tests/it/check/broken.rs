use std::collections::BTreeSet;

use super::burglar::Burglar;
use super::world::World;
use crate::support::db::{TestDb, on_both};

/// A row of `table` that `how` says, and no other.
fn one(table: &str, key: &str, how: &str) -> String {
    format!(r#"{key} = (SELECT {key} FROM "{table}" WHERE {how} LIMIT 1)"#)
}

/// What is done to which table, and the rules that it breaks.
pub type Case = (&'static str, String, &'static [&'static str]);

fn cases() -> Vec<Case> {
    [
        of_entries(),
        of_commissions(),
        of_charges(),
        of_movements(),
        of_streams(),
    ]
    .concat()
}

/// Of double entry and of balances (rules 1 and 2).
fn of_entries() -> Vec<Case> {
    let cash = "account = 'customer:cash' AND owner_id = (SELECT id FROM customer \
 WHERE name = 'Customer 1')";
    let last = format!("{cash} AND version = (SELECT MAX(version) FROM entry WHERE {cash})");
    let promo = one("transaction", "id", "kind = 'PROMO_GRANT'");
    let of_promo = "transaction_id = (SELECT id FROM \"transaction\" WHERE kind = 'PROMO_GRANT')";
    vec![
        // Rule 1.
        (
            "entry",
            format!("UPDATE entry SET amount = amount - 1 WHERE {of_promo} AND owner_id IS NULL"),
            &["TRANSACTION_UNBALANCED", "TRIAL_BALANCE_UNBALANCED"],
        ),
        (
            "entry",
            "DELETE FROM entry \
 WHERE transaction_id = (SELECT id FROM \"transaction\" \
 WHERE kind = 'PAYOUT_SETTLED')"
                .into(),
            &["TRANSACTION_EMPTY", "IN_TRANSIT_DIFFERS"],
        ),
        (
            "transaction",
            format!("DELETE FROM \"transaction\" WHERE {promo}"),
            &["TRANSACTION_MISSING"],
        ),
        (
            "transaction",
            format!("UPDATE \"transaction\" SET cause_id = id WHERE {promo}"),
            &["CAUSE_MISSING"],
        ),
        (
            "top_up",
            format!(
                "DELETE FROM top_up WHERE {}",
                one("top_up", "id", "state = 'SETTLED'")
            ),
            &["CAUSE_MISSING"],
        ),
        // Rule 2.
        (
            "entry",
            format!("UPDATE entry SET version = version + 1 WHERE {last}"),
            &["VERSION_GAP"],
        ),
        (
            "entry",
            format!("UPDATE entry SET balance_after = balance_after + 1 WHERE {last}"),
            &["BALANCE_AFTER_DIFFERS", "EVENT_BALANCE_DIFFERS"],
        ),
        (
            "customer_balance",
            "UPDATE customer_balance SET promo = promo + 1 WHERE promo_version > 0".into(),
            &["BALANCE_DIFFERS"],
        ),
        (
            "agent_balance",
            "UPDATE agent_balance SET held_version = 1".into(),
            &["BALANCE_DIFFERS"],
        ),
        (
            "customer_balance",
            "DELETE FROM customer_balance \
 WHERE customer_id = (SELECT id FROM customer \
 WHERE name = 'Customer 4')"
                .into(),
            &["BALANCE_MISSING"],
        ),
        (
            "customer",
            "DELETE FROM customer WHERE name = 'Customer 4'".into(),
            &["OWNER_MISSING"],
        ),
        (
            "customer",
            "DELETE FROM customer WHERE name = 'Customer 3'".into(),
            &["OWNER_MISSING"],
        ),
    ]
}

/// Of commissions (rule 4).
fn of_commissions() -> Vec<Case> {
    let first_agent = "agent_id = (SELECT id FROM agent WHERE display_name = 'Agent 1')";
    let last_commission = one(
        "commission",
        "id",
        &format!("{first_agent} ORDER BY id DESC"),
    );
    vec![
        // Rule 4.
        (
            "commission",
            format!("UPDATE commission SET exact = exact + 1 WHERE {last_commission}"),
            &["EXACT_DIFFERS", "CARRY_DIFFERS"],
        ),
        (
            "commission",
            format!("UPDATE commission SET carry_after = carry_after + 1 WHERE {last_commission}"),
            &["ROUNDING_DIFFERS"],
        ),
        (
            "commission",
            format!(
                "UPDATE commission \
 SET carry_before = carry_before + 1, carry_after = carry_after + 1 \
 WHERE {last_commission}"
            ),
            &["CARRY_CHAIN_BROKEN"],
        ),
        (
            "agent_balance",
            format!("UPDATE agent_balance SET carry = carry + 1 WHERE {first_agent}"),
            &["CARRY_DIFFERS"],
        ),
        (
            "commission",
            format!("UPDATE commission SET held = NOT held WHERE {last_commission}"),
            &["COMMISSION_ENTRIES_DIFFER", "COMMISSION_HELD_DIFFERS"],
        ),
    ]
}

/// Of charges and what they earn (rules 5 to 7).
fn of_charges() -> Vec<Case> {
    let first_agent = "agent_id = (SELECT id FROM agent WHERE display_name = 'Agent 1')";
    let last_commission = one(
        "commission",
        "id",
        &format!("{first_agent} ORDER BY id DESC"),
    );
    let earning = one("charge", "id", "external_id = 'extra'");
    let free = one("charge", "id", "amount = 0 AND agent_id IS NOT NULL");
    vec![
        // Rule 5.
        (
            "charge",
            "UPDATE charge \
 SET commissionable = NOT commissionable \
 WHERE external_id = 'tax'".into(),
            &["COMMISSION_MISSING"],
        ),
        ("charge", format!("UPDATE charge SET commissionable = NOT commissionable WHERE {earning}"), &["COMMISSION_UNDUE"]),
        ("commission_rate", format!("UPDATE commission_rate \
 SET commission_rate = 301 \
 WHERE commission_rate = 300 AND {first_agent}"), &["COMMISSION_RATE_DIFFERS"]),
        (
            "commission_rate",
            format!("DELETE FROM commission_rate WHERE {first_agent}"),
            &["COMMISSION_UNDUE"],
        ),
        (
            "charge",
            format!("UPDATE charge SET promo_part = promo_part + 1 WHERE {earning}"),
            &["CHARGE_ENTRIES_DIFFER", "COMMISSION_BASE_DIFFERS"],
        ),
        ("commission", format!("UPDATE commission SET occurred_at = created_at WHERE {}", one("commission", "id", "occurred_at <> created_at")), &["COMMISSION_DIFFERS"]),
        (
            "charge",
            format!("UPDATE charge \
 SET agent_id = (SELECT id FROM agent \
 WHERE display_name = 'Agent 2') \
 WHERE {earning}"),
            &["AGENT_SLOT_DIFFERS", "CHARGE_AGENT_DIFFERS", "COMMISSION_AGENT_DIFFERS", "CUSTOMER_DAY_DIFFERS"],
        ),
        ("affiliation", format!("UPDATE affiliation \
 SET since = '2026-03-01T00:00:00+00:00' \
 WHERE {first_agent} AND until IS NULL"), &["CHARGE_AGENT_DIFFERS"]),
        (
            "charge",
            format!("UPDATE charge SET agent_id = NULL WHERE {free}"),
            &["AGENT_SLOT_DIFFERS", "CHARGE_AGENT_DIFFERS", "CUSTOMER_DAY_DIFFERS"],
        ),
        (
            "commission",
            format!(
                "INSERT INTO commission SELECT charge_id, agent_id, customer_id, charge_id, 'EARNED', base, commission_rate,
                   0, 0, carry_after, carry_after, held, NULL, transaction_id, occurred_at, created_at, matures_at, suspension_id
                 FROM commission WHERE {last_commission}"
            ),
            &["AGENT_SLOT_DIFFERS", "COMMISSION_TWICE", "CUSTOMER_DAY_DIFFERS", "EXACT_DIFFERS"],
        ),
        // Rule 6.
        (
            "commission",
            format!(
                "INSERT INTO commission SELECT charge_id, agent_id, customer_id, NULL, 'CLAWBACK', base, commission_rate,
                   0 - exact - 10000, 0 - amount - 1, carry_after, carry_after, held, id, transaction_id, occurred_at,
                   created_at, matures_at, suspension_id FROM commission WHERE {last_commission}"
            ),
            &["CLAWBACK_EXCEEDS", "COMMISSION_ENTRIES_DIFFER", "CUSTOMER_DAY_DIFFERS"],
        ),
        ("charge", format!("UPDATE charge SET refunded = amount + 1 WHERE {earning}"), &["REFUND_EXCEEDS"]),
        // Rule 7: a call that the account does not cover may be, a service may not.
        (
            "charge",
            format!("UPDATE charge SET kind = 'SERVICE' WHERE {}", one("charge", "id", "agent_id IS NULL AND amount > 0")),
            &["BELOW_ZERO", "CHARGE_ENTRIES_DIFFER"],
        ),
    ]
}

/// Of money in, across and out, of answers and of affiliations (rules 8, 9 and 11).
fn of_movements() -> Vec<Case> {
    let first_agent = "agent_id = (SELECT id FROM agent WHERE display_name = 'Agent 1')";
    vec![
        // Rule 8, and money in and across.
        (
            "top_up",
            format!(
                "UPDATE top_up SET amount = amount + 100 WHERE {}",
                one("top_up", "id", "state = 'SETTLED'")
            ),
            &["TOP_UP_DIFFERS"],
        ),
        (
            "top_up",
            "UPDATE top_up SET method = 'PAYPAL'".into(),
            &["TOP_UP_DIFFERS"],
        ),
        (
            "transfer",
            format!("UPDATE transfer SET amount = amount + 1 WHERE {first_agent}"),
            &["TRANSFER_DIFFERS"],
        ),
        (
            "transfer",
            format!(
                "UPDATE transfer \
 SET from_funding = from_funding - 1, from_commission = from_commission + 1 \
 WHERE {first_agent}"
            ),
            &["TRANSFER_DIFFERS"],
        ),
        (
            "payout",
            "UPDATE payout SET from_funding = from_funding + 1 WHERE state = 'PAID'".into(),
            &["PAYOUT_PARTS_DIFFER"],
        ),
        (
            "payout",
            "UPDATE payout SET state = 'CANCELLED' WHERE state = 'APPROVED'".into(),
            &["RESERVED_DIFFERS"],
        ),
        (
            "payout",
            "UPDATE payout SET state = 'PAID' WHERE state = 'SENT'".into(),
            &["IN_TRANSIT_DIFFERS"],
        ),
        // Rule 9.
        (
            "idempotency",
            "UPDATE idempotency SET answer = '{'".into(),
            &["ANSWER_UNREADABLE"],
        ),
        // Rule 11.
        (
            "affiliation",
            "UPDATE affiliation \
 SET until = '2026-01-05T12:00:06+00:00' \
 WHERE until IS NOT NULL"
                .into(),
            &["AFFILIATION_OVERLAP"],
        ),
        (
            "affiliation",
            "UPDATE affiliation SET customer_joined_at = '2026-01-01T12:00:06+00:00' \
 WHERE until IS NOT NULL"
                .into(),
            &["AFFILIATION_ORDER"],
        ),
        (
            "agent",
            "UPDATE agent \
 SET customer_id = (SELECT customer_id FROM affiliation \
 WHERE until IS NOT NULL) \
 WHERE display_name = 'Agent 2'"
                .into(),
            &["AFFILIATION_CYCLE", "EVENT_MISSING", "TRANSFER_DIFFERS"],
        ),
    ]
}

/// Of events and roll-ups.
fn of_streams() -> Vec<Case> {
    let of_promo = "transaction_id = (SELECT id FROM \"transaction\" WHERE kind = 'PROMO_GRANT')";
    let first_agent = "agent_id = (SELECT id FROM agent WHERE display_name = 'Agent 1')";
    let told = one("account_event", "transaction_id", &last_told());
    vec![
        // Events.
        (
            "agent_event",
            format!("DELETE FROM agent_event WHERE {first_agent} AND transaction_id IS NULL"),
            &["EVENT_GAP"],
        ),
        (
            "agent_balance",
            "UPDATE agent_balance SET event_seq = event_seq + 1".into(),
            &["EVENT_SEQ_DIFFERS"],
        ),
        (
            "customer_balance",
            "UPDATE customer_balance SET event_seq = event_seq + 1".into(),
            &["EVENT_SEQ_DIFFERS"],
        ),
        (
            "desk",
            "UPDATE desk SET event_seq = event_seq + 1".into(),
            &["EVENT_SEQ_DIFFERS"],
        ),
        (
            "desk_event",
            "DELETE FROM desk_event WHERE seq = 1".into(),
            &["EVENT_GAP"],
        ),
        (
            "account_event",
            format!(
                "UPDATE account_event \
 SET transaction_id = (SELECT id FROM \"transaction\" \
 WHERE kind = 'PAYOUT_SETTLED') \
 WHERE {told}"
            ),
            &["EVENT_MISSING", "EVENT_UNDUE"],
        ),
        (
            "account_event",
            format!("UPDATE account_event SET promo = promo + 1 WHERE {of_promo}"),
            &["EVENT_BALANCE_DIFFERS"],
        ),
        (
            "agent_event",
            "UPDATE agent_event SET reserved = reserved + 1 WHERE payout_state = 'PAID'".into(),
            &[],
        ),
        (
            "agent_event",
            "UPDATE agent_event \
 SET reserved = reserved + 1 \
 WHERE payout_state = 'CANCELLED'"
                .into(),
            &["EVENT_BALANCE_DIFFERS"],
        ),
        // Roll-ups.
        (
            "agent_slot",
            "UPDATE agent_slot SET spent = spent + 1, earned = earned - 1".into(),
            &["AGENT_SLOT_DIFFERS"],
        ),
        (
            "agent_slot",
            "DELETE FROM agent_slot".into(),
            &["AGENT_SLOT_DIFFERS"],
        ),
        (
            "customer_day",
            "UPDATE customer_day SET call_seconds = call_seconds + 1".into(),
            &["CUSTOMER_DAY_DIFFERS"],
        ),
        (
            "customer_day",
            "UPDATE customer_day SET last_charge_at = '2026-01-05T12:00:00+00:00'".into(),
            &["CUSTOMER_DAY_DIFFERS"],
        ),
        (
            "customer_day",
            "UPDATE customer_day SET last_charge_at = NULL".into(),
            &["CUSTOMER_DAY_DIFFERS"],
        ),
    ]
}

/// The newest event of customer 3.
fn last_told() -> String {
    "customer_id = (SELECT id FROM customer WHERE name = 'Customer 3') ORDER BY seq DESC".into()
}

#[tokio::test]
async fn of_a_broken_book_the_broken_rules_are_named_and_no_others() {
    on_both(|test| async move {
        let world = World::busy(test.db.clone()).await;
        find_all(&test, &world, cases()).await;
    })
    .await;
}

/// Breaks one thing after the other, and makes it whole again.
pub async fn find_all(test: &TestDb, world: &World, cases: Vec<Case>) {
    let mut burglar = Burglar::enter(test).await;
    let mut faults = Vec::new();
    for (table, sql, rules) in cases {
        burglar
            .run(&format!(r#"CREATE TABLE saved AS SELECT * FROM "{table}""#))
            .await;
        assert_ne!(burglar.run(&sql).await, 0, "{sql}");
        let found = world.check().await.violations;
        let named: BTreeSet<_> = found.iter().map(|violation| violation.rule).collect();
        let mut expected: BTreeSet<_> = rules.iter().copied().collect();
        // Whatever else it breaks: what the hash chain is made of is never changed unseen.
        if ["transaction", "entry", "commission"].contains(&table) {
            expected.insert("CHAIN_BROKEN");
        }
        if named != expected {
            faults.push(format!("{sql}\n  expected {expected:?}, found {found:#?}"));
        }
        burglar.run(&format!(r#"DELETE FROM "{table}""#)).await;
        burglar
            .run(&format!(r#"INSERT INTO "{table}" SELECT * FROM saved"#))
            .await;
        burglar.run("DROP TABLE saved").await;
    }
    assert!(faults.is_empty(), "{}\n{}", test.url, faults.join("\n"));
    assert_eq!(world.check().await.violations, []);
}

#[tokio::test]
async fn a_violation_names_its_rows_by_their_public_ids_and_many_are_counted() {
    on_both(|test| async move {
        let world = World::busy(test.db.clone()).await;
        world.calls(200).await;
        let mut burglar = Burglar::enter(&test).await;
        burglar
            .run("UPDATE agent_balance SET carry = 9999 WHERE carry <> 9999")
            .await;
        let found = world.check().await.violations;
        let one = found.iter().find(|violation| {
            violation
                .detail
                .starts_with("agt_0000000000000000000000000000a001: ")
        });
        let one = &one.unwrap().detail;
        assert!(
            one.contains("the carry is 0.00009999, and its commissions leave 0.0000"),
            "{one}"
        );

        let wrong = burglar.run("UPDATE charge SET refunded = amount + 1").await;
        let found = world.check().await.violations;
        assert_eq!(found.len(), 101);
        let rest = wrong + 2 - 100;
        assert_eq!(
            found[100].detail,
            format!("and {rest} more that are not listed")
        );
    })
    .await;
}
