use agent_program::ledger::check::{Figure, Progress, check, report};

use super::world::World;
use crate::support::db::on_both;

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
        assert_eq!(steps, (1..=10).map(|step| (step, 10)).collect::<Vec<_>>());
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
