use std::collections::BTreeSet;
use std::time::Duration;

use agent_program::store::{News, bulk, locks};
use entity::*;
use sea_orm::{ConnectionTrait, EntityTrait, Statement};

use super::rows::{self, InBulk, id, money};
use crate::support::db::{TestDb, on_both};

#[tokio::test]
async fn locked_rows_come_in_the_order_of_their_ids() {
    on_both(|test| async move {
        let txn = test.db.begin_write().await.unwrap();
        rows::everything(&InBulk(&txn)).await;
        let agents = BTreeSet::from([id(1), id(9)]);
        let customers = BTreeSet::from([id(3), id(1), id(2)]);
        let (agents, customers) = locks::lock_owners(&txn, &agents, &customers).await.unwrap();
        assert_eq!(agents, [rows::agent_balance(1)]);
        let ids: Vec<CustomerId> = customers.iter().map(|row| row.customer_id).collect();
        assert_eq!(ids, [id(1), id(2), id(3)]);
        assert_eq!(
            locks::lock_desk(&txn).await.unwrap(),
            desk::Model {
                id: 1,
                event_seq: 0
            }
        );
    })
    .await;
}

#[tokio::test]
async fn who_comes_second_waits_and_then_sees_what_the_first_wrote() {
    on_both(|test| async move {
        let txn = test.db.begin_write().await.unwrap();
        rows::everything(&InBulk(&txn)).await;
        txn.commit().await.unwrap();

        let customers = BTreeSet::from([id(1), id(2)]);
        let first = test.db.begin_write().await.unwrap();
        locks::lock_owners(&first, &BTreeSet::new(), &customers)
            .await
            .unwrap();
        let (db, wanted) = (test.db.clone(), customers.clone());
        let second = tokio::spawn(async move {
            let txn = db.begin_write().await.unwrap();
            let (_, rows) = locks::lock_owners(&txn, &BTreeSet::new(), &wanted)
                .await
                .unwrap();
            rows[0].cash
        });
        assert!(
            tokio::time::timeout(Duration::from_millis(50), async {
                while !second.is_finished() {
                    tokio::task::yield_now().await;
                }
            })
            .await
            .is_err()
        );
        let changed = customer_balance::Model {
            cash: money("7"),
            ..rows::customer_balance(1)
        };
        bulk::update_all::<customer_balance::Entity>(&first, &[changed])
            .await
            .unwrap();
        first.commit().await.unwrap();
        assert_eq!(second.await.unwrap(), money("7"));
    })
    .await;
}

/// On SQLite one writes at a time: there is no order.
#[tokio::test]
async fn agents_are_locked_before_their_customers() {
    let test = TestDb::postgres().await;
    let txn = test.db.begin_write().await.unwrap();
    rows::everything(&InBulk(&txn)).await;
    txn.commit().await.unwrap();

    let (agents, customers) = (BTreeSet::from([id(1)]), BTreeSet::from([id(1)]));
    let first = test.db.begin_write().await.unwrap();
    let nobody = BTreeSet::new();
    locks::lock_owners(&first, &nobody, &customers)
        .await
        .unwrap();
    let db = test.db.clone();
    let second = tokio::spawn(async move {
        let txn = db.begin_write().await.unwrap();
        locks::lock_owners(&txn, &agents, &customers).await.unwrap()
    });
    // Once it waits for the customer it has the agent: nobody else can take it.
    let count = async |sql: &str| {
        let backend = test.db.backend();
        let rows = test
            .db
            .reader()
            .query_all_raw(Statement::from_string(backend, sql));
        rows.await.unwrap().len()
    };
    let waits = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while count(waits).await == 0 {
        tokio::task::yield_now().await;
    }
    let third = test.db.begin_write().await.unwrap();
    let free = "SELECT agent_id FROM agent_balance FOR UPDATE SKIP LOCKED";
    let free = Statement::from_string(test.db.backend(), free);
    let free = third.query_all_raw(free).await.unwrap();
    assert!(free.is_empty(), "the agent is locked after its customer");
    first.rollback().await.unwrap();
    let (agents, customers) = second.await.unwrap();
    assert_eq!((agents.len(), customers.len()), (1, 1));
}

