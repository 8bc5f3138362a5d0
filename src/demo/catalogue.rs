//! The demo world's price list.

use entity::product::ProductKind;
use entity::{Money, Name};

use super::makers::{Demo, name};
use crate::Error;
use crate::registry::{NewCallRate, NewProduct};
use crate::store::audit::Act;

/// Code, name, kind, price and whether it is commissionable.
const PRODUCTS: &[(&str, &str, ProductKind, &str, bool)] = &[
    (
        "NUMBER",
        "A telephone number",
        ProductKind::Service,
        "10.00",
        true,
    ),
    (
        "SETUP",
        "Setup of a telephone, by a technician",
        ProductKind::Service,
        "49.00",
        true,
    ),
    ("HOME", "Home line", ProductKind::Plan, "9.95", true),
    (
        "OFFICE",
        "Office line with ten extensions",
        ProductKind::Plan,
        "24.90",
        true,
    ),
    ("VOICEMAIL", "Voicemail", ProductKind::Plan, "2.50", true),
    (
        "FORWARDING",
        "Call forwarding",
        ProductKind::Service,
        "0.00",
        true,
    ),
    (
        "E911-FEE",
        "Emergency service fee, passed through",
        ProductKind::Service,
        "1.20",
        false,
    ),
];

/// Prefix, destination and price per minute; then the connection fee, the initial and the further increment.
const CALL_RATES: &[(&str, &str, &str, &str, i32, i32)] = &[
    ("1", "USA and Canada", "0.0198", "0.00", 30, 6),
    ("1808", "USA, Hawaii", "0.0240", "0.00", 30, 6),
    ("1907", "USA, Alaska", "0.0890", "0.00", 30, 6),
    ("1876", "Jamaica", "0.1490", "0.00", 60, 60),
    ("44", "United Kingdom", "0.0170", "0.00", 30, 6),
    ("447", "United Kingdom, mobile", "0.0290", "0.00", 30, 6),
    ("49", "Germany", "0.0180", "0.00", 30, 6),
    ("4915", "Germany, mobile", "0.0390", "0.00", 30, 6),
    ("33", "France", "0.0170", "0.00", 30, 6),
    ("336", "France, mobile", "0.0450", "0.00", 30, 6),
    ("39", "Italy", "0.0190", "0.00", 30, 6),
    ("34", "Spain", "0.0180", "0.00", 30, 6),
    ("52", "Mexico", "0.0120", "0.00", 60, 60),
    ("521", "Mexico, mobile", "0.0150", "0.00", 60, 60),
    ("55", "Brazil", "0.0250", "0.00", 60, 6),
    ("91", "India", "0.0160", "0.00", 60, 60),
    ("63", "Philippines", "0.1290", "0.00", 60, 60),
    ("81", "Japan", "0.0260", "0.00", 30, 6),
    ("86", "China", "0.0150", "0.00", 60, 6),
    ("61", "Australia", "0.0210", "0.00", 30, 6),
    ("234", "Nigeria", "0.1190", "0.01", 60, 60),
    ("53", "Cuba", "0.6900", "0.02", 60, 60),
];

fn money(text: &str) -> Result<Money, Error> {
    Money::parse(text).ok_or_else(|| Error::Fault(format!("{text} is no amount")))
}

impl Demo {
    pub(super) async fn save_catalogue(&self) -> Result<(), Error> {
        let act = Act::of_operator(self.operator()?, "saveProduct");
        for (code, called, kind, price, commissionable) in PRODUCTS {
            let product = NewProduct {
                code: name(code)?,
                name: name(called)?,
                kind: *kind,
                price: money(price)?,
                commissionable: *commissionable,
                available: true,
            };
            self.registry.save_product(&act, product).await?;
        }
        let mut rates = Vec::with_capacity(CALL_RATES.len());
        for (prefix, destination, price, fee, initial, further) in CALL_RATES {
            let destination: Name = name(destination)?;
            rates.push(NewCallRate {
                prefix: (*prefix).to_owned(),
                destination,
                price_per_minute: money(price)?,
                connection_fee: money(fee)?,
                initial_increment: *initial,
                increment: *further,
            });
        }
        let act = Act::of_operator(self.operator()?, "saveCallRates");
        self.registry.save_call_rates(&act, rates).await?;
        Ok(())
    }
}
