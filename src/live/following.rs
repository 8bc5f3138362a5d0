//! A stream of events, as somebody follows it.

use std::time::Duration;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use tokio::sync::watch::{Receiver, error::RecvError};

use super::Followed;
use crate::auth::{Auth, Person};
use crate::store::{Db, Stream};
use crate::{Clock, Error};

/// How many events are read at once: all that is ever held ahead of a slow reader.
const PAGE: u64 = 200;

/// How long a hint may be lost: table and rights are then looked at anyway.
const RECHECK: Duration = Duration::from_secs(30);

/// A stream of events, as somebody follows it. It reads only when it is asked for more.
pub struct Following<E: EntityTrait> {
    floors: Floors,
    person: Person,
    pub(super) followed: Followed,
    events: Events<E>,
    /// All up to it, itself included, has been handed out.
    position: i64,
    hints: Receiver<u64>,
    session: Receiver<u64>,
    /// Hints again, where the right to follow may go with them.
    rights: Option<Receiver<u64>>,
}

/// What a stream stands on.
#[derive(Clone, Debug)]
pub(super) struct Floors {
    pub(super) db: Db,
    pub(super) clock: Clock,
    pub(super) auth: Auth,
}

/// A table of events, narrowed to one stream.
pub(super) struct Events<E: EntityTrait> {
    pub(super) all: Select<E>,
    pub(super) seq: E::Column,
    pub(super) seq_of: fn(&E::Model) -> i64,
}

impl<E: EntityTrait> Following<E> {
    /// Listens, then looks: whatever is committed from here on either is in the table already or is hinted at.
    pub(super) fn new(
        floors: &Floors,
        person: &Person,
        followed: Followed,
        events: Events<E>,
    ) -> Self {
        let room = floors.db.newsroom();
        let rights = followed
            .is_lent(person)
            .then(|| room.watch(followed.into()));
        Self {
            floors: floors.clone(),
            // That its access token runs out before is the door's to see: with a new one the stream goes on.
            person: Person {
                access_expires_at: person.session_expires_at,
                ..person.clone()
            },
            followed,
            events,
            position: 0,
            hints: room.watch(followed.into()),
            session: room.watch(Stream::Session(person.session)),
            rights,
        }
    }

    /// From after this position on.
    pub(super) fn goes_on_after(mut self, position: i64) -> Self {
        self.position = position;
        self
    }

    /// All up to it has been read.
    #[must_use]
    pub fn position(&self) -> i64 {
        self.position
    }

    /// The next events, in order: at once where there are any, else when some happen. Never none.
    ///
    /// The rights are looked at after the events are read: so none is shown that came later than the right went.
    ///
    /// # Errors
    /// `Unauthenticated` once the session has ended, and at once; `Forbidden` once it may no longer see them; the
    /// database's. Nothing comes after an error.
    pub async fn page(&mut self) -> Result<Vec<E::Model>, Error> {
        loop {
            self.hints.mark_unchanged();
            let rows = self.read().await?;
            self.check().await?;
            if let Some(last) = rows.last() {
                self.position = (self.events.seq_of)(last);
                return Ok(rows);
            }
            self.wait().await?;
        }
    }

    /// To be asked before each event of a page is shown, which may be long after it was read. Looks at the rights where
    /// a hint says that they may be gone, and costs nothing where none does.
    ///
    /// # Errors
    /// As [`Following::page`].
    pub async fn still(&mut self) -> Result<(), Error> {
        let ended = self.person.session_expires_at <= self.floors.clock.now();
        let mut watched = std::iter::once(&self.session).chain(&self.rights);
        if ended || watched.any(|hints| hints.has_changed().unwrap_or(true)) {
            self.check().await?;
        }
        Ok(())
    }

    async fn read(&self) -> Result<Vec<E::Model>, Error> {
        let rows = self
            .events
            .all
            .clone()
            .filter(self.events.seq.gt(self.position))
            .order_by_asc(self.events.seq)
            .limit(PAGE)
            .all(self.floors.db.reader());
        Ok(rows.await?)
    }

    /// Whether the session lasts, and the right with it, now.
    pub(super) async fn check(&mut self) -> Result<(), Error> {
        self.session.mark_unchanged();
        if let Some(rights) = &mut self.rights {
            rights.mark_unchanged();
        }
        let person = self.floors.auth.again(&self.person).await?;
        let person = person.ok_or(Error::Unauthenticated)?;
        // What an operator was shown below the events, he could see as one.
        if self.person.operator && !person.operator {
            return Err(Error::Forbidden);
        }
        self.followed
            .must_be_seen_by(&person, &self.floors.db)
            .await?;
        self.person = person;
        Ok(())
    }

    /// Until something may have happened.
    async fn wait(&mut self) -> Result<(), Error> {
        let left = self.person.session_expires_at - self.floors.clock.now();
        let left = left.to_std().unwrap_or_default();
        let hinted = tokio::select! {
            hinted = self.hints.changed() => hinted,
            ended = self.session.changed() => ended,
            () = tokio::time::sleep(left.min(RECHECK)) => Ok(()),
        };
        hinted.map_err(|_: RecvError| Error::Fault("the newsroom is gone".into()))
    }
}
