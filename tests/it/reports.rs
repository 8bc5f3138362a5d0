//! Reports equal what was charged and earned, summed by hand: by day, month, kind, customer and agent, in any zone.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};

use crate::support::app::{TestAgent, TestApp, TestCustomer, text};
use crate::support::caller::Caller;
use crate::support::sales::{
    call_at, charge, charge_at, commissions, post, promo, prove, rate, send_calls, send_charges,
    shown, units,
};

const FIGURES: &str = "figures { charges spent base earned clawedBack net }";
const TOTALS: &str = "totals { charges spent base earned clawedBack net }";
const ZONES: [Tz; 4] = [
    Tz::UTC,
    Tz::America__New_York,
    Tz::Asia__Kathmandu,
    Tz::Pacific__Auckland,
];

/// What was sold, once: as the story did it, with what it earned by the agent's list of commissions.
#[derive(Clone)]
struct Sale {
    customer: String,
    kind: String,
    at: DateTime<Utc>,
    seconds: i64,
    amount: i64,
    base: i64,
    earned: i64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sums {
    charges: i64,
    spent: i64,
    base: i64,
    earned: i64,
}

impl Sums {
    fn of<'a>(sales: impl IntoIterator<Item = &'a Sale>) -> Self {
        let mut sums = Self::default();
        for sale in sales {
            sums.charges += 1;
            sums.spent += sale.amount;
            sums.base += sale.base;
            sums.earned += sale.earned;
        }
        sums
    }

    fn shown(figures: &Value) -> Self {
        assert_eq!(figures["clawedBack"], "0.0000");
        assert_eq!(figures["net"], figures["earned"]);
        Self {
            charges: figures["charges"].as_i64().expect("a count"),
            spent: units(&figures["spent"]),
            base: units(&figures["base"]),
            earned: units(&figures["earned"]),
        }
    }
}

/// By key.
fn grouped(sales: &[Sale], key: impl Fn(&Sale) -> String) -> BTreeMap<String, Sums> {
    let mut groups: BTreeMap<String, Vec<&Sale>> = BTreeMap::new();
    for sale in sales {
        groups.entry(key(sale)).or_default().push(sale);
    }
    let groups = groups.into_iter();
    groups.map(|(key, sales)| (key, Sums::of(sales))).collect()
}

fn within(sales: &[Sale], from: &str, to: &str, zone: Tz) -> Vec<Sale> {
    let day = |sale: &&Sale| sale.at.with_timezone(&zone).date_naive().to_string();
    let inside = |sale: &&Sale| (from..to).contains(&day(sale).as_str());
    sales.iter().filter(inside).cloned().collect()
}

fn input(from: &str, to: &str, zone: Tz, by: &str) -> Value {
    json!({ "input": { "period": { "from": from, "to": to, "timeZone": zone.name() }, "groupBy": by } })
}

fn of_agent(mut input: Value, agent: &TestAgent) -> Value {
    input["input"]["agentId"] = json!(agent.id);
    input
}

async fn report(who: &Caller, input: Value) -> Value {
    let document = format!(
        "query($input: ReportInput!) {{ commissionReport(input: $input) {{ rows {{ key label {FIGURES} }} {TOTALS} asOf cursor }} }}"
    );
    who.run(&document, input).await["commissionReport"].take()
}

fn rows(report: &Value) -> Vec<(String, Sums)> {
    let rows = report["rows"].as_array().expect("rows").iter();
    rows.map(|row| (text(&row["key"]).to_owned(), Sums::shown(&row["figures"])))
        .collect()
}

