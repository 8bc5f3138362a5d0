//! Payouts: requests for money, and what became of them.

use async_graphql::{Context, Enum, ID, InputObject, Object};
use entity::payout;

use super::access::enter;
use super::connection::{Connection, PageArgs, page};
use super::context::sight;
use super::error::{Answer, maybe};
use super::loaders::find;
use super::nodes::{Agent, Payout};
use super::scalars::{DateTime, Money};
use super::sight::Sight;
use crate::Error;
use crate::store::payouts::{self, Payouts};

/// How money is paid out.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "payout::PayoutMethod")]
pub enum PayoutMethod {
    /// A cheque by mail. Costs nothing.
    Check,
    /// To a PayPal account. Costs nothing.
    Paypal,
    /// A bank wire. Its fee is taken off what arrives.
    Wire,
}

/// Where a payout stands.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "payout::PayoutState")]
pub enum PayoutState {
    /// Asked for: the gross is reserved, and the agent may still cancel.
    Requested,
    /// An operator agreed.
    Approved,
    /// On its way.
    Sent,
    /// Arrived. Final.
    Paid,
    /// By the agent, before an operator agreed. The gross is back. Final.
    Cancelled,
    /// By an operator. The gross is back. Final.
    Rejected,
    /// The bank sent it back: the net is back with the agent. Final.
    Returned,
}

/// Which payouts.
#[derive(InputObject, Clone, Debug, Default)]
pub struct PayoutFilter {
    /// In one of these states. All, if left out or empty.
    states: Option<Vec<PayoutState>>,
    /// By this method.
    method: Option<PayoutMethod>,
}

impl PayoutFilter {
    /// As the store takes it.
    #[must_use]
    pub fn read(self) -> Payouts {
        Payouts {
            states: self.states.into_iter().flatten().map(Into::into).collect(),
            method: self.method.map(Into::into),
        }
    }
}

/// An agent's request for money, and what became of it. Only the agent and operators see it.
#[Object]
impl Payout {
    /// The global id, `pay_…`.
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Who asked.
    async fn agent(&self, ctx: &Context<'_>) -> Answer<Agent> {
        maybe(async { Ok(find(ctx, self.0.agent_id).await?.map(Agent)) }).await
    }

    /// How it is paid.
    async fn method(&self) -> PayoutMethod {
        self.0.method.into()
    }

    /// Asked for, and taken from the agent.
    async fn gross(&self) -> Money {
        self.0.gross.into()
    }

    /// What the method cost at the request; later terms do not change it.
    async fn fee(&self) -> Money {
        self.0.fee.into()
    }

    /// gross - fee: what arrives.
    async fn net(&self) -> Money {
        self.0.net.into()
    }

    /// The part of the gross that was commission, which is taken first.
    async fn from_commission(&self) -> Money {
        self.0.from_commission.into()
    }

    /// The part of the gross that was funding.
    async fn from_funding(&self) -> Money {
        self.0.from_funding.into()
    }

    /// Where it stands.
    async fn state(&self) -> PayoutState {
        self.0.state.into()
    }

    /// Where it goes. Masked but to the agent and to operators, and nobody else sees payouts.
    async fn destination(&self, ctx: &Context<'_>) -> PayoutDestination {
        PayoutDestination {
            full: sight(ctx).payout(&self.0),
            row: self.0.clone(),
        }
    }

    /// The bank's or PayPal's reference, once it was sent.
    async fn reference(&self) -> Option<&str> {
        self.0.reference.as_ref().map(entity::Name::as_str)
    }

    /// Why it was rejected or returned.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_ref().map(entity::Prose::as_str)
    }

    /// When it was asked for.
    async fn requested_at(&self) -> DateTime {
        self.0.requested_at.into()
    }

    /// When it was approved, rejected or cancelled.
    async fn decided_at(&self) -> Option<DateTime> {
        self.0.decided_at.map(DateTime)
    }

    /// When it was sent.
    async fn sent_at(&self) -> Option<DateTime> {
        self.0.sent_at.map(DateTime)
    }

    /// When it arrived, or came back.
    async fn settled_at(&self) -> Option<DateTime> {
        self.0.settled_at.map(DateTime)
    }
}

/// Where a payout goes.
pub struct PayoutDestination {
    row: payout::Model,
    full: bool,
}

impl PayoutDestination {
    fn show(&self, text: Option<&str>) -> Option<String> {
        let text = text?;
        Some(if self.full {
            text.to_owned()
        } else {
            "****".to_owned()
        })
    }
}

/// Where a payout goes: which fields there are depends on the method.
#[Object]
impl PayoutDestination {
    /// Who is paid, by cheque or wire.
    async fn payee(&self) -> Option<String> {
        self.show(self.row.payee.as_ref().map(entity::Name::as_str))
    }

    /// Where the cheque goes.
    async fn address(&self) -> Option<String> {
        self.show(self.row.address.as_ref().map(entity::Prose::as_str))
    }

    /// The PayPal account.
    async fn paypal_email(&self) -> Option<String> {
        self.show(self.row.paypal_email.as_ref().map(entity::Email::as_str))
    }

    /// The bank of a wire.
    async fn bank_name(&self) -> Option<String> {
        self.show(self.row.bank_name.as_ref().map(entity::Name::as_str))
    }

    /// The account of a wire.
    async fn account_number(&self) -> Option<String> {
        self.show(self.row.account_number.as_ref().map(entity::Name::as_str))
    }

    /// The bank's routing code of a wire.
    async fn routing_code(&self) -> Option<String> {
        self.show(self.row.routing_code.as_ref().map(entity::Name::as_str))
    }
}

/// Its share of the queries.
#[derive(Default)]
pub struct PayoutQuery;

#[Object]
impl PayoutQuery {
    /// Payouts: an agent's own, or all for an operator. Newest first.
    ///
    /// Example: `{ payouts(filter: { states: [REQUESTED] }) { nodes { gross net state } } }`
    async fn payouts(
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
        #[graphql(desc = "Which payouts.")] filter: Option<PayoutFilter>,
    ) -> Answer<Connection<Payout>> {
        maybe(async {
            enter(ctx)?;
            let of = match sight(ctx) {
                Sight::All => None,
                other => Some(other.agent().ok_or(Error::Forbidden)?),
            };
            let list = payouts::list(of, &filter.unwrap_or_default().read());
            page(
                ctx,
                &PageArgs::new(first, after, last, before),
                &list,
                Payout,
            )
            .await
            .map(Some)
        })
        .await
    }
}
