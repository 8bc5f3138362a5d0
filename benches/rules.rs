//! The pure rules and the judge of documents, each alone: `cargo bench --bench rules`.

use std::hint::black_box;
use std::sync::Arc;

use agent_program::Clock;
use agent_program::http::{Documents, Rules};
use agent_program::program::lots::{CashLine, Histories, Lots};
use agent_program::program::{Command, Earned, PayBonus, RefundCharge};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use entity::transaction::TransactionKind;
use entity::{CustomerId, Money, Name, TransactionId, TypedId};
use growth::Sample;
use serde_json::Map;
use uuid::Uuid;

fn name(text: &str) -> Name {
    Name::parse(text).expect("a line")
}

/// A commission of its own; a charge with its commission; a hundred of them in one command.
fn charges(c: &mut Criterion) {
    let sample = Sample::new(Clock::system().now());
    let bonus = PayBonus {
        agent: sample.agent(),
        amount: Money::from_units(12_345),
        reason: name("Well done"),
    };
    c.bench_function("a commission is credited", |b| {
        b.iter_batched_ref(
            || sample.books(1),
            |books| bonus.decide(books).expect("a bonus"),
            BatchSize::SmallInput,
        );
    });
    for (count, customers) in [(1, 1), (100, 20)] {
        let command = sample.charges(customers, count);
        let mut group = c.benchmark_group("charges are posted");
        group.throughput(Throughput::Elements(u64::try_from(count).expect("a count")));
        group.bench_function(format!("{count} in a command"), |b| {
            b.iter_batched_ref(
                || sample.books(customers),
                |books| command.decide(books).expect("outcomes"),
                BatchSize::SmallInput,
            );
        });
        group.finish();
    }
}

/// Half of a charge goes back, and half of its commission (E07).
fn clawbacks(c: &mut Criterion) {
    let sample = Sample::new(Clock::system().now());
    let command = sample.charges(1, 1);
    c.bench_function(
        "a charge is refunded, and its commission clawed back",
        |b| {
            b.iter_batched_ref(
                || {
                    let mut books = sample.books(1);
                    let mut outcomes = command.decide(&mut books).expect("an outcome");
                    let charge = outcomes.remove(0).result.expect("a charge");
                    let earned = books.added.commissions[0].clone();
                    let key = (charge.source.clone(), charge.external_id.clone());
                    books.charge_keys.insert(charge.id, key);
                    books.earned.load(charge.id, Earned::whole(earned));
                    let refund = RefundCharge {
                        charge: charge.id,
                        amount: Some(Money::from_units(99)),
                        reason: name("The line was bad"),
                    };
                    (books, refund)
                },
                |(books, refund)| refund.decide(books).expect("a refund"),
                BatchSize::SmallInput,
            );
        },
    );
}

/// A history of ten thousand entries: a top-up, nine calls, and so on.
fn replays(c: &mut Criterion) {
    const ENTRIES: u32 = 10_000;
    let line = |nth: u32| {
        let top_up = nth.is_multiple_of(10);
        CashLine {
            version: i64::from(nth) + 1,
            transaction: TransactionId::from_uuid(Uuid::from_u128(u128::from(nth))),
            kind: if top_up {
                TransactionKind::TopUp
            } else {
                TransactionKind::Charge
            },
            cause: Uuid::from_u128(u128::from(nth) | 1 << 64),
            amount: Money::from_units(if top_up { 9_000 } else { -1_000 }),
            other: None,
        }
    };
    let customer = CustomerId::from_uuid(Uuid::from_u128(1));
    let histories: Histories = [(customer, (0..ENTRIES).map(line).collect())].into();
    let mut group = c.benchmark_group("money is followed, first in, first out");
    group.throughput(Throughput::Elements(u64::from(ENTRIES)));
    group.bench_function("10,000 entries", |b| {
        b.iter(|| Lots::replay(black_box(&histories)));
    });
    group.finish();
}

const PAGE: &str = "query Page($first: Int!) { viewer { agent { displayName customers(first: $first) { nodes { id name
    accountNumber charges(first: 5) { nodes { id kind description amount occurredAt } } } } } } }";

/// A document that is new, and one that is remembered.
fn documents(c: &mut Criterion) {
    let rules = Arc::new(Rules::of(&agent_program::graphql::sdl()));
    let variables: Map<_, _> = [("first".to_owned(), 20.into())].into_iter().collect();
    let request = |documents: &Documents| {
        let request = documents.request(black_box(PAGE), None, &variables);
        request.map(drop).expect("a request");
    };
    c.bench_function("a document is judged and translated", |b| {
        b.iter_batched_ref(
            || Documents::new(Arc::clone(&rules)),
            |documents| request(documents),
            BatchSize::SmallInput,
        );
    });
    let remembered = Documents::new(rules);
    c.bench_function("a document is remembered and translated", |b| {
        b.iter(|| request(&remembered));
    });
}

criterion_group!(all, charges, clawbacks, replays, documents);
criterion_main!(all);
