//! A payment from its intent to its end: the intent is committed before the processor is asked.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use entity::top_up::{TopUpMethod, TopUpState};
use entity::{IdempotencyKey, Name, TopUpId, charge, plan, top_up};
use futures_util::{StreamExt, stream};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use tokio::time::timeout;
use uuid::Uuid;

use super::{Charge, PaymentGateway, Verdict};
use crate::ledger::{Answer, Ledger};
use crate::program::{
    BeginCardPurchase, BeginTopUp, FinishTopUp, Finished, GatewaySaid, GaveBack, Purchased, Reason,
    external_id_of, is_stale, own_source,
};
use crate::store::Db;
use crate::store::audit::Act;
use crate::{Clock, Error};

/// How many payments are read at once, and how many of them are asked about at a time.
const PAGE: u64 = 500;
const AT_ONCE: usize = 8;
/// How long the processor may take when nobody waits for it.
const PATIENCE: Duration = Duration::from_secs(30);

/// Takes money in: begins a top-up, asks the processor, and carries out what it said.
///
/// The intent is in the ledger before the processor hears of it, under the id that the processor knows the payment by:
/// whatever dies in between, the payment is asked for again by that id and ends once.
#[derive(Clone)]
pub struct Payments {
    db: Db,
    ledger: Ledger,
    clock: Clock,
    gateway: Arc<dyn PaymentGateway>,
}

impl Payments {
    /// With the processor that is asked; the handles are shared with the rest of the server.
    #[must_use]
    pub fn new(db: Db, ledger: Ledger, clock: Clock, gateway: Arc<dyn PaymentGateway>) -> Self {
        Self {
            db,
            ledger,
            clock,
            gateway,
        }
    }

    /// A top-up: SETTLED when the processor approves it, `PAYMENT_DECLINED` when it does not, PENDING while it has not
    /// decided, and for a wire.
    ///
    /// # Errors
    /// The writer's. A processor without an answer leaves it PENDING.
    pub async fn top_up(
        &self,
        act: Option<Act>,
        actor: Uuid,
        key: IdempotencyKey,
        begin: BeginTopUp,
    ) -> Result<Answer<top_up::Model>, Error> {
        let begun = self.ledger.noting(act).submit(actor, key, begin).await?;
        let Ok(intent) = &begun.outcome else {
            return Ok(begun);
        };
        let outcome = match self.drive(intent).await? {
            Some(Finished::Settled { top_up, .. }) => Ok(top_up),
            Some(Finished::Failed { .. }) => Err(Reason::PaymentDeclined.at("paymentToken")),
            None => Ok(self.now(intent).await?),
        };
        Ok(Answer {
            outcome,
            replayed: begun.replayed,
        })
    }

    /// A purchase paid by card: the top-up and the purchase, both or neither.
    ///
    /// # Errors
    /// As [`Payments::top_up`]. A processor that has not decided at once is told to leave it: `PAYMENT_DECLINED`.
    pub async fn purchase(
        &self,
        act: Option<Act>,
        actor: Uuid,
        key: IdempotencyKey,
        begin: BeginCardPurchase,
    ) -> Result<Answer<Purchased>, Error> {
        let begun = self.ledger.noting(act).submit(actor, key, begin).await?;
        let replayed = begun.replayed;
        let intent = match begun.outcome {
            Ok(intent) => intent,
            Err(refusal) => {
                return Ok(Answer {
                    outcome: Err(refusal),
                    replayed,
                });
            }
        };
        let bought = match self.drive(&intent).await? {
            Some(Finished::Settled { .. }) => self.bought_with(&intent).await?,
            Some(Finished::Failed { .. }) => None,
            None => match self.give_up(&intent).await? {
                Finished::Settled { .. } => self.bought_with(&intent).await?,
                Finished::Failed { .. } => None,
            },
        };
        Ok(Answer {
            outcome: bought.ok_or_else(|| Reason::PaymentDeclined.at("paymentToken")),
            replayed,
        })
    }

    /// Asks again about payments that nobody has decided for a minute, and gives back what is owed; how many came to
    /// their end now.
    ///
    /// A processor that does not answer holds up no other payment.
    ///
    /// # Errors
    /// The database's.
    pub async fn sweep(&self) -> Result<u64, Error> {
        let due = self.clock.now() - TimeDelta::minutes(1);
        let pending = top_up::Entity::find()
            .filter(top_up::Column::State.eq(TopUpState::Pending))
            .filter(top_up::Column::Method.ne(TopUpMethod::Wire))
            .filter(top_up::Column::CreatedAt.lt(due));
        let owed = top_up::Entity::find().filter(top_up::Column::GiveBackSince.is_not_null());
        Ok(self.each(pending).await? + self.each(owed).await?)
    }

