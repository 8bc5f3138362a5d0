//! What the audit log says of an act (E26).

use std::fmt::Display;

use entity::{CustomerId, Money};

use super::parties::Party;

/// What was done to what, for whom: figures and reasons, never what only its owner may know, as a payment token or where a
/// payout goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Noted {
    /// The global id of what it was done to, or of what it made.
    pub subject: Option<String>,
    /// The customer in whose account an agent acted, that manages it.
    pub acting_for: Option<CustomerId>,
    /// In words.
    pub detail: Option<String>,
}

impl Noted {
    /// Something done to a thing, or that made it.
    #[must_use]
    pub fn about(id: impl Display) -> Self {
        Self {
            subject: Some(id.to_string()),
            ..Self::default()
        }
    }

    /// In an account: for its customer, where an agent acts.
    #[must_use]
    pub fn in_account(self, by: Party, customer: CustomerId) -> Self {
        match by {
            Party::Agent(_) => self.acting_for(customer),
            Party::Customer(_) | Party::Operator(_) => self,
        }
    }

    /// For a customer.
    #[must_use]
    pub fn acting_for(self, customer: CustomerId) -> Self {
        Self {
            acting_for: Some(customer),
            ..self
        }
    }

    /// With so much money, where that was said, and why.
    #[must_use]
    pub fn moves(self, amount: Option<Money>, why: impl Display) -> Self {
        let why = why.to_string();
        let said = match amount {
            Some(amount) if why.is_empty() => amount.to_string(),
            Some(amount) => format!("{amount}: {why}"),
            None => why,
        };
        self.says(said)
    }

    /// With these words.
    #[must_use]
    pub fn says(self, words: impl Display) -> Self {
        let words = words.to_string();
        Self {
            detail: (!words.is_empty()).then_some(words),
            ..self
        }
    }
}
