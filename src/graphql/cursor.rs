//! Positions that clients keep and bring back: opaque to them, and versioned for us.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::{AgentId, CustomerId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::store::pages::Key;

/// The first byte of a cursor. Another form takes another number, and this one is then read on.
const VERSION: u8 = 1;

fn encode(value: &impl Serialize) -> String {
    let mut bytes = vec![VERSION];
    serde_json::to_writer(&mut bytes, value).expect("a position is plain data");
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decode<T: DeserializeOwned>(text: &str) -> Option<T> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    match bytes.split_first()? {
        (&VERSION, rest) => serde_json::from_slice(rest).ok(),
        _ => None,
    }
}

/// A row's place in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowCursor {
    /// Which list, in which order: a place in one means nothing in another.
    pub list: String,
    pub keys: Vec<Key>,
}

impl RowCursor {
    /// As a client gets it.
    #[must_use]
    pub fn encode(&self) -> String {
        encode(self)
    }

    /// As a client brings it back; `None` for what is no place in a list.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        decode(text)
    }
}

/// Whose events a position is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EventStream {
    Agent(AgentId),
    Account(CustomerId),
    Desk,
}

/// A position in a stream of events: all up to it, itself included, is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventCursor {
    pub stream: EventStream,
    pub seq: i64,
}

impl EventCursor {
    /// As a client gets it.
    #[must_use]
    pub fn encode(self) -> String {
        encode(&self)
    }

    /// As a client brings it back; `None` for what is no position in a stream.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        decode::<Self>(text).filter(|cursor| cursor.seq >= 0)
    }
}

/// A place in a stream: all up to it, itself included, has been handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its number: a later place in the same stream has a greater one.
    pub seq: i64,
    /// As clients keep it.
    pub cursor: Arc<str>,
}

/// How far a subscription has come, told to what carries it: whether or not its document selects `cursor`. A clone is the
/// same one.
#[derive(Clone, Debug, Default)]
pub struct Position {
    begun: watch::Sender<Option<Place>>,
    reached: watch::Sender<Option<Place>>,
    personal: Arc<AtomicBool>,
}

impl Position {
    /// It begins after this place.
    pub fn begins(&self, place: Place) {
        self.begun.send_replace(Some(place));
    }

    /// All up to this place has been handed out.
    pub fn reached(&self, place: Place) {
        self.reached.send_replace(Some(place));
    }

    /// The last that was reached.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        self.reached.borrow().clone()
    }

    /// From here on its answers are for whoever asked alone: others who may see the same are not shown them.
    pub fn becomes_personal(&self) {
        self.personal.store(true, Ordering::Relaxed);
    }

    /// Whether one of its answers was for whoever asked alone.
    #[must_use]
    pub fn is_personal(&self) -> bool {
        self.personal.load(Ordering::Relaxed)
    }

    /// Where it begins, once that is known.
    pub async fn beginning(&self) -> Place {
        let mut begun = self.begun.subscribe();
        let known = begun.wait_for(Option::is_some).await;
        let known = known.map(|place| place.clone());
        known
            .expect("its sender is here")
            .expect("it was waited for")
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went_and_is_of_one_kind() {
        let event = EventCursor {
            stream: EventStream::Agent(AgentId(Uuid::from_u128(7))),
            seq: 12,
        };
        assert_eq!(EventCursor::decode(&event.encode()), Some(event));
        assert_eq!(RowCursor::decode(&event.encode()), None);
        let row = RowCursor {
            list: "charges".into(),
            keys: vec![Key::Id(Uuid::from_u128(8))],
        };
        assert_eq!(RowCursor::decode(&row.encode()), Some(row.clone()));
        assert_eq!(EventCursor::decode(&row.encode()), None);
        for text in ["", "AQ", "%%%", "MjAyNg"] {
            assert_eq!(EventCursor::decode(text), None);
        }
    }
}