    /// Ends each of these, page by page; how many came to their end.
    async fn each(&self, rows: Select<top_up::Entity>) -> Result<u64, Error> {
        let mut ended = 0;
        let mut after: Option<TopUpId> = None;
        loop {
            let mut page = rows.clone().order_by_asc(top_up::Column::Id).limit(PAGE);
            if let Some(after) = after {
                page = page.filter(top_up::Column::Id.gt(after));
            }
            let page = page.all(self.db.reader()).await?;
            let Some(last) = page.last() else {
                return Ok(ended);
            };
            after = Some(last.id);
            let ends = stream::iter(page).map(|row| async move {
                match timeout(PATIENCE, self.end(&row)).await {
                    Ok(Ok(ended)) => u64::from(ended),
                    Ok(Err(error)) => {
                        tracing::warn!(top_up = %row.id, %error, "tried again later");
                        0
                    }
                    Err(_) => 0,
                }
            });
            ended += ends
                .buffer_unordered(AT_ONCE)
                .fold(0, async |sum, n| sum + n)
                .await;
        }
    }

    /// Whether a payment that was left over has come to its end.
    async fn end(&self, row: &top_up::Model) -> Result<bool, Error> {
        if row.give_back_since.is_some() {
            return self.give_back(row).await;
        }
        if !is_stale(row, self.clock.now()) {
            return Ok(false);
        }
        if self.drive(row).await?.is_some() {
            return Ok(true);
        }
        // Whoever wanted to buy with it does not wait any longer; money alone is welcome whenever it comes.
        if row.product_id.is_some() {
            self.give_up(row).await?;
            return Ok(true);
        }
        Ok(false)
    }

    /// Asks the processor and carries out what it says. `None`: not decided.
    ///
    /// What has its end already is never asked about again: a processor forgets what it was asked some day.
    async fn drive(&self, intent: &top_up::Model) -> Result<Option<Finished>, Error> {
        let top_up = self.now(intent).await?;
        match top_up.state {
            TopUpState::Settled | TopUpState::Reversed => {
                return Ok(Some(Finished::Settled {
                    top_up,
                    charge: None,
                    plan: None,
                }));
            }
            TopUpState::Failed => {
                let give_back = false;
                return Ok(Some(Finished::Failed { top_up, give_back }));
            }
            TopUpState::Pending => {}
        }
        let Some(token) = intent.payment_token.clone() else {
            return Ok(None);
        };
        let charge = Charge {
            reference: intent.id,
            amount: intent.amount,
            method: intent.method,
            token,
        };
        let said = match self.gateway.charge(charge).await {
            Ok(Verdict::Approved { reference }) => GatewaySaid::Approved {
                reference: Name::parse(&reference).unwrap_or_else(|_| external_id_of(intent.id)),
            },
            Ok(Verdict::Declined) => GatewaySaid::Declined,
            Ok(Verdict::Pending) => return Ok(None),
            Err(fault) => {
                tracing::warn!(top_up = %intent.id, %fault, "asked for again later");
                return Ok(None);
            }
        };
        let finish = FinishTopUp {
            top_up: intent.id,
            said,
        };
        let finished = self.ledger.run(finish).await?;
        if let Finished::Failed {
            give_back: true,
            top_up,
        } = &finished
        {
            self.give_back(top_up).await?;
        }
        Ok(Some(finished))
    }

    /// Ends a payment that the processor has not decided, so that it cannot succeed after "no" was said. One that was
    /// settled meanwhile stays so.
    async fn give_up(&self, intent: &top_up::Model) -> Result<Finished, Error> {
        let finish = FinishTopUp {
            top_up: intent.id,
            said: GatewaySaid::GivenUp,
        };
        let finished = self.ledger.run(finish).await?;
        if let Finished::Failed { top_up, .. } = &finished {
            self.give_back(top_up).await?;
        }
        Ok(finished)
    }

    /// Has the processor give back what it took, or never take it. What it does not confirm is asked for again: the
    /// debt stands in the top-up's row.
    async fn give_back(&self, top_up: &top_up::Model) -> Result<bool, Error> {
        match self.gateway.refund(top_up.id).await {
            Ok(Verdict::Approved { .. }) => {
                self.ledger.run(GaveBack { top_up: top_up.id }).await?;
                Ok(true)
            }
            said => {
                tracing::warn!(top_up = %top_up.id, ?said, "still to be given back");
                Ok(false)
            }
        }
    }

    async fn now(&self, intent: &top_up::Model) -> Result<top_up::Model, Error> {
        let row = top_up::Entity::find_by_id(intent.id).one(self.db.reader());
        Ok(row.await?.unwrap_or_else(|| intent.clone()))
    }

    async fn bought_with(&self, intent: &top_up::Model) -> Result<Option<Purchased>, Error> {
        let db = self.db.reader();
        let charge = charge::Entity::find()
            .filter(charge::Column::Source.eq(own_source()))
            .filter(charge::Column::ExternalId.eq(external_id_of(intent.id)))
            .one(db)
            .await?;
        let Some(charge) = charge else {
            return Ok(None);
        };
        let plan = match charge.plan_id {
            Some(id) => plan::Entity::find_by_id(id).one(db).await?,
            None => None,
        };
        Ok(Some(Purchased { charge, plan }))
    }
}
