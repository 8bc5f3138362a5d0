//! Every field of every mutation's input, by its type.

use serde_json::{Value, json};

use super::told::{every_place, rows, sent};
use crate::support::app::{TestApp, text};
use crate::support::forms::{Form, Leaf, nobodys};

on_both!(what_is_no_amount_is_refused_wherever_one_is_meant);
async fn what_is_no_amount_is_refused_wherever_one_is_meant(app: TestApp) {
    let (pair, places) = every_place(&app).await;
    let before = rows(&app.app.db).await;
    let mut seen = 0;
    for (form, leaf) in places.iter().filter(|(_, leaf)| leaf.kind == "Money") {
        seen += 1;
        let caller = pair.by(&app, form);
        let at = format!("{}.{}", form.mutation, leaf.at);
        for wrong in [
            json!(1),
            json!(1.5),
            json!(true),
            json!([]),
            json!({}),
            json!(""),
            json!("-"),
            json!("1.00001"),
            json!("123456789012"),
            json!("1e3"),
            json!("+5"),
            json!(" 5"),
            json!("5 "),
            json!("5."),
            json!(".5"),
            json!("NaN"),
            json!("-Infinity"),
            json!("1,000.00"),
            json!("٥"),
            json!("1\u{0}"),
            json!("0x10"),
            json!("9".repeat(10_000)),
        ] {
            let told = sent(&caller, form, form.with(leaf, wrong.clone())).await;
            let shown = wrong.to_string();
            assert_eq!(
                told,
                format!("INVALID_INPUT {}", leaf.field()),
                "{at}: {shown:.40}"
            );
        }
        let is_price = form.mutation.starts_with("save") || form.mutation == "recordCharges";
        let zero = (!is_price).then_some("0");
        let negative = (form.mutation != "postAdjustment").then_some("-0.01");
        for wrong in zero.into_iter().chain(negative) {
            let mut input = form.with(leaf, json!(wrong));
            if let Some(key) = input.get_mut("idempotencyKey") {
                *key = json!(app.new_key());
            }
            let told = sent(&caller, form, input).await;
            let positive = ["AMOUNT_NOT_POSITIVE", "INVALID_INPUT"]
                .map(|code| format!("{code} {}", leaf.field()));
            assert!(positive.contains(&told), "{at}: {wrong}: {told}");
        }
    }
    assert!(seen >= 8, "only {seen} amounts");
    assert_eq!(rows(&app.app.db).await, before);
}

on_both!(what_is_no_percentage_or_instant_is_refused);
async fn what_is_no_percentage_or_instant_is_refused(app: TestApp) {
    let (pair, places) = every_place(&app).await;
    let before = rows(&app.app.db).await;
    for (form, leaf) in places {
        let wrong: &[Value] = match leaf.kind.as_str() {
            "Percent" => &[
                json!(3),
                json!("3.001"),
                json!("3%"),
                json!(""),
                json!("1e0"),
                json!("٣"),
                json!("+3"),
            ],
            "DateTime" => &[
                json!(1_700_000_000),
                json!(""),
                json!("now"),
                json!("2026-11-22"),
                json!("2026-11-22T09:30:00"),
                json!("2026-13-01T00:00:00Z"),
                json!("2016-12-31T23:59:60Z"),
                json!("0000-01-01T00:00:00Z"),
                json!("+10000-01-01T00:00:00Z"),
            ],
            "PhoneNumber" => &[
                json!(12_125_550_123_i64),
                json!(""),
                json!("12125550123"),
                json!("+1212"),
                json!("+0123456789"),
                json!("+1 212 555 0123"),
                json!("+1212555012345678"),
                json!("+١٢١٢٥٥٥٠١٢٣"),
                json!("+1\u{0}2125550123"),
            ],
            _ => continue,
        };
        let caller = pair.by(&app, &form);
        for wrong in wrong {
            let told = sent(&caller, &form, form.with(&leaf, wrong.clone())).await;
            let at = format!("{}.{}: {wrong}", form.mutation, leaf.at);
            assert_eq!(told, format!("INVALID_INPUT {}", leaf.field()), "{at}");
        }
        if leaf.kind == "Percent" {
            for wrong in ["0.99", "10.01", "0", "-3.00", "100000"] {
                let told = sent(&caller, &form, form.with(&leaf, json!(wrong))).await;
                let wanted = ["COMMISSION_RATE_OUT_OF_RANGE", "INVALID_INPUT"];
                let known = wanted
                    .map(|code| format!("{code} {}", leaf.field()))
                    .contains(&told);
                assert!(
                    known || told == "NOT_FOUND applicationId",
                    "{}: {wrong}: {told}",
                    form.mutation
                );
            }
        }
    }
    assert_eq!(rows(&app.app.db).await, before);
}

