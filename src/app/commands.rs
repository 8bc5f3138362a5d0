//! What the commands do.

use std::io::{IsTerminal, Read, Write};
use std::process::ExitCode;

use entity::{Email, Name};

use super::App;
use super::serving::serve;
use crate::Error;
use crate::config::{Action, Config, Migrate, Operator};
use crate::graphql::sdl;
use crate::ledger::check::{check, report};
use crate::store::Db;

/// Carries a command out. What is asked for goes to standard output, everything else to standard error.
///
/// # Errors
/// What went wrong; it is for the person at the terminal.
pub async fn run(action: Action, config: Config) -> Result<ExitCode, Error> {
    match action {
        Action::Serve { demo } => serve(&config, demo).await?,
        Action::Migrate(migrate) => migrations(migrate, &config).await?,
        Action::Operator(Operator::Add { email, name }) => {
            add_operator(&email, &name, &config).await?;
        }
        Action::Verify => return verify(&config).await,
        Action::Schema => print(&sdl()),
    }
    Ok(ExitCode::SUCCESS)
}

/// Whoever reads it may have closed the pipe: then nobody wants the rest.
fn print(text: &str) {
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

async fn migrations(migrate: Migrate, config: &Config) -> Result<(), Error> {
    let db = Db::connect(&config.database_url, "agent-program migrate").await?;
    match migrate {
        Migrate::Up => db.migrate_up().await?,
        Migrate::Down { steps } => db.migrate_down(steps).await?,
        Migrate::Status => {}
    }
    let lines = db
        .migration_status()
        .await?
        .into_iter()
        .map(|(name, applied)| {
            let state = if applied { "applied" } else { "pending" };
            format!("{state}  {name}\n")
        });
    print(&lines.collect::<String>());
    Ok(db.close().await?)
}

async fn add_operator(email: &str, name: &str, config: &Config) -> Result<(), Error> {
    let said = |flag: &str, problem: entity::InvalidText| Error::BadArgument {
        argument: format!("--{flag}"),
        problem: problem.to_string(),
    };
    let email = Email::parse(email).map_err(|problem| said("email", problem))?;
    let name = Name::parse(name).map_err(|problem| said("name", problem))?;
    let password =
        read_password().map_err(|fault| Error::Fault(format!("the password: {fault}")))?;
    let app = App::start(config).await?;
    let login = app.registry.add_operator(name, email, password).await?;
    print(&format!(
        "{} is an operator, and signs in as {}\n",
        login.name, login.email
    ));
    Ok(app.db.close().await?)
}

/// From the terminal without showing it, twice; or the first line of standard input.
fn read_password() -> std::io::Result<String> {
    if std::io::stdin().is_terminal() {
        let password = rpassword::prompt_password("Password (8 to 128 characters): ")?;
        if rpassword::prompt_password("The same again: ")? != password {
            return Err(std::io::Error::other("the two were not the same"));
        }
        return Ok(password);
    }
    let mut text = String::new();
    std::io::stdin()
        .lock()
        .take(1_024)
        .read_to_string(&mut text)?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

async fn verify(config: &Config) -> Result<ExitCode, Error> {
    let db = Db::connect(&config.database_url, "agent-program verify").await?;
    let now = crate::Clock::system().now();
    let checked = check(&db, &config.terms, now, |progress| {
        tracing::info!(step = progress.step, of = progress.of, "{}", progress.what);
    });
    let checked = checked.await?;
    print(&report(&checked));
    db.close().await?;
    Ok(if checked.ok() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
