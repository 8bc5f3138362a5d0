//! With what the demo world is made.

use entity::{LoginId, Name};

use super::Dial;
use crate::Error;
use crate::ledger::Ledger;
use crate::payments::Payments;
use crate::registry::Registry;
use crate::store::Db;

/// Everybody's password in the demo world.
pub const PASSWORD: &str = "demo-password-1";

/// The floors that the world is made with: all on the clock of `dial`.
pub struct Demo {
    pub db: Db,
    pub registry: Registry,
    pub ledger: Ledger,
    pub payments: Payments,
    pub dial: Dial,
    pub(super) operator: Option<LoginId>,
}

impl Demo {
    /// The world's makers, on a clock that shows the world's end: now.
    #[must_use]
    pub fn new(db: Db, registry: Registry, ledger: Ledger, payments: Payments, dial: Dial) -> Self {
        Self {
            db,
            registry,
            ledger,
            payments,
            dial,
            operator: None,
        }
    }

    pub(super) fn operator(&self) -> Result<LoginId, Error> {
        let missing = || Error::Fault("the operator comes first".into());
        self.operator.ok_or_else(missing)
    }
}

pub(super) fn name(text: &str) -> Result<Name, Error> {
    Name::parse(text).map_err(|problem| Error::Fault(format!("{text} {problem}")))
}
