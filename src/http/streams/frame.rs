use std::sync::Arc;

use axum::body::Bytes;

use super::super::outbox::Frame;
use super::super::pump::Wire;
use super::parting::Parting;

/// A part of a body, and the place in the stream that its reader has come to with it.
pub(in crate::http) struct Piece {
    pub bytes: Bytes,
    pub cursor: Option<Arc<str>>,
}

impl Frame for Piece {
    fn bytes(&self) -> usize {
        self.bytes.len()
    }
}

/// How a stream looks in a body.
pub(in crate::http) trait Form: Wire<Frame = Piece> + Clone {
    /// What it is called in the metrics.
    const NAME: &'static str;
    const CONTENT_TYPE: &'static str;

    /// Before all else.
    fn prelude(&self) -> Bytes {
        Bytes::new()
    }

    /// So that nobody in between takes a silent stream for a dead one.
    fn heartbeat(&self) -> Bytes;

    /// Its operation is complete.
    fn complete(&self) -> Bytes;

    /// It ends before its time; the client has all up to `cursor`.
    fn parting(&self, parting: Parting, cursor: Option<&str>) -> Bytes;
}
