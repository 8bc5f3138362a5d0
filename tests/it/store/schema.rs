use agent_program::store::Db;
use entity::*;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

use super::rows::{self, InBulk};
use crate::support::db::{TestDb, on_both, on_both_empty};

#[tokio::test]
async fn migrations_go_up_down_and_up_again() {
    on_both_empty(|test| async move {
        let db = &test.db;
        let status = db.migration_status().await.unwrap();
        assert!(status.len() > 10 && status.iter().all(|(_, applied)| !applied));
        for _ in 0..2 {
            db.migrate_up().await.unwrap();
            db.migrate_up().await.unwrap();
            let txn = db.begin_write().await.unwrap();
            rows::everything(&InBulk(&txn)).await;
            txn.commit().await.unwrap();
            assert!(
                db.migration_status()
                    .await
                    .unwrap()
                    .iter()
                    .all(|(_, applied)| *applied)
            );
            let steps = u32::try_from(status.len()).unwrap();
            db.migrate_down(steps).await.unwrap();
            assert_eq!(db.migration_status().await.unwrap(), status);
        }
        let (catalogue, ours) = match db.backend() {
            DbBackend::Sqlite => (
                "sqlite_schema",
                "name NOT LIKE 'sqlite_%' AND tbl_name <> 'seaql_migrations'",
            ),
            _ => (
                "pg_class",
                "relnamespace = 'public'::regnamespace AND relname NOT LIKE 'seaql_migrations%'",
            ),
        };
        let left = Statement::from_string(
            db.backend(),
            format!("SELECT 1 FROM {catalogue} WHERE {ours}"),
        );
        assert_eq!(db.reader().query_all_raw(left).await.unwrap().len(), 0);
    })
    .await;
}

#[tokio::test]
async fn several_processes_may_start_at_once() {
    let test = TestDb::empty_postgres().await;
    let (one, two, three) = tokio::join!(test.open_again(), test.open_again(), test.open_again());
    let results = tokio::join!(
        test.db.migrate_up(),
        one.migrate_up(),
        two.migrate_up(),
        three.migrate_up()
    );
    assert_eq!(results, (Ok(()), Ok(()), Ok(()), Ok(())));
}

