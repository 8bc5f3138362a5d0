//! What moves: balances, entries, charges, events, roll-ups.

use chrono::NaiveDate;
use entity::agent_event::AgentEventKind;
use entity::charge::{ChargeKind, ChargeState};
use entity::commission::CommissionKind;
use entity::desk_event::DeskSubject;
use entity::entry::Account;
use entity::payout::{PayoutMethod, PayoutState};
use entity::top_up::{TopUpMethod, TopUpState};
use entity::transaction::{Cause, TransactionKind};
use entity::*;
use uuid::Uuid;

use super::{MICROS, MILLIS, Visit, WHOLE, at, id, money, name, rate};

pub fn customer_balance(number: u128) -> customer_balance::Model {
    customer_balance::Model {
        customer_id: id(number),
        cash: Money::ZERO,
        cash_version: 0,
        promo: Money::ZERO,
        promo_version: 0,
        event_seq: 0,
    }
}

pub fn agent_balance(number: u128) -> agent_balance::Model {
    agent_balance::Model {
        agent_id: id(number),
        commission: money("-12.3456"),
        commission_version: i64::MAX,
        held: Money::ZERO,
        held_version: 0,
        reserved: money("99999999999.9999"),
        reserved_version: 1,
        carry: Exact::from_units(9_999),
        event_seq: 7,
    }
}

pub(super) async fn ledger(visit: &impl Visit) {
    visit
        .rows::<agent_balance::Entity>(vec![agent_balance(1)])
        .await;
    let below = customer_balance::Model {
        cash: Money::from_units(i64::MIN),
        cash_version: i64::MAX,
        ..customer_balance(2)
    };
    visit
        .rows::<customer_balance::Entity>(vec![customer_balance(1), below, customer_balance(3)])
        .await;
    let charge = transaction::Model {
        id: id(1),
        kind: TransactionKind::Charge,
        description: name("Berlin, 1 minute"),
        cause: Cause::Charge,
        cause_id: Uuid::from_u128(1),
        occurred_at: at(MICROS),
        created_at: at(MILLIS),
    };
    let reserved = transaction::Model {
        id: id(2),
        kind: TransactionKind::PayoutReserved,
        cause: Cause::Payout,
        ..charge.clone()
    };
    visit
        .rows::<transaction::Entity>(vec![charge, reserved])
        .await;
    let entry = entry::Model {
        transaction_id: id(1),
        line: 0,
        account: Account::CustomerCash,
        owner_id: Some(id::<CustomerId>(2).uuid()),
        version: Some(1),
        amount: money("-0.0198"),
        balance_after: Some(money("-0.0198")),
    };
    let house = entry::Model {
        line: 1,
        account: Account::RevenueCalls,
        owner_id: None,
        version: None,
        amount: money("0.0198"),
        balance_after: None,
        ..entry.clone()
    };
    visit.rows::<entry::Entity>(vec![entry, house]).await;
}

pub fn charge(number: u128) -> charge::Model {
    charge::Model {
        id: id(number),
        customer_id: id(2),
        agent_id: Some(id(1)),
        kind: ChargeKind::Call,
        state: ChargeState::Posted,
        description: name("Berlin"),
        product_id: None,
        plan_id: None,
        amount: money("0.0198"),
        promo_part: Money::ZERO,
        refunded: Money::ZERO,
        commissionable: true,
        occurred_at: at(MILLIS),
        created_at: at(MICROS),
        transaction_id: Some(id(1)),
        source: name("switch"),
        external_id: name(&format!("call {number}")),
        call_to: Some(PhoneNumber::parse("+493012345").unwrap()),
        call_destination: Some(name("Berlin")),
        call_seconds: Some(60),
        call_billed_seconds: Some(60),
        call_price_per_minute: Some(money("0.0198")),
    }
}

pub(super) async fn charges_and_money_in(visit: &impl Visit) {
    let free = charge::Model {
        agent_id: None,
        kind: ChargeKind::PlanFee,
        plan_id: Some(id(1)),
        product_id: Some(id(1)),
        amount: Money::ZERO,
        transaction_id: None,
        commissionable: false,
        call_to: None,
        call_destination: None,
        call_seconds: None,
        call_billed_seconds: None,
        call_price_per_minute: None,
        ..charge(2)
    };
    visit.rows::<charge::Entity>(vec![charge(1), free]).await;
    let earned = commission::Model {
        id: id(1),
        agent_id: id(1),
        customer_id: Some(id(2)),
        charge_id: Some(id(1)),
        kind: CommissionKind::Earned,
        base: money("0.0198"),
        commission_rate: rate("3"),
        exact: Exact::from_units(59_400),
        amount: money("0.0005"),
        carry_before: Exact::ZERO,
        carry_after: Exact::from_units(9_400),
        held: false,
        suspension_id: None,
        reverses_id: None,
        transaction_id: id(1),
        occurred_at: at(MILLIS),
        created_at: at(MICROS),
        matures_at: at("2026-12-01T00:00:00.25Z"),
    };
    let taken_back = commission::Model {
        id: id(2),
        kind: CommissionKind::Clawback,
        exact: Exact::from_units(-59_400),
        amount: money("-0.0005"),
        carry_before: Exact::from_units(9_400),
        carry_after: Exact::ZERO,
        reverses_id: Some(id(1)),
        ..earned.clone()
    };
    visit
        .rows::<commission::Entity>(vec![earned, taken_back])
        .await;
    visit
        .rows::<top_up::Entity>(vec![top_up::Model {
            id: id(1),
            customer_id: id(1),
            method: TopUpMethod::CreditCard,
            amount: money("20"),
            state: TopUpState::Pending,
            payment_token: Some("tok_approve".into()),
            reference: None,
            product_id: None,
            created_at: at(WHOLE),
            settled_at: None,
            transaction_id: None,
            give_back_since: None,
            reversed_at: None,
            reversal_reference: None,
        }])
        .await;
}

