use agent_program::store::bulk;
use entity::*;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, EntityTrait, IntoActiveModel, Statement};
use serde::Serialize;

use super::rows::{self, BySeaOrm, InBulk, Visit, at, id, money};
use crate::support::db::{TestDb, on_both};

/// Expects to find these rows and no others.
struct Expect<'a, C>(&'a C);

impl<C: ConnectionTrait> Visit for Expect<'_, C> {
    async fn rows<E>(&self, mut rows: Vec<E::Model>)
    where
        E: EntityTrait,
        E::Model: Serialize + Clone + PartialEq + std::fmt::Debug + IntoActiveModel<E::ActiveModel>,
        E::ActiveModel: Send,
    {
        let mut found = E::find()
            .all(self.0)
            .await
            .unwrap_or_else(|error| panic!("{}: {error}", E::default().table_name()));
        let key = |row: &E::Model| serde_json::to_string(row).expect("a row as JSON");
        // Each shard of the hash chain has a link 0 from the beginning.
        let first = |row: &E::Model| key(row).contains(r#""seq":0,"previous""#);
        found.retain(|row| E::default().table_name() != "chain_link" || !first(row));
        found.sort_by_key(key);
        rows.sort_by_key(key);
        assert_eq!(found, rows);
    }
}

#[tokio::test]
async fn what_is_inserted_is_what_is_found_in_every_table() {
    on_both(|test| async move {
        let txn = test.db.begin_write().await.unwrap();
        rows::everything(&InBulk(&txn)).await;
        rows::everything(&Expect(&txn)).await;
        txn.commit().await.unwrap();
        rows::everything(&Expect(test.db.reader())).await;
    })
    .await;
}

/// Every row of every table, as the database itself prints it, with the types of its values.
async fn dump(test: &TestDb) -> Vec<String> {
    struct Tables<'a>(&'a TestDb, std::sync::Mutex<Vec<String>>);
    impl Visit for Tables<'_> {
        async fn rows<E>(&self, _: Vec<E::Model>)
        where
            E: EntityTrait,
            E::Model:
                Serialize + Clone + PartialEq + std::fmt::Debug + IntoActiveModel<E::ActiveModel>,
            E::ActiveModel: Send,
        {
            use sea_orm::{IdenStatic, Iterable};
            let table = E::default().table_name();
            let columns: Vec<String> = E::Column::iter()
                .map(|column| {
                    format!(
                        r#"'{0}=' || typeof("{0}") || quote("{0}")"#,
                        column.as_str()
                    )
                })
                .collect();
            let sql = match self.0.db.backend() {
                DbBackend::Sqlite => {
                    format!(r#"SELECT {} FROM "{table}""#, columns.join(" || ' ' || "))
                }
                _ => format!(r#"SELECT to_jsonb(t)::text FROM "{table}" AS t"#),
            };
            let statement = Statement::from_string(self.0.db.backend(), sql);
            for row in self.0.db.reader().query_all_raw(statement).await.unwrap() {
                let text: String = row.try_get_by_index(0).unwrap();
                self.1.lock().unwrap().push(format!("{table}: {text}"));
            }
        }
    }
    let tables = Tables(test, std::sync::Mutex::default());
    rows::everything(&tables).await;
    let mut lines = tables.1.into_inner().unwrap();
    lines.sort();
    lines
}

async fn the_same_bytes(in_bulk: TestDb, one_by_one: TestDb) {
    let txn = in_bulk.db.begin_write().await.unwrap();
    rows::everything(&InBulk(&txn)).await;
    txn.commit().await.unwrap();
    let txn = one_by_one.db.begin_write().await.unwrap();
    rows::everything(&BySeaOrm(&txn)).await;
    txn.commit().await.unwrap();
    let lines = dump(&in_bulk).await;
    assert!(lines.len() > 30, "{lines:#?}");
    for (line, other) in lines.iter().zip(dump(&one_by_one).await) {
        assert_eq!(*line, other);
    }
}

#[tokio::test]
async fn rows_in_bulk_are_stored_as_sea_orm_stores_them_one_by_one() {
    the_same_bytes(TestDb::sqlite().await, TestDb::sqlite().await).await;
    the_same_bytes(TestDb::postgres().await, TestDb::postgres().await).await;
}

#[tokio::test]
async fn an_update_writes_every_column_of_the_rows_named_and_of_no_other() {
    on_both(|test| async move {
        let txn = test.db.begin_write().await.unwrap();
        rows::everything(&InBulk(&txn)).await;
        let changed: Vec<_> = [1, 2]
            .map(|number| customer_balance::Model {
                cash: money("-0.0001"),
                cash_version: 3,
                promo: money("5"),
                promo_version: 1,
                event_seq: i64::try_from(number).unwrap(),
                ..rows::customer_balance(number)
            })
            .into();
        bulk::update_all::<customer_balance::Entity>(&txn, &changed)
            .await
            .unwrap();
        let mut expected = changed;
        expected.push(rows::customer_balance(3));
        Expect(&txn)
            .rows::<customer_balance::Entity>(expected)
            .await;

        // To NULL and back, and by a key of two columns.
        let charge = charge::Model {
            refunded: money("0.0001"),
            agent_id: None,
            call_to: None,
            ..rows::charge(1)
        };
        bulk::update_all::<charge::Entity>(&txn, std::slice::from_ref(&charge))
            .await
            .unwrap();
        let found =
            bulk::find_all::<charge::Entity, _>(&txn, charge::Column::Id, &[charge.id]).await;
        assert_eq!(found.unwrap(), [charge]);
        let slot = agent_slot::Model {
            earned: money("-1"),
            ..rows::agent_slot("2026-11-01T00:15:00Z")
        };
        bulk::update_all::<agent_slot::Entity>(&txn, std::slice::from_ref(&slot))
            .await
            .unwrap();
        Expect(&txn).rows::<agent_slot::Entity>(vec![slot]).await;
    })
    .await;
}

