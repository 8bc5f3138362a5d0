//! The public price list, as operators write it.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use entity::Name;

use crate::graphql::access::enter;
use crate::graphql::catalogue::ProductKind;
use crate::graphql::context::{act, services};
use crate::graphql::error::{Answer, Payload, UserError, answer};
use crate::graphql::given::{Given, text};
use crate::graphql::nodes::{CallRate, Product};
use crate::graphql::scalars::Money;
use crate::program::Refusal;
use crate::registry::{NewCallRate, NewProduct};

/// A product as it is to be from now on.
#[derive(InputObject)]
pub struct SaveProductInput {
    /// What it is bought by: 1 to 200 characters. A known one is changed, another added.
    code: String,
    /// Its name: 1 to 200 characters.
    name: String,
    /// Bought once, or a monthly fee. A product keeps its kind.
    kind: ProductKind,
    /// Its price, for every customer; 0.0000 is free, and earns nothing.
    price: Given<Money>,
    /// False for taxes and fees passed through.
    #[graphql(default = true)]
    commissionable: bool,
    /// False takes it off the list; plans that run go on.
    #[graphql(default = true)]
    available: bool,
}

/// Which rates of calls are to be from now on.
#[derive(InputObject)]
pub struct SaveCallRatesInput {
    /// 1 to 1,000, each prefix once.
    rates: Vec<CallRateInput>,
}

/// The price of calls to a prefix.
#[derive(InputObject)]
pub struct CallRateInput {
    /// 1 to 15 digits of an E.164 number, without the plus sign.
    prefix: String,
    /// Where that is: 1 to 200 characters.
    destination: String,
    /// By the minute, billed in increments.
    price_per_minute: Given<Money>,
    /// For each call.
    #[graphql(default_with = "Given::written(\"0\")")]
    connection_fee: Given<Money>,
    /// Seconds charged at least: 1 to 3,600.
    #[graphql(default = 60)]
    initial_increment: i32,
    /// Seconds by which it grows after that: 1 to 3,600.
    #[graphql(default = 60)]
    increment: i32,
}

/// A product, or why nothing was changed.
#[derive(SimpleObject)]
pub struct ProductPayload {
    /// The product as it is now. Null where it was refused.
    product: Option<Product>,
    /// Why it was refused; empty where it was done.
    user_errors: Vec<UserError>,
}

impl Payload for ProductPayload {
    fn refused(error: UserError, _: bool) -> Self {
        Self {
            product: None,
            user_errors: vec![error],
        }
    }
}

/// Rates of calls, or why nothing was changed.
#[derive(SimpleObject)]
pub struct SaveCallRatesPayload {
    /// The rates as they are now, in the order sent. Empty where it was refused.
    rates: Vec<CallRate>,
    /// Why it was refused; empty where it was done.
    user_errors: Vec<UserError>,
}

impl Payload for SaveCallRatesPayload {
    fn refused(error: UserError, _: bool) -> Self {
        Self {
            rates: vec![],
            user_errors: vec![error],
        }
    }
}

fn call_rate(index: usize, input: &CallRateInput) -> Result<NewCallRate, Refusal> {
    let field = |name: &str| format!("rates.{index}.{name}");
    Ok(NewCallRate {
        prefix: input.prefix.clone(),
        destination: text(field("destination"), &input.destination, Name::parse)?,
        price_per_minute: input.price_per_minute.at(field("pricePerMinute"))?,
        connection_fee: input.connection_fee.at(field("connectionFee"))?,
        initial_increment: input.initial_increment,
        increment: input.increment,
    })
}

/// Its share of the mutations.
#[derive(Default)]
pub struct CatalogueMutation;

#[Object]
impl CatalogueMutation {
    /// Operators: add a product to the price list, or change the one with this code. Another price counts from now on.
    ///
    /// Refusals: `INVALID_INPUT`.
    ///
    /// Example: `mutation { saveProduct(input: {code: "VOICEMAIL", name: "Voice mail", kind: PLAN, price: "3.00"}) { product { id price } userErrors { code field } } }`
    async fn save_product(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The product as it is to be.")] input: SaveProductInput,
    ) -> Answer<ProductPayload> {
        answer(async {
            enter(ctx)?;
            let new = NewProduct {
                code: text("code", &input.code, Name::parse)?,
                name: text("name", &input.name, Name::parse)?,
                kind: input.kind.into(),
                price: input.price.at("price")?,
                commissionable: input.commissionable,
                available: input.available,
            };
            let act = act(ctx)?;
            let product = services(ctx).registry.save_product(&act, new).await?;
            Ok(ProductPayload {
                product: Some(Product(product)),
                user_errors: vec![],
            })
        })
        .await
    }

    /// Operators: add or replace the rates of these prefixes, 1 to 1,000, from now on. All or none.
    ///
    /// Refusals: `INVALID_INPUT`, with the index of the rate in `field`.
    ///
    /// Example: `mutation { saveCallRates(input: {rates: [{prefix: "1212", destination: "New York", pricePerMinute: "0.0198", initialIncrement: 6, increment: 6}]}) { rates { prefix } userErrors { code field } } }`
    async fn save_call_rates(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which rates are to be from now on.")] input: SaveCallRatesInput,
    ) -> Answer<SaveCallRatesPayload> {
        answer(async {
            enter(ctx)?;
            let new = input.rates.iter().enumerate();
            let new = new.map(|(index, rate)| call_rate(index, rate));
            let new = new.collect::<Result<_, _>>()?;
            let act = act(ctx)?;
            let rates = services(ctx).registry.save_call_rates(&act, new).await?;
            Ok(SaveCallRatesPayload {
                rates: rates.into_iter().map(CallRate).collect(),
                user_errors: vec![],
            })
        })
        .await
    }
}
