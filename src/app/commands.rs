//! What the commands do.

use std::io::{IsTerminal, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use entity::{Email, Name};

use super::App;
use super::serving::serve;
use crate::Error;
use crate::config::{Action, Config, Migrate, Operator};
use crate::graphql::sdl;
use crate::ledger::Checkpoint;
use crate::ledger::check::{Progress, check, check_since, report, report_since};
use crate::store::{Db, NoBackup, backup};

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
        Action::Verify { since } => return verify(&config, since.as_deref()).await,
        Action::Backup { file } => back_up(&config, &file).await?,
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

async fn verify(config: &Config, since: Option<&str>) -> Result<ExitCode, Error> {
    let since = since.map(checkpoint).transpose()?;
    let db = Db::connect(&config.database_url, "agent-program verify").await?;
    let now = crate::Clock::system().now();
    let tell = |progress: Progress| match progress.links {
        None => tracing::info!(step = progress.step, of = progress.of, "{}", progress.what),
        Some((walked, all)) => tracing::info!(walked, all, "links of the hash chain"),
    };
    let ok = match since {
        None => {
            let checked = check(&db, &config.terms, now, tell).await?;
            print(&report(&checked));
            checked.ok()
        }
        Some(since) => {
            let later = check_since(&db, &since, now, tell).await?;
            print(&report_since(&since, &later));
            later.ok()
        }
    };
    db.close().await?;
    Ok(if ok {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// A checkpoint as it is written, or in a file, such as what an earlier `verify` printed.
fn checkpoint(said: &str) -> Result<Checkpoint, Error> {
    if let Ok(checkpoint) = said.trim().parse() {
        return Ok(checkpoint);
    }
    let wrong = |problem: String| Error::BadArgument {
        argument: "--since".into(),
        problem,
    };
    let text = std::fs::read_to_string(said).map_err(|fault| {
        wrong(format!(
            "neither a checkpoint nor a file that can be read: {fault}"
        ))
    })?;
    Checkpoint::find(&text).map_err(|none| wrong(format!("{said}: {none}")))
}

async fn back_up(config: &Config, file: &Path) -> Result<(), Error> {
    let tell = |written, of| tracing::info!(written, of, "bytes copied");
    match backup(&config.database_url, file, tell).await {
        Ok(bytes) => {
            let keys = config.token_key_files.iter();
            let keys: Vec<String> = keys.map(|file| file.display().to_string()).collect();
            print(&format!(
                "{}: {bytes} bytes\nNot in it: what signs tokens, {}. Without it everybody signs in anew.\n",
                file.display(),
                keys.join(", ")
            ));
            Ok(())
        }
        Err(NoBackup::NoSqlite) => Err(Error::Fault(format!(
            "this copies SQLite databases. PostgreSQL is copied by its own program, while the server serves:\n\n  \
             pg_dump --format=custom --file={} \"$DATABASE_URL\"\n\n\
             and brought back into an empty database by `pg_restore --exit-on-error --dbname=…`",
            file.display()
        ))),
        Err(none) => Err(Error::Fault(none.to_string())),
    }
}
