//! One history: a world, the model beside it, and what is proved after each step.

use std::collections::BTreeMap;
use std::fmt;

use agent_program::program::lots::Histories;
use agent_program::program::{Command, Reason, Refusal};
use entity::PayoutId;
use serde_json::to_value;

use super::expected::Act;
use super::loader;
use super::model::Model;
use super::moves::{immature, immature_held};
use super::oracle::paid_in;
use super::picture::Picture;
use super::population;
use super::switches::Sent;
use crate::chance::Chance;
use crate::world::World;

/// How often what happened, over many histories.
#[derive(Default)]
pub struct Tally(BTreeMap<String, u64>);

impl Tally {
    pub fn add(&mut self, other: &Self) {
        for (what, times) in &other.0 {
            *self.0.entry(what.clone()).or_default() += times;
        }
    }

    fn count(&mut self, what: &str) {
        *self.0.entry(what.into()).or_default() += 1;
    }

    fn of(&self, what: &str) -> u64 {
        self.0.get(what).copied().unwrap_or_default()
    }

    /// Every command was carried out and refused often.
    pub fn must_be_rich(&self, histories: u64) {
        for command in [
            "recordCalls",
            "recordCharges",
            "purchaseProduct",
            "topUp",
            "finishTopUp",
            "settleTopUp",
            "transferFunds",
            "grantPromo",
            "requestPayout",
            "approvePayout",
            "rejectPayout",
            "cancelPayout",
            "sendPayout",
            "settlePayout",
            "returnPayout",
            "chargePlanFee",
            "cancelPlan",
            "suspendAgent",
            "reinstateAgent",
            "closeAgent",
            "payBonus",
            "refundCharge",
            "reverseTopUp",
            "reverseTransfer",
            "postAdjustment",
            "writeOff",
            "openFraudCase",
            "confirmFraudCase",
            "clearFraudCase",
        ] {
            let done = self.of(&format!("{command} done"));
            assert!(done * 20 >= histories, "{command}: only {done} times");
        }
        for reason in [
            "AmountNotPositive",
            "AmountNotWholeCents",
            "InsufficientFunds",
            "AgentNotActive",
            "CustomerNotActive",
            "NotAffiliated",
            "NotManaged",
            "NotFound",
            "ProductNotAvailable",
            "TopUpMethodLimit",
            "PayoutBelowMinimum",
            "PayoutNetNotPositive",
            "CommissionNegative",
            "IllegalState",
            "SecondPersonRequired",
            "ExternalIdReused",
            "DestinationNotRated",
            "RefundExceedsCharge",
            "TransferSpent",
        ] {
            assert!(self.of(reason) > 0, "never refused with {reason}");
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.0.iter();
        all.into_iter()
            .try_for_each(|(what, times)| writeln!(f, "{times:>8} {what}"))
    }
}

/// What must become of a command, where that is known beforehand.
pub enum Foreseen {
    Anything,
    Done,
    Refused(Reason),
}

impl From<Option<Reason>> for Foreseen {
    fn from(refusal: Option<Reason>) -> Self {
        refusal.map_or(Self::Done, Self::Refused)
    }
}

impl Foreseen {
    pub fn is(&self, refused: Option<&Reason>) -> bool {
        match self {
            Self::Anything => true,
            Self::Done => refused.is_none(),
            Self::Refused(reason) => refused == Some(reason),
        }
    }
}

/// The reason's name.
fn code(reason: &Reason) -> String {
    let text = format!("{reason:?}");
    let end = text.find(|c: char| !c.is_alphanumeric());
    text[..end.unwrap_or(text.len())].into()
}

pub struct History {
    pub chance: Chance,
    pub world: World,
    pub model: Model,
    /// What switches have posted, to be posted again.
    pub sent: Vec<Sent>,
    pub payouts: Vec<PayoutId>,
    pub tally: Tally,
    aloud: bool,
    /// Whether each command is also decided on books that hold only what it needs.
    sparse: bool,
    before: Picture,
    /// What happened to the cash of all accounts.
    pub cash: Histories,
    /// How many entries that tells of.
    told: usize,
}

impl History {
    pub fn new(seed: u64, aloud: bool) -> Self {
        let mut chance = Chance::new(seed);
        let world = population::world(&mut chance);
        Self {
            model: Model::new(&world),
            sent: Vec::new(),
            payouts: Vec::new(),
            tally: Tally::default(),
            aloud,
            sparse: chance.percent(25),
            before: Picture::of(&world.books),
            cash: loader::openings(&world),
            told: 0,
            chance,
            world,
        }
    }