/// Forty days of sales to these, around the midnights of the zones; the clock stands behind them.
async fn sell(app: &TestApp, customers: &[TestCustomer]) -> Vec<Sale> {
    let operator = app.operator().await;
    rate(&operator, "1", "0.0198").await;
    let start = app.now();
    for customer in customers {
        app.top_up(customer, "500.00").await;
        promo(app, &operator, &customer.id, "7.5000").await;
    }
    app.set_clock("2026-12-12T12:00:00Z".parse().expect("an instant"));
    let switch = app.machine("SWITCH").await;
    let midnight: DateTime<Utc> = "2026-11-03T00:00:00Z".parse().expect("an instant");
    let minutes = [0, 300, 675, 780, 1_095, 1_439, 1_440, 611, 12, 915];
    let mut charges: Vec<(Value, &TestCustomer, DateTime<Utc>)> = vec![];
    let mut calls = vec![];
    for i in 0..120_i64 {
        let customer = &customers[usize::try_from(i).expect("a place") % customers.len()];
        let minute = minutes[usize::try_from(i * 7 % 10).expect("a place")];
        let edge = TimeDelta::microseconds(i % 3 - 1);
        let at = midnight + TimeDelta::days(i * 13 % 38) + TimeDelta::minutes(minute) + edge;
        let at = at.max(start);
        let amount = format!("{}.{:04}", i % 4, i * 37 % 10_000);
        match i % 5 {
            0 | 1 => calls.push((
                call_at(app, &customer.number, "+12125550123", i * 11, at),
                customer,
                at,
            )),
            2 => charges.push((
                charge_at(app, &customer.number, "SERVICE", &amount, at),
                customer,
                at,
            )),
            3 => charges.push((
                charge_at(app, &customer.number, "PLAN_FEE", &amount, at),
                customer,
                at,
            )),
            _ => {
                let amount = if i % 2 == 0 { "0" } else { "1.0000" };
                let mut row = charge_at(app, &customer.number, "SERVICE", amount, at);
                row["commissionable"] = json!(false);
                charges.push((row, customer, at));
            }
        }
    }
    let bodies = |rows: &[(Value, &TestCustomer, DateTime<Utc>)]| -> Value {
        rows.iter().map(|(row, ..)| row.clone()).collect()
    };
    let sent = [
        send_charges(&switch, bodies(&charges)).await,
        send_calls(&switch, bodies(&calls)).await,
    ];
    let mut sales = vec![];
    for (sent, rows) in sent.iter().zip([charges, calls]) {
        assert_eq!(sent["refused"], 0, "{sent:#}");
        let results = sent["results"].as_array().expect("a list").iter();
        for (result, (row, customer, at)) in results.zip(rows) {
            let charge = &result["charge"];
            let sale = Sale {
                customer: customer.id.clone(),
                kind: text(&charge["kind"]).to_owned(),
                at,
                seconds: row["durationSeconds"].as_i64().unwrap_or_default(),
                amount: units(&charge["amount"]),
                base: 0,
                earned: 0,
            };
            sales.push((text(&charge["id"]).to_owned(), sale));
        }
    }
    prove(app).await;
    earned(app, sales).await
}

/// With what each earned, by the operator's look at each charge.
async fn earned(app: &TestApp, sales: Vec<(String, Sale)>) -> Vec<Sale> {
    let document =
        "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Charge { commission { base amount } } } }";
    let operator = app.operator().await;
    let mut all = vec![];
    for part in sales.chunks(50) {
        let ids: Vec<&String> = part.iter().map(|(id, _)| id).collect();
        let seen = operator.run(document, json!({ "ids": ids })).await;
        let nodes = seen["nodes"].as_array().expect("a list").iter();
        for (node, (_, sale)) in nodes.zip(part) {
            let mut sale = sale.clone();
            let commission = &node["commission"];
            if commission.is_object() {
                (sale.base, sale.earned) =
                    (units(&commission["base"]), units(&commission["amount"]));
            }
            all.push(sale);
        }
    }
    all
}

