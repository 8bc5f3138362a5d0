/// How many connections there may be at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crowd {
    /// Of all together: more wait to be accepted.
    pub connections: usize,
    /// Of one source, unless it is a trusted proxy: more are closed. `None` is without end.
    pub of_a_source: Option<usize>,
}

impl Default for Crowd {
    fn default() -> Self {
        Self {
            connections: 4_096,
            of_a_source: Some(256),
        }
    }
}