    pub fn run(mut self, steps: i64) -> Tally {
        for _ in 0..steps {
            self.turn();
            self.reload();
            Model::affiliations(&self.world);
            self.step();
        }
        self.tally
    }

    /// What the database would say by now of what depends on the time.
    fn reload(&mut self) {
        for id in self.world.agents.clone() {
            let sum = i64::try_from(immature(&self.world, id)).expect("within range");
            let sum = entity::Money::from_units(sum);
            self.world.books.immature.load(id, sum);
            let held = i64::try_from(immature_held(&self.world, id)).expect("within range");
            let held = entity::Money::from_units(held);
            self.world.books.immature_held.load(id, held);
        }
        let top_ups = self.world.books.top_ups.iter();
        let keys: Vec<_> = top_ups
            .map(|(_, row)| (row.customer_id, row.method))
            .collect();
        for (customer, method) in keys {
            let sum = paid_in(&self.world, customer, method);
            self.world.books.paid_in.load((customer, method), sum);
        }
    }

    /// Decides one command, and proves the books after it.
    pub fn decide<C: Command>(
        &mut self,
        command: &C,
        foreseen: impl Into<Foreseen>,
    ) -> Result<C::Outcome, Refusal> {
        self.decide_as(command, foreseen, |_| None)
    }

    /// The same with something that is done after the fact: what it is the outcome says.
    pub fn decide_as<C: Command>(
        &mut self,
        command: &C,
        foreseen: impl Into<Foreseen>,
        act: impl FnOnce(&C::Outcome) -> Option<Act>,
    ) -> Result<C::Outcome, Refusal> {
        if self.aloud {
            let input = to_value(command).expect("a command is JSON");
            eprintln!("{} {} {input}", self.world.now(), C::NAME);
        }
        self.before = Picture::of(&self.world.books);
        if self.chance.percent(20) {
            self.undone(command);
        }
        let sparse = self.sparse.then(|| {
            let mut books = loader::load(&self.world, &self.cash, command);
            let outcome = books.attempt(|books| command.decide(books));
            (to_value(outcome).expect("JSON"), books.added)
        });
        let outcome = self.world.run(command);
        let refused = outcome.as_ref().err().map(|refusal| refusal.reason.clone());
        if self.aloud {
            eprintln!("    {refused:?}");
        }
        let as_foreseen = foreseen.into().is(refused.as_ref());
        assert!(as_foreseen, "{} ended otherwise: {refused:?}", C::NAME);
        match &refused {
            Some(reason) => {
                self.tally.count(&code(reason));
                self.nothing_changed();
            }
            None => self.tally.count(&format!("{} done", C::NAME)),
        }
        if let Some((json, added)) = sparse {
            let ours = to_value(&outcome).expect("JSON");
            assert_eq!(json, ours, "{} needs more than it says", C::NAME);
            let begin = self.model.read.entries;
            let entries = &self.world.books.added.entries[begin..];
            assert_eq!(added.entries, entries);
            let begin = self.model.read.agent_events;
            let events = &self.world.books.added.agent_events[begin..];
            assert_eq!(added.agent_events, events);
        }
        self.model.act = outcome.as_ref().ok().and_then(act);
        self.model.follow(&self.world);
        self.recall();
        outcome
    }

    /// What a loader would know of what happened.
    fn recall(&mut self) {
        let known = &self.world.books.charge_keys;
        let charges = self.world.books.charges.iter().map(|(_, row)| row);
        let fresh: Vec<_> = charges
            .filter(|row| !known.contains_key(&row.id))
            .cloned()
            .collect();
        for charge in fresh {
            self.world.recall(&charge);
        }
        for transfer in self.world.books.added.transfers.clone() {
            if self.world.books.transfers.get(&transfer.id).is_none() {
                self.world.books.transfers.load(transfer.id, transfer);
            }
        }
        loader::tell(&self.world, &mut self.cash, self.told);
        self.told = self.world.books.added.entries.len();
    }

    /// However far a command came, what it did can be undone.
    fn undone<C: Command>(&mut self, command: &C) {
        let undone = self.world.books.attempt(|books| {
            command.decide(books)?;
            Err::<(), _>(Reason::InvalidToken.into())
        });
        assert!(undone.is_err());
        self.nothing_changed();
    }

    /// A refusal leaves nothing behind.
    pub fn nothing_changed(&self) {
        let after = Picture::of(&self.world.books);
        assert!(self.before == after, "a refusal changed something");
    }

    pub fn count_row(&mut self, row: &Result<entity::charge::Model, Refusal>) {
        if let Err(refusal) = row {
            self.tally.count(&code(&refusal.reason));
        }
    }
}
