use std::time::Instant;

use agent_program::app::{App, Parts};
use agent_program::auth::{Actor, Person, key_file};
use agent_program::ledger::check::{Figure, Progress, check, report};
use entity::{LoginId, SessionId, TypedId};
use uuid::Uuid;

use super::world::{World, agent_id, beginning};
use crate::support::db::{TestDb, on_both};

#[tokio::test]
async fn a_book_without_a_transaction_is_right_and_says_that_it_is_empty() {
    on_both(|test| async move {
        let world = World::empty(test.db.clone()).await;
        let found = world.check().await;
        assert_eq!(found.violations, []);
        assert_eq!((found.transactions, found.entries), (0, 0));
        let report = report(&found);
        assert!(report.contains("0 transactions with 0 entries"), "{report}");
        assert!(
            report.contains("there is nothing in the books yet"),
            "{report}"
        );
        assert!(report.ends_with("The books are right.\n"), "{report}");
    })
    .await;
}

#[tokio::test]
async fn what_the_ledger_wrote_is_right_and_its_trial_balance_is_nothing() {
    on_both(|test| async move {
        let world = World::busy(test.db.clone()).await;
        let mut seen = Vec::new();
        let progress = |progress: Progress| seen.push(progress);
        let found = check(&world.db, &world.terms, world.clock.now(), progress)
            .await
            .unwrap();
        assert_eq!(found.violations, []);
        assert!(found.ok() && found.transactions > 60 && found.entries > 2 * found.transactions);
        assert_eq!(found.trial_balance.len(), 17);
        let sum: i128 = found.trial_balance.iter().map(|(_, figure)| figure.0).sum();
        assert_eq!(Figure(sum), Figure::default());
        let steps: Vec<_> = seen
            .iter()
            .map(|progress| (progress.step, progress.of))
            .collect();
        assert_eq!(steps, (1..=13).map(|step| (step, 13)).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test]
async fn a_check_sees_one_instant_however_much_is_written_meanwhile() {
    on_both(|test| async move {
        let world = World::busy(test.db.clone()).await;
        let before = world.check().await.transactions;
        let writing = async {
            for _ in 0..10 {
                world.calls(9).await;
            }
        };
        let checking = async {
            for _ in 0..3 {
                assert_eq!(world.check().await.violations, []);
            }
        };
        tokio::join!(writing, checking);
        let after = world.check().await;
        assert_eq!(after.violations, []);
        assert!(after.transactions > before);
    })
    .await;
}

const ASK: &str = "{ ledgerCheck { ok transactions entries trialBalance { account balance } violations { rule } } }";

#[tokio::test]
async fn an_operator_asks_for_the_proof_and_nobody_else_does() {
    on_both(|test| async move {
        let world = World::busy(test.db.clone()).await;
        let folder = tempfile::TempDir::new().unwrap();
        let (key, _) = key_file(&folder.path().join("key")).unwrap();
        let app = App::new(Parts::new(test.db.clone(), world.clock.clone(), key)).unwrap();
        let person = |operator| {
            Actor::Person(Person {
                login: LoginId::from_uuid(Uuid::now_v7()),
                session: SessionId::from_uuid(Uuid::now_v7()),
                session_expires_at: beginning(),
                access_expires_at: beginning(),
                operator,
                agent: (!operator).then(|| agent_id(1)),
                customer: None,
            })
        };
        let api = app.api();
        let answer = api.execute(ASK.into(), person(true), "r-1").await;
        let answer = serde_json::to_value(answer).unwrap();
        let found = &answer["data"]["ledgerCheck"];
        assert_eq!(found["ok"], true, "{answer}");
        assert_eq!(found["transactions"], world.check().await.transactions);
        assert_eq!(found["trialBalance"].as_array().unwrap().len(), 17);
        assert_eq!(found["trialBalance"][7]["account"], "clearing:bank");

        let refused = api.execute(ASK.into(), person(false), "r-2").await;
        let refused = serde_json::to_value(refused).unwrap();
        assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN");
        assert!(refused["data"]["ledgerCheck"].is_null());
    })
    .await;
}

/// Prints how long a check of a hundred thousand charges takes, on each database.
async fn measure(test: TestDb) {
    let world = World::busy(test.db.clone()).await;
    for _ in 0..100 {
        world.calls(1_000).await;
    }
    let begun = Instant::now();
    let progress = |progress: Progress| println!("{:?} {}", begun.elapsed(), progress.what);
    let found = check(&world.db, &world.terms, world.clock.now(), progress)
        .await
        .unwrap();
    println!(
        "{:?} {:?}: {} entries",
        test.db.backend(),
        begun.elapsed(),
        found.entries
    );
    assert_eq!(found.violations, []);
}

#[tokio::test]
#[ignore = "a measurement of some minutes: run it with --nocapture"]
async fn how_long_a_hundred_thousand_charges_take() {
    on_both(measure).await;
}
