//! Passwords, tokens and accounts by the dozen: guessing is slow, and holds up nobody else.

use agent_program::config::Limits;
use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::app::{PASSWORD, TestApp, application};
use crate::support::caller::Caller;
use crate::support::db::TestDb;
use crate::support::small::SmallServer;

const SIGN_IN: &str = "mutation($input: SignInInput!) {
    signIn(input: $input) { session { accessToken } userErrors { code message field } } }";

/// The whole answer to a sign-in from this address.
async fn sign_in(app: &TestApp, address: &str, email: &str, password: &str) -> Value {
    let input = json!({ "email": email, "password": password });
    let stranger = app.anonymous().at(address);
    stranger.ask(SIGN_IN, json!({ "input": input })).await
}

/// `""` for one that is let in, or the code of what it is told.
async fn told(app: &TestApp, address: &str, email: &str, password: &str) -> String {
    let answer = sign_in(app, address, email, password).await;
    let refused = &answer["data"]["signIn"]["userErrors"][0]["code"];
    let code = refused
        .as_str()
        .or(answer["errors"][0]["extensions"]["code"].as_str());
    code.unwrap_or_default().to_owned()
}

/// The code of each of so many of the same mutation, in a row.
async fn codes(caller: &Caller, field: &str, input: &Value, count: usize) -> Vec<String> {
    let mut codes = Vec::new();
    for _ in 0..count {
        let document = format!(
            "mutation($input: {}Input!) {{ {field}(input: $input) {{ userErrors {{ code }} }} }}",
            {
                let (first, rest) = field.split_at(1);
                first.to_uppercase() + rest
            }
        );
        let answer = caller.ask(&document, json!({ "input": input })).await;
        let refused = &answer["data"][field]["userErrors"][0]["code"];
        let code = refused
            .as_str()
            .or(answer["errors"][0]["extensions"]["code"].as_str());
        codes.push(code.unwrap_or_default().to_owned());
    }
    codes
}

on_both!(after_five_wrong_passwords_the_next_has_to_wait_wherever_the_account_is);
async fn after_five_wrong_passwords_the_next_has_to_wait_wherever_the_account_is(app: TestApp) {
    let customer = app.customer().await;
    let here = "192.0.2.1";
    let mut known = Vec::new();
    let mut unknown = Vec::new();
    for _ in 0..7 {
        known.push(sign_in(&app, here, &customer.email, "another harbour").await);
        unknown.push(sign_in(&app, here, "nobody@example.com", "another harbour").await);
    }
    // The clock of a story moves with each look at it: seconds are whole all the same.
    assert_eq!(known, unknown, "an account is told from none");
    for refused in &known[..5] {
        let code = &refused["data"]["signIn"]["userErrors"][0]["code"];
        assert_eq!(code, "INVALID_CREDENTIALS");
    }
    for refused in &known[5..] {
        let told = &refused["errors"][0]["extensions"];
        assert_eq!(
            (&told["code"], &told["retryAfterSeconds"]),
            (&json!("RATE_LIMITED"), &json!(60))
        );
        assert!(refused["data"]["signIn"].is_null());
    }
    // The right one waits, too; not from elsewhere, where nobody has guessed.
    let right = async |from| told(&app, from, &customer.email, PASSWORD).await;
    assert_eq!(right(here).await, "RATE_LIMITED");
    assert_eq!(right("192.0.2.2").await, "");
    // Letters of either case are the same account.
    let shouted = customer.email.to_uppercase();
    assert_eq!(told(&app, here, &shouted, PASSWORD).await, "RATE_LIMITED");
    app.pass(TimeDelta::minutes(1));
    assert_eq!(right(here).await, "");
    let wrong = async || told(&app, here, &customer.email, "another harbour").await;
    for _ in 0..5 {
        assert_eq!(wrong().await, "INVALID_CREDENTIALS");
    }
    assert_eq!(wrong().await, "RATE_LIMITED");
}

on_both!(an_account_under_attack_stays_open_to_its_holder_at_home);
async fn an_account_under_attack_stays_open_to_its_holder_at_home(app: TestApp) {
    let customer = app.customer().await;
    let right = async |from| told(&app, from, &customer.email, PASSWORD).await;
    assert_eq!(right("2001:db8:0:1::a").await, "");
    for n in 0..20 {
        let from = format!("198.51.100.{n}");
        assert_eq!(
            told(&app, &from, &customer.email, "a guess").await,
            "INVALID_CREDENTIALS"
        );
    }
    assert_eq!(
        told(&app, "198.51.100.20", &customer.email, "a guess").await,
        "RATE_LIMITED"
    );
    assert_eq!(right("203.0.113.9").await, "RATE_LIMITED");
    // At home: anywhere in its /64, however long the attack goes on.
    assert_eq!(right("2001:db8:0:1::b").await, "");
    assert_eq!(right("2001:db8:0:2::b").await, "RATE_LIMITED");
    app.pass(TimeDelta::minutes(15));
    assert_eq!(right("203.0.113.9").await, "");
}

on_both!(who_tries_many_accounts_from_one_source_is_held_up);
async fn who_tries_many_accounts_from_one_source_is_held_up(app: TestApp) {
    let tries = (0..40).map(|n| {
        let app = &app;
        async move { told(app, "192.0.2.1", &format!("{n}@example.com"), PASSWORD).await }
    });
    let mut refused = 0;
    for told in tries {
        let code = told.await;
        refused += usize::from(code == "RATE_LIMITED");
    }
    assert_eq!(refused, 10);
    let customer = app.customer().await;
    assert_eq!(told(&app, "192.0.2.2", &customer.email, PASSWORD).await, "");
}

