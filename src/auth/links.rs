//! Links that this server hands out, and reads again out of a stranger's hands.

use entity::SessionId;

use super::{Auth, Person};
use crate::Error;

impl Auth {
    /// A text that only this server can have written, for this purpose. It is signed and not hidden: whoever has it can read it.
    #[must_use]
    pub fn seal(&self, purpose: &str, said: &[u8]) -> String {
        self.seals.seal(purpose, said)
    }

    /// What was sealed; `None` for whatever this server has not sealed.
    #[must_use]
    pub fn unseal(&self, purpose: &str, sealed: &str) -> Option<Vec<u8>> {
        self.seals.unseal(purpose, sealed)
    }

    /// Who holds a session that still runs, as the database knows him now.
    ///
    /// # Errors
    /// The database's.
    pub async fn holder(&self, session: SessionId) -> Result<Option<Person>, Error> {
        self.person(session, self.clock.now()).await
    }
}