pub(super) async fn transfers_and_payouts(visit: &impl Visit) {
    visit
        .rows::<transfer::Entity>(vec![transfer::Model {
            id: id(1),
            agent_id: id(1),
            customer_id: id(2),
            amount: money("3.0001"),
            from_funding: money("3"),
            from_commission: money("0.0001"),
            reversed: Money::ZERO,
            memo: None,
            transaction_id: id(1),
            created_at: at(WHOLE),
        }])
        .await;
    visit
        .rows::<payout::Entity>(vec![payout::Model {
            id: id(1),
            agent_id: id(1),
            method: PayoutMethod::Wire,
            gross: money("100"),
            fee: money("27"),
            net: money("73"),
            from_commission: money("60"),
            from_funding: money("40"),
            state: PayoutState::Requested,
            payee: Some(name("Agent")),
            address: None,
            paypal_email: None,
            bank_name: Some(name("Bank")),
            account_number: Some(name("1")),
            routing_code: Some(name("2")),
            reference: None,
            reason: None,
            requested_at: at(WHOLE),
            approved_by: None,
            decided_at: None,
            sent_at: None,
            settled_at: None,
        }])
        .await;
}

pub fn agent_slot(slot: &str) -> agent_slot::Model {
    agent_slot::Model {
        agent_id: id(1),
        slot: at(slot),
        kind: ChargeKind::Call,
        charges: 1,
        calls: 1,
        call_seconds: 60,
        spent: money("0.0198"),
        base: money("0.0198"),
        earned: money("0.0005"),
        clawed_back: money("-0.0005"),
    }
}

pub fn customer_day(day: u32, last_charge_at: Option<&str>) -> customer_day::Model {
    customer_day::Model {
        agent_id: id(1),
        customer_id: id(2),
        day: NaiveDate::from_ymd_opt(2026, 11, day).unwrap(),
        charges: 1,
        calls: 1,
        call_seconds: 60,
        spent: money("0.0198"),
        base: money("0.0198"),
        earned: money("0.0005"),
        clawed_back: Money::ZERO,
        last_charge_at: last_charge_at.map(at),
    }
}

pub(super) async fn events(visit: &impl Visit) {
    let event = agent_event::Model {
        agent_id: id(1),
        seq: 1,
        kind: AgentEventKind::Payout,
        subject_id: Uuid::from_u128(9),
        transaction_id: Some(id(2)),
        commission_rate: None,
        payout_state: Some(PayoutState::Requested),
        occurred_at: at(MICROS),
        funding: money("-1"),
        commission: money("-12.3456"),
        held: Money::ZERO,
        reserved: money("100"),
        carry: Exact::ZERO,
    };
    let set = agent_event::Model {
        seq: 2,
        kind: AgentEventKind::CommissionRate,
        transaction_id: None,
        commission_rate: Some(rate("10")),
        payout_state: None,
        ..event.clone()
    };
    visit.rows::<agent_event::Entity>(vec![event, set]).await;
    visit
        .rows::<account_event::Entity>(vec![account_event::Model {
            customer_id: id(2),
            seq: 1,
            transaction_id: id(1),
            occurred_at: at(WHOLE),
            cash: money("-0.0198"),
            promo: Money::ZERO,
        }])
        .await;
    visit
        .rows::<desk::Entity>(vec![desk::Model {
            id: 1,
            event_seq: 0,
        }])
        .await;
    visit
        .rows::<desk_event::Entity>(vec![desk_event::Model {
            seq: 1,
            subject: DeskSubject::FraudCase,
            subject_id: Uuid::from_u128(3),
            occurred_at: at(MILLIS),
        }])
        .await;
    visit
        .rows::<audit_entry::Entity>(vec![
            audit_entry::Model {
                id: id(1),
                at: at(MICROS),
                actor_id: Some(id(1)),
                acting_for_id: Some(id(2)),
                action: "topUp".into(),
                subject: Some("top_x".into()),
                detail: Some("20.0000: \u{1f511}".into()),
                source: Some("2001:db8::7".into()),
            },
            audit_entry::Model {
                id: id(2),
                at: at(WHOLE),
                actor_id: None,
                acting_for_id: None,
                action: "signInFailed".into(),
                subject: None,
                detail: None,
                source: None,
            },
        ])
        .await;
    visit
        .rows::<agent_slot::Entity>(vec![agent_slot("2026-11-01T00:15:00Z")])
        .await;
    visit
        .rows::<customer_day::Entity>(vec![customer_day(1, Some(MILLIS)), customer_day(2, None)])
        .await;
    chain(visit).await;
    visit
        .rows::<idempotency::Entity>(vec![idempotency::Model {
            actor_id: Uuid::from_u128(4),
            key: IdempotencyKey::parse("key-1 \u{1f511}").unwrap(),
            fingerprint: "d".repeat(64),
            answer: r#"{"outcome":{"id":"x","n":[1,null]}}"#.into(),
            created_at: at(MICROS),
        }])
        .await;
}

async fn chain(visit: &impl Visit) {
    let heads = (0..8).map(|shard| chain::Model {
        shard,
        seq: 0,
        hash: "0".repeat(64),
    });
    visit.rows::<chain::Entity>(heads.collect()).await;
    visit
        .rows::<chain_link::Entity>(vec![chain_link::Model {
            shard: 7,
            seq: 1,
            previous: "0".repeat(64),
            hash: "e".repeat(64),
            transactions: 1,
            ids: serde_json::to_string(&[id::<TransactionId>(1)]).unwrap(),
            marks: "e".repeat(16),
            created_at: at(MICROS),
        }])
        .await;
}
