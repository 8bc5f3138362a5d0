//! Periods of reports and statements: whole days in a time zone (E34).

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// A time, its beginning included and its end not (E34).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
}

/// Whole days, as a time zone has them: at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// Inclusive.
    pub from: NaiveDate,
    /// Exclusive, and later.
    pub to: NaiveDate,
    pub zone: Tz,
}

impl Period {
    /// The month that a day lies in.
    #[must_use]
    pub fn month_of(day: NaiveDate, zone: Tz) -> Self {
        let from = day.with_day(1).unwrap_or(day);
        let to = from.checked_add_months(Months::new(1)).unwrap_or(from);
        Self { from, to, zone }
    }

    /// From the first instant of its first day on, to the first instant after its last.
    #[must_use]
    pub fn span(&self) -> Span {
        Span {
            from: self.beginning(self.from),
            to: self.beginning(self.to),
        }
    }

    /// Its days, with their names: `2026-11-22`.
    #[must_use]
    pub fn days(&self) -> Vec<(String, Span)> {
        let days = self.from.iter_days().take_while(|day| *day < self.to);
        days.map(|day| {
            let span = Span {
                from: self.beginning(day),
                to: self.beginning(next(day)),
            };
            (day.to_string(), span)
        })
        .collect()
    }

    /// What it has of each month, with the month's name: `2026-11`.
    #[must_use]
    pub fn months(&self) -> Vec<(String, Span)> {
        let mut months: Vec<(String, Span)> = Vec::new();
        for (day, span) in self.days() {
            let month = &day[..7];
            match months.last_mut() {
                Some((name, whole)) if name == month => whole.to = span.to,
                _ => months.push((month.to_owned(), span)),
            }
        }
        months
    }

    /// The first instant of a day; where clocks skip midnight, the first that there is.
    fn beginning(&self, day: NaiveDate) -> DateTime<Utc> {
        let midnight = day.and_time(NaiveTime::MIN);
        let quarters = (0..=96).map(|quarter| midnight + TimeDelta::minutes(15 * quarter));
        let mut instants = quarters.filter_map(|at| self.zone.from_local_datetime(&at).earliest());
        instants
            .next()
            .map_or_else(|| midnight.and_utc(), |at| at.with_timezone(&Utc))
    }
}

fn next(day: NaiveDate) -> NaiveDate {
    day.checked_add_days(Days::new(1)).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(from: &str, to: &str, zone: Tz) -> Period {
        Period {
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            zone,
        }
    }

    #[test]
    fn e34_days_begin_in_the_zone_asked_for_also_when_clocks_change() {
        let berlin = period("2026-10-24", "2026-10-27", Tz::Europe__Berlin).days();
        let hours: Vec<i64> = berlin
            .iter()
            .map(|(_, span)| (span.to - span.from).num_hours())
            .collect();
        assert_eq!(hours, [24, 25, 24]);
        assert_eq!(berlin[0].1.from.to_rfc3339(), "2026-10-23T22:00:00+00:00");
        // Where the clocks skip midnight a day begins at one o'clock.
        let cairo = period("2026-04-24", "2026-04-25", Tz::Africa__Cairo).span();
        assert_eq!((cairo.to - cairo.from).num_hours(), 23);
    }

    #[test]
    fn e34_a_statement_s_month_begins_in_the_operator_s_zone() {
        let day = "2026-11-22".parse().unwrap();
        let month = Period::month_of(day, Tz::America__New_York).span();
        assert_eq!(month.from.to_rfc3339(), "2026-11-01T04:00:00+00:00");
        assert_eq!(month.to.to_rfc3339(), "2026-12-01T05:00:00+00:00");
    }

    #[test]
    fn a_period_has_its_part_of_each_month() {
        let months = period("2026-01-30", "2026-03-02", Tz::UTC).months();
        let names: Vec<&str> = months.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["2026-01", "2026-02", "2026-03"]);
        let days: Vec<i64> = months
            .iter()
            .map(|(_, span)| (span.to - span.from).num_days())
            .collect();
        assert_eq!(days, [2, 28, 1]);
    }
}
