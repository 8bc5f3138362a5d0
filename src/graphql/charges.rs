//! Charges: what was paid for, or free.

use async_graphql::{Context, Enum, ID, InputObject, Object};
use entity::{charge, customer};

use super::context::sight;
use super::error::{Answer, maybe};
use super::given::Given;
use super::loaders::{EarnedOn, find};
use super::nodes::{Charge, Commission, Customer, Product};
use super::scalars::{DateTime, Money};
use crate::Error;
use crate::store::charges::Charges;

/// What was charged for.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "charge::ChargeKind")]
pub enum ChargeKind {
    /// A call, by its length.
    Call,
    /// A service, bought once.
    Service,
    /// The monthly fee of a plan.
    PlanFee,
}

/// What became of a charge.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "charge::ChargeState")]
pub enum ChargeState {
    /// It stands.
    Posted,
    /// A part of it was given back.
    PartiallyRefunded,
    /// All of it was given back.
    Refunded,
    /// Its commission is held by an open fraud case.
    FraudHeld,
    /// A fraud case took its commission back.
    FraudConfirmed,
}

/// Which charges.
#[derive(InputObject, Clone, Debug, Default)]
pub struct ChargeFilter {
    /// Of these kinds. All, if left out or empty.
    kinds: Option<Vec<ChargeKind>>,
    /// That occurred at or after this instant.
    from: Option<Given<DateTime>>,
    /// That occurred before this instant.
    to: Option<Given<DateTime>>,
}

impl ChargeFilter {
    /// As the store takes it.
    ///
    /// # Errors
    /// [`Error::BadArgument`] for what is no instant.
    pub fn read(self) -> Result<Charges, Error> {
        let at = |given: Option<Given<DateTime>>, name: &str| {
            given.map(|given| given.argument(name)).transpose()
        };
        Ok(Charges {
            kinds: self.kinds.into_iter().flatten().map(Into::into).collect(),
            from: at(self.from, "filter.from")?,
            to: at(self.to, "filter.to")?,
        })
    }
}

/// One paid, or free, call, service or monthly fee. Its customer sees it, the agent of record at that time for ever, an agent
/// that manages the customer, and operators.
#[Object]
impl Charge {
    /// The global id, `chg_…`.
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Whose account paid. Null to an agent whose customer it no longer is.
    async fn customer(&self, ctx: &Context<'_>) -> Answer<Customer> {
        maybe(async {
            let seen = sight(ctx).relation(ctx, self.0.customer_id).await?.sees();
            let row: Option<customer::Model> = find(ctx, self.0.customer_id).await?;
            Ok(row.filter(|_| seen).map(Customer::from))
        })
        .await
    }

    /// What was charged for.
    async fn kind(&self) -> ChargeKind {
        self.0.kind.into()
    }

    /// What became of it.
    async fn state(&self) -> ChargeState {
        self.0.state.into()
    }

    /// A line for people, such as the destination of a call or the name of a product.
    async fn description(&self) -> &str {
        self.0.description.as_str()
    }

    /// What was bought, for what is on the price list.
    async fn product(&self, ctx: &Context<'_>) -> Answer<Product> {
        maybe(async {
            match self.0.product_id {
                Some(id) => Ok(find(ctx, id).await?.map(Product)),
                None => Ok(None),
            }
        })
        .await
    }

    /// The call, for a `CALL` that was rated here.
    async fn call(&self, ctx: &Context<'_>) -> Answer<CallDetail> {
        maybe(async {
            let full = sight(ctx)
                .relation(ctx, self.0.customer_id)
                .await?
                .sees_all();
            Ok(CallDetail::of(&self.0, full))
        })
        .await
    }

    /// What it cost. 0.0000 is free, and earned nobody anything.
    async fn amount(&self) -> Money {
        self.0.amount.into()
    }

    /// The part paid with promotional credit: free, so nobody earns on it.
    async fn promo_part(&self) -> Money {
        self.0.promo_part.into()
    }

    /// How much of it was given back.
    async fn refunded(&self) -> Money {
        self.0.refunded.into()
    }

    /// The answer time of a call, the date of a fee. Decides rate and agent.
    async fn occurred_at(&self) -> DateTime {
        self.0.occurred_at.into()
    }

    /// When it was posted.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// The system that posted it: `source` and `externalId` are unique together.
    async fn source(&self) -> &str {
        self.0.source.as_str()
    }

    /// That system's own id of it.
    async fn external_id(&self) -> &str {
        self.0.external_id.as_str()
    }

    /// What it earned its agent. Null if nobody, and null to the customer.
    async fn commission(&self, ctx: &Context<'_>) -> Answer<Commission> {
        maybe(async {
            let earned = find(ctx, EarnedOn(self.0.id)).await?;
            Ok(earned
                .filter(|row| sight(ctx).commission(row))
                .map(Commission))
        })
        .await
    }
}

/// A call, as its reader may see it.
pub struct CallDetail {
    to: String,
    destination: String,
    seconds: i32,
    billed_seconds: i32,
    price_per_minute: entity::Money,
}

impl CallDetail {
    fn of(row: &charge::Model, full: bool) -> Option<Self> {
        let to = row.call_to.as_ref()?;
        Some(Self {
            to: if full { to.to_string() } else { to.masked() },
            destination: row.call_destination.as_ref()?.to_string(),
            seconds: row.call_seconds?,
            billed_seconds: row.call_billed_seconds?,
            price_per_minute: row.call_price_per_minute?,
        })
    }
}

/// A call. To an agent the number called is masked (`+1212555****`), unless it manages the customer.
#[Object]
impl CallDetail {
    /// The number called, in E.164 form; its last four digits are hidden from an agent that does not manage the customer.
    async fn to(&self) -> &str {
        &self.to
    }

    /// What the price list calls the place.
    async fn destination(&self) -> &str {
        &self.destination
    }

    /// How long it lasted.
    async fn duration_seconds(&self) -> i32 {
        self.seconds
    }

    /// How long was paid for: the initial increment, then whole increments.
    async fn billed_seconds(&self) -> i32 {
        self.billed_seconds
    }

    /// The public price at the answer time.
    async fn price_per_minute(&self) -> Money {
        self.price_per_minute.into()
    }
}
