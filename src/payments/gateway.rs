use async_trait::async_trait;
use entity::top_up::TopUpMethod;
use entity::{Money, TopUpId};

/// The operator's payment processor, as far as the program needs one.
///
/// Both calls are idempotent by the top-up: asked again, the processor gives the answer that it gave, and takes or
/// gives back money once. So a top-up whose answer was lost is asked for again, and never charged twice.
#[async_trait]
pub trait PaymentGateway: Send + Sync {
    /// Takes money from a card or `PayPal` account.
    ///
    /// # Errors
    /// When the processor gave no answer: the money may or may not have been taken.
    async fn charge(&self, charge: Charge) -> Result<Verdict, GatewayFault>;

    /// Gives back what [`PaymentGateway::charge`] took; what it has not decided, it then never takes.
    ///
    /// # Errors
    /// When the processor gave no answer.
    async fn refund(&self, top_up: TopUpId) -> Result<Verdict, GatewayFault>;
}

/// What is to be taken, and from what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// Ours: what the processor tells repetitions by.
    pub reference: TopUpId,
    pub amount: Money,
    pub method: TopUpMethod,
    /// The processor's token for the card or account; card numbers never come here.
    pub token: String,
}

/// What the processor said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Taken.
    Approved {
        /// The processor's own name for it.
        reference: String,
    },
    /// Nothing was taken, and nothing will be.
    Declined,
    /// Not decided: ask again, or be told by the processor's machine.
    Pending,
}

/// The processor gave no answer: try again with the same reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the payment processor gave no answer: {0}")]
pub struct GatewayFault(pub String);
