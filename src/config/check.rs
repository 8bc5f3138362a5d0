use std::fmt;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use chrono_tz::Tz;
use entity::{Money, Name};
use ipnet::IpNet;
use tracing_subscriber::EnvFilter;

use super::crowd::Crowd;
use super::limits::{Limits, Pace};
use super::proxies::{Proxies, ProxyHeader};
use super::words::Settings;
use crate::program::{Terms, TopUpLimits};

/// The settings, each of which can be.
#[derive(Clone, Debug)]
pub struct Config {
    pub database_url: String,
    pub listen: SocketAddr,
    /// Without a slash at its end.
    pub public_url: String,
    /// Pages that may call this server: those set, and its own.
    pub allowed_origins: Vec<String>,
    /// Documents that clients name by an id.
    pub trusted_documents: Option<PathBuf>,
    /// Nothing else is run.
    pub trusted_only: bool,
    /// Whose word is taken for who spoke to them.
    pub proxies: Proxies,
    pub crowd: Crowd,
    pub log: String,
    /// At least one: the first signs.
    pub token_key_files: Vec<PathBuf>,
    pub token_issuer: String,
    pub token_audience: String,
    pub access_token_minutes: u8,
    pub session_days: u16,
    pub limits: Limits,
    pub signup_url: String,
    pub claim_url: String,
    pub terms: Terms,
    pub ledger_max_batch: usize,
    pub ledger_queue: usize,
}

/// All settings that cannot be, each by a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Faults(Vec<String>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("these settings cannot be:")?;
        self.0.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
    }
}

impl TryFrom<Settings> for Config {
    type Error = Faults;

    fn try_from(settings: Settings) -> Result<Self, Faults> {
        let mut desk = Desk::default();
        let config = desk.config(settings);
        if desk.faults.is_empty() {
            Ok(config)
        } else {
            Err(Faults(desk.faults))
        }
    }
}

/// Where the faults pile up. What could not be read is replaced by anything, since nothing is done with it.
#[derive(Default)]
struct Desk {
    faults: Vec<String>,
}

impl Desk {
    fn config(&mut self, said: Settings) -> Config {
        let terms = self.terms(&said);
        let limits = self.guesses(&said);
        let listen = self.listen(&said.listen);
        let public_url = said.public_url.unwrap_or_else(|| own_url(listen));
        let public_url = self.url("public-url", &public_url);
        let page = |page| format!("{public_url}/{page}");
        let signup_url = said.signup_url.unwrap_or_else(|| page("signup"));
        let claim_url = said.claim_url.unwrap_or_else(|| page("claim"));
        Config {
            signup_url: self.url("signup-url", &signup_url),
            claim_url: self.url("claim-url", &claim_url),
            allowed_origins: self.origins(&said.allowed_origins, &public_url, listen),
            trusted_only: self.trusted_only(&said.trusted_only, said.trusted_documents.is_some()),
            trusted_documents: said.trusted_documents.map(PathBuf::from),
            proxies: self.proxies(&said.trusted_proxies, &said.proxy_header),
            crowd: self.crowd(&said.connections, &said.connections_per_source),
            limits,
            token_key_files: said.token_key_file.map_or_else(
                || vec![beside(&said.database_url)],
                |files| self.files("token-key-file", &files),
            ),
            database_url: self.database(said.database_url),
            log: self.log(said.log),
            token_issuer: self.word("token-issuer", said.token_issuer),
            token_audience: self.word("token-audience", said.token_audience),
            access_token_minutes: self.count(
                "access-token-minutes",
                &said.access_token_minutes,
                1,
                10,
            ),
            session_days: self.count("session-days", &said.session_days, 1, 365),
            ledger_max_batch: self.count("ledger-max-batch", &said.ledger_max_batch, 1, 10_000),
            ledger_queue: self.count("ledger-queue", &said.ledger_queue, 1, 1_000_000),
            public_url,
            listen,
            terms,
        }
    }

