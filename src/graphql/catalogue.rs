//! The public price list: the same for every customer, agent or no agent.

use async_graphql::{Context, Enum, ID, Object};
use entity::product;

use super::access::enter;
use super::connection::{Connection, PageArgs, page};
use super::context::services;
use super::error::{Answer, maybe};
use super::given::Given;
use super::nodes::{CallRate, Product};
use super::scalars::{Money, PhoneNumber};
use crate::program::CallRates;
use crate::store::catalogue;

/// What is bought.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "product::ProductKind")]
pub enum ProductKind {
    /// Bought once: a number, a feature, a setup.
    Service,
    /// A monthly fee, charged at the start and then every month until cancelled.
    Plan,
}

/// A thing on the public price list.
#[Object]
impl Product {
    /// The global id, `prd_…`.
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What it is bought by; never given to another product.
    async fn code(&self) -> &str {
        self.0.code.as_str()
    }

    /// What it is called.
    async fn name(&self) -> &str {
        self.0.name.as_str()
    }

    /// Bought once, or a monthly fee.
    async fn kind(&self) -> ProductKind {
        self.0.kind.into()
    }

    /// What it costs everybody, now.
    async fn price(&self) -> Money {
        self.0.price.into()
    }

    /// False for taxes and fees passed through. Free products earn nothing either way.
    async fn commissionable(&self) -> bool {
        self.0.commissionable
    }
}

/// The public price of calls to a prefix. The longest prefix wins.
#[Object]
impl CallRate {
    /// Digits of an E.164 number, without the plus sign.
    async fn prefix(&self) -> &str {
        &self.0.prefix
    }

    /// What the price list calls the place.
    async fn destination(&self) -> &str {
        self.0.destination.as_str()
    }

    /// The price of a minute; seconds are charged by their part of it.
    async fn price_per_minute(&self) -> Money {
        self.0.price_per_minute.into()
    }

    /// Charged once for each call.
    async fn connection_fee(&self) -> Money {
        self.0.connection_fee.into()
    }

    /// Seconds charged at least.
    async fn initial_increment(&self) -> i32 {
        self.0.initial_increment
    }

    /// Seconds by which it grows after that.
    async fn increment(&self) -> i32 {
        self.0.increment
    }
}

/// Its share of the queries.
#[derive(Default)]
pub struct CatalogueQuery;

#[Object]
impl CatalogueQuery {
    /// The public price list, by code. Anyone may ask. The same for every customer.
    ///
    /// Example: `{ products(kind: PLAN) { nodes { code name price } } }`
    async fn products(
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
        #[graphql(desc = "Only those of this kind.")] kind: Option<ProductKind>,
    ) -> Answer<Connection<Product>> {
        maybe(async {
            enter(ctx)?;
            let list = catalogue::products(kind.map(Into::into));
            page(
                ctx,
                &PageArgs::new(first, after, last, before),
                &list,
                Product,
            )
            .await
            .map(Some)
        })
        .await
    }

    /// The public price of a call to a number, now. Anyone may ask; null if the number is not rated.
    ///
    /// Example: `{ callRate(to: "+12125550123") { destination pricePerMinute connectionFee } }`
    async fn call_rate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The number to be called.")] to: Given<PhoneNumber>,
    ) -> Answer<CallRate> {
        maybe(async {
            enter(ctx)?;
            let to = to.argument("to")?;
            let services = services(ctx);
            let rows = catalogue::call_rates(services.db.reader(), &to).await?;
            let rates = CallRates::new(rows);
            Ok(rates.of(&to, services.clock.now()).cloned().map(CallRate))
        })
        .await
    }
}