on_both!(tokens_and_passwords_are_guessed_as_slowly);
async fn tokens_and_passwords_are_guessed_as_slowly(app: TestApp) {
    let limited = |codes: &[String]| codes.iter().filter(|it| *it == "RATE_LIMITED").count();
    let (here, there) = (
        app.anonymous().at("192.0.2.1"),
        app.anonymous().at("192.0.2.2"),
    );
    let refresh = json!({ "refreshToken": "agr_guess" });
    assert_eq!(
        limited(&codes(&here, "refreshSession", &refresh, 32).await),
        2
    );
    let claim = json!({ "token": "agc_guess", "email": "a@example.com", "password": PASSWORD });
    assert_eq!(
        codes(&here, "claimAccount", &claim, 1).await,
        ["RATE_LIMITED"]
    );
    assert_eq!(limited(&codes(&there, "claimAccount", &claim, 32).await), 2);
    let customer = app.customer().await;
    let change = json!({ "currentPassword": "a guess", "newPassword": "a louder harbour" });
    let codes = codes(&customer.at("192.0.2.3"), "changePassword", &change, 7).await;
    assert_eq!(codes[..5], ["INVALID_CREDENTIALS"; 5]);
    assert_eq!(codes[5..], ["RATE_LIMITED"; 2]);
    // Elsewhere its holder goes on.
    let change = json!({ "currentPassword": PASSWORD, "newPassword": "a louder harbour" });
    customer
        .at("192.0.2.4")
        .mutate("changePassword", change, "")
        .await;
}

on_both!(of_one_source_come_so_many_newcomers);
async fn of_one_source_come_so_many_newcomers(app: TestApp) {
    let here = app.anonymous().at("192.0.2.1");
    let apply = |n: usize| application(&format!("applicant.{n}@example.com"));
    for n in 0..19 {
        let told = codes(&here, "applyToProgram", &apply(n), 1).await;
        assert_eq!(told, [""]);
    }
    let taken = json!({ "name": "A", "email": app.customer().await.email, "password": PASSWORD });
    assert_eq!(
        codes(&here, "signUp", &taken, 2).await,
        ["EMAIL_TAKEN", "RATE_LIMITED"]
    );
    let mut with_agent = taken.clone();
    with_agent["agentNumber"] = json!(app.agent("3.00").await.number);
    assert_eq!(
        codes(&here, "signUpWithAgent", &with_agent, 1).await,
        ["RATE_LIMITED"]
    );
    assert_eq!(
        codes(&here, "applyToProgram", &apply(20), 1).await,
        ["RATE_LIMITED"]
    );
    let there = app.anonymous().at("192.0.2.2");
    assert_eq!(codes(&there, "signUp", &taken, 1).await, ["EMAIL_TAKEN"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_from_one_source_keeps_nobody_else_out() {
    let app = TestApp::with_limits(TestDb::sqlite().await, Limits::NONE);
    let customer = app.customer().await;
    let network = |n: usize| format!("2001:db8::{n:x}");
    let flood = (0..200).map(|n| {
        let (app, email) = (&app, &customer.email);
        async move { told(app, &network(n), email, "another harbour").await }
    });
    let flood = join_all(flood);
    let honest = join_all((0..4).map(async |n| {
        let from = format!("198.51.100.{n}");
        told(&app, &from, &customer.email, PASSWORD).await
    }));
    let (flood, honest) = tokio::join!(flood, honest);
    assert_eq!(honest, [""; 4]);
    let turned_away = flood.iter().filter(|it| *it == "OVERLOADED").count();
    assert!(turned_away > 100, "{turned_away} of the flood turned away");
    assert!(
        flood
            .iter()
            .all(|it| it == "OVERLOADED" || it == "INVALID_CREDENTIALS")
    );
}

#[tokio::test]
async fn no_document_guesses_twice_by_aliases_lists_or_fragments() {
    let server = SmallServer::start().await;
    let guess =
        "signIn(input: {email: \"a@example.com\", password: \"b\"}) { session { accessToken } }";
    let refresh = "refreshSession(input: {refreshToken: \"agr_a\"}) { session { accessToken } }";
    let many = |count: usize| {
        let each: Vec<_> = (0..count).map(|n| format!("a{n}: {guess}")).collect();
        each.join(" ")
    };
    for document in [
        format!("mutation {{ a: {guess} b: {guess} }}"),
        format!("mutation {{ {} }}", many(20)),
        format!("mutation {{ {guess} {refresh} }}"),
        format!("mutation {{ {guess} ... on Mutation {{ b: {guess} }} }}"),
        format!(
            "mutation {{ ...One ...Two }} fragment One on Mutation {{ {guess} }} fragment Two on Mutation {{ b: {guess} }}"
        ),
    ] {
        let body = json!({ "query": document });
        let asked = reqwest::Client::new().post(server.url()).json(&body).send();
        let answer: Value = asked.await.unwrap().json().await.unwrap();
        let code = &answer["errors"][0]["extensions"]["code"];
        assert_eq!(code, "QUERY_TOO_COSTLY", "{document}");
    }
    // And a list of requests is none.
    let body = json!([{ "query": format!("mutation {{ {guess} }}") }]);
    let asked = reqwest::Client::new().post(server.url()).json(&body).send();
    let answer: Value = asked.await.unwrap().json().await.unwrap();
    assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
}