    fn terms(&mut self, said: &Settings) -> Terms {
        Terms {
            name: self.word("program-name", said.program_name.clone()),
            currency_code: self.currency(&said.currency),
            minimum_payout: self.cents("minimum-payout", &said.minimum_payout),
            wire_fee: self.cents("wire-fee", &said.wire_fee),
            payout_hold_days: self.count("payout-hold-days", &said.payout_hold_days, 0, 365),
            funding_withdrawable: self.flag("funding-withdrawable", &said.funding_withdrawable),
            claim_agent_days: self.count("claim-agent-days", &said.claim_agent_days, 0, 3_650),
            second_person_over: self.cents("second-person-over", &said.second_person_over),
            card_limits: self.limits("card-top-ups", &said.card_top_ups),
            paypal_limits: self.limits("paypal-top-ups", &said.paypal_top_ups),
            wire_limits: self.limits("wire-top-ups", &said.wire_top_ups),
            time_zone: self.zone(&said.time_zone),
        }
    }

    /// Notes a fault: which setting, what was said, and what it should be. The value is quoted: it is the reader's own.
    fn fault(&mut self, flag: &str, said: &str, wanted: &str) {
        let variable = flag.to_uppercase().replace('-', "_");
        self.faults.push(format!(
            "--{flag} ({variable}) is {wanted}, and not `{said}`"
        ));
    }

    fn trusted_only(&mut self, said: &str, has_documents: bool) -> bool {
        let only = self.flag("trusted-only", said);
        if only && !has_documents {
            let wanted = "false unless --trusted-documents names a file";
            self.fault("trusted-only", said, wanted);
        }
        only
    }

    fn database(&mut self, url: String) -> String {
        let known = ["sqlite:", "postgres://", "postgresql://"];
        if !known.iter().any(|scheme| url.starts_with(scheme)) {
            // Without the value: it may hold a password.
            let fault =
                "--database-url (DATABASE_URL) is sqlite://FILE or postgres://USER@HOST/NAME";
            self.faults.push(fault.into());
        }
        url
    }

    fn listen(&mut self, text: &str) -> SocketAddr {
        let address = text.to_socket_addrs().ok().and_then(|mut it| it.next());
        address.unwrap_or_else(|| {
            self.fault(
                "listen",
                text,
                "an address and a port such as 127.0.0.1:8000",
            );
            SocketAddr::from(([127, 0, 0, 1], 8000))
        })
    }

