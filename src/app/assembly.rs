use std::fmt;
use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::auth::{Auth, AuthOptions, key_files};
use crate::config::{Config, Crowd, Proxies};
use crate::graphql::{Api, Services};
use crate::http::{Door, Trusted, rules};
use crate::ledger::{Ledger, LedgerOptions};
use crate::live::Live;
use crate::payments::{PaymentGateway, Payments, Sandbox};
use crate::program::Terms;
use crate::registry::{Registry, Site};
use crate::sheets::Sheets;
use crate::store::Db;
use crate::{Clock, Error};

/// What the server is made of: settings, and what a test puts in place of the world outside.
pub struct Parts {
    pub db: Db,
    pub clock: Clock,
    pub terms: Terms,
    pub auth: AuthOptions,
    pub site: Site,
    pub gateway: Arc<dyn PaymentGateway>,
    pub ledger: LedgerOptions,
    pub allowed_origins: Vec<String>,
    pub trusted: Trusted,
    pub proxies: Proxies,
    pub crowd: Crowd,
    /// Where others reach this server, without a slash at its end.
    pub public_url: String,
}

/// The server's floors, each standing on those below it. A clone is the same ones.
#[derive(Clone)]
pub struct App {
    pub db: Db,
    pub terms: Arc<Terms>,
    pub clock: Clock,
    pub ledger: Ledger,
    pub registry: Registry,
    pub auth: Auth,
    pub payments: Payments,
    pub site: Site,
    pub sheets: Sheets,
    allowed_origins: Arc<[String]>,
    trusted: Trusted,
    proxies: Proxies,
    crowd: Crowd,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").finish_non_exhaustive()
    }
}

impl Parts {
    /// With the program's own terms, tokens signed by `key`, and a processor that moves no money.
    #[must_use]
    pub fn new(db: Db, clock: Clock, key: Vec<u8>) -> Self {
        Self {
            db,
            clock,
            terms: Terms::default(),
            auth: AuthOptions::new(key),
            site: Site {
                signup_url: "http://localhost:8000/signup".into(),
                claim_url: "http://localhost:8000/claim".into(),
            },
            gateway: Arc::new(Sandbox::default()),
            ledger: LedgerOptions::default(),
            allowed_origins: Vec::new(),
            trusted: Trusted::default(),
            proxies: Proxies::default(),
            crowd: Crowd::default(),
            public_url: "http://localhost:8000".into(),
        }
    }
}

impl App {
    /// Puts the floors together and starts the ledger's writer. The database is migrated already.
    ///
    /// # Errors
    /// When the token key is none.
    pub fn new(parts: Parts) -> Result<Self, Error> {
        let Parts {
            db,
            clock,
            terms,
            auth,
            site,
            gateway,
            ledger,
            allowed_origins,
            trusted,
            proxies,
            crowd,
            public_url,
        } = parts;
        let terms = Arc::new(terms);
        let auth = Auth::new(db.clone(), clock.clone(), auth)?;
        let ledger = Ledger::start(db.clone(), terms.clone(), clock.clone(), ledger);
        let registry = Registry::new(
            db.clone(),
            clock.clone(),
            terms.clone(),
            auth.clone(),
            site.clone(),
        );
        let payments = Payments::new(db.clone(), ledger.clone(), clock.clone(), gateway);
        let sheets = Sheets::new(db.clone(), clock.clone(), auth.clone(), public_url);
        Ok(Self {
            db,
            terms,
            clock,
            ledger,
            registry,
            auth,
            payments,
            site,
            sheets,
            allowed_origins: allowed_origins.into(),
            trusted,
            proxies,
            crowd,
        })
    }

    /// Connects, brings the database up to date, reads or makes the token key, and starts the ledger.
    ///
    /// # Errors
    /// The database's; when the key file can be neither read nor made.
    pub async fn start(config: &Config) -> Result<Self, Error> {
        let db = Db::connect(&config.database_url, "agent-program").await?;
        db.migrate_up().await?;
        let keys = key_files(&config.token_key_files)?;
        let mut parts = Parts::new(db, Clock::system(), Vec::new());
        parts.auth.keys = keys;
        parts.terms = config.terms.clone();
        parts.auth.issuer.clone_from(&config.token_issuer);
        parts.auth.audience.clone_from(&config.token_audience);
        parts.auth.access_minutes = config.access_token_minutes;
        parts.auth.session_days = config.session_days;
        parts.auth.limits = config.limits;
        parts.site.signup_url.clone_from(&config.signup_url);
        parts.site.claim_url.clone_from(&config.claim_url);
        parts.ledger.max_batch = config.ledger_max_batch;
        parts.ledger.queue = config.ledger_queue;
        parts.allowed_origins.clone_from(&config.allowed_origins);
        parts.proxies.clone_from(&config.proxies);
        parts.crowd = config.crowd;
        if let Some(file) = &config.trusted_documents {
            parts.trusted = Trusted::read(file, config.trusted_only, &rules())?;
        }
        parts.public_url.clone_from(&config.public_url);
        Self::new(parts)
    }

    /// The schema over these floors.
    #[must_use]
    pub fn api(&self) -> Api {
        Api::new(Services {
            db: self.db.clone(),
            clock: self.clock.clone(),
            terms: self.terms.clone(),
            site: self.site.clone(),
            auth: self.auth.clone(),
            registry: self.registry.clone(),
            ledger: self.ledger.clone(),
            payments: self.payments.clone(),
            live: Live::new(self.db.clone(), self.clock.clone(), self.auth.clone()),
            checking: Arc::new(Semaphore::new(1)),
            sheets: self.sheets.clone(),
        })
    }

    /// The door to the schema.
    #[must_use]
    pub fn door(&self) -> Door<Api> {
        Door::new(self.api(), Arc::new(self.auth.clone()), self.clock.clone())
            .with_origins(self.allowed_origins.iter().cloned())
            .with_proxies(self.proxies.clone())
            .with_crowd(self.crowd)
            .with_trusted(self.trusted.clone())
    }
}
