//! Tickets: what a browser opens a stream with, since its `EventSource` sends no `Authorization`.
//!
//! A ticket stands in a URL, and URLs stand in logs. So it is no access token: it is good for the one request that it was
//! made for and holds, opens a stream and nothing else, and ends with the access token, or the session, that it was made by.

use chrono::{DateTime, Utc};
use entity::SessionId;
use serde::{Deserialize, Serialize};

use super::{Actor, Auth, Person};
use crate::Error;

/// It stands in a URL: longer ones are cut off by somebody on the way.
const MAX_LENGTH: usize = 7_000;
/// What its seal is for.
const PURPOSE: &str = "stream ticket";

/// What a ticket says: whose session, until when, and which request.
#[derive(Serialize, Deserialize)]
struct Ticket {
    session: SessionId,
    until: DateTime<Utc>,
    ask: String,
}

impl Auth {
    /// A ticket for this request of somebody; `None` when the request is too long for a URL.
    ///
    /// # Errors
    /// A fault.
    pub fn ticket(&self, person: &Person, ask: &str) -> Result<Option<String>, Error> {
        let ticket = Ticket {
            session: person.session,
            until: person.access_expires_at,
            ask: ask.to_owned(),
        };
        let said = serde_json::to_vec(&ticket)
            .map_err(|fault| Error::Fault(format!("a ticket has no JSON: {fault}")))?;
        let sealed = self.seal(PURPOSE, &said);
        Ok((sealed.len() <= MAX_LENGTH).then_some(sealed))
    }

    /// Whom a ticket lets in, and the request that it is for.
    ///
    /// # Errors
    /// `Unauthenticated` when it is none of ours that is still good; the database's.
    pub async fn by_ticket(&self, ticket: &str) -> Result<(Actor, String), Error> {
        let said = self.unseal(PURPOSE, ticket).ok_or(Error::Unauthenticated)?;
        let ticket: Ticket = serde_json::from_slice(&said).map_err(|_| Error::Unauthenticated)?;
        if ticket.until <= self.clock.now() {
            return Err(Error::Unauthenticated);
        }
        let person = self.person(ticket.session, ticket.until).await?;
        let person = person.ok_or(Error::Unauthenticated)?;
        Ok((Actor::Person(person), ticket.ask))
    }
}
