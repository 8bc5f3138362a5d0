//! The hash chain: what was posted cannot be changed unseen, and not even whoever makes the whole chain anew gets past
//! a checkpoint that was noted.

use agent_program::ledger::Checkpoint;
use agent_program::ledger::check::{Violation, check_since, report, report_since};
use agent_program::program::TransferFunds;
use entity::{chain, chain_link};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::burglar::Burglar;
use super::world::{World, agent_id, customer_id, money};
use crate::support::db::{TestDb, on_both};

/// The links that commits made, in order.
async fn links(world: &World) -> Vec<chain_link::Model> {
    chain_link::Entity::find()
        .filter(chain_link::Column::Seq.gt(0))
        .order_by_asc(chain_link::Column::Shard)
        .order_by_asc(chain_link::Column::Seq)
        .all(world.db.reader())
        .await
        .unwrap()
}

async fn since(world: &World, checkpoint: &Checkpoint) -> Vec<Violation> {
    let now = world.clock.now();
    let later = check_since(&world.db, checkpoint, now, |_| {}).await;
    later.unwrap().violations
}

fn details(violations: &[Violation]) -> Vec<&str> {
    assert!(
        violations.iter().all(|found| found.rule == "CHAIN_BROKEN"),
        "{violations:#?}"
    );
    violations
        .iter()
        .map(|found| found.detail.as_str())
        .collect()
}

#[tokio::test]
async fn every_commit_that_posts_appends_one_link_and_one_process_fills_one_shard() {
    on_both(|test| async move {
        let world = World::busy(test.db.clone()).await;
        let linked = links(&world).await;
        assert!(linked.iter().all(|link| link.shard == 0));
        let numbers: Vec<_> = linked.iter().map(|link| link.seq).collect();
        let all: Vec<_> = (1..).take(linked.len()).collect();
        assert_eq!(numbers, all);
        let transactions: i32 = linked.iter().map(|link| link.transactions).sum();
        assert_eq!(i64::from(transactions), world.check().await.transactions);
        for pair in linked.windows(2) {
            assert_eq!(pair[1].previous, pair[0].hash);
        }
        world.calls(9).await;
        let after = links(&world).await;
        assert_eq!(after.len(), linked.len() + 1);
        // What is refused posts nothing.
        let refused = TransferFunds {
            agent: agent_id(1),
            customer: customer_id(1),
            amount: money("100000"),
            memo: None,
        };
        world.ledger.run(refused).await.unwrap_err();
        assert_eq!(links(&world).await, after);
        let head = chain::Entity::find_by_id(0_i16)
            .one(world.db.reader())
            .await;
        let last = after.last().unwrap();
        assert_eq!(head.unwrap().unwrap().hash, last.hash);
    })
    .await;
}

#[tokio::test]
async fn a_process_does_not_wait_for_the_shard_of_another() {
    let test = TestDb::postgres().await;
    let world = World::busy(test.db.clone()).await;
    let other = test.db.begin_write().await.unwrap();
    let held = chain::Entity::find_by_id(0_i16)
        .lock_exclusive()
        .one(&other)
        .await;
    held.unwrap().unwrap();
    world.calls(2).await;
    let second = chain::Entity::find_by_id(1_i16)
        .one(world.db.reader())
        .await;
    assert_eq!(second.unwrap().unwrap().seq, 1);
    let checked = world.check().await;
    assert_eq!(checked.violations, []);
    assert_eq!(checked.checkpoint.heads().len(), 2);
    other.rollback().await.unwrap();
    world.calls(2).await;
    assert_eq!(since(&world, &checked.checkpoint).await, []);
}