#[tokio::test]
async fn a_reading_transaction_sees_one_instant_and_cannot_write() {
    on_both(|test| async move {
        let txn = test.db.begin_write().await.unwrap();
        rows::everything(&InBulk(&txn)).await;
        txn.commit().await.unwrap();

        let read = test.db.begin_read().await.unwrap();
        let seen = async || {
            let ids: [CustomerId; 1] = [id(1)];
            let column = customer_balance::Column::CustomerId;
            let rows = bulk::find_all::<customer_balance::Entity, _>(&read, column, &ids).await;
            rows.unwrap()[0].cash
        };
        assert_eq!(seen().await, Money::ZERO);
        let changed = customer_balance::Model {
            cash: money("7"),
            ..rows::customer_balance(1)
        };
        let write = test.db.begin_write().await.unwrap();
        bulk::update_all::<customer_balance::Entity>(&write, std::slice::from_ref(&changed))
            .await
            .unwrap();
        write.commit().await.unwrap();
        assert_eq!(seen().await, Money::ZERO);
        assert!(
            bulk::update_all::<customer_balance::Entity>(&read, &[changed])
                .await
                .is_err()
        );
    })
    .await;
}

#[tokio::test]
async fn however_many_lock_at_once_nothing_is_lost_and_nobody_is_in_deadlock() {
    const TASKS: u128 = 24;
    on_both(|test| async move {
        let txn = test.db.begin_write().await.unwrap();
        let customers: Vec<_> = (1..=TASKS).map(rows::customer).collect();
        let balances: Vec<_> = (1..=TASKS).map(rows::customer_balance).collect();
        bulk::insert_all::<customer::Entity>(&txn, &customers)
            .await
            .unwrap();
        bulk::insert_all::<customer_balance::Entity>(&txn, &balances)
            .await
            .unwrap();
        test.db.commit(txn, News::none()).await.unwrap();

        // Each takes three of them, in an order of its own, from two handles: as two processes would.
        let other = test.open_again().await;
        let tasks = (0..TASKS).map(|task| {
            let db = if task % 2 == 0 {
                test.db.clone()
            } else {
                other.clone()
            };
            tokio::spawn(async move {
                for round in 1..=4 {
                    let wanted = [1, 7, 11].map(|step| id(1 + (task * step + round) % TASKS));
                    let txn = db.begin_write().await.unwrap();
                    let none = BTreeSet::new();
                    let (_, mut rows) = locks::lock_owners(&txn, &none, &wanted.into())
                        .await
                        .unwrap();
                    let count = rows.len();
                    for row in &mut rows {
                        row.cash += money("0.0001");
                        row.cash_version += 1;
                    }
                    bulk::update_all::<customer_balance::Entity>(&txn, &rows)
                        .await
                        .unwrap();
                    db.commit(txn, News::none()).await.unwrap();
                    assert!(count > 0);
                }
                4
            })
        });
        let mut expected = 0;
        for task in (0..TASKS).flat_map(|task| (1..=4).map(move |round| (task, round))) {
            let wanted: BTreeSet<u128> = [1, 7, 11]
                .map(|step| (task.0 * step + task.1) % TASKS)
                .into();
            expected += i64::try_from(wanted.len()).unwrap();
        }
        for task in tasks.collect::<Vec<_>>() {
            assert_eq!(task.await.unwrap(), 4);
        }
        let found = customer_balance::Entity::find()
            .all(test.db.reader())
            .await
            .unwrap();
        let sum: Money = found.iter().map(|row| row.cash).sum();
        assert_eq!(sum, Money::from_units(expected));
    })
    .await;
}
