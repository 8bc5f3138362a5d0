//! Reports and statements as CSV: by links that are signed, short-lived and somebody's.

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use chrono::TimeDelta;
use serde_json::{Value, json};
use tower::ServiceExt;

use agent_program::http;

use crate::support::app::{PASSWORD, TestApp, text};
use crate::support::caller::Caller;
use crate::support::papers::{download, is_good, sealed};
use crate::support::sales::{charge, charge_at, post, promo};

const PERIOD: &str =
    r#"period: { from: "2026-11-01", to: "2026-12-01", timeZone: "America/New_York" }"#;

async fn link(who: &Caller, report: &str, more: &str) -> Value {
    let document = format!("{{ {report}(input: {{ {PERIOD}{more} }}) {{ csvUrl }} }}");
    who.query(&document).await[report]["csvUrl"].take()
}

async fn statement(who: &Caller) -> Value {
    let document = "{ statement(month: \"2026-11-01\") { csvUrl } }";
    who.query(document).await["statement"]["csvUrl"].take()
}

fn rows(csv: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(csv.as_bytes());
    let records = reader.records().map(|record| record.expect("a row"));
    let cells = |record: csv::StringRecord| record.iter().map(str::to_owned).collect();
    records.map(cells).collect()
}

on_both!(r23_a_report_as_csv_is_the_report);
async fn r23_a_report_as_csv_is_the_report(app: TestApp) {
    let (agent, switch) = (app.agent("3.00").await, app.machine("SWITCH").await);
    let customer = app.customer_of(&agent).await;
    // Half past eight in the evening of the day before, in New York.
    app.set_clock("2026-11-11T01:30:00Z".parse().unwrap());
    post(&switch, charge(&app, &customer.number, "CALL", "10.0000")).await;
    app.pass(TimeDelta::hours(20));
    post(&switch, charge(&app, &customer.number, "SERVICE", "0")).await;
    post(&switch, charge(&app, &customer.number, "CALL", "0.0198")).await;
    let (agent_caller, operator) = (app.sign_in(&agent.email).await, app.operator().await);
    let days = download(&app, &link(&agent_caller, "commissionReport", "").await).await;
    assert_eq!(
        days,
        "day,label,charges,spent,base,earned,clawed back,net\r\n\
         2026-11-10,2026-11-10,1,10.0000,10.0000,0.3000,0.0000,0.3000\r\n\
         2026-11-11,2026-11-11,2,0.0198,0.0198,0.0005,0.0000,0.0005\r\n"
    );
    let kinds = download(
        &app,
        &link(&operator, "commissionReport", ", groupBy: KIND").await,
    )
    .await;
    assert_eq!(rows(&kinds)[1][..4], ["CALL", "Calls", "2", "10.0198"]);
    let customers = link(&agent_caller, "commissionReport", ", groupBy: CUSTOMER").await;
    assert_eq!(
        rows(&download(&app, &customers).await)[1][..3],
        [&*customer.id, "Carl Customer", "3"]
    );
    let customers = download(&app, &link(&agent_caller, "customerReport", "").await).await;
    assert_eq!(
        customers,
        format!(
            "account number,name,calls,call seconds,charges,spent,base,earned,clawed back,net,last charge \
             (America/New_York),customer\r\n{},Carl Customer,2,0,3,10.0198,10.0198,0.3005,0.0000,0.3005,\
             2026-11-11 16:30:00,{}\r\n",
            customer.number, customer.id
        )
    );
    let agents = rows(&download(&app, &link(&operator, "agentReport", "").await).await);
    assert_eq!(
        agents[1][..6],
        [&*agent.number, "Ada Agent", "1", "1", "2", "0"]
    );
    assert_eq!(agents.len(), 2);
}

on_both!(r48_a_statement_as_csv_holds_every_entry_with_its_balance_and_no_formula);
async fn r48_a_statement_as_csv_holds_every_entry_with_its_balance_and_no_formula(app: TestApp) {
    let (operator, switch) = (app.operator().await, app.machine("SWITCH").await);
    let customer = app.customer().await;
    let input = json!({
        "customerId": customer.id, "amount": "2", "reason": "=HYPERLINK(\"x\")", "idempotencyKey": app.new_key(),
    });
    operator
        .mutate("grantPromo", input, "transaction { id }")
        .await;
    promo(&app, &operator, &customer.id, "1").await;
    app.top_up(&customer, "10.00").await;
    let mut charge = charge_at(&app, &customer.number, "SERVICE", "5.5000", app.now());
    charge["description"] = json!("Two, \"quoted\"");
    post(&switch, charge).await;
    let csv = download(&app, &statement(&customer).await).await;
    let rows = rows(&csv);
    assert_eq!(
        rows[0][..6],
        [
            "time (UTC)",
            "kind",
            "description",
            "account",
            "amount",
            "balance after"
        ]
    );
    let told: Vec<[&str; 5]> = rows[1..]
        .iter()
        .map(|row| [1, 2, 3, 4, 5].map(|cell| row[cell].as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ["OPENING", "", "customer:cash", "", "0.0000"],
            ["OPENING", "", "customer:promo", "", "0.0000"],
            [
                "PROMO_GRANT",
                "'=HYPERLINK(\"x\")",
                "customer:promo",
                "2.0000",
                "2.0000"
            ],
            [
                "PROMO_GRANT",
                "Welcome",
                "customer:promo",
                "1.0000",
                "3.0000"
            ],
            [
                "TOP_UP",
                "Top-up by credit card",
                "customer:cash",
                "10.0000",
                "10.0000"
            ],
            [
                "CHARGE",
                "Two, \"quoted\"",
                "customer:cash",
                "-2.5000",
                "7.5000"
            ],
            [
                "CHARGE",
                "Two, \"quoted\"",
                "customer:promo",
                "-3.0000",
                "0.0000"
            ],
            ["CLOSING", "", "customer:cash", "", "7.5000"],
            ["CLOSING", "", "customer:promo", "", "0.0000"],
        ]
    );
    assert_eq!(rows[1][0], "2026-11-01 00:00:00");
    assert!(
        rows[3][0].starts_with("2026-11-02 09:00:"),
        "{}",
        rows[3][0]
    );
}

