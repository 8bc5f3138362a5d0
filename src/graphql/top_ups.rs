//! Top-ups: money paid in.

use async_graphql::{Context, Enum, ID, Object};
use entity::top_up;

use super::context::sight;
use super::error::{Answer, maybe};
use super::loaders::find;
use super::nodes::{Customer, TopUp};
use super::scalars::{DateTime, Money};

/// How money is paid in.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "top_up::TopUpMethod")]
pub enum TopUpMethod {
    /// A credit card, by the processor's token.
    CreditCard,
    /// A debit card, by the processor's token.
    DebitCard,
    /// A PayPal account, by the processor's token.
    Paypal,
    /// A bank wire: announced first, and there when an operator or the processor has seen it.
    Wire,
}

/// Where a top-up stands.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "top_up::TopUpState")]
pub enum TopUpState {
    /// A wire announced and not yet seen, or a payment not yet decided. Nothing is on the account yet.
    Pending,
    /// On the account.
    Settled,
    /// Declined, or never arrived.
    Failed,
    /// Charged back, in whole.
    Reversed,
}

/// Money paid in by card, PayPal or wire. The account's holder sees it, an agent that manages the account, and operators.
#[Object]
impl TopUp {
    /// The global id, `top_…`.
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Whose account it is for.
    async fn customer(&self, ctx: &Context<'_>) -> Answer<Customer> {
        maybe(async {
            let seen = sight(ctx).relation(ctx, self.0.customer_id).await?.sees();
            Ok(find(ctx, self.0.customer_id)
                .await?
                .filter(|_| seen)
                .map(Customer::from))
        })
        .await
    }

    /// How it was paid.
    async fn method(&self) -> TopUpMethod {
        self.0.method.into()
    }

    /// How much, in whole cents.
    async fn amount(&self) -> Money {
        self.0.amount.into()
    }

    /// Where it stands.
    async fn state(&self) -> TopUpState {
        self.0.state.into()
    }

    /// The bank's or processor's reference, once there is one.
    async fn reference(&self) -> Option<&str> {
        self.0.reference.as_ref().map(entity::Name::as_str)
    }

    /// When it was begun.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// When it was charged back. Null unless it was.
    async fn reversed_at(&self) -> Option<DateTime> {
        self.0.reversed_at.map(DateTime)
    }

    /// The bank's or processor's reference of the chargeback. Null unless there was one.
    async fn reversal_reference(&self) -> Option<&str> {
        let reference = self.0.reversal_reference.as_ref();
        reference.map(entity::Name::as_str)
    }

    /// When it settled or failed. Null while it is pending.
    async fn settled_at(&self) -> Option<DateTime> {
        self.0.settled_at.map(DateTime)
    }
}
