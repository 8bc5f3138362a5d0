//! The public price list: products, and rates of calls (R31, R32, E35).

use std::collections::BTreeSet;

use entity::product::{self, ProductKind};
use entity::{CallRateId, Money, Name, ProductId, TypedId, call_rate};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
    Set, TryInsertResult,
};
use uuid::Uuid;

use super::Registry;
use super::story::Locks;
use crate::Error;
use crate::program::{Noted, Refusal};
use crate::store::audit::Act;

/// How many rates are saved at once, at most.
const MAX_RATES: usize = 1_000;
/// How many digits an E.164 number has, at most.
const MAX_PREFIX: usize = 15;
/// Calls are billed by the hour at most.
const MAX_INCREMENT: i32 = 3_600;

/// A product as it is to be from now on.
#[derive(Clone, Debug)]
pub struct NewProduct {
    pub code: Name,
    pub name: Name,
    pub kind: ProductKind,
    pub price: Money,
    pub commissionable: bool,
    pub available: bool,
}

/// A rate of calls as it is to be from now on.
#[derive(Clone, Debug)]
pub struct NewCallRate {
    pub prefix: String,
    pub destination: Name,
    pub price_per_minute: Money,
    pub connection_fee: Money,
    pub initial_increment: i32,
    pub increment: i32,
}

impl Registry {
    /// Puts a product on the price list, or changes the one with this code. Another price counts from now on.
    ///
    /// # Errors
    /// `InvalidInput` at `price` below zero, and at `kind` for another kind than the product has.
    pub async fn save_product(&self, act: &Act, new: NewProduct) -> Result<product::Model, Error> {
        if new.price.is_negative() {
            return Err(Refusal::invalid("price", "`price` must not be below 0.0000.").into());
        }
        let story = self.begin(&Locks::default()).await?;
        let product = product::Model {
            id: ProductId::from_uuid(Uuid::now_v7()),
            code: new.code,
            name: new.name,
            kind: new.kind,
            price: new.price,
            commissionable: new.commissionable,
            available: new.available,
            created_at: story.now,
            updated_at: story.now,
        };
        let inserted = product::Entity::insert(product.clone().into_active_model())
            .on_conflict_do_nothing_on([product::Column::Code])
            .exec_without_returning(story.txn())
            .await?;
        let product = match inserted {
            TryInsertResult::Inserted(rows) if rows > 0 => product,
            _ => change(story.txn(), product).await?,
        };
        let noted = Noted::about(product.id).moves(Some(product.price), &product.code);
        story.note(act, noted).await?;
        story.commit(&self.db).await?;
        Ok(product)
    }

    /// Adds or replaces the rates of these prefixes, from now on: calls answered before keep their price.
    ///
    /// # Errors
    /// `InvalidInput` at `rates`, or at the first field that is wrong, such as `rates.3.prefix`.
    pub async fn save_call_rates(
        &self,
        act: &Act,
        new: Vec<NewCallRate>,
    ) -> Result<Vec<call_rate::Model>, Error> {
        must_be_rates(&new)?;
        let story = self.begin(&Locks::default()).await?;
        let rates: Vec<_> = new
            .into_iter()
            .map(|new| call_rate::Model {
                id: CallRateId::from_uuid(Uuid::now_v7()),
                prefix: new.prefix,
                effective_from: story.now,
                destination: new.destination,
                price_per_minute: new.price_per_minute,
                connection_fee: new.connection_fee,
                initial_increment: new.initial_increment,
                increment: new.increment,
            })
            .collect();
        let key = [call_rate::Column::Prefix, call_rate::Column::EffectiveFrom];
        let replaced = [
            call_rate::Column::Destination,
            call_rate::Column::PricePerMinute,
            call_rate::Column::ConnectionFee,
            call_rate::Column::InitialIncrement,
            call_rate::Column::Increment,
        ];
        let rows = rates
            .iter()
            .cloned()
            .map(IntoActiveModel::into_active_model);
        call_rate::Entity::insert_many(rows)
            .on_conflict(OnConflict::columns(key).update_columns(replaced).to_owned())
            .exec_without_returning(story.txn())
            .await?;
        let prefixes: Vec<&str> = rates
            .iter()
            .map(|rate| rate.prefix.as_str())
            .take(10)
            .collect();
        let more = if rates.len() > prefixes.len() {
            " and more"
        } else {
            ""
        };
        let said = format!("{} prefixes: {}{more}", rates.len(), prefixes.join(", "));
        story.note(act, Noted::default().says(said)).await?;
        story.commit(&self.db).await?;
        Ok(rates)
    }
}

