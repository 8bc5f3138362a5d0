/// Counts what is open while it lives.
pub(super) struct Gauge(metrics::Gauge);

impl Gauge {
    /// One more of these.
    pub(super) fn of(gauge: metrics::Gauge) -> Self {
        gauge.increment(1);
        Self(gauge)
    }
}

impl Drop for Gauge {
    fn drop(&mut self) {
        self.0.decrement(1);
    }
}
