//! What a check finds, and how it is told to people.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use entity::Money;
use entity::entry::Account;

use crate::ledger::chain::Checkpoint;

/// What is told one by one; of the rest there is a number.
const MOST: usize = 100;

/// A sum of the whole program, as a count of 1/10000 of the currency: it may be beyond what one amount can be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Figure(pub i128);

impl Figure {
    /// The same as an amount; at the end of an amount's range where it lies beyond.
    #[must_use]
    pub fn money(self) -> Money {
        let end = if self.0 < 0 { i64::MIN } else { i64::MAX };
        Money::from_units(i64::try_from(self.0).unwrap_or(end))
    }
}

impl fmt::Display for Figure {
    /// Four decimals, always (R13).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&decimals(self.0, 4))
    }
}

/// A count of `10^-places`, written with its decimals.
pub(super) fn decimals(units: i128, places: u32) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let one = 10_u128.pow(places);
    let units = units.unsigned_abs();
    let width = places as usize;
    format!("{sign}{}.{:0width$}", units / one, units % one)
}

/// Something that must always be true, and is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What is broken, such as `TRANSACTION_UNBALANCED`.
    pub rule: &'static str,
    /// Where: names the rows by their public ids, with the figures that differ.
    pub detail: String,
}

/// The outcome of a check: one instant of the books.
#[derive(Clone, Debug)]
pub struct Check {
    pub transactions: i64,
    pub entries: i64,
    /// Every account class, in the order of [`Account`]. The figures sum to zero.
    pub trial_balance: Vec<(Account, Figure)>,
    /// At most 100, and after them one that says how many more there are. Empty: the books are right.
    pub violations: Vec<Violation>,
    /// Transactions that are older than the hash chain, and in no link of it.
    pub unlinked: i64,
    /// Where the hash chain ended: to be noted elsewhere.
    pub checkpoint: Checkpoint,
    /// The currency of the figures.
    pub currency_code: String,
    pub checked_at: DateTime<Utc>,
}

impl Check {
    /// Whether nothing was found.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.violations.is_empty()
    }
}

/// Violations as they come: the first ones in words, the rest counted.
#[derive(Debug, Default)]
pub(super) struct Findings {
    told: Vec<Violation>,
    more: i64,
}

impl Findings {
    /// How many more are told in words.
    pub(super) fn room(&self) -> usize {
        MOST - self.told.len()
    }

    pub(super) fn add(&mut self, rule: &'static str, detail: String) {
        if self.room() > 0 {
            self.told.push(Violation { rule, detail });
        } else {
            self.more += 1;
        }
    }

    /// Violations that were counted and not read.
    pub(super) fn add_untold(&mut self, more: i64) {
        self.more += more;
    }

    pub(super) fn finish(mut self) -> Vec<Violation> {
        if self.more > 0 {
            self.told.push(Violation {
                rule: "MORE",
                detail: format!("and {} more that are not listed", self.more),
            });
        }
        self.told
    }
}

/// A check for people: what was looked at, the trial balance, and each violation on a line of its own.
#[must_use]
pub fn report(check: &Check) -> String {
    let at = check.checked_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let nothing = if check.transactions == 0 {
        ": there is nothing in the books yet"
    } else {
        ""
    };
    let mut lines = vec![format!(
        "{} transactions with {} entries, as of {at}{nothing}",
        check.transactions, check.entries
    )];
    let width = |(_, figure): &(Account, Figure)| figure.to_string().len();
    let width = check.trial_balance.iter().map(width).max().unwrap_or(0);
    for (account, figure) in &check.trial_balance {
        let (name, currency) = (account.name(), &check.currency_code);
        lines.push(format!(
            "  {name:<20} {:>width$} {currency}",
            figure.to_string()
        ));
    }
    if check.unlinked > 0 {
        lines.push(format!(
            "{} transactions are older than the hash chain, and not linked",
            check.unlinked
        ));
    }
    lines.extend(told(&check.violations));
    lines.push(check.checkpoint.to_string());
    let verdict = if check.ok() {
        "The books are right.\n"
    } else {
        "The books are WRONG.\n"
    };
    lines.push(verdict.into());
    lines.join("\n")
}

pub(super) fn told(violations: &[Violation]) -> impl Iterator<Item = String> + '_ {
    let line = |violation: &Violation| format!("{}: {}", violation.rule, violation.detail);
    violations.iter().map(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_has_four_decimals_however_large() {
        assert_eq!(Figure(-1).to_string(), "-0.0001");
        assert_eq!(Figure(0).to_string(), "0.0000");
        let large = Figure(i128::from(i64::MAX) * 10);
        assert_eq!(large.to_string(), "9223372036854775.8070");
        assert_eq!(large.money().units(), i64::MAX);
    }

    #[test]
    fn of_many_violations_a_hundred_are_told_and_the_rest_counted() {
        let mut findings = Findings::default();
        for nth in 0..120 {
            findings.add("BALANCE_DIFFERS", nth.to_string());
        }
        findings.add_untold(80);
        let told = findings.finish();
        assert_eq!(told.len(), 101);
        assert_eq!(told[100].detail, "and 100 more that are not listed");
    }
}