/// What the database itself refuses, whatever the program says: an SQL statement, and the name of the rule.
const REFUSED: &[(&str, &str)] = &[
    ("UPDATE entry SET amount = amount + 1", "append-only"),
    ("DELETE FROM entry", "append-only"),
    (
        r#"UPDATE "transaction" SET description = 'x'"#,
        "append-only",
    ),
    (r#"DELETE FROM "transaction""#, "append-only"),
    ("UPDATE commission SET held = true", "append-only"),
    ("DELETE FROM commission", "append-only"),
    ("UPDATE agent_event SET held = 1", "append-only"),
    ("DELETE FROM account_event", "append-only"),
    ("DELETE FROM desk_event", "append-only"),
    ("UPDATE audit_entry SET detail = 'x'", "append-only"),
    ("DELETE FROM audit_entry", "append-only"),
    ("UPDATE chain_link SET hash = previous", "append-only"),
    ("DELETE FROM chain_link", "append-only"),
    (
        "UPDATE chain SET shard = 8 WHERE shard = 7",
        "chain_shard_range",
    ),
    ("UPDATE chain SET hash = ''", "chain_is_hashed"),
    ("UPDATE desk SET id = 2", "desk_is_the_only_one"),
    (
        "UPDATE agent_balance SET held = -1",
        "agent_balance_held_not_negative",
    ),
    (
        "UPDATE agent_balance SET reserved = -1",
        "agent_balance_reserved_not_negative",
    ),
    (
        "UPDATE agent_balance SET carry = 10000",
        "agent_balance_carry_below_a_unit",
    ),
    (
        "UPDATE customer_balance SET promo = -1",
        "customer_balance_promo_not_negative",
    ),
    (
        "UPDATE commission_rate SET commission_rate = 99",
        "commission_rate_range",
    ),
    (
        "UPDATE commission_rate SET commission_rate = 1001",
        "commission_rate_range",
    ),
    (
        "UPDATE payout SET net = net + 1",
        "payout_net_is_what_arrives",
    ),
    ("UPDATE payout SET from_funding = 0", "payout_parts"),
    ("UPDATE payout SET bank_name = NULL", "payout_destination"),
    ("UPDATE payout SET state = 'LOST'", "payout_state"),
    (
        "UPDATE charge SET refunded = amount + 1",
        "charge_refunded_at_most",
    ),
    (
        "UPDATE charge SET transaction_id = NULL",
        "charge_is_posted",
    ),
    (
        "UPDATE transfer SET reversed = amount + 1",
        "transfer_reversed_at_most",
    ),
    (
        "UPDATE transfer SET amount = 0, from_funding = 0, from_commission = 0",
        "transfer_amount_positive",
    ),
    ("UPDATE top_up SET amount = 150", "top_up_whole_cents"),
    ("UPDATE top_up SET state = 'SETTLED'", "top_up_is_posted"),
    (
        "UPDATE plan SET next_attempt_at = NULL",
        "plan_runs_or_is_cancelled",
    ),
    ("UPDATE affiliation SET until = NULL", "affiliation"),
    (
        "UPDATE call_rate SET prefix = '49a'",
        "call_rate_prefix_is_digits",
    ),
    ("UPDATE customer SET number = '1234567890'", "customer"),
    ("DELETE FROM customer", "oreign key"),
];

#[tokio::test]
async fn e_the_database_itself_refuses_what_must_never_be_true() {
    on_both(|test| async move {
        let txn = test.db.begin_write().await.unwrap();
        rows::everything(&InBulk(&txn)).await;
        txn.commit().await.unwrap();
        for (sql, rule) in REFUSED {
            let txn = test.db.begin_write().await.unwrap();
            let error = txn
                .execute_unprepared(sql)
                .await
                .expect_err(sql)
                .to_string();
            // SQLite names the columns of a unique key rather than the key.
            assert!(
                error.to_lowercase().contains(&rule.to_lowercase()),
                "{sql}: {error}"
            );
            txn.rollback().await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn e_books_are_not_truncated_or_replaced() {
    let test = TestDb::postgres().await;
    for table in [
        "transaction",
        "entry",
        "commission",
        "agent_event",
        "account_event",
        "desk_event",
        "chain_link",
        "audit_entry",
    ] {
        let sql = format!(r#"TRUNCATE "{table}" CASCADE"#);
        let txn = test.db.begin_write().await.unwrap();
        let error = txn.execute_unprepared(&sql).await.expect_err(table);
        assert!(error.to_string().contains("append-only"), "{error}");
    }
    let test = TestDb::sqlite().await;
    let txn = test.db.begin_write().await.unwrap();
    rows::everything(&InBulk(&txn)).await;
    for sql in [
        "INSERT OR REPLACE INTO entry SELECT transaction_id, line, account, owner_id, version, amount + 1, balance_after FROM entry",
        "INSERT OR REPLACE INTO commission SELECT * FROM commission",
        "INSERT OR REPLACE INTO chain_link SELECT * FROM chain_link",
        "INSERT OR REPLACE INTO audit_entry SELECT * FROM audit_entry",
        "INSERT OR REPLACE INTO audit_entry SELECT * FROM audit_entry",
        "REPLACE INTO \"transaction\" SELECT * FROM \"transaction\"",
    ] {
        let error = txn.execute_unprepared(sql).await.expect_err(sql);
        assert!(error.to_string().contains("append-only"), "{sql}: {error}");
    }
}

#[tokio::test]
async fn what_reads_cannot_write() {
    on_both(|test| async move {
        let deleted = test
            .db
            .reader()
            .execute_unprepared("DELETE FROM login")
            .await;
        assert!(matches!(deleted, Err(DbErr::Exec(_))), "{deleted:?}");
    })
    .await;
}

#[tokio::test]
async fn a_url_of_another_database_is_refused_without_showing_its_password() {
    let error = Db::connect("mysql://root:secret@localhost/x", "test")
        .await
        .expect_err("refused");
    assert!(!error.to_string().contains("secret"), "{error}");
}

#[tokio::test]
async fn there_is_one_earned_row_for_a_charge() {
    on_both(|test| async move {
        let txn = test.db.begin_write().await.unwrap();
        rows::everything(&InBulk(&txn)).await;
        let columns = "agent_id, customer_id, charge_id, kind, base, commission_rate, exact, amount, carry_before, \
                       carry_after, held, reverses_id, transaction_id, occurred_at, created_at, matures_at";
        let id = match test.db.backend() {
            DbBackend::Sqlite => "randomblob(16)",
            _ => "gen_random_uuid()",
        };
        let sql = format!("INSERT INTO commission (id, {columns}) SELECT {id}, {columns} FROM commission WHERE kind = 'EARNED'");
        let error = txn.execute_unprepared(&sql).await.expect_err("a second row");
        assert!(error.sql_err().is_some(), "{error}");
    })
    .await;
}

#[tokio::test]
async fn names_are_in_the_same_order_on_both() {
    use sea_orm::{EntityTrait, QueryOrder};
    on_both(|test| async move {
        let txn = test.db.begin_write().await.unwrap();
        let people = ["anna", "Zoë", "Ähre", "Bob", "bob", "日本"];
        for (number, name) in (1..).zip(people) {
            let row = customer::Model {
                name: rows::name(name),
                ..rows::customer(number)
            };
            agent_program::store::bulk::insert_all::<customer::Entity>(&txn, &[row])
                .await
                .unwrap();
        }
        let found = customer::Entity::find()
            .order_by_asc(customer::Column::Name)
            .all(&txn)
            .await
            .unwrap();
        let names: Vec<&str> = found.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names, ["Bob", "Zoë", "anna", "bob", "Ähre", "日本"]);
    })
    .await;
}
