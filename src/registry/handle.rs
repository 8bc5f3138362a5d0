//! What the stories have in common.

use std::sync::Arc;

use super::site::Site;
use crate::Clock;
use crate::auth::Auth;
use crate::program::Terms;
use crate::store::Db;

/// The stories that move no money, each an ordinary transaction.
#[derive(Clone)]
pub struct Registry {
    pub(super) db: Db,
    pub(super) clock: Clock,
    pub(super) terms: Arc<Terms>,
    pub(super) auth: Auth,
    pub(super) site: Site,
}

impl Registry {
    /// Over the database `db`, with links to the pages of `site`.
    #[must_use]
    pub fn new(db: Db, clock: Clock, terms: Arc<Terms>, auth: Auth, site: Site) -> Self {
        Self {
            db,
            clock,
            terms,
            auth,
            site,
        }
    }
}
