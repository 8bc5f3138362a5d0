//! The demo world as a whole, from its first day to now.

use chrono::{DateTime, TimeDelta, Utc};
use entity::agent::AgentKind;
use entity::top_up::TopUpMethod;
use entity::{Money, Percent, agent, customer, login};
use rand::rngs::StdRng;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use uuid::Uuid;

use super::days::dice;
use super::makers::{Demo, name};
use super::people::prose;
use crate::Error;
use crate::program::GrantPromo;
use crate::store::audit::Act;

/// How many days the world has behind it.
const DAYS: i64 = 92;

/// Whom to sign in as: name, e-mail address, and who that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct World {
    pub people: Vec<(&'static str, &'static str)>,
}

impl World {
    fn new() -> Self {
        Self {
            people: vec![
                ("operator@example.com", "the operator"),
                ("anna@example.com", "an agent, at 3% and then 4%"),
                ("ben@example.com", "an agent, a business, at 5%"),
                ("carla@example.com", "a customer of Anna's"),
            ],
        }
    }
}

/// Fills an empty database with the demo world; one that has it already is left as it is.
///
/// `progress` hears, with each day, how many of how many have gone by.
///
/// # Errors
/// Where the database holds somebody else's people; the database's own.
pub async fn fill(mut demo: Demo, progress: impl FnMut(i64, i64)) -> Result<World, Error> {
    let people = login::Entity::find().count(demo.db.reader()).await?;
    if people > 0 {
        let known =
            login::Entity::find().filter(login::Column::EmailKey.eq("operator@example.com"));
        return match known.one(demo.db.reader()).await? {
            Some(_) => Ok(World::new()),
            None => Err(Error::Fault(
                "this database holds people already; the demo world wants an empty one".into(),
            )),
        };
    }
    let now = demo.dial.now();
    demo.live_through(now, progress).await?;
    demo.dial.set(now);
    Ok(World::new())
}

/// Who is there by now.
struct Cast {
    anna: agent::Model,
    ben: agent::Model,
    annas: Vec<customer::Model>,
    bens: Vec<customer::Model>,
    house: customer::Model,
}

impl Demo {
    async fn live_through(
        &mut self,
        now: DateTime<Utc>,
        mut progress: impl FnMut(i64, i64),
    ) -> Result<(), Error> {
        let first = now - TimeDelta::days(DAYS);
        self.dial.set(first);
        self.operator = Some(self.add_operator().await?);
        self.save_catalogue().await?;
        let cast = self.first_day().await?;
        let mut everybody: Vec<customer::Model> = cast.annas.clone();
        everybody.extend(cast.bens.iter().cloned());
        everybody.push(cast.house.clone());
        let mut dice: StdRng = dice();
        for day in 1..=DAYS {
            // The last day ends now, an instant that all that follows comes after.
            self.dial
                .set(first + TimeDelta::days(day) - TimeDelta::minutes(1));
            self.on(day, &cast).await?;
            self.day(&mut dice, &everybody).await?;
            progress(day, DAYS);
        }
        Ok(())
    }

    async fn first_day(&self) -> Result<Cast, Error> {
        let operator = self.operator()?;
        let anna = self
            .apply(
                AgentKind::Individual,
                "Anna Agent",
                "anna@example.com",
                "I set up computers for people nearby.",
            )
            .await?;
        let ben = self
            .apply(
                AgentKind::Business,
                "Ben's Telecom",
                "ben@example.com",
                "A shop for telephones and travel.",
            )
            .await?;
        let anna = self.appoint(operator, &anna, "3").await?;
        let ben = self.appoint(operator, &ben, "5").await?;
        let annas = vec![
            self.signs_up("Carla Customer", "carla@example.com", Some(&anna), None)
                .await?,
            self.signs_up("Dan Dialer", "dan@example.com", None, Some(&anna))
                .await?,
            self.is_signed_up(&anna, "Emma Elder", Some("emma@example.com"), true)
                .await?,
            self.is_signed_up(&anna, "Fritz Fresh", Some("fritz@example.com"), false)
                .await?,
            self.is_signed_up(&anna, "Gina's Grocery", None, false)
                .await?,
        ];
        let bens = vec![
            self.signs_up("Hugo Hotel", "hugo@example.com", None, Some(&ben))
                .await?,
            self.signs_up("Iris Import", "iris@example.com", Some(&ben), None)
                .await?,
            self.is_signed_up(&ben, "Jonas Joinery", None, false)
                .await?,
        ];
        let house = self
            .signs_up("Karl Keypad", "karl@example.com", None, None)
            .await?;
        Ok(Cast {
            anna,
            ben,
            annas,
            bens,
            house,
        })
    }

