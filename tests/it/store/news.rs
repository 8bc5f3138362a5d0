use std::time::Duration;

use agent_program::store::{Db, News, Stream};
use entity::{AgentId, CustomerId};
use sea_orm::ConnectionTrait;
use tokio::sync::watch::Receiver;

use super::rows::id;
use crate::support::db::{TestDb, on_both};

fn news(agents: u128) -> News {
    (0..agents)
        .map(|number| Stream::Agent(id(number)))
        .collect()
}

async fn told(hints: &mut Receiver<u64>) {
    tokio::time::timeout(Duration::from_secs(20), hints.changed())
        .await
        .expect("a hint in time")
        .expect("a room that is open");
}

async fn commit(db: &Db, news: News) {
    let txn = db.begin_write().await.unwrap();
    db.commit(txn, news).await.unwrap();
}

#[tokio::test]
async fn news_are_told_after_the_commit_and_only_then() {
    on_both(|test| async move {
        let mut hints = test.db.newsroom().watch(Stream::Agent(id(0)));
        let mut others = test.db.newsroom().watch(Stream::Desk);
        let txn = test.db.begin_write().await.unwrap();
        drop(txn);
        assert!(!hints.has_changed().unwrap());
        commit(&test.db, news(1)).await;
        told(&mut hints).await;
        assert!(!others.has_changed().unwrap());
        let mut desk = News::none();
        desk.desk().account(id::<CustomerId>(1));
        commit(&test.db, desk).await;
        told(&mut others).await;
    })
    .await;
}

#[tokio::test]
async fn another_process_hears_of_a_thousand_agents_at_once_and_ones_own_are_not_heard_twice() {
    let test = TestDb::postgres().await;
    let other = test.open_again().await;
    let (first, last) = (
        Stream::Agent(id::<AgentId>(0)),
        Stream::Agent(id::<AgentId>(999)),
    );
    let mut far = [other.newsroom().watch(first), other.newsroom().watch(last)];
    let mut near = test.db.newsroom().watch(first);
    commit(&test.db, news(1_000)).await;
    for hints in &mut far {
        told(hints).await;
    }
    told(&mut near).await;
    // What the other tells next is heard after one's own would have been.
    let mut desk = test.db.newsroom().watch(Stream::Desk);
    let mut news = News::none();
    news.desk();
    commit(&other, news).await;
    told(&mut desk).await;
    assert!(!near.has_changed().unwrap());
}

#[tokio::test]
async fn what_is_rolled_back_is_told_to_nobody() {
    let test = TestDb::postgres().await;
    let other = test.open_again().await;
    let mut hints = other.newsroom().watch(Stream::Agent(id(0)));
    let mut desk = other.newsroom().watch(Stream::Desk);
    let txn = test.db.begin_write().await.unwrap();
    // A transaction that failed cannot commit; PostgreSQL says so by rolling back.
    let _ = txn.execute_unprepared("SELECT 1 / 0").await;
    assert!(test.db.commit(txn, news(1)).await.is_err());
    let txn = test.db.begin_write().await.unwrap();
    let _ = txn.execute_unprepared("SELECT 1 / 0").await;
    assert!(test.db.commit(txn, News::none()).await.is_err());
    let mut later = News::none();
    later.desk();
    commit(&test.db, later).await;
    told(&mut desk).await;
    assert!(!hints.has_changed().unwrap());
    commit(&test.db, news(1)).await;
    told(&mut hints).await;
}

#[tokio::test]
async fn who_could_not_hear_for_a_while_looks_again() {
    let test = TestDb::postgres().await;
    let other = test.open_again().await;
    let mut hints = other.newsroom().watch(Stream::Desk);
    let listeners = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                     WHERE query LIKE 'LISTEN%' AND datname = current_database()";
    test.db
        .reader()
        .execute_unprepared(listeners)
        .await
        .unwrap();
    told(&mut hints).await;
    // And hears on.
    let agent = other.newsroom().watch(Stream::Agent(id(0)));
    let told_again = async {
        while !agent.has_changed().unwrap() {
            commit(&test.db, news(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), told_again)
        .await
        .expect("a hint in time");
}
