//! What can be said on the command line, and what `--help` says of it.

use clap::{Args, Parser, Subcommand};

/// The server behind a telephone provider's agent program.
///
/// Without a command it serves: on 127.0.0.1:8000, over a SQLite file in the working folder, which it makes at the first
/// start together with the key that signs its tokens. Each setting is a flag or the environment variable beside it; a flag
/// wins.
#[derive(Debug, Parser)]
#[command(
    name = "agent-program",
    version,
    after_help = "First steps:\n  agent-program serve --demo                                    a small world to look at, with people to sign in as\n  agent-program operator add --email you@example.com --name You  an operator of your own, who approves agents\n\nThen open http://127.0.0.1:8000/graphiql"
)]
pub struct Line {
    /// What to do.
    #[command(subcommand)]
    pub action: Option<Action>,
    /// With which settings.
    #[command(flatten)]
    pub settings: Settings,
}

/// A command.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Bring the database up to date and serve GraphQL over HTTP and WebSocket (what happens without a command).
    Serve {
        /// Fill an empty database with a small world to look at: agents, customers, calls, and people to sign in as.
        #[arg(long)]
        demo: bool,
    },
    /// Change the database's schema, or tell how far it is.
    #[command(subcommand)]
    Migrate(Migrate),
    /// The operator's people. They are made here and never through the API.
    #[command(subcommand)]
    Operator(Operator),
    /// Prove the books from their entries; exits with 1 when something does not add up.
    ///
    /// It ends with a checkpoint: a line that stands for all that was posted so far. Keep it elsewhere.
    Verify {
        /// A checkpoint, or a file with one: prove that the books still hold what they held then, and only what came
        /// later.
        #[arg(long, value_name = "CHECKPOINT")]
        since: Option<String>,
    },
    /// Copy a SQLite database as of this instant, while it serves. The key that signs tokens is not in it.
    Backup {
        /// Where to. It must not exist.
        file: std::path::PathBuf,
    },
    /// Print the GraphQL schema.
    Schema,
}

/// The database's schema.
#[derive(Debug, Subcommand)]
pub enum Migrate {
    /// Bring it up to date. `serve` does so by itself.
    Up,
    /// Take back the last migrations, with the data that only they have a place for.
    Down {
        /// How many.
        #[arg(default_value_t = 1)]
        steps: u32,
    },
    /// Tell which migrations are applied; changes nothing.
    Status,
}

/// The operator's people.
#[derive(Debug, Subcommand)]
pub enum Operator {
    /// Add an operator, or make one of a login that exists. The password is asked for, or read from standard input.
    Add {
        /// What he signs in with.
        #[arg(long)]
        email: String,
        /// What he is called.
        #[arg(long)]
        name: String,
    },
}