    /// What happens on one day and not on every.
    async fn on(&self, day: i64, cast: &Cast) -> Result<(), Error> {
        let everybody = || cast.annas.iter().chain(&cast.bens);
        match day {
            1 => {
                for customer in everybody().chain([&cast.house]) {
                    self.tops_up(customer, 60, TopUpMethod::CreditCard).await?;
                }
                let accounts = [cast.anna.customer_id, cast.ben.customer_id];
                for account in customer::Entity::find().all(self.db.reader()).await? {
                    if accounts.contains(&account.id) {
                        self.tops_up(&account, 450, TopUpMethod::CreditCard).await?;
                    }
                }
            }
            2 => {
                for customer in &cast.annas {
                    self.buys(customer, "HOME").await?;
                }
                for customer in &cast.bens {
                    self.buys(customer, "OFFICE").await?;
                }
                self.buys(&cast.annas[0], "NUMBER").await?;
                self.buys(&cast.annas[0], "E911-FEE").await?;
                self.buys(&cast.house, "VOICEMAIL").await?;
            }
            5 => {
                let promo = GrantPromo {
                    customer: cast.annas[1].id,
                    amount: Money::from_units(50_000),
                    reason: name("Welcome")?,
                };
                let key = entity::IdempotencyKey::parse("demo-welcome");
                let key = key.map_err(|problem| Error::Fault(problem.to_string()))?;
                self.ledger.submit(Uuid::nil(), key, promo).await?;
            }
            20 | 50 | 80 => {
                self.transfers(&cast.anna, &cast.annas[4], 15, "For this month's calls")
                    .await?;
                self.transfers(&cast.ben, &cast.bens[2], 25, "Paid in cash")
                    .await?;
            }
            30 | 60 => {
                for customer in everybody().chain([&cast.house]) {
                    self.tops_up(customer, 50, TopUpMethod::Paypal).await?;
                }
                self.buys(&cast.annas[2], "FORWARDING").await?;
            }
            62 => {
                let percent = Percent::parse("4");
                let percent = percent.ok_or_else(|| Error::Fault("no percentage".into()))?;
                let reason = prose("Two good months.")?;
                let act = Act::of_operator(self.operator()?, "setCommissionRate");
                let set =
                    self.registry
                        .set_commission_rate(&act, cast.anna.id, percent, None, reason);
                set.await?;
            }
            88 => {
                self.payouts(&cast.anna).await?;
                let lena = self
                    .apply(
                        AgentKind::Individual,
                        "Lena Later",
                        "lena@example.com",
                        "I teach languages online.",
                    )
                    .await?;
                let max = self
                    .apply(
                        AgentKind::Business,
                        "Max Media",
                        "max@example.com",
                        "A neighbourhood newspaper.",
                    )
                    .await?;
                drop(lena);
                let question = prose("In which places is the newspaper read?")?;
                let act = Act::of_operator(self.operator()?, "requestApplicationInfo");
                self.registry.request_info(&act, max.id, question).await?;
            }
            90 => {
                self.tops_up(&cast.bens[0], 200, TopUpMethod::Wire).await?;
            }
            _ => {}
        }
        Ok(())
    }
}
