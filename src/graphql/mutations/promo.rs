//! `grantPromo`: credit for free.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::{CustomerId, Name};

use super::parties::{keeper, key};
use crate::Error;
use crate::graphql::access::enter;
use crate::graphql::context::noting;
use crate::graphql::error::{Answer, Payload, UserError, answer};
use crate::graphql::given::{Given, id, text};
use crate::graphql::loaders::find;
use crate::graphql::nodes::{Customer, Proposal, Transaction};
use crate::graphql::scalars::Money;
use crate::program::GrantPromo;

/// Promotional credit for an account.
#[derive(InputObject)]
pub struct GrantPromoInput {
    /// Any account.
    customer_id: Given<ID>,
    /// More than 0.0000, with at most four decimals.
    amount: Given<Money>,
    /// A line that the customer sees in its transactions: 1 to 200 characters.
    reason: String,
    /// The client's own name for this request, 1 to 255 characters.
    idempotency_key: String,
}

/// What became of an operator's gift or correction.
#[derive(SimpleObject)]
pub struct CustomerMoneyPayload {
    /// The account. Null when it was refused.
    pub(super) customer: Option<Customer>,
    /// What was posted. Null when it was refused.
    pub(super) transaction: Option<Transaction>,
    /// What waits for a second operator, with `SECOND_PERSON_REQUIRED`.
    pub(super) proposal: Option<Proposal>,
    /// Whether it is the first answer to this key, given again.
    pub(super) replayed: bool,
    /// Why it was refused. Empty when it was not.
    pub(super) user_errors: Vec<UserError>,
}

impl Payload for CustomerMoneyPayload {
    fn refused(error: UserError, replayed: bool) -> Self {
        Self {
            customer: None,
            transaction: None,
            proposal: None,
            replayed,
            user_errors: vec![error],
        }
    }
}

/// Promotional credit.
#[derive(Default)]
pub struct PromoMutation;

#[Object]
impl PromoMutation {
    /// Operators: gives an account credit for free. It is spent first, and earns nobody anything.
    ///
    /// Refusals: `AMOUNT_NOT_POSITIVE`, `NOT_FOUND`, `CUSTOMER_NOT_ACTIVE`, `IDEMPOTENCY_KEY_REUSED`.
    ///
    /// Example: `mutation { grantPromo(input: {customerId: "cus_…", amount: "5.0000", reason: "Welcome", idempotencyKey: "p-1"}) { customer { balance { promo } } userErrors { code message } } }`
    async fn grant_promo(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "To whom, how much and why.")] input: GrantPromoInput,
    ) -> Answer<CustomerMoneyPayload> {
        answer(async {
            let actor = enter(ctx)?;
            let customer = id::<CustomerId>(&input.customer_id, "customerId")?;
            let command = GrantPromo {
                customer,
                amount: input.amount.at("amount")?,
                reason: text("reason", &input.reason, Name::parse)?,
            };
            let key = key(&input.idempotency_key)?;
            let ledger = noting(ctx);
            let answer = ledger.submit(keeper(&actor)?, key, command).await?;
            let replayed = answer.replayed;
            Ok::<_, Error>(match answer.outcome {
                Err(refusal) => CustomerMoneyPayload::refused(refusal.into(), replayed),
                Ok(transaction) => CustomerMoneyPayload {
                    customer: find(ctx, customer).await?.map(Customer::from),
                    transaction: Some(Transaction(transaction)),
                    proposal: None,
                    replayed,
                    user_errors: Vec::new(),
                },
            })
        })
        .await
    }
}
