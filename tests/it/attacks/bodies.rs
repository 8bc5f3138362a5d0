//! Bodies that are long, broken or somebody else's.

use reqwest::{Body, Method};
use serde_json::json;
use tokio::io::AsyncWriteExt;

use super::siege::{Siege, client, code};
use crate::support::app::TestApp;

const MEGABYTES: usize = 30;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_of_thirty_megabytes_are_not_kept() {
    let siege = Siege::begin(TestApp::sqlite().await).await;
    let send = async |body: Body| {
        let request = client(1).post(siege.server.url()).body(body);
        let request = request.header("content-type", "application/json");
        // Where the server hangs up while it is sent, the client may not hear why.
        request
            .send()
            .await
            .map_or(0, |answer| answer.status().as_u16())
    };
    let whole = || Body::from(vec![b' '; MEGABYTES * 1_000_000]);
    let told = siege.attack("30 MB, announced", send(whole())).await;
    assert!([0, 413].contains(&told), "{told}");
    siege.attack("30 MB in chunks", chunks(&siege)).await;
    let many = futures_util::future::join_all((0..20).map(|_| chunks(&siege)));
    siege.attack("20 of them at once", many).await;
}

/// Sends it in chunks, as far as it is taken: no more than what is heard out, and what lies between the two.
async fn chunks(siege: &Siege) {
    let mut stream = siege.connect(1).await.expect("a connection");
    let head = "POST /graphql HTTP/1.1\r\nhost: here\r\ncontent-type: application/json\r\n\
        transfer-encoding: chunked\r\n\r\n";
    stream
        .write_all(head.as_bytes())
        .await
        .expect("it is taken");
    let chunk = format!("186a0\r\n{}\r\n", " ".repeat(100_000));
    let mut taken = 0;
    while taken < MEGABYTES * 10 && stream.write_all(chunk.as_bytes()).await.is_ok() {
        taken += 1;
    }
    assert!(taken < MEGABYTES * 10, "all of it was taken");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_request_is_refused_and_not_repeated() {
    let siege = Siege::begin(TestApp::sqlite().await).await;
    let request = json!({ "query": "{ program { name } }" }).to_string();
    let batch = format!("[{}]", vec![request.as_str(); 1_000].join(","));
    for (name, body) in [
        ("a batch of 1,000", batch.into_bytes()),
        ("a batch of one", format!("[{request}]").into_bytes()),
        (
            "invalid UTF-8",
            b"{\"query\":\"{ program { name } } # sesame\xff\xfe\"}".to_vec(),
        ),
        (
            "half a letter",
            b"{\"query\":\"{ program { name } } # sesame\xe2\x82\"}".to_vec(),
        ),
        (
            "a lone surrogate",
            br#"{"query":"{ program { name } }","operationName":"sesame\ud800"}"#.to_vec(),
        ),
        ("a NUL in the JSON", b"{\"query\":\"sesame\0\"}".to_vec()),
        (
            "a byte order mark",
            "\u{feff}{\"query\":\"{ sesame }\"}".as_bytes().to_vec(),
        ),
        (
            "UTF-16",
            "{\"query\":\"{ sesame }\"}"
                .encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect(),
        ),
        (
            "what is compressed",
            vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xab, 0x56, 0x2a, 0x2c],
        ),
        (
            "a number of 90,000 digits",
            format!("{{\"query\":{}}}", "9".repeat(90_000)).into_bytes(),
        ),
        (
            "a number beyond all",
            br#"{"query":"{ program { name } }","variables":{"sesame":1e999}}"#.to_vec(),
        ),
        ("50,000 quotes", vec![b'"'; 50_000]),
        ("50,000 backslashes", vec![b'\\'; 50_000]),
    ] {
        let (status, answer) = siege.attack(name, siege.post(body)).await;
        assert_eq!(
            (status, code(&answer)),
            (400, "BAD_USER_INPUT"),
            "{name}: {answer}"
        );
        assert!(!answer.to_string().contains("sesame"), "{name}: {answer}");
    }
}

