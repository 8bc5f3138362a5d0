//! Periods of reports: whole days in a time zone.

use std::str::FromStr;

use async_graphql::InputObject;
use chrono::Datelike;
use chrono_tz::Tz;

use super::given::{Given, bad_argument};
use super::scalars::Date;
use crate::Error;
use crate::program::Period;

/// How many days a period has at most.
const LONGEST: i64 = 400;

/// Whole days, as a time zone has them: at least one and at most 400.
#[derive(InputObject)]
pub struct PeriodInput {
    /// Inclusive.
    from: Given<Date>,
    /// Exclusive.
    to: Given<Date>,
    /// IANA name: where a day begins.
    #[graphql(default = "UTC")]
    time_zone: String,
}

impl PeriodInput {
    /// The period; `name` is the argument's: `input.period`.
    ///
    /// # Errors
    /// [`Error::BadArgument`] for what is no date or time zone, and for a period that ends before it begins or spans more
    /// than 400 days.
    pub fn read(&self, name: &str) -> Result<Period, Error> {
        let from = self.from.argument(&format!("{name}.from"))?;
        let to = self.to.argument(&format!("{name}.to"))?;
        let years = 1900..=9999;
        if !years.contains(&from.year()) {
            return Err(bad_argument(
                &format!("{name}.from"),
                "must lie in the years 1900 to 9999",
            ));
        }
        if to <= from {
            return Err(bad_argument(
                &format!("{name}.to"),
                "must be later than `from`",
            ));
        }
        if (to - from).num_days() > LONGEST {
            return Err(bad_argument(
                &format!("{name}.to"),
                "must be at most 400 days after `from`",
            ));
        }
        let unknown = |_| {
            bad_argument(
                &format!("{name}.timeZone"),
                "must be an IANA time zone, such as Europe/Berlin",
            )
        };
        let zone = Tz::from_str(&self.time_zone).map_err(unknown)?;
        Ok(Period { from, to, zone })
    }
}