/// The product with this code, as it is to be; its kind stays, since plans run on it.
async fn change(txn: &DatabaseTransaction, new: product::Model) -> Result<product::Model, Error> {
    let known = product::Entity::find()
        .filter(product::Column::Code.eq(new.code.clone()))
        .one(txn)
        .await?
        .ok_or_else(|| Error::Fault("a product that was there is gone".into()))?;
    if known.kind != new.kind {
        let problem = "A product keeps its kind; take another code.";
        return Err(Refusal::invalid("kind", problem).into());
    }
    let changed = product::ActiveModel {
        id: Set(known.id),
        name: Set(new.name),
        price: Set(new.price),
        commissionable: Set(new.commissionable),
        available: Set(new.available),
        updated_at: Set(new.updated_at),
        ..Default::default()
    };
    Ok(changed.update(txn).await?)
}

fn must_be_rates(rates: &[NewCallRate]) -> Result<(), Refusal> {
    if !(1..=MAX_RATES).contains(&rates.len()) {
        return Err(Refusal::invalid(
            "rates",
            "`rates` must be 1 to 1,000 rates.",
        ));
    }
    let mut prefixes = BTreeSet::new();
    for (index, rate) in rates.iter().enumerate() {
        let wrong = |field: &str, problem: &str| {
            let sentence = format!("`{field}` {problem}.");
            Err(Refusal::invalid(format!("rates.{index}.{field}"), sentence))
        };
        let digits = (1..=MAX_PREFIX).contains(&rate.prefix.len())
            && rate.prefix.bytes().all(|b| b.is_ascii_digit());
        if !digits {
            return wrong("prefix", "must be 1 to 15 digits, without a plus sign");
        }
        if !prefixes.insert(rate.prefix.as_str()) {
            return wrong("prefix", "stands in this list before");
        }
        if rate.price_per_minute.is_negative() {
            return wrong("pricePerMinute", "must not be below 0.0000");
        }
        if rate.connection_fee.is_negative() {
            return wrong("connectionFee", "must not be below 0.0000");
        }
        let increments = [
            ("initialIncrement", rate.initial_increment),
            ("increment", rate.increment),
        ];
        for (field, seconds) in increments {
            if !(1..=MAX_INCREMENT).contains(&seconds) {
                return wrong(field, "must be 1 to 3,600 seconds");
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(prefix: &str) -> NewCallRate {
        NewCallRate {
            prefix: prefix.into(),
            destination: Name::parse("Somewhere").unwrap(),
            price_per_minute: Money::CENT,
            connection_fee: Money::ZERO,
            initial_increment: 60,
            increment: 1,
        }
    }

    fn field(rates: &[NewCallRate]) -> String {
        let refusal = must_be_rates(rates).unwrap_err();
        refusal.field.unwrap().into_owned()
    }

    #[test]
    fn e35_a_prefix_is_one_to_fifteen_digits_and_stands_once() {
        assert_eq!(
            must_be_rates(&[rate("1"), rate("12"), rate("123456789012345")]),
            Ok(())
        );
        for wrong in ["", "+1", "12a", "1234567890123456", "१२"] {
            assert_eq!(
                field(&[rate("1"), rate(wrong)]),
                "rates.1.prefix",
                "{wrong}"
            );
        }
        assert_eq!(field(&[rate("1"), rate("2"), rate("1")]), "rates.2.prefix");
    }

    #[test]
    fn e35_one_to_a_thousand_rates_are_saved_at_once() {
        let rates = |count: usize| {
            (1..=count)
                .map(|n| rate(&n.to_string()))
                .collect::<Vec<_>>()
        };
        assert_eq!(must_be_rates(&rates(1_000)), Ok(()));
        assert_eq!(field(&rates(0)), "rates");
        assert_eq!(field(&rates(1_001)), "rates");
    }

    #[test]
    fn e35_increments_are_above_zero_and_prices_not_below() {
        let mut wrong = rate("1");
        wrong.increment = 0;
        assert_eq!(field(&[wrong]), "rates.0.increment");
        let mut wrong = rate("1");
        wrong.initial_increment = -1;
        assert_eq!(field(&[wrong]), "rates.0.initialIncrement");
        let mut wrong = rate("1");
        wrong.price_per_minute = Money::from_units(-1);
        assert_eq!(field(&[wrong]), "rates.0.pricePerMinute");
        let mut wrong = rate("1");
        wrong.connection_fee = Money::from_units(-1);
        assert_eq!(field(&[wrong]), "rates.0.connectionFee");
    }
}
