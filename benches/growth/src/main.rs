//! `growth`: fills an empty database with a history, and says how far it is.

use std::io::Write;
use std::time::{Duration, Instant};

use agent_program::Clock;
use chrono::{DateTime, Utc};
use clap::Parser;
use growth::{Fault, Plan, Stage, fill};

/// Fills an empty database with the history of a program, as if the server had run for a year.
#[derive(Parser)]
#[command(name = "growth")]
struct Options {
    /// The database: `sqlite://file?mode=rwc` or `postgres://…`, as a user that may set `session_replication_role`.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: String,
    /// How many charges.
    #[arg(long, default_value_t = 50_000)]
    charges: u64,
    /// How many agents; the first has the largest share. By the number of charges, if left out.
    #[arg(long)]
    agents: Option<usize>,
    /// How many customers, likewise.
    #[arg(long)]
    customers: Option<usize>,
    /// Over how many days.
    #[arg(long)]
    days: Option<i64>,
    /// When the last charge came; now, if left out.
    #[arg(long)]
    until: Option<DateTime<Utc>>,
    /// The same seed makes the same history.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[tokio::main]
async fn main() -> Result<(), Fault> {
    let options = Options::parse();
    let until = options.until.unwrap_or_else(|| Clock::system().now());
    let mut plan = Plan::of(options.charges, until);
    plan.agents = options.agents.unwrap_or(plan.agents).max(1);
    plan.customers = options.customers.unwrap_or(plan.customers).max(1);
    plan.days = options.days.unwrap_or(plan.days).max(1);
    plan.seed = options.seed;
    let (begun, mut told) = (Instant::now(), Instant::now());
    let filled = fill(&options.database_url, &plan, |stage| match stage {
        Stage::Charges(charges) if told.elapsed() > Duration::from_secs(2) => {
            told = Instant::now();
            say(&format!("{charges} of {} charges", plan.charges), begun);
        }
        Stage::Charges(_) => {}
        Stage::Indexes => say("the indexes", begun),
    })
    .await?;
    let what = format!(
        "{} charges, {} transactions, {} entries, {} rows in all",
        filled.charges, filled.transactions, filled.entries, filled.rows
    );
    say(&what, begun);
    Ok(())
}

fn say(what: &str, begun: Instant) {
    let seconds = begun.elapsed().as_secs();
    let _ = writeln!(std::io::stderr().lock(), "{seconds:>5} s  {what}");
}
