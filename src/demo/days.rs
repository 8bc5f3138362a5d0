//! What happens in the demo world day by day: calls, top-ups, fees.

use chrono::{DateTime, TimeDelta, Utc};
use entity::top_up::TopUpMethod;
use entity::{IdempotencyKey, Money, Name, PhoneNumber, TypedId, agent, customer, payout, top_up};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use uuid::Uuid;

use super::makers::{Demo, name};
use super::people::{prose, story};
use crate::Error;
use crate::ledger::bill_due;
use crate::program::{
    ApprovePayout, BeginTopUp, Call, CancelPayout, Command, Destination, Party, PurchaseProduct,
    RecordCalls, RejectPayout, RequestPayout, ReturnPayout, SendPayout, SettlePayout,
    TransferFunds,
};

/// Whom the demo world's customers call.
const CALLED: &[&str] = &[
    "+12125550123",
    "+13105550188",
    "+18085550142",
    "+442079460018",
    "+447700900123",
    "+4930901820",
    "+4915112345678",
    "+33140205050",
    "+525512345678",
    "+5215512345678",
    "+551140044000",
    "+919876543210",
    "+63281234567",
    "+81312345678",
    "+61291234567",
    "+2348031234567",
];

/// The same world each time it is made.
pub(super) fn dice() -> StdRng {
    StdRng::seed_from_u64(1876)
}

impl Demo {
    /// A key of the demo world's own.
    fn key(&self) -> Result<IdempotencyKey, Error> {
        let text = format!("demo-{}", Uuid::now_v7());
        IdempotencyKey::parse(&text).map_err(|problem| Error::Fault(problem.to_string()))
    }

    /// Has the ledger decide a command, which the demo world expects to be accepted.
    async fn does<C: Command>(&self, command: C) -> Result<C::Outcome, Error> {
        let answer = self
            .ledger
            .submit(Uuid::nil(), self.key()?, command)
            .await?;
        answer.outcome.map_err(|refusal| story(&refusal))
    }

    /// The day's calls of all that are there by then, and the fees that are due.
    pub(super) async fn day(
        &self,
        dice: &mut StdRng,
        customers: &[customer::Model],
    ) -> Result<(), Error> {
        let now = self.dial.now();
        let mut calls = Vec::new();
        for customer in customers {
            for _ in 0..dice.random_range(0..4) {
                calls.push(call(dice, customer, now)?);
            }
        }
        if !calls.is_empty() {
            let source = name("demo-switch")?;
            self.ledger.run(RecordCalls { source, calls }).await?;
        }
        bill_due(&self.db, &self.ledger, &self.dial.clock()).await?;
        Ok(())
    }

    /// Money paid in by card, or announced by wire.
    pub(super) async fn tops_up(
        &self,
        customer: &customer::Model,
        whole: i64,
        method: TopUpMethod,
    ) -> Result<top_up::Model, Error> {
        let by_wire = method == TopUpMethod::Wire;
        let begin = BeginTopUp {
            by: Party::Customer(customer.id),
            customer: customer.id,
            amount: dollars(whole),
            method,
            payment_token: (!by_wire).then(|| "tok_approve_demo".to_owned()),
        };
        let answer = self
            .payments
            .top_up(None, Uuid::nil(), self.key()?, begin)
            .await?;
        answer.outcome.map_err(|refusal| story(&refusal))
    }

    pub(super) async fn buys(&self, customer: &customer::Model, code: &str) -> Result<(), Error> {
        let purchase = PurchaseProduct {
            by: Party::Customer(customer.id),
            customer: customer.id,
            product_code: name(code)?,
        };
        self.does(purchase).await?;
        Ok(())
    }

    pub(super) async fn transfers(
        &self,
        agent: &agent::Model,
        customer: &customer::Model,
        whole: i64,
        memo: &str,
    ) -> Result<(), Error> {
        let transfer = TransferFunds {
            agent: agent.id,
            customer: customer.id,
            amount: dollars(whole),
            memo: Some(name(memo)?),
        };
        self.does(transfer).await?;
        Ok(())
    }

    pub(super) async fn asks_for(
        &self,
        agent: &agent::Model,
        whole: i64,
        destination: Destination,
    ) -> Result<payout::Model, Error> {
        let request = RequestPayout {
            agent: agent.id,
            amount: dollars(whole),
            destination,
        };
        Ok(self.does(request).await?.payout)
    }

    /// A payout in each state.
    pub(super) async fn payouts(&self, agent: &agent::Model) -> Result<(), Error> {
        let operator = self.operator()?;
        let check = || -> Result<Destination, Error> {
            Ok(Destination::Check {
                payee: name(agent.display_name.as_str())?,
                address: prose("12 Example Street\nQueens, NY 11101")?,
            })
        };
        let wire = || -> Result<Destination, Error> {
            Ok(Destination::Wire {
                payee: name(agent.display_name.as_str())?,
                bank_name: name("Example Bank")?,
                account_number: name("0000123456")?,
                routing_code: name("021000089")?,
            })
        };
        let paid = self.asks_for(agent, 60, wire()?).await?;
        let returned = self.asks_for(agent, 40, check()?).await?;
        for (payout, reference) in [(&paid, "W-1001"), (&returned, "C-1002")] {
            self.sends(payout, reference).await?;
        }
        let payout = paid.id;
        self.does(SettlePayout {
            payout,
            reference: None,
        })
        .await?;
        let reason = prose("The address is unknown.")?;
        let return_fee = false;
        let payout = returned.id;
        self.does(ReturnPayout {
            payout,
            reason,
            return_fee,
        })
        .await?;
        let payout = self.asks_for(agent, 25, check()?).await?.id;
        let reason = Some(prose("The name and the account differ.")?);
        self.does(RejectPayout {
            operator,
            payout,
            reason,
        })
        .await?;
        let payout = self.asks_for(agent, 30, check()?).await?.id;
        self.does(CancelPayout {
            agent: agent.id,
            payout,
        })
        .await?;
        let sent = self.asks_for(agent, 50, wire()?).await?;
        self.sends(&sent, "W-1003").await?;
        let payout = self.asks_for(agent, 35, check()?).await?.id;
        self.does(ApprovePayout { operator, payout }).await?;
        self.asks_for(agent, 28, wire()?).await?;
        Ok(())
    }

    async fn sends(&self, payout: &payout::Model, reference: &str) -> Result<(), Error> {
        let operator = self.operator()?;
        let payout = payout.id;
        self.does(ApprovePayout { operator, payout }).await?;
        let reference: Option<Name> = Some(name(reference)?);
        let send = SendPayout {
            operator,
            payout,
            reference,
        };
        self.does(send).await?;
        Ok(())
    }
}

fn dollars(whole: i64) -> Money {
    Money::from_units(whole * 10_000)
}

fn call(dice: &mut StdRng, customer: &customer::Model, now: DateTime<Utc>) -> Result<Call, Error> {
    let to = CALLED[dice.random_range(0..CALLED.len())];
    let to = PhoneNumber::parse(to);
    let ago = TimeDelta::seconds(dice.random_range(60..36_000));
    // Nobody calls before his account is there.
    let answered_at = (now - ago).max(customer.joined_at);
    let external_id = name(&format!(
        "{}-{}",
        customer.id.uuid().simple(),
        dice.random::<u64>()
    ))?;
    Ok(Call {
        external_id,
        account_number: customer.number.clone(),
        to: to.map_err(|problem| Error::Fault(problem.to_string()))?,
        answered_at,
        duration_seconds: dice.random_range(5..1_500),
    })
}
