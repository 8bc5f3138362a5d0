use async_trait::async_trait;
use entity::SessionId;
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

    /// Who asks, looked at again; `None` when the session has ended.
    ///
    /// # Errors
    /// A fault.
    async fn again(&self, person: &Person) -> Result<Option<Person>, Error>;

    /// Changes when it is time to look again.
    fn watch(&self, session: SessionId) -> watch::Receiver<u64>;
}

#[async_trait]
impl Gate for Auth {
    async fn actor(&self, authorization: Option<&str>) -> Result<Actor, Error> {
        Self::actor(self, authorization).await
    }

    async fn again(&self, person: &Person) -> Result<Option<Person>, Error> {
        Self::again(self, person).await
    }

    fn watch(&self, session: SessionId) -> watch::Receiver<u64> {
        self.newsroom().watch(Stream::Session(session))
    }
}
