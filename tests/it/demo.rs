//! The demo world: the same stories as everybody's, three months of them in seconds.

use std::collections::BTreeMap;
use std::sync::Arc;

use agent_program::Clock;
use agent_program::auth::{self, Auth, AuthOptions};
use agent_program::demo::{Demo, Dial, fill};
use agent_program::ledger::{Ledger, LedgerOptions};
use agent_program::payments::{Payments, Sandbox};
use agent_program::program::Terms;
use agent_program::registry::{Registry, Site};
use agent_program::store::Db;
use entity::payout::PayoutState;
use entity::{affiliation, commission, entry, payout};
use sea_orm::EntityTrait;

use crate::support::db::TestDb;

fn demo(db: &Db) -> Demo {
    let dial = Dial::at(Clock::system().now());
    let terms = Arc::new(Terms::default());
    let options = AuthOptions::new(auth::new_key().unwrap());
    let auth = Auth::new(db.clone(), dial.clock(), options).unwrap();
    let site = Site {
        signup_url: "http://localhost/signup".into(),
        claim_url: "http://localhost/claim".into(),
    };
    let registry = Registry::new(db.clone(), dial.clock(), Arc::clone(&terms), auth, site);
    let ledger = Ledger::start(db.clone(), terms, dial.clock(), LedgerOptions::default());
    let gateway = Arc::new(Sandbox::default());
    let payments = Payments::new(db.clone(), ledger.clone(), dial.clock(), gateway);
    Demo::new(db.clone(), registry, ledger, payments, dial)
}

async fn the_world_has_everything_once(test: TestDb) {
    let mut days = 0;
    let world = fill(demo(&test.db), |_, _| days += 1).await.unwrap();
    assert_eq!(world.people.len(), 4);
    assert_eq!(days, 92);
    let db = test.db.reader();
    let mut states: BTreeMap<PayoutState, usize> = BTreeMap::new();
    for payout in payout::Entity::find().all(db).await.unwrap() {
        *states.entry(payout.state).or_default() += 1;
    }
    assert_eq!(states.len(), 7, "{states:?}");
    let methods: std::collections::BTreeSet<_> = affiliation::Entity::find()
        .all(db)
        .await
        .unwrap()
        .into_iter()
        .map(|row| row.method)
        .collect();
    assert_eq!(methods.len(), 4, "{methods:?}");
    assert!(commission::Entity::find().all(db).await.unwrap().len() > 500);
    let entries = entry::Entity::find().all(db).await.unwrap();
    let sum: i64 = entries.iter().map(|entry| entry.amount.units()).sum();
    assert_eq!(sum, 0);
    assert!(entries.len() > 1_000);

    let again = fill(demo(&test.db), |_, _| panic!("it is there already"));
    assert_eq!(again.await.unwrap(), world);
}

#[tokio::test]
async fn the_demo_world_on_sqlite() {
    the_world_has_everything_once(TestDb::sqlite().await).await;
}

#[tokio::test]
async fn the_demo_world_on_postgres() {
    the_world_has_everything_once(TestDb::postgres().await).await;
}
