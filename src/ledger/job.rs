//! A command on its way through the writer, whatever its kind.

use entity::IdempotencyKey;
use serde::Serialize;
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::Error;
use crate::program::{Books, Command, Needs, Reason, Refusal};
use crate::store::audit::Act;

/// What was answered to a request that bears an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<O> {
    /// A refusal is an answer too: it stays refused.
    pub outcome: Result<O, Refusal>,
    /// Whether it is the first answer, given again.
    pub replayed: bool,
}

/// Who asks under which key, and a hash of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub actor: Uuid,
    pub key: IdempotencyKey,
    pub fingerprint: String,
}

impl Identity {
    /// The key, and the digest of the input that it stands for.
    pub fn new<C: Command>(actor: Uuid, key: IdempotencyKey, command: &C) -> Result<Self, Error> {
        let asked = serde_json::to_vec(command)
            .map_err(|error| Error::Fault(format!("{} has no JSON: {error}", C::NAME)))?;
        let mut hash = Sha256::new();
        hash.update(C::NAME.as_bytes());
        hash.update([0]);
        hash.update(&asked);
        Ok(Self {
            actor,
            key,
            fingerprint: hex::encode(hash.finalize()),
        })
    }
}

/// An answer as it is kept: with the fingerprint of what it answered.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub fingerprint: String,
    pub answer: String,
}

/// What the writer does with a command without knowing which it is.
pub(super) trait Job: Send {
    fn identity(&self) -> Option<&Identity>;
    fn needs(&self, needs: &mut Needs);
    /// How many rows it decides.
    fn weight(&self) -> usize;
    /// Whether it is decided in a batch of its own.
    fn alone(&self) -> bool;
    /// Decides; what is to be kept under its key, if it has one.
    fn decide(&mut self, books: &mut Books) -> Result<Option<Kept>, Error>;
    /// Takes the first answer to its key.
    fn recall(&mut self, kept: &Kept) -> Result<(), Error>;
    /// Tells whoever waits, once the batch is committed.
    fn reply(self: Box<Self>);
    fn fail(self: Box<Self>, error: Error);
}

pub(super) struct Work<C: Command> {
    command: C,
    identity: Option<Identity>,
    act: Option<Act>,
    answer: Option<Answer<C::Outcome>>,
    reply: oneshot::Sender<Result<Answer<C::Outcome>, Error>>,
}

type Waiting<C> = oneshot::Receiver<Result<Answer<<C as Command>::Outcome>, Error>>;

impl<C: Command> Work<C> {
    /// The job, and where its answer will arrive.
    pub fn new(command: C, identity: Option<Identity>, act: Option<Act>) -> (Self, Waiting<C>) {
        let (reply, waiting) = oneshot::channel();
        let work = Self {
            command,
            identity,
            act,
            answer: None,
            reply,
        };
        (work, waiting)
    }
}

#[derive(Serialize)]
struct Stored<'a, O>(&'a Result<O, Refusal>);

impl<C: Command> Job for Work<C> {
    fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    fn needs(&self, needs: &mut Needs) {
        self.command.needs(needs);
    }

    fn weight(&self) -> usize {
        self.command.weight()
    }

    fn alone(&self) -> bool {
        self.command.alone()
    }

    fn decide(&mut self, books: &mut Books) -> Result<Option<Kept>, Error> {
        let outcome = books.attempt(|books| self.command.decide(books));
        if let (Some(act), Ok(done)) = (&self.act, &outcome)
            && let Some(noted) = self.command.noted(done)
        {
            let entry = act.entry(noted, books.new_id(), books.now);
            books.added.audit_entries.extend(entry);
        }
        let kept = match &self.identity {
            None => None,
            Some(identity) => Some(Kept {
                fingerprint: identity.fingerprint.clone(),
                answer: serde_json::to_string(&Stored(&outcome))
                    .map_err(|error| Error::Fault(format!("{} has no JSON: {error}", C::NAME)))?,
            }),
        };
        self.answer = Some(Answer {
            outcome,
            replayed: false,
        });
        Ok(kept)
    }

    fn recall(&mut self, kept: &Kept) -> Result<(), Error> {
        let same = self
            .identity
            .as_ref()
            .is_some_and(|identity| identity.fingerprint == kept.fingerprint);
        self.answer = Some(if same {
            Answer {
                outcome: serde_json::from_str(&kept.answer).map_err(|error| {
                    Error::Fault(format!("a kept answer to {} is damaged: {error}", C::NAME))
                })?,
                replayed: true,
            }
        } else {
            Answer {
                outcome: Err(Reason::IdempotencyKeyReused.at("idempotencyKey")),
                replayed: false,
            }
        });
        Ok(())
    }

    fn reply(self: Box<Self>) {
        let answer = self
            .answer
            .ok_or_else(|| Error::Fault(format!("{} was committed without an answer", C::NAME)));
        // Nobody waits any more: what was decided stands all the same.
        drop(self.reply.send(answer));
    }

    fn fail(self: Box<Self>, error: Error) {
        drop(self.reply.send(Err(error)));
    }
}