/// What is done to the chain or to what it is made of, and what is then told. `%` stands for anything.
const BROKEN: &[(&str, &str, &[&str])] = &[
    (
        "entry",
        "UPDATE entry SET line = line + 50 WHERE transaction_id = (SELECT id FROM \"transaction\" WHERE kind = 'PROMO_GRANT')",
        &["link % of shard 0: txn_%, its entries or its commissions were changed"],
    ),
    (
        "transaction",
        "UPDATE \"transaction\" SET description = 'Another' WHERE kind = 'PROMO_GRANT'",
        &["link % of shard 0: txn_%, its entries or its commissions were changed"],
    ),
    (
        "commission",
        "UPDATE commission SET matures_at = occurred_at WHERE id = (SELECT id FROM commission WHERE matures_at <> occurred_at ORDER BY id LIMIT 1)",
        &["link % of shard 0: txn_%, its entries or its commissions were changed"],
    ),
    (
        "chain_link",
        "DELETE FROM chain_link WHERE shard = 0 AND seq = 2",
        &[
            "link 3 of shard 0: the link before it, 2, is gone",
            "%txn_% is in no link",
        ],
    ),
    (
        "chain_link",
        "DELETE FROM chain_link WHERE seq = 0 AND shard = 5",
        &["link 0 of shard 5 is gone"],
    ),
    (
        "chain_link",
        "UPDATE chain_link SET transactions = 1, hash = '0000000000000000000000000000000000000000000000000000000000000001' WHERE seq = 0 AND shard = 0",
        &[
            "link 1 of shard 0: it follows 000000000000…, and the link before it is 000000000000…",
            "1 of the transactions that are older than the chain are gone",
        ],
    ),
    (
        "chain_link",
        "UPDATE chain_link SET hash = previous WHERE shard = 0 AND seq = 2",
        &[
            "link 2 of shard 0: the link itself was changed",
            "link 3 of shard 0: it follows %…, and the link before it is %…",
        ],
    ),
    (
        "chain",
        "UPDATE chain SET hash = '0000000000000000000000000000000000000000000000000000000000000000' WHERE shard = 0",
        &["the head of shard 0 is link % with 000000000000…, and its newest link is % with %…"],
    ),
    (
        "chain",
        "UPDATE chain SET seq = seq + 1 WHERE shard = 3",
        &["link 1 of shard 3 is gone"],
    ),
    (
        "chain",
        "UPDATE chain SET seq = seq - 1 WHERE shard = 0",
        &["the head of shard 0 is link %, and its newest link is %"],
    ),
    (
        "chain",
        "DELETE FROM chain WHERE shard = 6",
        &["the head of shard 6 is gone"],
    ),
];

fn reads(detail: &str, pattern: &str) -> bool {
    let mut rest = detail;
    for (nth, part) in pattern.split('%').enumerate() {
        match rest.find(part) {
            Some(at) if nth > 0 || at == 0 => rest = &rest[at + part.len()..],
            _ => return false,
        }
    }
    rest.is_empty() || pattern.ends_with('%')
}

