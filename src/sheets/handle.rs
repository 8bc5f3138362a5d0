use futures_util::stream::BoxStream;

use super::links::{GOOD_FOR, Link};
use super::{Sheet, tables};
use crate::auth::{Auth, Person};
use crate::store::Db;
use crate::{Clock, Error};

/// What the seal of a link is for.
const PURPOSE: &str = "file link";

/// Where files are asked for, and made. A clone is the same one.
#[derive(Clone, Debug)]
pub struct Sheets {
    db: Db,
    clock: Clock,
    auth: Auth,
    /// Where others reach this server, without a slash at its end.
    public_url: String,
}

/// A file on its way.
pub struct Download {
    /// What it is called.
    pub name: String,
    /// Its bytes, in UTF-8, made as they are taken.
    pub chunks: BoxStream<'static, Result<Vec<u8>, Error>>,
}

impl Sheets {
    /// Files of this database, behind links below `public_url`.
    #[must_use]
    pub fn new(db: Db, clock: Clock, auth: Auth, public_url: String) -> Self {
        Self {
            db,
            clock,
            auth,
            public_url,
        }
    }

    /// The link to a file: signed, good for ten minutes, and no longer than the session of whom it was made for.
    ///
    /// # Errors
    /// A fault.
    pub fn url(&self, sheet: Sheet, person: &Person) -> Result<String, Error> {
        let link = Link {
            sheet,
            session: person.session,
            until: self.clock.now() + GOOD_FOR,
        };
        let said = serde_json::to_vec(&link)
            .map_err(|fault| Error::Fault(format!("a link has no JSON: {fault}")))?;
        Ok(format!(
            "{}/csv/{}",
            self.public_url,
            self.auth.seal(PURPOSE, &said)
        ))
    }

    /// The file that a link leads to. `None` where the link is none of ours, or no longer good: its time or its session has
    /// run out, or whoever it was made for may not see this any more.
    ///
    /// # Errors
    /// The database's.
    pub async fn open(&self, sealed: &str) -> Result<Option<Download>, Error> {
        let said = self.auth.unseal(PURPOSE, sealed);
        let link = said.and_then(|said| serde_json::from_slice::<Link>(&said).ok());
        let Some(link) = link.filter(|link| self.clock.now() < link.until) else {
            return Ok(None);
        };
        let Some(person) = self.auth.holder(link.session).await? else {
            return Ok(None);
        };
        if !link.sheet.is_for(&person, self.db.reader()).await? {
            return Ok(None);
        }
        let db = self.db.clone();
        let chunks = match link.sheet {
            Sheet::Statement(statement) => statement.csv(db).await,
            Sheet::Commissions(report, grouping) => tables::commissions(db, report, grouping).await,
            Sheet::Customers(report) => tables::customers(db, report).await,
            Sheet::Agents(report) => tables::agents(db, report).await,
        };
        Ok(Some(Download {
            name: link.sheet.file_name(),
            chunks: chunks?,
        }))
    }
}