/// The settings as they were written. [`super::Config`] reads them all, and tells all faults at once.
#[derive(Clone, Debug, Args)]
#[expect(
    clippy::doc_markdown,
    reason = "the help shows these words as they are"
)]
pub struct Settings {
    /// The database: sqlite://FILE or postgres://USER@HOST/NAME.
    #[arg(
        long,
        env,
        global = true,
        value_name = "URL",
        default_value = "sqlite://agent-program.db",
        hide_env_values = true,
        help_heading = "Server"
    )]
    pub database_url: String,
    /// The address to serve on.
    #[arg(
        long,
        env,
        global = true,
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:8000",
        help_heading = "Server"
    )]
    pub listen: String,
    /// Where others reach this server. [default: http:// and the address]
    #[arg(long, env, global = true, value_name = "URL", help_heading = "Server")]
    pub public_url: Option<String>,
    /// Pages that may call this server and open sockets, with commas: `https://example.com`. Its own always may.
    #[arg(
        long,
        env,
        global = true,
        value_name = "ORIGINS",
        default_value = "",
        hide_default_value = true,
        help_heading = "Server"
    )]
    pub allowed_origins: String,
    /// A JSON file of ids and documents, as a client's build writes it, for requests with a `documentId`.
    #[arg(long, env, global = true, value_name = "FILE", help_heading = "Server")]
    pub trusted_documents: Option<String>,
    /// Whether only the trusted documents are run: true or false.
    #[arg(
        long,
        env,
        global = true,
        value_name = "BOOL",
        default_value = "false",
        help_heading = "Server"
    )]
    pub trusted_only: String,
    /// The proxies in front, as addresses and networks with commas: 10.0.0.0/8. Their word is taken for who spoke to them.
    #[arg(
        long,
        env,
        global = true,
        value_name = "NETWORKS",
        default_value = "",
        hide_default_value = true,
        help_heading = "Server"
    )]
    pub trusted_proxies: String,
    /// The header that these proxies write: x-forwarded-for or forwarded. The other is not looked at.
    #[arg(
        long,
        env,
        global = true,
        value_name = "HEADER",
        default_value = "x-forwarded-for",
        help_heading = "Server"
    )]
    pub proxy_header: String,
    /// Connections at a time, sockets among them; more wait until one closes.
    #[arg(
        long,
        env,
        global = true,
        value_name = "COUNT",
        default_value = "4096",
        help_heading = "Server"
    )]
    pub connections: String,
    /// Of these, connections from one source, an address or an IPv6 /64 that is no trusted proxy; - is without end.
    #[arg(
        long,
        env,
        global = true,
        value_name = "COUNT",
        default_value = "256",
        help_heading = "Server"
    )]
    pub connections_per_source: String,
    /// What is logged, to standard error: warn, info, debug, or agent_program::http=debug,info.
    #[arg(
        long,
        env = "LOG",
        global = true,
        value_name = "FILTER",
        default_value = "info,sea_orm_migration=warn",
        help_heading = "Server"
    )]
    pub log: String,

    /// The Ed25519 keys of access tokens, in PKCS#8, as files with commas: the first signs, all are good to be read. One
    /// that is not there is made. [default: agent-program.key beside the database]
    #[arg(
        long,
        env,
        global = true,
        value_name = "FILES",
        help_heading = "Tokens"
    )]
    pub token_key_file: Option<String>,
    /// Who issues the tokens: their `iss`.
    #[arg(
        long,
        env,
        global = true,
        value_name = "NAME",
        default_value = "agent-program",
        help_heading = "Tokens"
    )]
    pub token_issuer: String,
    /// Whom they are for: their `aud`.
    #[arg(
        long,
        env,
        global = true,
        value_name = "NAME",
        default_value = "agent-program",
        help_heading = "Tokens"
    )]
    pub token_audience: String,
    /// How many minutes an access token is good for: 1 to 10.
    #[arg(
        long,
        env,
        global = true,
        value_name = "MINUTES",
        default_value = "10",
        help_heading = "Tokens"
    )]
    pub access_token_minutes: String,
    /// How many days a session lasts: 1 to 365.
    #[arg(
        long,
        env,
        global = true,
        value_name = "DAYS",
        default_value = "30",
        help_heading = "Tokens"
    )]
    pub session_days: String,

    /// Wrong sign-ins to one account from one source: so many at once, then one in so many seconds; - is without end.
    #[arg(
        long,
        env,
        global = true,
        value_name = "COUNT,SECONDS",
        default_value = "5,60",
        help_heading = "Guessing"
    )]
    pub guesses_per_account_and_source: String,
    /// Wrong sign-ins to one account from everywhere, until each holds up the next for longer; - is without end.
    #[arg(
        long,
        env,
        global = true,
        value_name = "COUNT",
        default_value = "20",
        help_heading = "Guessing"
    )]
    pub guesses_per_account: String,
    /// Wrong passwords and tokens from one source, an address or an IPv6 /64.
    #[arg(
        long,
        env,
        global = true,
        value_name = "COUNT,SECONDS",
        default_value = "30,10",
        help_heading = "Guessing"
    )]
    pub guesses_per_source: String,
    /// Signups and applications from one source.
    #[arg(
        long,
        env,
        global = true,
        value_name = "COUNT,SECONDS",
        default_value = "20,180",
        help_heading = "Guessing"
    )]
    pub signups_per_source: String,

    /// The page of your site where customers sign up; links to it carry ?agent=NUMBER. [default: /signup of the public URL]
    #[arg(
        long,
        env,
        global = true,
        value_name = "URL",
        help_heading = "Your site"
    )]
    pub signup_url: Option<String>,
    /// The page of your site where accounts are claimed; links to it carry ?token=TOKEN. [default: /claim of the public URL]
    #[arg(
        long,
        env,
        global = true,
        value_name = "URL",
        help_heading = "Your site"
    )]
    pub claim_url: Option<String>,

    /// What the program is called.
    #[arg(
        long,
        env,
        global = true,
        value_name = "NAME",
        default_value = "Agent Program",
        help_heading = "The program"
    )]
    pub program_name: String,
    /// Its currency, by ISO 4217.
    #[arg(
        long,
        env,
        global = true,
        value_name = "CODE",
        default_value = "USD",
        help_heading = "The program"
    )]
    pub currency: String,
    /// Where its days begin, such as America/New_York.
    #[arg(
        long,
        env,
        global = true,
        value_name = "ZONE",
        default_value = "UTC",
        help_heading = "The program"
    )]
    pub time_zone: String,
    /// The least payout.
    #[arg(
        long,
        env,
        global = true,
        value_name = "AMOUNT",
        default_value = "20.00",
        help_heading = "The program"
    )]
    pub minimum_payout: String,
    /// What a payout by wire costs.
    #[arg(
        long,
        env,
        global = true,
        value_name = "AMOUNT",
        default_value = "27.00",
        help_heading = "The program"
    )]
    pub wire_fee: String,
    /// How many days old a commission must be to be paid out.
    #[arg(
        long,
        env,
        global = true,
        value_name = "DAYS",
        default_value = "0",
        help_heading = "The program"
    )]
    pub payout_hold_days: String,
    /// Whether a payout may also take what an agent paid in: true or false.
    #[arg(
        long,
        env,
        global = true,
        value_name = "BOOL",
        default_value = "true",
        help_heading = "The program"
    )]
    pub funding_withdrawable: String,
    /// For how many days after signup a customer may still name its agent.
    #[arg(
        long,
        env,
        global = true,
        value_name = "DAYS",
        default_value = "30",
        help_heading = "The program"
    )]
    pub claim_agent_days: String,
    /// Payouts of more than this need a second operator.
    #[arg(
        long,
        env,
        global = true,
        value_name = "AMOUNT",
        default_value = "1000.00",
        help_heading = "The program"
    )]
    pub second_person_over: String,
    /// Top-ups by card: the least, the most, and the most in 24 hours; - is without end.
    #[arg(
        long,
        env,
        global = true,
        value_name = "LEAST,MOST,DAILY",
        default_value = "5.00,500.00,1000.00",
        help_heading = "The program"
    )]
    pub card_top_ups: String,
    /// Top-ups by PayPal, likewise.
    #[arg(
        long,
        env,
        global = true,
        value_name = "LEAST,MOST,DAILY",
        default_value = "5.00,1000.00,2000.00",
        help_heading = "The program"
    )]
    pub paypal_top_ups: String,
    /// Top-ups by wire, likewise.
    #[arg(
        long,
        env,
        global = true,
        value_name = "LEAST,MOST,DAILY",
        default_value = "50.00,-,-",
        help_heading = "The program"
    )]
    pub wire_top_ups: String,

    /// How many commands one commit of the ledger may hold.
    #[arg(
        long,
        env,
        global = true,
        value_name = "COUNT",
        default_value = "256",
        help_heading = "The ledger"
    )]
    pub ledger_max_batch: String,
    /// How many commands may wait for it; more are told that the server is busy.
    #[arg(
        long,
        env,
        global = true,
        value_name = "COUNT",
        default_value = "4096",
        help_heading = "The ledger"
    )]
    pub ledger_queue: String,
}
