use std::time::Duration;

/// The limits of a socket.
#[derive(Clone, Debug)]
pub struct SocketOptions {
    /// How long `connection_init` may take.
    pub init: Duration,
    /// How often a silent client is asked whether it is there; it has as long to answer.
    pub ping: Duration,
    /// How often a silent stream over HTTP says that it is there.
    pub heartbeat: Duration,
    /// How long a client that does not read holds its socket.
    pub patience: Duration,
    /// Bytes that wait for the client to read them. Streams over HTTP have as much patience and room.
    pub buffer: usize,
    /// Operations at a time.
    pub operations: usize,
    pub message_bytes: usize,
}

impl Default for SocketOptions {
    fn default() -> Self {
        Self {
            init: Duration::from_secs(10),
            ping: Duration::from_secs(20),
            heartbeat: Duration::from_secs(15),
            patience: Duration::from_secs(10),
            buffer: 256 * 1024,
            operations: crate::graphql::limits::SUBSCRIPTIONS_PER_SOCKET as usize,
            message_bytes: 128 * 1024,
        }
    }
}
