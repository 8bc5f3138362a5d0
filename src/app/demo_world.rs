//! `serve --demo`: fills an empty database with a small world, and says whom to sign in as.

use std::fmt::Write as _;
use std::io::IsTerminal;

use super::{App, Parts};
use crate::config::Config;
use crate::demo::{self, Demo, Dial, PASSWORD, World};
use crate::store::Db;
use crate::{Clock, Error};

/// Makes the demo world in the configured database, if it is empty; on floors of its own, whose clock goes through three
/// months in seconds.
pub(super) async fn fill(config: &Config, db: &Db, keys: Vec<Vec<u8>>) -> Result<World, Error> {
    let dial = Dial::at(Clock::system().now());
    let mut parts = Parts::new(db.clone(), dial.clock(), Vec::new());
    parts.auth.keys = keys;
    parts.terms = config.terms.clone();
    let app = App::new(parts)?;
    let demo = Demo::new(app.db, app.registry, app.ledger, app.payments, dial);
    let terminal = std::io::stderr().is_terminal();
    let world = demo::fill(demo, |day, days| {
        // A line that rewrites itself for people, and one a month for a log.
        if terminal {
            eprint!("\rThe demo world: day {day} of {days} ");
        } else if day % 30 == 0 {
            eprintln!("The demo world: day {day} of {days}");
        }
        if terminal && day == days {
            eprintln!();
        }
    });
    world.await
}

/// Whom to sign in as.
pub(super) fn people(world: &World) -> String {
    let mut text = String::from("\nThe demo world's people, to sign in as in GraphiQL:\n\n");
    for (address, who) in &world.people {
        writeln!(text, "  {address:<22} {who}").expect("a text takes every line");
    }
    writeln!(text, "\n  Everybody's password is {PASSWORD}").expect("a text takes every line");
    text
}
