//! Who is told that something happened. The table says what: a hint carries nothing, so a lost or doubled one is harmless.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use entity::{AgentId, ApiKeyId, CustomerId, SessionId};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// What can be followed: a table of events, or a session or a key that may end. Written `agt_…`, `cus_…`, `desk`,
/// `ses_…`, `key_…`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Stream {
    /// `agent_event`.
    Agent(AgentId),
    /// `account_event`.
    Account(CustomerId),
    /// `desk_event`.
    Desk,
    /// Whether a session still lasts.
    Session(SessionId),
    /// Whether a machine's key is still good.
    Key(ApiKeyId),
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agent(id) => id.fmt(f),
            Self::Account(id) => id.fmt(f),
            Self::Desk => f.write_str("desk"),
            Self::Session(id) => id.fmt(f),
            Self::Key(id) => id.fmt(f),
        }
    }
}

/// What names no [`Stream`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("names no stream")]
pub struct UnknownStream;

impl FromStr for Stream {
    type Err = UnknownStream;
    fn from_str(text: &str) -> Result<Self, UnknownStream> {
        if text == "desk" {
            return Ok(Self::Desk);
        }
        (text.parse().map(Self::Agent))
            .or_else(|_| text.parse().map(Self::Account))
            .or_else(|_| text.parse().map(Self::Session))
            .or_else(|_| text.parse().map(Self::Key))
            .map_err(|_| UnknownStream)
    }
}

impl From<Stream> for String {
    fn from(stream: Stream) -> Self {
        stream.to_string()
    }
}

impl TryFrom<String> for Stream {
    type Error = UnknownStream;
    fn try_from(text: String) -> Result<Self, UnknownStream> {
        text.parse()
    }
}

/// The streams that a transaction moved, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct News(BTreeSet<Stream>);

impl News {
    /// Nothing that anybody follows.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Something happened to an agent.
    pub fn agent(&mut self, id: AgentId) -> &mut Self {
        self.add(Stream::Agent(id))
    }

    /// Something happened to a telephone account.
    pub fn account(&mut self, id: CustomerId) -> &mut Self {
        self.add(Stream::Account(id))
    }

    /// Something waits for an operator.
    pub fn desk(&mut self) -> &mut Self {
        self.add(Stream::Desk)
    }

    /// A session ended, or what it may see changed.
    pub fn session(&mut self, id: SessionId) -> &mut Self {
        self.add(Stream::Session(id))
    }

    /// Any of them.
    pub fn add(&mut self, stream: Stream) -> &mut Self {
        self.0.insert(stream);
        self
    }

    /// Whether there is nothing to tell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many streams moved.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The streams, in order.
    pub fn iter(&self) -> impl Iterator<Item = Stream> + '_ {
        self.0.iter().copied()
    }
}

impl Extend<Stream> for News {
    fn extend<T: IntoIterator<Item = Stream>>(&mut self, streams: T) {
        self.0.extend(streams);
    }
}

impl FromIterator<Stream> for News {
    fn from_iter<T: IntoIterator<Item = Stream>>(streams: T) -> Self {
        Self(streams.into_iter().collect())
    }
}

/// Where followers wait for hints. A clone is the same room.
#[derive(Clone, Debug, Default)]
pub struct Newsroom(Arc<Mutex<Channels>>);

#[derive(Debug, Default)]
struct Channels {
    open: HashMap<Stream, watch::Sender<u64>>,
    /// Those that nobody watches are forgotten when there are as many again as after the last time.
    sweep_at: usize,
}

impl Newsroom {
    /// Follows a stream: the receiver's number changes some time after something happened to it.
    ///
    /// Listen first, then read the table, then wait; so nothing falls between.
    #[must_use]
    pub fn watch(&self, stream: Stream) -> watch::Receiver<u64> {
        let mut channels = self.channels();
        if channels.open.len() >= channels.sweep_at {
            channels.open.retain(|_, sender| !sender.is_closed());
            channels.sweep_at = 64.max(channels.open.len() * 2);
        }
        let sender = channels.open.entry(stream);
        sender.or_insert_with(|| watch::Sender::new(0)).subscribe()
    }

    /// Hints to everybody who follows one of these streams.
    pub fn announce(&self, news: &News) {
        if news.is_empty() {
            return;
        }
        let mut channels = self.channels();
        for stream in news.iter() {
            let Some(sender) = channels.open.get(&stream) else {
                continue;
            };
            if sender.is_closed() {
                channels.open.remove(&stream);
            } else {
                sender.send_modify(|count| *count = count.wrapping_add(1));
            }
        }
    }

    /// Hints to everybody: something may have been missed.
    pub fn announce_all(&self) {
        for sender in self.channels().open.values() {
            sender.send_modify(|count| *count = count.wrapping_add(1));
        }
    }

    /// How many streams have a channel, watched or not yet forgotten.
    #[must_use]
    pub fn channel_count(&self) -> usize {
        self.channels().open.len()
    }

    fn channels(&self) -> MutexGuard<'_, Channels> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use entity::TypedId;
    use uuid::Uuid;

    use super::*;

    fn agent(n: u128) -> Stream {
        Stream::Agent(AgentId::from_uuid(Uuid::from_u128(n)))
    }

    #[test]
    fn a_stream_is_read_as_it_is_written() {
        let id = Uuid::from_u128(7);
        for stream in [
            agent(7),
            Stream::Account(CustomerId(id)),
            Stream::Desk,
            Stream::Session(SessionId(id)),
            Stream::Key(ApiKeyId(id)),
        ] {
            assert_eq!(stream.to_string().parse(), Ok(stream));
        }
        assert_eq!("usr_7".parse::<Stream>(), Err(UnknownStream));
    }

    #[test]
    fn who_watches_is_told_and_nobody_else() {
        let room = Newsroom::default();
        let (mut first, mut second) = (room.watch(agent(1)), room.watch(agent(2)));
        room.announce(&News::from_iter([agent(1), agent(3)]));
        assert!(first.has_changed().unwrap());
        assert!(!second.has_changed().unwrap());
        first.mark_unchanged();
        room.announce_all();
        assert!(first.has_changed().unwrap());
        assert!(second.has_changed().unwrap());
        second.mark_unchanged();
    }

    #[test]
    fn channels_that_nobody_watches_are_forgotten() {
        let room = Newsroom::default();
        let kept = room.watch(agent(0));
        for n in 1..10_000 {
            drop(room.watch(agent(n)));
        }
        assert!(room.channel_count() <= 64, "{}", room.channel_count());
        drop(kept);
        room.announce(&News::from_iter([agent(0)]));
        assert!(room.watch(agent(1)).has_changed().is_ok());
    }
}
