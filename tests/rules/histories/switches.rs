//! What switches and billing systems post: new rows, late ones, and the same again (E30).

use agent_program::program::{Call, RatedCharge, Reason, RecordCalls, RecordCharges, RowOutcome};
use chrono::{DateTime, TimeDelta, Utc};
use entity::charge::ChargeKind;
use entity::{AccountNumber, Money, Name, PhoneNumber};

use super::history::{Foreseen, History};
use super::oracle;
use crate::world::{dawn, name};

/// A row as it was posted.
#[derive(Clone)]
pub enum Sent {
    Call(Name, Call),
    Charge(Name, RatedCharge),
}

const SOURCES: [&str; 3] = ["switch-1", "switch-2", "agent-program"];

impl History {
    fn source(&mut self) -> Name {
        let rare = self.chance.percent(2);
        name(if rare {
            SOURCES[2]
        } else {
            self.chance.of(&SOURCES[..2])
        })
    }

    fn number(&mut self) -> AccountNumber {
        let customer = self.chance.of(&self.world.customers);
        if self.chance.percent(2) {
            return AccountNumber::nth(9_999);
        }
        self.world.number_of(customer)
    }

    /// When it happened: mostly just now, often late, seldom in the future.
    fn occurred(&mut self) -> DateTime<Utc> {
        let now = self.world.now();
        let at = match self.chance.between(0, 20) {
            0..10 => now - TimeDelta::seconds(self.chance.between(0, 600)),
            10..14 => now - TimeDelta::hours(self.chance.between(1, 100)),
            14..17 => now - TimeDelta::days(self.chance.between(1, 50)),
            17 => now + TimeDelta::minutes(self.chance.between(0, 10)),
            18 => now + TimeDelta::minutes(5),
            _ => return self.edge().unwrap_or(now),
        };
        // Most accounts were not there before the dawn: only some rows are too early.
        if self.chance.percent(90) {
            at.max(dawn())
        } else {
            at
        }
    }

    /// The instant at which an affiliation or a rate begins or ends.
    fn edge(&mut self) -> Option<DateTime<Utc>> {
        let files = self.world.books.customers.iter().map(|(_, file)| file);
        let times = files.flat_map(|file| &file.affiliations);
        let agents = self.world.books.agents.iter();
        let rates = agents.flat_map(|(_, file)| &file.rates);
        let agents = self.world.books.agents.iter();
        let standings = agents.flat_map(|(_, file)| &file.standings);
        let mut edges: Vec<_> = times
            .flat_map(|time| [Some(time.since), time.until])
            .flatten()
            .chain(rates.map(|rate| rate.effective_from))
            .chain(standings.map(|standing| standing.since))
            .filter(|at| *at <= self.world.now())
            .collect();
        edges.sort_unstable();
        let at = self.chance.maybe(&edges)?;
        Some(at - TimeDelta::microseconds(self.chance.between(0, 2)))
    }

    fn external_id(&mut self) -> Name {
        let any = self.chance.between(0, 1_000_000);
        name(&format!("x{any}"))
    }

    fn a_call(&mut self) -> Call {
        let to = self.chance.of(&[
            "+12125550123",
            "+13105550100",
            "+442079460000",
            "+447012345678",
            "+498001234567",
            "+81312345678",
        ]);
        let duration_seconds = match self.chance.between(0, 20) {
            0 => 0,
            1 => -1,
            2 => i32::MAX,
            _ => i32::try_from(self.chance.between(1, 5_000)).expect("short"),
        };
        Call {
            external_id: self.external_id(),
            account_number: self.number(),
            to: PhoneNumber::parse(to).expect("a number"),
            answered_at: self.occurred(),
            duration_seconds,
        }
    }

    /// What was posted before: the same, or other content under its id.
    fn again(&mut self) -> Option<Sent> {
        let mut sent = self.chance.maybe(&self.sent)?;
        let other = self.chance.percent(40);
        let number = self.number();
        match &mut sent {
            Sent::Call(_, call) if other => match self.chance.between(0, 3) {
                0 => call.duration_seconds = call.duration_seconds.wrapping_add(1),
                1 => call.answered_at += TimeDelta::microseconds(1),
                _ => call.account_number = number,
            },
            Sent::Charge(_, charge) if other => match self.chance.between(0, 4) {
                0 => charge.amount += Money::from_units(1),
                1 => charge.commissionable = !charge.commissionable,
                2 => charge.description = name("Other"),
                _ => charge.account_number = number,
            },
            _ => {}
        }
        Some(sent)
    }