#[tokio::test]
async fn a_chain_that_is_broken_says_where_and_how() {
    on_both(|test| async move {
        let world = World::busy(test.db.clone()).await;
        let mut burglar = Burglar::enter(&test).await;
        for (table, sql, told) in BROKEN {
            burglar
                .run(&format!(r#"CREATE TABLE saved AS SELECT * FROM "{table}""#))
                .await;
            assert_ne!(burglar.run(sql).await, 0, "{sql}");
            let found = world.check().await.violations;
            let broken: Vec<_> = found
                .iter()
                .filter(|found| found.rule == "CHAIN_BROKEN")
                .collect();
            for pattern in *told {
                assert!(
                    broken.iter().any(|found| reads(&found.detail, pattern)),
                    "{sql}: {pattern} is not told: {found:#?}"
                );
            }
            assert!(
                broken
                    .iter()
                    .all(|found| told.iter().any(|pattern| reads(&found.detail, pattern))),
                "{sql}: {found:#?}"
            );
            burglar.run(&format!(r#"DELETE FROM "{table}""#)).await;
            burglar
                .run(&format!(r#"INSERT INTO "{table}" SELECT * FROM saved"#))
                .await;
            burglar.run("DROP TABLE saved").await;
        }
        assert_eq!(world.check().await.violations, []);
    })
    .await;
}

#[tokio::test]
async fn a_checkpoint_proves_what_came_later_and_looks_at_nothing_before_it_again() {
    on_both(|test| async move {
        let world = World::busy(test.db.clone()).await;
        let noted = world.check().await.checkpoint;
        let nothing = check_since(&world.db, &noted, world.clock.now(), |_| {}).await.unwrap();
        assert!(nothing.ok() && nothing.links == 0 && nothing.checkpoint == noted);
        let before = world.check().await.transactions;
        world.calls(40).await;
        world.calls(7).await;
        let posted = world.check().await.transactions - before;
        let later = check_since(&world.db, &noted, world.clock.now(), |_| {}).await.unwrap();
        assert_eq!(later.violations, []);
        assert_eq!((later.links, later.transactions), (2, posted));
        let said = report_since(&noted, &later);
        let told = format!("{posted} transactions in 2 links since the checkpoint");
        assert!(posted > 40 && said.contains(&told), "{said}");
        assert!(said.contains("Not looked at again: "), "{said}");
        assert!(said.ends_with("What came later is right.\n"), "{said}");
        assert_eq!(Checkpoint::find(&said), Ok(world.check().await.checkpoint));

        let mut burglar = Burglar::enter(&test).await;
        let newest = "version = (SELECT MAX(version) FROM entry WHERE account = 'customer:cash' AND owner_id = \
                      (SELECT id FROM customer WHERE name = 'Customer 1'))
                      AND account = 'customer:cash' AND owner_id = (SELECT id FROM customer WHERE name = 'Customer 1')";
        for (tampered, back, rules) in [
            (
                format!("UPDATE entry SET balance_after = balance_after + 1 WHERE {newest}"),
                format!("UPDATE entry SET balance_after = balance_after - 1 WHERE {newest}"),
                ["BALANCE_AFTER_DIFFERS", "BALANCE_DIFFERS", "CHAIN_BROKEN"].as_slice(),
            ),
            (
                format!("UPDATE entry SET amount = amount + 1 WHERE {newest}"),
                format!("UPDATE entry SET amount = amount - 1 WHERE {newest}"),
                &["BALANCE_AFTER_DIFFERS", "CHAIN_BROKEN", "TRANSACTION_UNBALANCED"],
            ),
            (
                "UPDATE agent_balance SET commission = commission + 1".into(),
                "UPDATE agent_balance SET commission = commission - 1".into(),
                &["BALANCE_DIFFERS"],
            ),
            (
                // Long ago: not looked at again.
                "UPDATE \"transaction\" SET description = description || '!' WHERE kind = 'PROMO_GRANT'".into(),
                "UPDATE \"transaction\" SET description = rtrim(description, '!')".into(),
                &[],
            ),
        ] {
            burglar.run(&tampered).await;
            let found = since(&world, &noted).await;
            let mut named: Vec<_> = found.iter().map(|found| found.rule).collect();
            named.sort_unstable();
            named.dedup();
            assert_eq!(named, rules, "{tampered}: {found:#?}");
            burglar.run(&back).await;
        }
        assert_eq!(since(&world, &noted).await, []);
    })
    .await;
}

#[tokio::test]
async fn whoever_makes_the_whole_chain_anew_is_found_by_the_checkpoint() {
    on_both(|test| async move {
        let world = World::busy(test.db.clone()).await;
        let noted = world.check().await.checkpoint;
        let mut burglar = Burglar::enter(&test).await;
        // The last thing posted never happened; the chain ends before it, as if nothing had been there.
        let last = links(&world).await.pop().unwrap();
        burglar
            .run(&format!(
                "DELETE FROM chain_link WHERE shard = 0 AND seq = {}",
                last.seq
            ))
            .await;
        burglar
            .run(&format!(
                "UPDATE chain SET seq = {}, hash = '{}' WHERE shard = 0",
                last.seq - 1,
                last.previous
            ))
            .await;
        let found = since(&world, &noted).await;
        let gone = format!(
            "history was rewritten: the checkpoint's link {} of shard 0 is gone",
            last.seq
        );
        assert!(details(&found).contains(&gone.as_str()), "{found:#?}");
        // Something else is posted in its place.
        world.calls(3).await;
        let found = since(&world, &noted).await;
        let other = format!("history was rewritten: link {} of shard 0 is ", last.seq);
        assert!(
            details(&found)
                .iter()
                .any(|detail| detail.starts_with(&other)),
            "{found:#?}"
        );
    })
    .await;
}

#[tokio::test]
async fn what_was_posted_before_there_was_a_chain_is_told_and_is_no_violation() {
    on_both(|test| async move {
        let world = World::busy(test.db.clone()).await;
        let posted = world.check().await.transactions;
        // As the database was before the chain.
        let status = test.db.migration_status().await.unwrap();
        let before = status
            .iter()
            .position(|(name, _)| name.ends_with("_chain"))
            .unwrap();
        let steps = u32::try_from(status.len() - before).unwrap();
        test.db.migrate_down(steps).await.unwrap();
        test.db.migrate_up().await.unwrap();

        let checked = world.check().await;
        assert_eq!(checked.violations, []);
        assert_eq!(checked.unlinked, posted);
        let said = report(&checked);
        let told = format!("{posted} transactions are older than the hash chain, and not linked");
        assert!(said.contains(&told), "{said}");
        let linked = chain_link::Entity::find().count(world.db.reader()).await;
        assert_eq!(linked.unwrap(), 8);

        world.calls(5).await;
        let later = world.check().await;
        assert_eq!(
            (later.violations.as_slice(), later.unlinked),
            (&[][..], posted)
        );
        assert_eq!(since(&world, &checked.checkpoint).await, []);
        // Where one more claims to be older, or one of them is gone, the count tells.
        let mut burglar = Burglar::enter(&test).await;
        burglar
            .run("DELETE FROM \"transaction\" WHERE kind = 'PROMO_GRANT'")
            .await;
        let found = world.check().await.violations;
        assert!(
            found.iter().any(|found| found.rule == "CHAIN_BROKEN"
                && found.detail == "1 of the transactions that are older than the chain are gone"),
            "{found:#?}"
        );
    })
    .await;
}
