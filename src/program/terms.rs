//! The operator's settings of the program.

use chrono_tz::Tz;
use entity::Money;
use entity::payout::PayoutMethod;
use entity::top_up::TopUpMethod;

/// What one method of paying in allows (R34).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopUpLimits {
    pub minimum: Money,
    pub maximum: Option<Money>,
    /// Of one account, over any 24 hours.
    pub maximum_per_day: Option<Money>,
}

/// The operator's settings of the program. Public but for [`Terms::second_person_over`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    pub name: String,
    /// ISO 4217 (E33).
    pub currency_code: String,
    /// R37.
    pub minimum_payout: Money,
    /// R38. Checks and `PayPal` cost nothing.
    pub wire_fee: Money,
    /// E09.
    pub payout_hold_days: u16,
    /// E12.
    pub funding_withdrawable: bool,
    /// E20.
    pub claim_agent_days: u16,
    /// Payouts over it need a second operator (E17).
    pub second_person_over: Money,
    pub card_limits: TopUpLimits,
    pub paypal_limits: TopUpLimits,
    pub wire_limits: TopUpLimits,
    /// Where the operator's days begin (E34).
    pub time_zone: Tz,
}

impl Default for Terms {
    fn default() -> Self {
        let dollars = |whole: i64| Money::from_units(whole * 10_000);
        Self {
            name: "Agent Program".into(),
            currency_code: "USD".into(),
            minimum_payout: dollars(20),
            wire_fee: dollars(27),
            payout_hold_days: 0,
            funding_withdrawable: true,
            claim_agent_days: 30,
            second_person_over: dollars(1_000),
            card_limits: TopUpLimits {
                minimum: dollars(5),
                maximum: Some(dollars(500)),
                maximum_per_day: Some(dollars(1_000)),
            },
            paypal_limits: TopUpLimits {
                minimum: dollars(5),
                maximum: Some(dollars(1_000)),
                maximum_per_day: Some(dollars(2_000)),
            },
            wire_limits: TopUpLimits {
                minimum: dollars(50),
                maximum: None,
                maximum_per_day: None,
            },
            time_zone: Tz::UTC,
        }
    }
}

impl Terms {
    /// What a method of paying in allows (R34).
    #[must_use]
    pub fn top_up_limits(&self, method: TopUpMethod) -> TopUpLimits {
        match method {
            TopUpMethod::CreditCard | TopUpMethod::DebitCard => self.card_limits,
            TopUpMethod::Paypal => self.paypal_limits,
            TopUpMethod::Wire => self.wire_limits,
        }
    }

    /// What a payout costs (R38).
    #[must_use]
    pub fn payout_fee(&self, method: PayoutMethod) -> Money {
        match method {
            PayoutMethod::Wire => self.wire_fee,
            PayoutMethod::Check | PayoutMethod::Paypal => Money::ZERO,
        }
    }

    /// The least gross that a method accepts: the minimum, or what leaves a cent after the fee (R37, E10).
    #[must_use]
    pub fn minimum_gross(&self, method: PayoutMethod) -> Money {
        self.minimum_payout
            .max(self.payout_fee(method) + Money::CENT)
    }
}