on_both!(a_statement_of_thousands_of_entries_is_written_in_pieces_and_whole);
async fn a_statement_of_thousands_of_entries_is_written_in_pieces_and_whole(app: TestApp) {
    let (agent, switch) = (app.agent("3.00").await, app.machine("SWITCH").await);
    let customer = app.customer_of(&agent).await;
    for _ in 0..2 {
        let rows: Vec<Value> = (0..800)
            .map(|_| charge(&app, &customer.number, "CALL", "0.0100"))
            .collect();
        let input = json!({ "source": "billing", "charges": rows });
        switch.mutate("recordCharges", input, "posted").await;
    }
    for who in [&customer.caller, &agent.caller] {
        let url = statement(who).await;
        let file = app.app.sheets.open(sealed(&url)).await.unwrap().unwrap();
        let pieces: Vec<_> = futures_util::StreamExt::collect(file.chunks).await;
        assert!(pieces.len() > 4, "{} pieces", pieces.len());
        let csv = download(&app, &url).await;
        let charges = rows(&csv).into_iter().filter(|row| row[1] == "CHARGE");
        let mut last = 0;
        for row in charges.clone() {
            let after = crate::support::sales::units(&json!(row[5]));
            assert_eq!(last + crate::support::sales::units(&json!(row[4])), after);
            last = after;
        }
        assert_eq!(charges.count(), 1_600);
    }
}

on_both!(a_link_is_good_for_ten_minutes_for_its_session_and_for_nothing_else);
async fn a_link_is_good_for_ten_minutes_for_its_session_and_for_nothing_else(app: TestApp) {
    let agent = app.agent("3.00").await;
    let operator = app.operator().await;
    let (report, own) = (
        link(&agent, "commissionReport", "").await,
        statement(&agent).await,
    );
    let all = link(&operator, "agentReport", "").await;
    assert!(text(&report).starts_with("http://localhost:8000/csv/"));
    // Touched, or another's seal.
    for url in [&report, &own, &all] {
        assert!(is_good(&app, url).await);
        let (said, tag) = sealed(url).split_once('.').unwrap();
        let (_, other) = sealed(if url == &own { &all } else { &own })
            .split_once('.')
            .unwrap();
        for forged in [
            format!("{said}.{other}"),
            format!("{said}A.{tag}"),
            said.to_owned(),
            String::new(),
        ] {
            assert!(
                app.app.sheets.open(&forged).await.unwrap().is_none(),
                "{forged}"
            );
        }
    }
    app.pass(TimeDelta::minutes(9));
    assert!(is_good(&app, &report).await);
    app.pass(TimeDelta::minutes(1));
    assert!(!is_good(&app, &report).await);

    let again = app.sign_in(&agent.email).await;
    let fresh = statement(&again).await;
    assert!(is_good(&app, &fresh).await);
    let input = json!({ "currentPassword": PASSWORD, "newPassword": "another quiet harbour" });
    app.sign_in(&agent.email)
        .await
        .mutate("changePassword", input, "session { accessToken }")
        .await;
    assert!(
        !is_good(&app, &fresh).await,
        "its session was ended by the new password"
    );
}

on_both!(r24_a_managers_link_dies_with_its_management);
async fn r24_a_managers_link_dies_with_its_management(app: TestApp) {
    let agent = app.agent("3.00").await;
    let email = app.new_email("managed");
    let input = json!({ "name": "Mary Managed", "email": email, "management": "PENDING_HANDOVER" });
    let new = agent
        .mutate("signUpCustomer", input, "customer { id } claimUrl")
        .await;
    let document = "query($of: ID) { statement(accountOf: $of, month: \"2026-11-01\") { csvUrl } }";
    let seen = agent
        .run(document, json!({ "of": new["customer"]["id"] }))
        .await;
    let url = &seen["statement"]["csvUrl"];
    assert!(is_good(&app, url).await);
    app.claim(text(&new["claimUrl"]), &email).await;
    assert!(!is_good(&app, url).await);
}

#[tokio::test]
async fn a_file_is_downloaded_and_kept_by_nobody() {
    let app = TestApp::sqlite().await;
    let customer = app.customer().await;
    let url = statement(&customer).await;
    let routes = http::routes(
        &app.app.door(),
        app.app.db.clone(),
        app.app.sheets.clone(),
        None,
    );
    let get = |path: String| {
        let request = Request::get(path).body(Body::empty()).unwrap();
        routes.clone().oneshot(request)
    };
    let answer = get(format!("/csv/{}", sealed(&url))).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let header = |name: &str| answer.headers()[name].to_str().unwrap();
    assert_eq!(
        header("content-type"),
        "text/csv; charset=utf-8; header=present"
    );
    assert_eq!(
        header("content-disposition"),
        "attachment; filename=\"statement-2026-11.csv\""
    );
    assert_eq!(header("cache-control"), "no-store");
    let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    assert!(body.starts_with(b"time (UTC),kind,"));
    assert_eq!(
        get("/csv/x.y".into()).await.unwrap().status(),
        StatusCode::GONE
    );
}
