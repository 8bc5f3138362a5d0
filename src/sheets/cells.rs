//! CSV as spreadsheets read it: RFC 4180, with dates and amounts that they know, and no cell that they would calculate.

use std::borrow::Cow;

use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;
use csv::{Terminator, Writer, WriterBuilder};

use crate::Error;

/// Some lines of a file.
pub(super) struct Lines(Writer<Vec<u8>>);

impl Lines {
    pub(super) fn new() -> Self {
        let mut builder = WriterBuilder::new();
        builder.terminator(Terminator::CRLF);
        Self(builder.from_writer(Vec::new()))
    }

    pub(super) fn add<'a>(
        &mut self,
        cells: impl IntoIterator<Item = Cow<'a, str>>,
    ) -> Result<(), Error> {
        let cells = cells.into_iter();
        let cells = cells.map(Cow::into_owned);
        self.0
            .write_record(cells.collect::<Vec<_>>())
            .map_err(|fault| Error::Fault(format!("a line of CSV: {fault}")))
    }

    pub(super) fn bytes(self) -> Result<Vec<u8>, Error> {
        self.0
            .into_inner()
            .map_err(|fault| Error::Fault(format!("lines of CSV: {fault}")))
    }
}

/// A text that people wrote: never a formula. A spreadsheet would run what begins with one of these signs, and shows what
/// begins with an apostrophe as it is.
pub(super) fn text(text: &str) -> Cow<'_, str> {
    let formula = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    if text.trim_start().starts_with(formula) || text.starts_with(formula) {
        format!("'{text}").into()
    } else {
        text.into()
    }
}

/// A number or an amount, as it is: `-5.0000` is one.
#[expect(
    clippy::needless_pass_by_value,
    reason = "a cell is made of what it is given"
)]
pub(super) fn number<'a>(number: impl ToString) -> Cow<'a, str> {
    number.to_string().into()
}

/// `2026-11-22 09:30:00`, in the zone that the header names.
pub(super) fn time<'a>(at: DateTime<Utc>, zone: Tz) -> Cow<'a, str> {
    let local = at.with_timezone(&zone).naive_local();
    local.format("%Y-%m-%d %H:%M:%S").to_string().into()
}

/// The instant itself, for programs: `2026-11-22T09:30:00.000Z`.
pub(super) fn instant<'a>(at: DateTime<Utc>) -> Cow<'a, str> {
    at.to_rfc3339_opts(SecondsFormat::Millis, true).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_becomes_a_formula_and_amounts_stay_numbers() {
        for evil in [
            "=1+1",
            "+49 30",
            "-2+3",
            "@SUM(A1)",
            "\t=1",
            " =cmd|' /C calc'!A0",
        ] {
            assert!(text(evil).starts_with('\''), "{evil}");
        }
        for fine in ["Carla", "a=b", "", "'quoted"] {
            assert_eq!(text(fine), fine);
        }
        assert_eq!(number("-5.0000"), "-5.0000");
    }

    #[test]
    fn cells_with_commas_quotes_and_lines_are_quoted() {
        let mut lines = Lines::new();
        lines
            .add(["a,b", "say \"x\"", "two\nlines"].map(text))
            .unwrap();
        let bytes = lines.bytes().unwrap();
        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            "\"a,b\",\"say \"\"x\"\"\",\"two\nlines\"\r\n"
        );
    }

    #[test]
    fn times_are_written_in_the_zone_that_was_asked_for() {
        let at = "2026-11-22T04:30:00.123Z".parse().unwrap();
        assert_eq!(time(at, Tz::America__New_York), "2026-11-21 23:30:00");
        assert_eq!(instant(at), "2026-11-22T04:30:00.123Z");
    }
}