    pub fn calls(&mut self) {
        let mut source = self.source();
        let mut calls: Vec<Call> = Vec::new();
        for _ in 0..self.chance.between(1, 4) {
            calls.push(self.a_call());
        }
        if self.chance.percent(20)
            && let Some(Sent::Call(of, call)) = self.again()
        {
            source = of;
            calls.push(call);
        }
        if self.chance.percent(5) {
            let twice = calls[0].clone();
            calls.push(twice);
        }
        let command = RecordCalls {
            source: source.clone(),
            calls: calls.clone(),
        };
        let foreign = foreign(&source);
        let Ok(rows) = self.decide(&command, foreign) else {
            return;
        };
        assert_eq!(rows.len(), calls.len());
        for (call, row) in calls.into_iter().zip(&rows) {
            assert_eq!(call.external_id, row.external_id);
            self.count_row(&row.result);
            if let Ok(charge) = &row.result {
                let number = self.world.number_of(charge.customer_id);
                assert_eq!(number, call.account_number);
                assert_eq!(charge.occurred_at, call.answered_at);
                assert_eq!(charge.call_seconds, Some(call.duration_seconds));
                assert_eq!(charge.call_to.as_ref(), Some(&call.to));
                assert!(call.answered_at <= self.world.now() + TimeDelta::minutes(5));
            } else if let Err(refusal) = &row.result {
                // A call happened: neither money nor a status stands in its way (E31).
                let never = ["InsufficientFunds", "CustomerNotActive"];
                let reason = format!("{:?}", refusal.reason);
                assert!(!never.iter().any(|never| reason.starts_with(never)));
            }
            self.sent.push(Sent::Call(source.clone(), call));
        }
        self.only_refused_or_replayed(&rows);
    }

    pub fn rated_charges(&mut self) {
        let mut source = self.source();
        let mut charges = Vec::new();
        for _ in 0..self.chance.between(1, 4) {
            charges.push(RatedCharge {
                external_id: self.external_id(),
                account_number: self.number(),
                kind: self.chance.of(&[
                    ChargeKind::Call,
                    ChargeKind::Service,
                    ChargeKind::Service,
                    ChargeKind::PlanFee,
                ]),
                description: name("Rated elsewhere"),
                amount: self.charged(),
                commissionable: !self.chance.percent(10),
                occurred_at: self.occurred(),
            });
        }
        if self.chance.percent(20)
            && let Some(Sent::Charge(of, charge)) = self.again()
        {
            source = of;
            charges.push(charge);
        }
        let command = RecordCharges {
            source: source.clone(),
            charges: charges.clone(),
        };
        let foreign = foreign(&source);
        let single = match charges.as_slice() {
            [charge] => self.refusal_of(&source, charge),
            _ => Foreseen::Anything,
        };
        let Ok(rows) = self.decide(&command, foreign) else {
            return;
        };
        for (charge, row) in charges.into_iter().zip(&rows) {
            self.count_row(&row.result);
            let found = row.result.as_ref().err().map(|refusal| &refusal.reason);
            assert!(single.is(found), "ended otherwise: {found:?}");
            if let Ok(posted) = &row.result {
                let number = self.world.number_of(posted.customer_id);
                assert_eq!(number, charge.account_number);
                assert_eq!(posted.description, charge.description);
                assert_eq!(posted.amount, charge.amount);
                assert_eq!(posted.occurred_at, charge.occurred_at);
                assert_eq!(posted.commissionable, charge.commissionable);
                assert_eq!(posted.kind, charge.kind);
            }
            self.sent.push(Sent::Charge(source.clone(), charge));
        }
        self.only_refused_or_replayed(&rows);
    }

    /// What a charge costs: sometimes all that the account has.
    fn charged(&mut self) -> Money {
        let customer = self.chance.of(&self.world.customers);
        let balance = self.world.books.customer_balance(customer).clone();
        let all = (balance.cash + balance.promo).not_negative();
        let edges = [i128::from(all.units()), i128::from(balance.promo.units())];
        let amount = self.amount(&edges);
        // The largest amount a few times over would be out of the range of the books.
        if amount == Money::MAX {
            Money::from_units(999)
        } else {
            amount
        }
    }

    /// What must become of one charge, but for its amount and time.
    fn refusal_of(&self, source: &Name, charge: &RatedCharge) -> Foreseen {
        let key = (source.clone(), charge.external_id.clone());
        let customer = self.world.books.numbers.get(&charge.account_number);
        let late = charge.occurred_at >= dawn() && charge.occurred_at <= self.world.now();
        if self.world.books.charges.get(&key).is_some() || charge.amount.is_negative() || !late {
            return Foreseen::Anything;
        }
        let Some(customer) = customer.copied() else {
            return Foreseen::Refused(Reason::NotFound("account".into()));
        };
        if charge.kind == ChargeKind::Call {
            return Foreseen::Done;
        }
        if !oracle::is_open(&self.world, customer) {
            return Foreseen::Refused(Reason::CustomerNotActive);
        }
        self.unaffordable(customer, charge.amount).into()
    }

    fn only_refused_or_replayed(&self, rows: &[RowOutcome]) {
        if rows.iter().all(|row| row.result.is_err() || row.replayed) {
            self.nothing_changed();
        }
    }
}

fn foreign(source: &Name) -> Option<Reason> {
    let own = source.as_str() == SOURCES[2];
    own.then(|| Reason::InvalidInput("This source is the server's own.".into()))
}
