//! Fraud cases: charges under suspicion.

use async_graphql::{Context, Enum, ID, Object, Result};
use entity::fraud_case;
use entity::fraud_case::FraudCaseState as State;

use super::access::enter;
use super::connection::{Connection, PageArgs, page};
use super::context::services;
use super::error::{Answer, maybe};
use super::loaders::find;
use super::nodes::{Charge, FraudCase, User};
use super::scalars::{DateTime, Money};
use crate::Error;
use crate::store::fraud_cases;

/// What is suspected.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "fraud_case::FraudReason")]
pub enum FraudReason {
    /// Paid with a stolen card or account.
    StolenPayment,
    /// Calls that nobody meant.
    ArtificialTraffic,
    /// An agent that is, or sells to, its own customer.
    SelfDealing,
    /// Against the program's terms.
    Abuse,
    /// Something else: the note says what.
    Other,
}

/// What became of a fraud case.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "fraud_case::FraudCaseState")]
pub enum FraudCaseState {
    /// It waits for a decision; commission is held.
    Open,
    /// It was fraud; commission was taken back.
    Confirmed,
    /// It was none; commission was released.
    Cleared,
}

/// Charges under suspicion, whose commission is held until an operator decides. Operators only.
#[Object]
impl FraudCase {
    /// The global id, `frd_…`.
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What is suspected.
    async fn reason(&self) -> FraudReason {
        self.0.reason.into()
    }

    /// What the operator who opened it wrote.
    async fn note(&self) -> Option<&str> {
        self.0.note.as_ref().map(entity::Prose::as_str)
    }

    /// What the operator who decided it wrote. Null while it is open.
    async fn decision_note(&self) -> Option<&str> {
        self.0.decision_note.as_ref().map(entity::Prose::as_str)
    }

    /// What became of it.
    async fn state(&self) -> FraudCaseState {
        self.0.state.into()
    }

    /// The charges that it is about, the oldest first: at most 10,000.
    async fn charges(&self, ctx: &Context<'_>) -> Result<Vec<Charge>> {
        let db = services(ctx).db.reader();
        let charges = fraud_cases::charges(db, self.0.id).await;
        let charges = charges.map_err(Error::from)?.into_iter();
        Ok(charges.map(Charge).collect())
    }

    /// What is held, while it is open; what was clawed back, once it is confirmed; 0.0000 once it is cleared. Commission that
    /// the agent had spent already cannot be held: it is taken back all the same when the case is confirmed.
    async fn commission(&self, ctx: &Context<'_>) -> Result<Money> {
        Ok(match self.0.state {
            State::Open => {
                let db = services(ctx).db.reader();
                let held = fraud_cases::held(db, self.0.id).await;
                held.map_err(Error::from)?.into()
            }
            State::Confirmed => self.0.clawed_back.into(),
            State::Cleared => entity::Money::ZERO.into(),
        })
    }

    /// Who opened it.
    async fn opened_by(&self, ctx: &Context<'_>) -> Answer<User> {
        maybe(async { Ok(find(ctx, self.0.opened_by).await?.map(User)) }).await
    }

    /// Who decided it. Null while it is open.
    async fn decided_by(&self, ctx: &Context<'_>) -> Answer<User> {
        maybe(async {
            match self.0.decided_by {
                Some(id) => Ok(find(ctx, id).await?.map(User)),
                None => Ok(None),
            }
        })
        .await
    }

    /// When it was opened.
    async fn opened_at(&self) -> DateTime {
        self.0.opened_at.into()
    }

    /// When it was decided. Null while it is open.
    async fn decided_at(&self) -> Option<DateTime> {
        self.0.decided_at.map(DateTime)
    }
}

/// Its share of the queries.
#[derive(Default)]
pub struct FraudQuery;

#[Object]
impl FraudQuery {
    /// Charges under suspicion, and those that were. Operators only. Newest first.
    ///
    /// Example: `{ fraudCases(first: 20, state: OPEN) { nodes { id reason note commission openedBy { name } openedAt } } }`
    async fn fraud_cases(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "How many rows from the beginning: 1 to 100, and 20 if neither `first` nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only rows behind the one with this cursor.")] after: Option<String>,
        #[graphql(desc = "How many rows from the end: 1 to 100. Not together with `first`.")]
        last: Option<i32>,
        #[graphql(desc = "Only rows before the one with this cursor.")] before: Option<String>,
        #[graphql(desc = "Only those in this state.")] state: Option<FraudCaseState>,
    ) -> Answer<Connection<FraudCase>> {
        maybe(async {
            enter(ctx)?;
            let list = fraud_cases::list(state.map(Into::into));
            let args = PageArgs::new(first, after, last, before);
            page(ctx, &args, &list, FraudCase).await.map(Some)
        })
        .await
    }
}