#[tokio::test]
async fn an_update_of_a_row_that_is_not_there_is_an_error() {
    on_both(|test| async move {
        let txn = test.db.begin_write().await.unwrap();
        rows::everything(&InBulk(&txn)).await;
        let stranger = [rows::customer_balance(1), rows::customer_balance(99)];
        let updated = bulk::update_all::<customer_balance::Entity>(&txn, &stranger).await;
        assert_eq!(updated, Err(DbErr::RecordNotUpdated));
    })
    .await;
}

#[tokio::test]
async fn what_is_added_is_added_and_the_latest_stays() {
    on_both(|test| async move {
        let txn = test.db.begin_write().await.unwrap();
        rows::everything(&InBulk(&txn)).await;
        let added = &[
            "charges",
            "calls",
            "call_seconds",
            "spent",
            "base",
            "earned",
            "clawed_back",
        ];
        let add = async |rows: &[customer_day::Model]| {
            bulk::add_all::<customer_day::Entity>(&txn, rows, added, &["last_charge_at"])
                .await
                .unwrap();
        };
        // The first exists with an instant, the second without, the third not at all.
        add(&[
            rows::customer_day(1, Some("2026-11-01T00:00:00.249999Z")),
            rows::customer_day(2, Some("2026-11-02T10:00:00Z")),
            rows::customer_day(3, None),
        ])
        .await;
        add(&[
            rows::customer_day(1, Some("2026-11-01T00:00:00.251Z")),
            customer_day::Model {
                spent: money("-1"),
                ..rows::customer_day(2, None)
            },
        ])
        .await;
        let sum = |day, times: i64, last| customer_day::Model {
            charges: times,
            calls: times,
            call_seconds: 60 * times,
            spent: Money::from_units(198 * times),
            base: Money::from_units(198 * times),
            earned: Money::from_units(5 * times),
            ..rows::customer_day(day, last)
        };
        let second = customer_day::Model {
            spent: money("-0.9604"),
            ..sum(2, 3, Some("2026-11-02T10:00:00Z"))
        };
        let expected = vec![
            sum(1, 3, Some("2026-11-01T00:00:00.251Z")),
            second,
            rows::customer_day(3, None),
        ];
        Expect(&txn).rows::<customer_day::Entity>(expected).await;

        let slots = ["2026-11-01T00:15:00Z", "2026-11-01T00:30:00Z"].map(rows::agent_slot);
        bulk::add_all::<agent_slot::Entity>(&txn, &slots, added, &[])
            .await
            .unwrap();
        let twice = agent_slot::Model {
            charges: 2,
            calls: 2,
            call_seconds: 120,
            spent: money("0.0396"),
            base: money("0.0396"),
            earned: money("0.0010"),
            clawed_back: money("-0.0010"),
            ..slots[0].clone()
        };
        Expect(&txn)
            .rows::<agent_slot::Entity>(vec![twice, slots[1].clone()])
            .await;
    })
    .await;
}

#[tokio::test]
async fn rows_are_found_by_ids_texts_and_numbers() {
    on_both(|test| async move {
        let txn = test.db.begin_write().await.unwrap();
        rows::everything(&InBulk(&txn)).await;
        let none: [ChargeId; 0] = [];
        let found = bulk::find_all::<charge::Entity, _>(&txn, charge::Column::Id, &none).await;
        assert!(found.unwrap().is_empty());
        let ids: [ChargeId; 3] = [id(2), id(77), id(1)];
        let found = bulk::find_all::<charge::Entity, _>(&txn, charge::Column::Id, &ids).await;
        assert_eq!(found.unwrap().len(), 2);
        let agents: [AgentId; 1] = [id(1)];
        let found =
            bulk::find_all::<charge::Entity, _>(&txn, charge::Column::AgentId, &agents).await;
        assert_eq!(found.unwrap(), [rows::charge(1)]);
        let keys = ["x", "key-1 \u{1f511}", "\"],'"].map(|key| IdempotencyKey::parse(key).unwrap());
        let found =
            bulk::find_all::<idempotency::Entity, _>(&txn, idempotency::Column::Key, &keys).await;
        assert_eq!(found.unwrap().len(), 1);
        let found =
            bulk::find_all::<desk_event::Entity, _>(&txn, desk_event::Column::Seq, &[1_i64, 2])
                .await;
        assert_eq!(found.unwrap().len(), 1);
        let numbers = [AccountNumber::nth(2)];
        let found =
            bulk::find_all::<customer::Entity, _>(&txn, customer::Column::Number, &numbers).await;
        assert_eq!(found.unwrap(), [rows::customer(2)]);
        let states = [payout::PayoutState::Requested];
        let found = bulk::find_all::<payout::Entity, _>(&txn, payout::Column::State, &states).await;
        assert_eq!(found.unwrap().len(), 1);
        let since = at("2026-11-01T00:00:00Z");
        assert_eq!(found_since(&txn, since).await, 1);
    })
    .await;
}

/// Instants written in bulk are compared as those that SeaORM binds.
async fn found_since(conn: &impl ConnectionTrait, since: chrono::DateTime<chrono::Utc>) -> usize {
    use sea_orm::{ColumnTrait, QueryFilter};
    let later = transaction::Column::CreatedAt.gt(since);
    let transactions = transaction::Entity::find()
        .filter(later)
        .all(conn)
        .await
        .unwrap();
    assert_eq!(transactions.len(), 2);
    let same = account_event::Column::OccurredAt.eq(since);
    account_event::Entity::find()
        .filter(same)
        .all(conn)
        .await
        .unwrap()
        .len()
}