on_both!(r23_e34_the_commission_report_is_the_sum_of_the_charges_in_any_zone);
async fn r23_e34_the_commission_report_is_the_sum_of_the_charges_in_any_zone(app: TestApp) {
    let agent = app.agent("3.33").await;
    let mut customers = vec![];
    for _ in 0..3 {
        customers.push(app.customer_of(&agent).await);
    }
    let sales = sell(&app, &customers).await;
    let agent = app.sign_in(&agent.email).await;
    for zone in ZONES {
        for (from, to) in [
            ("2026-11-01", "2026-12-20"),
            ("2026-11-10", "2026-12-02"),
            ("2026-11-20", "2026-11-21"),
        ] {
            let sold = within(&sales, from, to, zone);
            let day = |sale: &Sale| sale.at.with_timezone(&zone).date_naive().to_string();
            let told = format!("{zone} {from} {to}");
            for (by, expected) in [
                ("DAY", grouped(&sold, day)),
                ("MONTH", grouped(&sold, |sale| day(sale)[..7].to_owned())),
                ("KIND", grouped(&sold, |sale| sale.kind.clone())),
                ("CUSTOMER", grouped(&sold, |sale| sale.customer.clone())),
            ] {
                let report = report(&agent, input(from, to, zone, by)).await;
                let rows = rows(&report);
                let keys: Vec<&String> = rows.iter().map(|(key, _)| key).collect();
                if by == "CUSTOMER" {
                    assert!(rows.is_sorted_by_key(|(_, sums)| -sums.earned), "{told}");
                } else {
                    assert!(keys.is_sorted(), "{told} {by}");
                }
                let rows: BTreeMap<String, Sums> = rows.into_iter().collect();
                assert_eq!(rows, expected, "{told} {by}");
                assert_eq!(
                    Sums::shown(&report["totals"]),
                    Sums::of(&sold),
                    "{told} {by}"
                );
            }
        }
    }
}

on_both!(r23_e34_the_customer_report_is_the_sum_of_the_charges_in_any_zone);
async fn r23_e34_the_customer_report_is_the_sum_of_the_charges_in_any_zone(app: TestApp) {
    let agent = app.agent("3.33").await;
    let mut customers = vec![];
    for _ in 0..3 {
        customers.push(app.customer_of(&agent).await);
    }
    let sales = sell(&app, &customers).await;
    let agent = app.sign_in(&agent.email).await;
    let document = format!(
        "query($input: ReportInput!) {{ customerReport(input: $input) {{ {TOTALS} rows {{ totalCount nodes {{
            calls callSeconds lastChargeAt {FIGURES} customer {{ id }} }} }} }} }}"
    );
    let one = "query($id: ID!, $period: PeriodInput) { node(id: $id) { ... on Customer { commissionEarned(period: $period) } } }";
    for zone in ZONES {
        for (from, to) in [
            ("2026-11-01", "2026-12-20"),
            ("2026-11-10", "2026-12-02"),
            ("2026-11-20", "2026-11-21"),
        ] {
            let told = format!("{zone} {from} {to}");
            let sold = within(&sales, from, to, zone);
            let asked = input(from, to, zone, "DAY");
            let report = agent.run(&document, asked.clone()).await["customerReport"].take();
            assert_eq!(Sums::shown(&report["totals"]), Sums::of(&sold), "{told}");
            let by_customer = grouped(&sold, |sale| sale.customer.clone());
            let nodes = report["rows"]["nodes"].as_array().expect("rows");
            assert_eq!(nodes.len(), by_customer.len(), "{told}");
            for node in nodes {
                let id = text(&node["customer"]["id"]);
                let its: Vec<&Sale> = sold.iter().filter(|sale| sale.customer == id).collect();
                assert_eq!(Sums::shown(&node["figures"]), by_customer[id], "{told}");
                let calls = its.iter().filter(|sale| sale.kind == "CALL");
                assert_eq!(node["calls"], calls.count(), "{told}");
                assert_eq!(
                    node["callSeconds"],
                    its.iter().map(|sale| sale.seconds).sum::<i64>(),
                    "{told}"
                );
                let last = its.iter().map(|sale| sale.at).max().expect("a sale");
                assert_eq!(node["lastChargeAt"], shown(last), "{told}");
                let asked = json!({ "id": id, "period": asked["input"]["period"] });
                let seen = agent.run(one, asked).await;
                assert_eq!(
                    seen["node"]["commissionEarned"], node["figures"]["earned"],
                    "{told}"
                );
            }
        }
    }
}

