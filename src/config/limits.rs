use std::time::Duration;

/// So many at once, and then one in every so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// At least one.
    pub at_once: u32,
    pub every: Duration,
}

/// How fast may be guessed, and signed up. `None` is without end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Wrong sign-ins to one account from one source.
    pub account_from_source: Option<Pace>,
    /// Wrong sign-ins to one account from everywhere, until each holds up the next for twice as long as the last one did,
    /// and for a quarter of an hour at most. Not for a source from where its holder has signed in.
    pub account: Option<u32>,
    /// Wrong passwords and tokens from one source.
    pub source: Option<Pace>,
    /// Signups and applications from one source.
    pub newcomers: Option<Pace>,
}

impl Limits {
    /// Without end: for whoever measures.
    pub const NONE: Self = Self {
        account_from_source: None,
        account: None,
        source: None,
        newcomers: None,
    };
}

impl Default for Limits {
    fn default() -> Self {
        let pace = |at_once, seconds| {
            let every = Duration::from_secs(seconds);
            Some(Pace { at_once, every })
        };
        Self {
            account_from_source: pace(5, 60),
            account: Some(20),
            source: pace(30, 10),
            newcomers: pace(20, 180),
        }
    }
}
