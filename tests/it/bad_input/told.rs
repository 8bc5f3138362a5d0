//! What is said of an input, and what it left behind.

use std::collections::BTreeMap;

use agent_program::store::Db;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};

use crate::support::app::{TestApp, text};
use crate::support::caller::Caller;
use crate::support::forms::{Form, Leaf, nobodys};
use crate::support::pair::{Pair, filled};
use crate::support::types::TYPES;

/// All but sessions, which signing in makes, and the answers to keys, which a refusal has too.
const TABLES: &str = "account_event affiliation agent agent_balance agent_event api_key application call_rate charge
    claim commission commission_rate customer customer_balance customer_day desk_event entry login payout plan product
    top_up transaction transfer";

/// How many rows each table has.
pub(super) async fn rows(db: &Db) -> BTreeMap<String, i64> {
    let mut counts = BTreeMap::new();
    for table in TABLES.split_whitespace() {
        let sql = format!(r#"SELECT COUNT(*) AS n FROM "{table}""#);
        let count = Statement::from_string(db.backend(), sql);
        let row = db.reader().query_one_raw(count).await.expect("a count");
        let n = row.expect("a row").try_get("", "n").expect("a number");
        counts.insert(table.to_owned(), n);
    }
    counts
}

/// What an answer says: `CODE field` of a refusal, `!CODE` of an error, and nothing of what was done.
pub(super) fn told(answer: &Value) -> String {
    if let Some(errors) = answer["errors"].as_array() {
        return format!("!{}", text(&errors[0]["extensions"]["code"]));
    }
    let data = answer["data"].as_object().expect("data");
    let payload = data.values().next().expect("a payload");
    let row = &payload["results"][0]["error"];
    let error = payload["userErrors"].get(0).unwrap_or(row);
    if error.is_null() {
        return String::new();
    }
    let path = error["field"].as_array().map_or(vec![], |path| {
        assert_eq!(path[0], "input", "{error}");
        path[1..].iter().map(text).collect()
    });
    format!("{} {}", text(&error["code"]), path.join("."))
}

pub(super) async fn sent(caller: &Caller, form: &Form, input: Value) -> String {
    let document = TYPES.mutation(form.mutation);
    told(&caller.ask(&document, json!({ "input": input })).await)
}

/// A world, and every place of every mutation's input.
pub(super) async fn every_place(app: &TestApp) -> (Pair, Vec<(Form, Leaf)>) {
    let pair = Pair::new(app).await;
    let mut ids = pair.a.ids.clone();
    // So that what does not read a field does nothing either.
    for id in [
        &mut ids.payout,
        &mut ids.plan,
        &mut ids.application,
        &mut ids.api_key,
        &mut ids.top_up,
    ] {
        *id = nobodys(id);
    }
    let mut places = Vec::new();
    for (i, form) in filled(app, &ids).iter().enumerate() {
        for leaf in form.leaves() {
            let again = filled(app, &ids).swap_remove(i);
            places.push((again, leaf));
        }
    }
    (pair, places)
}