on_both!(r45_the_agent_report_tells_revenue_traffic_and_signups_of_each_agent);
async fn r45_the_agent_report_tells_revenue_traffic_and_signups_of_each_agent(app: TestApp) {
    let (first, second, idle) = (
        app.agent("2.00").await,
        app.agent("9.00").await,
        app.agent("3.00").await,
    );
    let mut customers = vec![];
    for agent in [&first, &second, &second] {
        customers.push(app.customer_of(agent).await);
    }
    // One that is never charged, and one without an agent.
    app.customer_of(&first).await;
    let none = app.customer().await;
    let sales = sell(&app, &customers).await;
    let switch = app.machine("SWITCH").await;
    post(&switch, charge(&app, &none.number, "CALL", "50.00")).await;
    let operator = app.operator().await;
    let document = format!(
        "query($input: ReportInput!) {{ agentReport(input: $input) {{ {TOTALS} rows {{ totalCount nodes {{
            agent {{ id }} signups activeCustomers calls callSeconds {FIGURES} }} }} }} }}"
    );
    for zone in ZONES {
        let asked = input("2026-11-01", "2026-12-01", zone, "DAY");
        let sold = within(&sales, "2026-11-01", "2026-12-01", zone);
        let report = operator.run(&document, asked.clone()).await["agentReport"].take();
        assert_eq!(Sums::shown(&report["totals"]), Sums::of(&sold), "{zone}");
        let nodes = report["rows"]["nodes"].as_array().expect("rows");
        let ids: Vec<&str> = nodes
            .iter()
            .map(|node| text(&node["agent"]["id"]))
            .collect();
        assert_eq!(ids, [&second.id, &first.id], "whoever earned most first");
        for (node, (of, signups)) in nodes
            .iter()
            .zip([(&customers[1..], 2), (&customers[..1], 2)])
        {
            let its = |sale: &&Sale| of.iter().any(|customer| customer.id == sale.customer);
            let its: Vec<&Sale> = sold.iter().filter(its).collect();
            assert_eq!(
                Sums::shown(&node["figures"]),
                Sums::of(its.iter().copied()),
                "{zone}"
            );
            assert_eq!(
                (&node["signups"], &node["activeCustomers"]),
                (&json!(signups), &json!(of.len()))
            );
            let calls = its.iter().filter(|sale| sale.kind == "CALL");
            assert_eq!(node["calls"], calls.count());
            assert_eq!(
                node["callSeconds"],
                its.iter().map(|sale| sale.seconds).sum::<i64>()
            );
        }
        let own = operator
            .run(&document, of_agent(asked.clone(), &second))
            .await;
        assert_eq!(own["agentReport"]["rows"]["nodes"], json!([nodes[0]]));
        let nothing = operator.run(&document, of_agent(asked, &idle)).await;
        assert_eq!(nothing["agentReport"]["rows"]["totalCount"], 0);
        // In December nobody signed up.
        let later = input("2026-12-02", "2027-01-01", zone, "DAY");
        let later = operator.run(&document, later).await;
        for node in later["agentReport"]["rows"]["nodes"]
            .as_array()
            .expect("rows")
        {
            assert_eq!(node["signups"], 0);
        }
    }
}

on_both!(r22_an_agent_sees_its_own_report_and_never_anothers);
async fn r22_an_agent_sees_its_own_report_and_never_anothers(app: TestApp) {
    let (one, other) = (app.agent("3.00").await, app.agent("5.00").await);
    let (of_one, of_other) = (app.customer_of(&one).await, app.customer_of(&other).await);
    let switch = app.machine("SWITCH").await;
    post(&switch, charge(&app, &of_one.number, "CALL", "10.00")).await;
    post(&switch, charge(&app, &of_other.number, "CALL", "100.00")).await;
    let asked = || input("2026-11-01", "2026-12-01", Tz::UTC, "CUSTOMER");
    let customer_report = "query($input: ReportInput!) { customerReport(input: $input) { rows { nodes { customer { id } } } totals { earned } } }";
    let agent_report =
        "query($input: ReportInput!) { agentReport(input: $input) { totals { earned } } }";
    for (agent, customer, earned) in [(&one, &of_one, "0.3000"), (&other, &of_other, "5.0000")] {
        for asked in [asked(), of_agent(asked(), agent)] {
            let report = report(agent, asked.clone()).await;
            assert_eq!(report["totals"]["earned"], earned);
            assert_eq!(report["rows"].as_array().map(Vec::len), Some(1));
            assert_eq!(
                (&report["rows"][0]["key"], &report["rows"][0]["label"]),
                (&json!(customer.id), &json!("Carl Customer"))
            );
            let report = agent.run(customer_report, asked).await;
            assert_eq!(report["customerReport"]["totals"]["earned"], earned);
            assert_eq!(
                report["customerReport"]["rows"]["nodes"],
                json!([{ "customer": { "id": customer.id } }])
            );
        }
        assert_eq!(agent.error(agent_report, asked()).await, "FORBIDDEN");
    }
    assert!(report(&one, of_agent(asked(), &other)).await.is_null());
    let seen = one.run(customer_report, of_agent(asked(), &other)).await;
    assert!(seen["customerReport"].is_null());
    // The operator sees the program's, and any agent's.
    let operator = app.operator().await;
    let whole = report(&operator, asked()).await;
    assert_eq!(
        (&whole["totals"]["earned"], &whole["cursor"]),
        (&json!("5.3000"), &Value::Null)
    );
    let its = report(&operator, of_agent(asked(), &one)).await;
    assert_eq!(its["totals"]["earned"], "0.3000");
    assert!(its["cursor"].is_string());
    let program = operator.run(agent_report, asked()).await;
    assert_eq!(program["agentReport"]["totals"]["earned"], "5.3000");
    // Customers, machines and strangers see none.
    let document =
        "query($input: ReportInput!) { commissionReport(input: $input) { totals { earned } } }";
    for (who, code) in [
        (&of_one.caller, "FORBIDDEN"),
        (&switch, "FORBIDDEN"),
        (&app.anonymous(), "UNAUTHENTICATED"),
    ] {
        for document in [document, customer_report, agent_report] {
            assert_eq!(who.error(document, asked()).await, code);
        }
    }
}

