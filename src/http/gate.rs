use async_trait::async_trait;
use entity::{ApiKeyId, SessionId};
use tokio::sync::watch;

use crate::Error;
use crate::auth::{Actor, Auth, Person};
use crate::store::Stream;

/// Who may come in: [`Auth`], or what a test puts in its place.
#[async_trait]
pub trait Gate: Send + Sync + 'static {
    /// Who asks, by the `Authorization` header.
    ///
    /// # Errors
    /// `Unauthenticated` for what is no good token; a fault.
    async fn actor(&self, authorization: Option<&str>) -> Result<Actor, Error>;

    /// A ticket for this request of somebody, for a stream that a browser opens; `None` when it is too long for a URL.
    ///
    /// # Errors
    /// A fault.
    fn ticket(&self, person: &Person, ask: &str) -> Result<Option<String>, Error>;

    /// Whom a ticket lets in, and the request that it is for.
    ///
    /// # Errors
    /// `Unauthenticated` for what is no good ticket; a fault.
    async fn by_ticket(&self, ticket: &str) -> Result<(Actor, String), Error>;

    /// Who asks, looked at again; `None` when the session has ended.
    ///
    /// # Errors
    /// A fault.
    async fn again(&self, person: &Person) -> Result<Option<Person>, Error>;

    /// Changes when it is time to look again.
    fn watch(&self, session: SessionId) -> watch::Receiver<u64>;

    /// Changes when a machine's key is revoked.
    fn watch_key(&self, key: ApiKeyId) -> watch::Receiver<u64>;

    /// What access tokens are read by, as a JSON Web Key Set.
    fn public_keys(&self) -> String;
}

#[async_trait]
impl Gate for Auth {
    async fn actor(&self, authorization: Option<&str>) -> Result<Actor, Error> {
        Self::actor(self, authorization).await
    }

    fn ticket(&self, person: &Person, ask: &str) -> Result<Option<String>, Error> {
        Self::ticket(self, person, ask)
    }

    async fn by_ticket(&self, ticket: &str) -> Result<(Actor, String), Error> {
        Self::by_ticket(self, ticket).await
    }

    async fn again(&self, person: &Person) -> Result<Option<Person>, Error> {
        Self::again(self, person).await
    }

    fn watch(&self, session: SessionId) -> watch::Receiver<u64> {
        self.newsroom().watch(Stream::Session(session))
    }

    fn watch_key(&self, key: ApiKeyId) -> watch::Receiver<u64> {
        self.newsroom().watch(Stream::Key(key))
    }

    fn public_keys(&self) -> String {
        Self::public_keys(self)
    }
}
