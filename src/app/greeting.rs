//! What a newcomer is told at the start.

use std::fmt::Write as _;
use std::net::SocketAddr;

use entity::login;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::App;
use crate::Error;
use crate::config::Config;

/// What the start did besides starting.
pub(super) struct Made {
    pub migrations: usize,
    pub key: bool,
}

impl App {
    /// Where everything is, and what comes next.
    ///
    /// # Errors
    /// The database's.
    pub(super) async fn greeting(
        &self,
        config: &Config,
        listening: SocketAddr,
        made: &Made,
    ) -> Result<String, Error> {
        let here = if listening.ip().is_unspecified() {
            format!("http://localhost:{}", listening.port())
        } else {
            format!("http://{listening}")
        };
        let database = without_password(&config.database_url);
        let keys = config.token_key_files.iter();
        let keys: Vec<_> = keys.map(|file| file.display().to_string()).collect();
        let key = keys.join(", ");
        let migrated = match made.migrations {
            0 => String::new(),
            count => format!("   ({count} migrations applied now)"),
        };
        let new = if made.key {
            "   (made now: keep it, and keep it secret)"
        } else {
            ""
        };
        let mut text = format!(
            "{} is served by agent-program {}\n\n  GraphiQL   {here}/graphiql\n  GraphQL    {here}/graphql\n  database   {database}{migrated}\n  token key  {key}{new}\n",
            self.terms.name,
            env!("CARGO_PKG_VERSION"),
        );
        if !self.has_operator().await? {
            text.push_str(NO_OPERATOR);
        }
        writeln!(text, "\nCtrl-C stops it.").expect("a text takes every line");
        Ok(text)
    }

    async fn has_operator(&self) -> Result<bool, Error> {
        let operators = login::Entity::find().filter(login::Column::Operator.eq(true));
        Ok(operators.one(self.db.reader()).await?.is_some())
    }
}

const NO_OPERATOR: &str = "\nThere is no operator yet, who approves agents and pays them. Make one in another terminal:\n\n  agent-program operator add --email you@example.com --name \"Your Name\"\n\nor stop this and look at a small world with people to sign in as:\n\n  agent-program serve --demo\n";

/// The URL as it may be shown.
fn without_password(url: &str) -> String {
    let shown = || {
        let (scheme, rest) = url.split_once("://")?;
        let (user, host) = rest.split_once('@')?;
        let (name, _) = user.split_once(':')?;
        Some(format!("{scheme}://{name}:…@{host}"))
    };
    shown().unwrap_or_else(|| url.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_shown_without_its_password() {
        assert_eq!(
            without_password("postgres://u:secret@h/d"),
            "postgres://u:…@h/d"
        );
        assert_eq!(without_password("postgres://u@h/d"), "postgres://u@h/d");
        assert_eq!(without_password("sqlite://a.db"), "sqlite://a.db");
    }
}