    fn url(&mut self, flag: &str, text: &str) -> String {
        let known = text.split_once("://").is_some_and(|(scheme, rest)| {
            let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let plain = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}@".contains(&byte);
            matches!(scheme, "http" | "https") && !host.is_empty() && rest.bytes().all(plain)
        });
        if known {
            return text.trim_end_matches('/').to_owned();
        }
        self.fault(flag, text, "a URL such as https://example.com/page");
        "http://localhost".into()
    }

    fn origins(&mut self, text: &str, public_url: &str, listen: SocketAddr) -> Vec<String> {
        let mut origins: Vec<String> = vec![origin(public_url)];
        if listen.ip().is_loopback() || listen.ip().is_unspecified() {
            let port = listen.port();
            origins.extend(["127.0.0.1", "localhost"].map(|host| format!("http://{host}:{port}")));
        }
        for said in text.split(',').map(str::trim).filter(|it| !it.is_empty()) {
            if said == origin(said) && said.contains("://") {
                origins.push(said.to_owned());
            } else {
                let wanted = "a list of origins such as https://example.com, without a path";
                self.fault("allowed-origins", said, wanted);
            }
        }
        origins.sort();
        origins.dedup();
        origins
    }

    fn proxies(&mut self, networks: &str, header: &str) -> Proxies {
        let mut trusted = Vec::new();
        for said in networks
            .split(',')
            .map(str::trim)
            .filter(|it| !it.is_empty())
        {
            let network = said.parse::<IpNet>().ok();
            match network.or_else(|| said.parse::<IpAddr>().ok().map(IpNet::from)) {
                Some(network) => trusted.push(network),
                None => self.fault(
                    "trusted-proxies",
                    said,
                    "a list of addresses and networks such as 10.0.0.0/8",
                ),
            }
        }
        let header = match header {
            "forwarded" => ProxyHeader::Forwarded,
            "x-forwarded-for" => ProxyHeader::XForwardedFor,
            other => {
                self.fault("proxy-header", other, "x-forwarded-for or forwarded");
                ProxyHeader::default()
            }
        };
        Proxies { trusted, header }
    }

    fn crowd(&mut self, connections: &str, of_a_source: &str) -> Crowd {
        Crowd {
            connections: self.count("connections", connections, 1, 1_000_000),
            of_a_source: (of_a_source != "-")
                .then(|| self.count("connections-per-source", of_a_source, 1, 1_000_000)),
        }
    }

    fn guesses(&mut self, said: &Settings) -> Limits {
        let account = &said.guesses_per_account;
        Limits {
            account_from_source: self.pace(
                "guesses-per-account-and-source",
                &said.guesses_per_account_and_source,
            ),
            account: (account != "-")
                .then(|| self.count("guesses-per-account", account, 1, 1_000_000)),
            source: self.pace("guesses-per-source", &said.guesses_per_source),
            newcomers: self.pace("signups-per-source", &said.signups_per_source),
        }
    }

    fn pace(&mut self, flag: &str, text: &str) -> Option<Pace> {
        if text == "-" {
            return None;
        }
        let read = || {
            let (count, seconds) = text.split_once(',')?;
            let at_once = count.trim().parse().ok().filter(|it| *it > 0)?;
            let seconds = seconds.trim().parse().ok();
            let seconds = seconds.filter(|it| (1..=86_400).contains(it))?;
            let every = Duration::from_secs(seconds);
            Some(Pace { at_once, every })
        };
        let pace = read();
        if pace.is_none() {
            let wanted = "a count and seconds up to a day, such as 5,60, or - for no limit";
            self.fault(flag, text, wanted);
        }
        pace
    }

    fn files(&mut self, flag: &str, text: &str) -> Vec<PathBuf> {
        let names = text.split(',').map(str::trim);
        let files: Vec<_> = names
            .filter(|it| !it.is_empty())
            .map(PathBuf::from)
            .collect();
        if files.is_empty() {
            self.fault(flag, text, "a list of files");
        }
        files
    }

    fn log(&mut self, text: String) -> String {
        if EnvFilter::from_str(&text).is_err() {
            self.faults.push(format!(
                "--log (LOG) is a filter such as info or agent_program::http=debug,info, and not `{text}`"
            ));
        }
        text
    }

    fn word(&mut self, flag: &str, text: String) -> String {
        if Name::parse(&text).is_err() {
            self.fault(flag, &text, "a line of 1 to 200 characters");
        }
        text
    }

    fn currency(&mut self, text: &str) -> String {
        if text.len() != 3 || !text.bytes().all(|byte| byte.is_ascii_uppercase()) {
            self.fault("currency", text, "three capital letters such as USD");
        }
        text.to_owned()
    }

    fn zone(&mut self, text: &str) -> Tz {
        text.parse().unwrap_or_else(|_| {
            self.fault("time-zone", text, "an IANA zone such as America/New_York");
            Tz::UTC
        })
    }

    fn flag(&mut self, flag: &str, text: &str) -> bool {
        text.parse().unwrap_or_else(|_| {
            self.fault(flag, text, "true or false");
            false
        })
    }

    fn count<T: Copy + FromStr + PartialOrd + fmt::Display>(
        &mut self,
        flag: &str,
        text: &str,
        least: T,
        most: T,
    ) -> T {
        let count = text.parse().ok().filter(|it| (least..=most).contains(it));
        count.unwrap_or_else(|| {
            self.fault(flag, text, &format!("a number from {least} to {most}"));
            least
        })
    }

    fn cents(&mut self, flag: &str, text: &str) -> Money {
        money(text).unwrap_or_else(|| {
            self.fault(flag, text, "an amount in whole cents such as 20.00");
            Money::ZERO
        })
    }

    fn limits(&mut self, flag: &str, text: &str) -> TopUpLimits {
        read_limits(text).unwrap_or_else(|| {
            let wanted =
                "the least, the most and the daily most, such as 5.00,500.00,- (- is without end)";
            self.fault(flag, text, wanted);
            TopUpLimits {
                minimum: Money::ZERO,
                maximum: None,
                maximum_per_day: None,
            }
        })
    }
}