on_both!(r23_what_follows_a_reports_cursor_is_exactly_what_it_does_not_hold);
async fn r23_what_follows_a_reports_cursor_is_exactly_what_it_does_not_hold(app: TestApp) {
    const CALLS: usize = 24;
    let (agent, switch) = (app.agent("3.00").await, app.machine("SWITCH").await);
    let customer = app.customer_of(&agent).await;
    let asked = || input("2026-11-01", "2026-12-01", Tz::UTC, "KIND");
    // Reports are read while calls come in.
    let calling = async {
        for _ in 0..CALLS {
            post(&switch, charge(&app, &customer.number, "CALL", "1.0033")).await;
        }
    };
    let reading = async {
        let mut reports = vec![report(&agent, asked()).await];
        for _ in 0..12 {
            reports.push(report(&agent, asked()).await);
        }
        reports
    };
    let ((), mut reports) = tokio::join!(calling, reading);
    reports.push(report(&agent, asked()).await);
    // In the order posted.
    let mut earned: Vec<Value> = commissions(&agent).await;
    earned.reverse();
    let sum = |rows: &[Value]| rows.iter().map(|row| units(&row["amount"])).sum::<i64>();
    let document = "subscription($after: String) { agentEvents(after: $after) {
        ... on CommissionEvent { commission { id amount } balance { commission } } } }";
    for report in &reports {
        let sums = Sums::shown(&report["totals"]);
        let held = usize::try_from(sums.charges).expect("a count");
        assert_eq!(sums.earned, sum(&earned[..held]));
        let mut events = agent
            .follow(document, json!({ "after": report["cursor"] }))
            .await;
        for expected in &earned[held..] {
            let event = events.next().await["agentEvents"].take();
            assert_eq!(event["commission"]["id"], expected["id"]);
        }
    }
    assert_eq!(
        reports.last().map(|last| rows(last)[0].1.charges),
        i64::try_from(CALLS).ok()
    );
}

on_both!(e34_a_period_that_is_none_is_refused);
async fn e34_a_period_that_is_none_is_refused(app: TestApp) {
    let agent = app.agent("3.00").await;
    let document = "query($input: ReportInput!) { commissionReport(input: $input) { asOf } }";
    for (from, to, zone) in [
        ("2026-11-02", "2026-11-02", "UTC"),
        ("2026-11-02", "2026-11-01", "UTC"),
        ("2026-11-01", "2027-12-07", "UTC"),
        ("2026-11-31", "2026-12-01", "UTC"),
        ("2026-11-01", "2026-12-01", "Mars/Olympus"),
    ] {
        let asked = json!({ "input": { "period": { "from": from, "to": to, "timeZone": zone } } });
        assert_eq!(
            agent.error(document, asked).await,
            "BAD_USER_INPUT",
            "{from} {to} {zone}"
        );
    }
}
