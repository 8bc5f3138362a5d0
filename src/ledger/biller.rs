//! Monthly fees, charged when they are due by the server itself (E31).

use entity::{PlanId, plan};
use futures_util::{StreamExt, stream};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::Ledger;
use crate::program::{ChargePlanFee, FeeOutcome};
use crate::store::Db;
use crate::{Clock, Error};

/// How many fees are read at once, and how many of them wait for the writer.
const PAGE: u64 = 500;
const AT_ONCE: usize = 64;

/// Charges every fee that is due now; how many were charged.
///
/// Any number of processes may run it at once: each fee is decided under its customer's lock.
///
/// # Errors
/// The database's, or the writer's.
pub async fn bill_due(db: &Db, ledger: &Ledger, clock: &Clock) -> Result<u64, Error> {
    let mut charged = 0;
    loop {
        let due: Vec<(PlanId, i32)> = plan::Entity::find()
            .filter(plan::Column::NextAttemptAt.lte(clock.now()))
            .order_by_asc(plan::Column::NextAttemptAt)
            .limit(PAGE)
            .select_only()
            .columns([plan::Column::Id, plan::Column::Period])
            .into_tuple()
            .all(db.reader())
            .await?;
        if due.is_empty() {
            return Ok(charged);
        }
        let outcomes: Vec<Result<FeeOutcome, Error>> = stream::iter(due)
            .map(|(plan, period)| ledger.run(ChargePlanFee { plan, period }))
            .buffered(AT_ONCE)
            .collect()
            .await;
        let before = charged;
        let mut moved = false;
        for outcome in outcomes {
            match outcome? {
                FeeOutcome::Charged => charged += 1,
                FeeOutcome::PastDue => moved = true,
                FeeOutcome::Stale => {}
            }
        }
        if charged == before && !moved {
            // Another process is at the same ones.
            return Ok(charged);
        }
    }
}