fn money(text: &str) -> Option<Money> {
    Money::parse(text).filter(|amount| !amount.is_negative() && amount.is_whole_cents())
}

fn read_limits(text: &str) -> Option<TopUpLimits> {
    let mut parts = text.split(',').map(str::trim);
    let minimum = money(parts.next()?)?;
    let mut end = || match parts.next()? {
        "-" => Some(None),
        amount => money(amount).filter(|amount| *amount >= minimum).map(Some),
    };
    let (maximum, maximum_per_day) = (end()?, end()?);
    parts.next().is_none().then_some(TopUpLimits {
        minimum,
        maximum,
        maximum_per_day,
    })
}

/// Where a browser on this machine finds the server.
fn own_url(listen: SocketAddr) -> String {
    if listen.ip().is_unspecified() {
        format!("http://localhost:{}", listen.port())
    } else {
        format!("http://{listen}")
    }
}

/// Scheme, host and port of a URL.
fn origin(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    format!("{scheme}://{host}")
}

/// The key file's place, unless it is said.
fn beside(database_url: &str) -> PathBuf {
    let file = database_url.strip_prefix("sqlite:").map(|rest| {
        let path = rest.trim_start_matches("//");
        Path::new(path.split('?').next().unwrap_or_default())
    });
    let folder = file.and_then(Path::parent).unwrap_or(Path::new(""));
    folder.join("agent-program.key")
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::words::Line;
    use super::*;

    fn config(arguments: &[&str]) -> Result<Config, Faults> {
        let words = ["agent-program"].iter().chain(arguments);
        Line::try_parse_from(words).unwrap().settings.try_into()
    }

    #[test]
    fn without_a_word_the_terms_are_the_programs() {
        let config = config(&[]).unwrap();
        assert_eq!(config.terms, Terms::default());
        assert_eq!(config.listen.to_string(), "127.0.0.1:8000");
        assert_eq!(config.token_key_files, [Path::new("agent-program.key")]);
        assert_eq!(config.limits, Limits::default());
        assert_eq!(config.signup_url, "http://127.0.0.1:8000/signup");
        assert!(
            config
                .allowed_origins
                .contains(&"http://localhost:8000".into())
        );
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let faults = config(&[
            "--listen=nowhere",
            "--database-url=mysql://root:secret@host/db",
            "--time-zone=Mars/Olympus",
            "--minimum-payout=19.999",
            "--card-top-ups=5",
            "--ledger-queue=0",
            "--access-token-minutes=11",
            "--allowed-origins=https://example.com/page",
            "--funding-withdrawable=perhaps",
            "--currency=dollars",
            "--public-url=example.com",
            "--trusted-proxies=10.0.0.0/8,10.0.0.0/33",
            "--proxy-header=via",
            "--token-key-file=,",
            "--guesses-per-source=30",
            "--signups-per-source=0,10",
            "--guesses-per-account=many",
            "--connections=0",
            "--connections-per-source=few",
        ])
        .unwrap_err();
        assert_eq!(faults.0.len(), 19, "{faults}");
        assert!(!faults.to_string().contains("secret"));
    }

    #[test]
    fn the_key_lies_beside_the_database() {
        let key = |url: &str| beside(url).display().to_string();
        assert_eq!(
            key("sqlite:///var/lib/ap/data.db?mode=rwc"),
            "/var/lib/ap/agent-program.key"
        );
        assert_eq!(key("sqlite://data.db"), "agent-program.key");
        assert_eq!(key("postgres://u@h/d"), "agent-program.key");
    }

    #[test]
    fn limits_may_be_without_end() {
        let limits = config(&["--wire-top-ups", "100.00, -, 5000.00"]).unwrap();
        assert_eq!(limits.terms.wire_limits.maximum, None);
        assert_eq!(
            limits.terms.wire_limits.maximum_per_day,
            Money::parse("5000")
        );
        assert!(config(&["--wire-top-ups", "100.00,50.00,-"]).is_err());
    }
}
