//! An agent's money: what it has, what it may spend and what it may take out (E08, E09, E12).

use entity::{Exact, Money, agent_balance};
use serde::{Deserialize, Serialize};

use super::Terms;

/// An agent's money, as its owner sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentFigures {
    /// The cash of the agent's own telephone account.
    pub funding: Money,
    pub commission: Money,
    pub held: Money,
    pub reserved: Money,
    /// What may be paid out (E08, E09, E12). Not below zero.
    pub withdrawable: Money,
    pub carry: Exact,
}

impl AgentFigures {
    /// From the balance rows; `immature` is the commission still inside the hold period.
    #[must_use]
    pub fn of(
        terms: &Terms,
        funding: Money,
        balance: &agent_balance::Model,
        immature: Money,
    ) -> Self {
        let (from_commission, from_funding) =
            withdrawable(terms, funding, balance.commission, immature);
        Self {
            funding,
            commission: balance.commission,
            held: balance.held,
            reserved: balance.reserved,
            withdrawable: from_commission + from_funding,
            carry: balance.carry,
        }
    }

    /// What can be spent inside the network: funding and commission, and not below zero.
    #[must_use]
    pub fn available(&self) -> Money {
        (self.funding + self.commission).not_negative()
    }
}

/// What may be paid out of the commission, and what of the funding (E12).
///
/// Nothing while the commission is below zero (E08); of it only what is past its hold period (E09); never more than
/// is available, so that a debt of the own telephone account is paid first.
#[must_use]
pub fn withdrawable(
    terms: &Terms,
    funding: Money,
    commission: Money,
    immature: Money,
) -> (Money, Money) {
    if commission.is_negative() {
        return (Money::ZERO, Money::ZERO);
    }
    let available = (funding + commission).not_negative();
    let mature = (commission - immature).not_negative().min(available);
    let from_funding = if terms.funding_withdrawable {
        funding.not_negative().min(available - mature)
    } else {
        Money::ZERO
    };
    (mature, from_funding)
}