on_both!(an_id_that_names_nothing_is_refused_and_never_a_fault);
async fn an_id_that_names_nothing_is_refused_and_never_a_fault(app: TestApp) {
    let (pair, places) = every_place(&app).await;
    let before = rows(&app.app.db).await;
    let mut seen = 0;
    for (form, leaf) in places.iter().filter(|(_, leaf)| leaf.kind == "ID") {
        seen += 1;
        let caller = pair.by(&app, form);
        let real = text(form.input.pointer(&leaf.at).expect("an id")).to_owned();
        let prefix = &real[..4];
        let other = if prefix == "agt_" {
            &pair.a.ids.charge
        } else {
            &pair.a.ids.agent
        };
        for wrong in [
            json!(other),
            json!(""),
            json!(" "),
            json!("x"),
            json!(prefix),
            json!(17),
            json!(real.to_uppercase()),
            json!(real[4..]),
            json!(format!("{real}0")),
            json!(format!("{real} ")),
            json!(format!("{prefix}\u{0}")),
            json!("x".repeat(10_000)),
        ] {
            let told = sent(&caller, form, form.with(leaf, wrong.clone())).await;
            let at = format!("{}.{}: {:.50}", form.mutation, leaf.at, wrong.to_string());
            assert_eq!(told, format!("INVALID_INPUT {}", leaf.field()), "{at}");
        }
        let told = sent(&caller, form, form.with(leaf, json!(nobodys(&real)))).await;
        let missing =
            ["NOT_FOUND", "NOT_AFFILIATED"].map(|code| format!("{code} {}", leaf.field()));
        assert!(
            missing.contains(&told),
            "{}.{}: {told}",
            form.mutation,
            leaf.at
        );
    }
    assert!(seen >= 15, "only {seen} ids");
    assert_eq!(rows(&app.app.db).await, before);
}

/// Texts that are not kept as they came, and what is said of them instead.
fn of_text(form: &Form, leaf: &Leaf) -> Option<String> {
    Some(match (form.mutation, leaf.at.as_str()) {
        // The token comes first, and the typed number counts.
        ("claimAccount", "/password") | ("signUpWithAgent", "/linkAgentNumber") => return None,
        // The same whatever was wrong.
        ("signIn", _) => "INVALID_CREDENTIALS ".into(),
        ("changePassword", "/currentPassword") => "INVALID_CREDENTIALS currentPassword".into(),
        ("refreshSession", _) => "INVALID_TOKEN refreshToken".into(),
        ("claimAccount", "/token") => "INVALID_TOKEN token".into(),
        (_, "/password" | "/newPassword") => format!("WEAK_PASSWORD {}", leaf.field()),
        (_, "/agentNumber") => "AGENT_NUMBER_MALFORMED agentNumber".into(),
        ("purchaseProduct", "/productCode") => "PRODUCT_NOT_AVAILABLE productCode".into(),
        ("requestPayout", at) if at.starts_with("/destination") => {
            format!("PAYOUT_METHOD_DETAILS {}", leaf.field())
        }
        // Where nothing is said of it.
        ("approvePayout" | "cancelPayout", "/reference" | "/reason")
        | ("settlePayout" | "sendPayout", "/reason")
        | ("rejectPayout", "/reference") => "NOT_FOUND payoutId".into(),
        _ => format!("INVALID_INPUT {}", leaf.field()),
    })
}

on_both!(what_is_no_text_is_refused_wherever_one_is_meant);
async fn what_is_no_text_is_refused_wherever_one_is_meant(app: TestApp) {
    let (pair, places) = every_place(&app).await;
    let before = rows(&app.app.db).await;
    let mut seen = 0;
    for (form, leaf) in places.iter().filter(|(_, leaf)| leaf.kind == "String") {
        seen += 1;
        let caller = pair.by(&app, form);
        let Some(wanted) = of_text(form, leaf) else {
            continue;
        };
        let is_key = leaf.at.ends_with("idempotencyKey");
        let long = "a".repeat(if is_key { 256 } else { 10_000 });
        let mut wrong = vec![long.as_str(), "a\u{0}b", "a\u{1b}[31m", "a\u{7f}"];
        if leaf.required {
            wrong.push("");
        }
        if !is_key {
            wrong.extend(["a\u{202e}b", "\u{feff}b", "a\u{2066}"]);
            wrong.extend(leaf.required.then_some("  \t "));
        }
        for wrong in wrong {
            let told = sent(&caller, form, form.with(leaf, json!(wrong))).await;
            assert_eq!(told, wanted, "{}.{}: {wrong:.20?}", form.mutation, leaf.at);
        }
    }
    assert!(seen >= 40, "only {seen} texts");
    assert_eq!(rows(&app.app.db).await, before);
}

on_both!(numbers_that_no_integer_holds_are_refused);
async fn numbers_that_no_integer_holds_are_refused(app: TestApp) {
    let (pair, places) = every_place(&app).await;
    let before = rows(&app.app.db).await;
    for (form, leaf) in places.iter().filter(|(_, leaf)| leaf.kind == "Int") {
        let caller = pair.by(&app, form);
        for wrong in [
            json!(i64::MAX),
            json!(4_294_967_297_i64),
            json!(1.5),
            json!("7"),
            json!(1e300),
        ] {
            let told = sent(&caller, form, form.with(leaf, wrong.clone())).await;
            let refused = told == "!BAD_USER_INPUT" || told == "!GRAPHQL_VALIDATION_FAILED";
            assert!(refused, "{}.{}: {wrong}: {told}", form.mutation, leaf.at);
        }
        let told = sent(&caller, form, form.with(leaf, json!(-1))).await;
        assert_eq!(
            told,
            format!("INVALID_INPUT {}", leaf.field()),
            "{}",
            form.mutation
        );
    }
    assert_eq!(rows(&app.app.db).await, before);
}
