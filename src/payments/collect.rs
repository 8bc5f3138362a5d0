//! A payment from its intent to its end: the intent is committed before the processor is asked.

use std::sync::Arc;

use entity::top_up::{TopUpMethod, TopUpState};
use entity::{IdempotencyKey, Name, charge, plan, top_up};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::{Charge, PaymentGateway, Verdict};
use crate::ledger::{Answer, Ledger};
use crate::program::{
    BeginCardPurchase, BeginTopUp, FinishTopUp, Finished, GatewaySaid, Purchased, Reason,
    external_id_of, is_stale, own_source,
};
use crate::store::Db;
use crate::{Clock, Error};

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
        actor: Uuid,
        key: IdempotencyKey,
        begin: BeginTopUp,
    ) -> Result<Answer<top_up::Model>, Error> {
        let begun = self.ledger.submit(actor, key, begin).await?;
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
        actor: Uuid,
        key: IdempotencyKey,
        begin: BeginCardPurchase,
    ) -> Result<Answer<Purchased>, Error> {
        let begun = self.ledger.submit(actor, key, begin).await?;
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
            None => {
                self.give_up(&intent).await?;
                None
            }
        };
        Ok(Answer {
            outcome: bought.ok_or_else(|| Reason::PaymentDeclined.at("paymentToken")),
            replayed,
        })
    }

    /// Asks again about payments that nobody has decided for a minute; how many were decided now.
    ///
    /// # Errors
    /// The database's, or the writer's.
    pub async fn sweep(&self) -> Result<u64, Error> {
        let now = self.clock.now();
        let pending = top_up::Entity::find()
            .filter(top_up::Column::State.eq(TopUpState::Pending))
            .filter(top_up::Column::Method.ne(TopUpMethod::Wire))
            .order_by_asc(top_up::Column::Id)
            .limit(500)
            .all(self.db.reader())
            .await?;
        let mut decided = 0;
        for top_up in pending.iter().filter(|row| is_stale(row, now)) {
            decided += u64::from(self.drive(top_up).await?.is_some());
        }
        Ok(decided)
    }

    /// Asks the processor and carries out what it says. `None`: not decided.
    async fn drive(&self, intent: &top_up::Model) -> Result<Option<Finished>, Error> {
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
            give_back: true, ..
        } = &finished
            && let Err(fault) = self.gateway.refund(intent.id).await
        {
            // Not lost: the processor lists what was taken under this id, and the top-up stands as failed.
            tracing::error!(top_up = %intent.id, %fault, "a payment is still to be given back");
        }
        Ok(Some(finished))
    }

    /// Ends a payment that the processor has not decided, so that it cannot succeed after "no" was said.
    async fn give_up(&self, intent: &top_up::Model) -> Result<(), Error> {
        let finish = FinishTopUp {
            top_up: intent.id,
            said: GatewaySaid::Declined,
        };
        self.ledger.run(finish).await?;
        if let Err(fault) = self.gateway.refund(intent.id).await {
            tracing::error!(top_up = %intent.id, %fault, "a payment is still to be voided");
        }
        Ok(())
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
