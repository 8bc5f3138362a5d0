//! The public facts of the program.

use async_graphql::{Context, Object};
use entity::{CommissionRate, payout, top_up};

use super::access::enter;
use super::context::services;
use super::limits::{SERVICE_LIMITS, ServiceLimits};
use super::payouts::PayoutMethod;
use super::scalars::{Money, Percent};
use super::top_ups::TopUpMethod;
use crate::program::Terms;

/// The public facts of the program.
pub struct Program(Terms);

/// What one method of paying out costs and needs.
pub struct PayoutMethodTerms(payout::PayoutMethod, Money, Money);

/// What one method of paying in allows.
pub struct TopUpMethodTerms(top_up::TopUpMethod, crate::program::TopUpLimits);

/// The public facts of the program, as the operator has set them.
#[Object]
impl Program {
    /// The program's name, as its operator calls it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The currency of all amounts, by ISO 4217.
    async fn currency_code(&self) -> &str {
        &self.0.currency_code
    }

    /// The least rate that an agent can have, included: 1.00.
    async fn minimum_commission_rate(&self) -> Percent {
        CommissionRate::MIN.percent().into()
    }

    /// The greatest rate that an agent can have, included: 10.00.
    async fn maximum_commission_rate(&self) -> Percent {
        CommissionRate::MAX.percent().into()
    }

    /// The least gross amount of a payout, by any method: 20.0000 unless the operator has set another.
    async fn minimum_payout(&self) -> Money {
        self.0.minimum_payout.into()
    }

    /// What each method of paying out costs: check and PayPal 0.0000, wire 27.0000 unless the operator has set another.
    async fn payout_methods(&self) -> Vec<PayoutMethodTerms> {
        use payout::PayoutMethod as Method;
        [Method::Check, Method::Paypal, Method::Wire]
            .into_iter()
            .map(|method| {
                let least = self.0.minimum_gross(method);
                PayoutMethodTerms(method, self.0.payout_fee(method).into(), least.into())
            })
            .collect()
    }

    /// What each method of paying in allows.
    async fn top_up_methods(&self) -> Vec<TopUpMethodTerms> {
        use top_up::TopUpMethod as Method;
        [
            Method::CreditCard,
            Method::DebitCard,
            Method::Paypal,
            Method::Wire,
        ]
        .into_iter()
        .map(|method| TopUpMethodTerms(method, self.0.top_up_limits(method)))
        .collect()
    }

    /// Days before a commission may be paid out. Spending it inside the network never waits.
    async fn payout_hold_days(&self) -> i32 {
        self.0.payout_hold_days.into()
    }

    /// Whether a payout may also take funding (after commission), or commission only.
    async fn funding_withdrawable(&self) -> bool {
        self.0.funding_withdrawable
    }

    /// Days after signup in which a customer without an agent may still name one.
    async fn claim_agent_days(&self) -> i32 {
        self.0.claim_agent_days.into()
    }
}

/// What one method of paying out costs and needs.
#[Object]
impl PayoutMethodTerms {
    /// The method.
    async fn method(&self) -> PayoutMethod {
        self.0.into()
    }

    /// What it costs: taken off what arrives.
    async fn fee(&self) -> &Money {
        &self.1
    }

    /// The least gross amount: the program's minimum, or fee + 0.01 where that is more.
    async fn minimum_gross(&self) -> &Money {
        &self.2
    }
}

/// What one method of paying in allows.
#[Object]
impl TopUpMethodTerms {
    /// The method.
    async fn method(&self) -> TopUpMethod {
        self.0.into()
    }

    /// The least amount at once.
    async fn minimum(&self) -> Money {
        self.1.minimum.into()
    }

    /// The greatest amount at once. Null: any.
    async fn maximum(&self) -> Option<Money> {
        self.1.maximum.map(Money)
    }

    /// The greatest sum of one account in any 24 hours. Null: any.
    async fn maximum_per_day(&self) -> Option<Money> {
        self.1.maximum_per_day.map(Money)
    }
}

/// Its share of the queries.
#[derive(Default)]
pub struct ProgramQuery;

#[Object]
impl ProgramQuery {
    /// The public facts of the program: rates, minimum, fees, methods. Anyone may ask.
    ///
    /// Example: `{ program { minimumPayout payoutMethods { method fee minimumGross } } }`
    fn program(&self, ctx: &Context<'_>) -> async_graphql::Result<Program> {
        enter(ctx)?;
        Ok(Program(services(ctx).terms.as_ref().clone()))
    }

    /// The limits that this server enforces on documents, pages, bodies and sockets. Anyone may ask.
    ///
    /// Example: `{ serviceLimits { maxPageSize maxDepth maxCost } }`
    fn service_limits(&self, ctx: &Context<'_>) -> async_graphql::Result<ServiceLimits> {
        enter(ctx)?;
        Ok(SERVICE_LIMITS)
    }
}
