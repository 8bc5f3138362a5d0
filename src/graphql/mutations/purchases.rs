//! `purchaseProduct` and `cancelPlan`: what is on the price list.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::{Name, PlanId};

use super::parties::{acting, keeper, key, party};
use crate::Error;
use crate::graphql::access::enter;
use crate::graphql::context::{act, noting, services};
use crate::graphql::error::{Answer, Payload, UserError, answer};
use crate::graphql::given::{Given, id, optional_text};
use crate::graphql::nodes::{Charge, Plan};
use crate::program::{BeginCardPurchase, CancelPlan, PurchaseProduct, Reason};

/// What is bought, and for whom.
#[derive(InputObject)]
pub struct PurchaseProductInput {
    /// The account that buys: the viewer's own where left out; an agent may name one that it manages, an operator any.
    customer_id: Option<Given<ID>>,
    /// A code of the price list.
    product_code: String,
    /// Pays the price by card or PayPal instead of from the balance: a top-up and the purchase, both or neither.
    payment_token: Option<String>,
    /// The client's own name for this request, 1 to 255 characters.
    idempotency_key: String,
}

/// What became of a purchase.
#[derive(SimpleObject)]
pub struct PurchaseProductPayload {
    /// The charge; of a PLAN its first fee. Null when it was refused.
    charge: Option<Charge>,
    /// For a PLAN.
    plan: Option<Plan>,
    /// Whether it is the first answer to this key, given again.
    replayed: bool,
    /// Why it was refused. Empty when it was not.
    user_errors: Vec<UserError>,
}

impl Payload for PurchaseProductPayload {
    fn refused(error: UserError, replayed: bool) -> Self {
        Self {
            charge: None,
            plan: None,
            replayed,
            user_errors: vec![error],
        }
    }
}

/// Which plan is to end.
#[derive(InputObject)]
pub struct CancelPlanInput {
    /// A plan of an account that the viewer may act in.
    plan_id: Given<ID>,
}

/// What became of a plan.
#[derive(SimpleObject)]
pub struct CancelPlanPayload {
    /// The plan. Null when it was refused.
    plan: Option<Plan>,
    /// Why it was refused. Empty when it was not.
    user_errors: Vec<UserError>,
}

impl Payload for CancelPlanPayload {
    fn refused(error: UserError, _replayed: bool) -> Self {
        Self {
            plan: None,
            user_errors: vec![error],
        }
    }
}

/// Purchases.
#[derive(Default)]
pub struct PurchaseMutation;

#[Object]
impl PurchaseMutation {
    /// Buys what is on the price list, at the public price: with the account's own money, or by card at once.
    ///
    /// Refusals: `NOT_FOUND`, `NOT_MANAGED`, `CUSTOMER_NOT_ACTIVE`, `PRODUCT_NOT_AVAILABLE`, `INSUFFICIENT_FUNDS`,
    /// `COMMISSION_NEGATIVE` on an agent's own account, `TOP_UP_METHOD_LIMIT`, `PAYMENT_DECLINED`, `IDEMPOTENCY_KEY_REUSED`.
    ///
    /// Example: `mutation { purchaseProduct(input: {productCode: "NUMBER", idempotencyKey: "b-1"}) { charge { id amount } userErrors { code message } } }`
    async fn purchase_product(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What, for whom, and by what it is paid.")] input: PurchaseProductInput,
    ) -> Answer<PurchaseProductPayload> {
        answer(async {
            let actor = enter(ctx)?;
            // A code that is no line of text is on no price list.
            let product_code = Name::parse(&input.product_code)
                .map_err(|_| Reason::ProductNotAvailable.at("productCode"))?;
            let token = optional_text("paymentToken", input.payment_token.as_deref(), Name::parse)?;
            let key = key(&input.idempotency_key)?;
            let (by, customer) = party(&actor, input.customer_id.as_ref())?;
            let keeper = keeper(&actor)?;
            let answer = match token {
                None => {
                    let command = PurchaseProduct {
                        by,
                        customer,
                        product_code,
                    };
                    noting(ctx).submit(keeper, key, command).await?
                }
                Some(token) => {
                    let command = BeginCardPurchase {
                        by,
                        customer,
                        product_code,
                        payment_token: token.to_string(),
                    };
                    services(ctx)
                        .payments
                        .purchase(act(ctx).ok(), keeper, key, command)
                        .await?
                }
            };
            let replayed = answer.replayed;
            Ok(match answer.outcome {
                Err(refusal) => PurchaseProductPayload::refused(refusal.into(), replayed),
                Ok(bought) => PurchaseProductPayload {
                    charge: Some(Charge(bought.charge)),
                    plan: bought.plan.map(Plan),
                    replayed,
                    user_errors: Vec::new(),
                },
            })
        })
        .await
    }

    /// Ends a monthly fee: what is paid stays paid, and no further fee is charged.
    ///
    /// Refusals: `NOT_FOUND`, `NOT_MANAGED`, `ILLEGAL_STATE` once CANCELLED.
    ///
    /// Example: `mutation { cancelPlan(input: {planId: "pln_…"}) { plan { state } userErrors { code message } } }`
    async fn cancel_plan(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which plan.")] input: CancelPlanInput,
    ) -> Answer<CancelPlanPayload> {
        answer(async {
            let actor = enter(ctx)?;
            let command = CancelPlan {
                by: acting(&actor)?,
                plan: id::<PlanId>(&input.plan_id, "planId")?,
            };
            let plan = noting(ctx).run(command).await?;
            Ok::<_, Error>(CancelPlanPayload {
                plan: Some(Plan(plan)),
                user_errors: Vec::new(),
            })
        })
        .await
    }
}