/// Each stands where a value of every scalar stands: what is wrong is told at its field, and not repeated.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_value_is_too_strange_for_a_scalar() {
    let siege = Siege::begin(TestApp::sqlite().await).await;
    let strange = [
        json!("sesame\u{0}"),
        json!("sesame\u{1b}[31m\r\n\u{202e}\u{2028}\u{fffe}"),
        json!("sesame".repeat(10_000)),
        json!("\u{1f469}\u{200d}".repeat(10_000)),
        json!("9".repeat(60_000)),
        json!("-99999999999999999999.99999sesame"),
        json!(1e308),
        json!(i64::MIN),
        json!(u64::MAX),
        json!([["sesame"]]),
        json!({ "sesame": "sesame" }),
        json!(true),
    ];
    let places = [
        (
            "query($v: PhoneNumber!) { callRate(to: $v) { prefix } }",
            None,
        ),
        ("query($v: ID!) { node(id: $v) { id } }", None),
        (
            "query($v: Int!) { products(first: $v) { totalCount } }",
            None,
        ),
        (
            "query($v: String!) { products(first: 1, after: $v) { totalCount } }",
            None,
        ),
        (
            "mutation($v: TransferFundsInput!) { transferFunds(input: $v) { userErrors { code message } } }",
            Some("amount"),
        ),
        (
            "mutation($v: TransferFundsInput!) { transferFunds(input: $v) { userErrors { code message } } }",
            Some("idempotencyKey"),
        ),
        (
            "mutation($v: TransferFundsInput!) { transferFunds(input: $v) { userErrors { code message } } }",
            Some("customerId"),
        ),
    ];
    let attack = async {
        for (document, field) in places {
            for value in &strange {
                let value = match field {
                    None => value.clone(),
                    Some(field) => {
                        let mut input =
                            json!({ "customerId": "cus_1", "amount": "1", "idempotencyKey": "k" });
                        input[field] = value.clone();
                        input
                    }
                };
                let body = json!({ "query": document, "variables": { "v": value } });
                let request = client(1)
                    .post(siege.server.url())
                    .bearer_auth(&siege.token)
                    .json(&body);
                let answer = request.send().await.expect("an answer");
                let text = answer.text().await.expect("a body");
                assert!(
                    text.len() < 4_000 && !text.contains("sesame"),
                    "{document}: {text:.400}"
                );
                assert!(!text.contains("INTERNAL"), "{document}: {text}");
            }
        }
    };
    siege.attack("strange values", attack).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_foreign_page_can_ask_for_anything() {
    let siege = Siege::begin(TestApp::sqlite().await).await;
    let mutation = "mutation { signOut { userErrors { code } } }";
    let json = json!({ "query": mutation }).to_string();
    let form = format!("query={}", mutation.replace(' ', "+"));
    let multipart = format!(
        "--b\r\ncontent-disposition: form-data; name=\"operations\"\r\n\r\n{json}\r\n--b\r\n\
         content-disposition: form-data; name=\"map\"\r\n\r\n{{}}\r\n--b--\r\n"
    );
    for (kind, body) in [
        ("text/plain", json.as_str()),
        ("text/plain; charset=utf-8; application/json", json.as_str()),
        ("application/x-www-form-urlencoded", form.as_str()),
        (
            "application/x-www-form-urlencoded; application/json",
            json.as_str(),
        ),
        ("multipart/form-data; boundary=b", multipart.as_str()),
        ("application/graphql", mutation),
        ("application/json+x", json.as_str()),
        ("application/json; charset=utf-7", json.as_str()),
        ("", json.as_str()),
    ] {
        for path in ["/graphql", "/graphql/stream", "/graphql/stream/ticket"] {
            let url = format!("http://{}{path}", siege.server.address);
            let request = client(1)
                .post(url)
                .body(body.to_owned())
                .bearer_auth(&siege.token);
            let request = request.header("content-type", kind).header("accept", "*/*");
            let request = request.header("origin", "https://evil.example").send();
            let answer = siege.attack(kind, request).await.expect("an answer");
            assert_eq!(answer.status(), 415, "{path} {kind}");
            assert_eq!(answer.headers().get("access-control-allow-origin"), None);
        }
    }
    for path in ["/graphql", "/graphql/stream"] {
        let url = format!("http://{}{path}", siege.server.address);
        let get = client(1)
            .get(url)
            .query(&[("query", mutation)])
            .bearer_auth(&siege.token);
        assert_eq!(get.send().await.expect("an answer").status(), 405, "{path}");
    }
    // What would need a preflight gets no leave.
    let preflight = client(1).request(Method::OPTIONS, siege.server.url());
    let preflight = preflight
        .header("origin", "https://evil.example")
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "authorization,content-type",
        );
    let answer = preflight.send().await.expect("an answer");
    assert_eq!(answer.headers().get("access-control-allow-origin"), None);
}
