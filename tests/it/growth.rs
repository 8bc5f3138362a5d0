//! The generator of large histories: what it writes is what the server would have written.

use agent_program::ledger::check::check;
use agent_program::program::Terms;
use agent_program::store::Db;
use entity::transaction::{self, TransactionKind};
use growth::{Filled, Plan, fill};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

use crate::support::db::{TestDb, on_both};

async fn grown(db: &TestDb, charges: u64) -> Filled {
    let until = "2026-11-25T12:00:00Z".parse().expect("an instant");
    let plan = Plan::of(charges, until);
    fill(&db.url, &plan, |_| {}).await.expect("a history")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_grown_history_is_right_in_all_that_verify_looks_at() {
    on_both(|db| async move {
        let filled = grown(&db, 3_000).await;
        assert_eq!(filled.charges, 3_000);
        let now = "2026-11-25T12:00:00Z".parse().expect("an instant");
        let checked = check(&db.db, &Terms::default(), now, |_| {}).await;
        let checked = checked.expect("a check");
        assert_eq!(checked.violations, []);
        // All of it is in the chain, and there is what a program has.
        assert_eq!(checked.unlinked, 0);
        assert_eq!(u64::try_from(checked.transactions), Ok(filled.transactions));
        assert_eq!(u64::try_from(checked.entries), Ok(filled.entries));
        for kind in [
            TransactionKind::Charge,
            TransactionKind::TopUp,
            TransactionKind::ChargeRefunded,
            TransactionKind::Transfer,
            TransactionKind::PromoGrant,
            TransactionKind::PayoutSettled,
        ] {
            assert!(count(&db.db, kind).await > 0, "no {kind}");
        }
    })
    .await;
}

async fn count(db: &Db, kind: TransactionKind) -> u64 {
    let of_kind = transaction::Entity::find().filter(transaction::Column::Kind.eq(kind));
    of_kind.count(db.reader()).await.expect("a count")
}
