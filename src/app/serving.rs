//! `serve`: from the settings to the last answer.

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::greeting::Made;
use super::{App, demo_world};
use crate::Error;
use crate::auth::key_files;
use crate::config::Config;
use crate::http::{self, Metrics};
use crate::store::Db;

/// Serves until the process is told to stop.
pub(super) async fn serve(config: &Config, demo: bool) -> Result<(), Error> {
    let made = Made {
        migrations: pending(config).await?,
        key: config.token_key_files.iter().any(|file| !file.exists()),
    };
    let app = App::start(config).await?;
    let world = if demo {
        let keys = key_files(&config.token_key_files)?;
        Some(demo_world::fill(config, &app.db, keys).await?)
    } else {
        None
    };
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|fault| Error::Fault(format!("{} cannot be served on: {fault}", config.listen)))?;
    let listening = listener
        .local_addr()
        .map_err(|fault| Error::Fault(fault.to_string()))?;
    let metrics = Metrics::install()?;
    let (stop, chores) = (CancellationToken::new(), TaskTracker::new());
    app.begin_chores(&chores, &stop);
    let door = app.door();
    let routes = http::routes(&door, app.db.clone(), app.sheets.clone(), Some(metrics));
    eprintln!("{}", app.greeting(config, listening, &made).await?);
    if let Some(world) = &world {
        eprintln!("{}", demo_world::people(world));
    }
    http::serve(listener, routes, door, told_to_stop()).await;
    stop.cancel();
    chores.close();
    chores.wait().await;
    app.db.close().await?;
    eprintln!("Stopped.");
    Ok(())
}

/// How many migrations the start will apply.
async fn pending(config: &Config) -> Result<usize, Error> {
    let db = Db::connect(&config.database_url, "agent-program").await?;
    let all = db.migration_status().await?;
    db.close().await?;
    Ok(all.iter().filter(|(_, applied)| !applied).count())
}

/// Ctrl-C, or SIGTERM from whatever runs the server.
async fn told_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    // Without a handler it never comes, and the process is killed instead.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
