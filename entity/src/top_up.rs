//! `top_up`: money paid in by card, PayPal or wire.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{CustomerId, Money, Name, ProductId, TopUpId, TransactionId};

text_enum! {
    /// How money is paid in (R33).
    TopUpMethod { CreditCard, DebitCard, Paypal, Wire }
}

text_enum! {
    /// PENDING → SETTLED → REVERSED, PENDING → FAILED.
    TopUpState {
        /// A wire announced and not yet seen, or a payment not yet decided.
        Pending,
        Settled,
        Failed,
        /// Charged back, in whole.
        Reversed,
    }
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "top_up")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TopUpId,
    pub customer_id: CustomerId,
    pub method: TopUpMethod,
    pub amount: Money,
    pub state: TopUpState,
    /// The processor's token for the card or PayPal account; card numbers never come here.
    pub payment_token: Option<String>,
    /// The bank's or processor's reference.
    pub reference: Option<Name>,
    /// What it is to buy at once, when it pays a purchase.
    pub product_id: Option<ProductId>,
    pub created_at: DateTimeUtc,
    /// When it settled or failed.
    pub settled_at: Option<DateTimeUtc>,
    pub transaction_id: Option<TransactionId>,
    /// Since when the processor holds, or may hold, money that is not on the account and goes back. `None` once it is.
    pub give_back_since: Option<DateTimeUtc>,
    /// When it was charged back (E29).
    pub reversed_at: Option<DateTimeUtc>,
    /// The bank's or processor's reference of the chargeback.
    pub reversal_reference: Option<Name>,
}

impl ActiveModelBehavior for ActiveModel {}
