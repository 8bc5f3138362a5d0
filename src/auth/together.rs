//! Looking people up together: whoever comes while one statement runs is found by the next, which is one for all of them.
//!
//! Nothing is remembered: what somebody is told was read after he had asked.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

use sea_orm::DbErr;
use tokio::sync::{mpsc, oneshot};

use crate::Error;

/// How many are looked up by one statement, at most.
const AT_ONCE: usize = 256;

/// Who can be looked up by a key.
pub(super) trait Register: Send + Sync + 'static {
    type Key: Clone + Eq + Hash + Send + Sync + 'static;
    type Row: Clone + Send + Sync + 'static;

    /// The rows of these keys, each of which comes once, by one statement.
    ///
    /// # Errors
    /// The database's.
    fn read(
        &self,
        keys: &[Self::Key],
    ) -> impl Future<Output = Result<HashMap<Self::Key, Self::Row>, DbErr>> + Send;
}

type Found<R> = Result<Option<<R as Register>::Row>, Arc<DbErr>>;
type Asked<R> = (<R as Register>::Key, oneshot::Sender<Found<R>>);

/// Where one waits to be looked up. A clone is the same place.
pub(super) struct Together<R: Register> {
    queue: mpsc::Sender<Asked<R>>,
}

impl<R: Register> Clone for Together<R> {
    fn clone(&self) -> Self {
        Self {
            queue: self.queue.clone(),
        }
    }
}

impl<R: Register> Together<R> {
    /// In a task of its own, which ends with the last handle.
    pub fn new(register: R) -> Self {
        let (queue, waiting) = mpsc::channel(AT_ONCE);
        tokio::spawn(serve(register, waiting));
        Self { queue }
    }

    /// What the register has under `key` now.
    ///
    /// # Errors
    /// The database's.
    pub async fn find(&self, key: R::Key) -> Result<Option<R::Row>, Error> {
        let ended = || Error::Fault("nobody looks people up any more".into());
        let (answer, found) = oneshot::channel();
        self.queue.send((key, answer)).await.map_err(|_| ended())?;
        let found = found.await.map_err(|_| ended())?;
        found.map_err(|error| Error::Fault(format!("database: {error}")))
    }
}

async fn serve<R: Register>(register: R, mut waiting: mpsc::Receiver<Asked<R>>) {
    let mut asked = Vec::new();
    while waiting.recv_many(&mut asked, AT_ONCE).await > 0 {
        // Who has gone meanwhile is not looked for.
        asked.retain(|(_, answer)| !answer.is_closed());
        let keys: HashSet<R::Key> = asked.iter().map(|(key, _)| key.clone()).collect();
        let keys: Vec<R::Key> = keys.into_iter().collect();
        let found = if keys.is_empty() {
            Ok(HashMap::new())
        } else {
            register.read(&keys).await.map_err(Arc::new)
        };
        for (key, answer) in asked.drain(..) {
            let found = found.as_ref().map(|found| found.get(&key).cloned());
            drop(answer.send(found.map_err(Arc::clone)));
        }
    }
}
