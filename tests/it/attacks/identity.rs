//! Whoever says that he is somebody else.

use agent_program::auth::new_key;
use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::siege::{Siege, client, code};
use crate::support::app::{TestApp, text};

fn decoded(part: &str) -> Value {
    let bytes = URL_SAFE_NO_PAD.decode(part).expect("base64");
    serde_json::from_slice(&bytes).expect("JSON")
}

/// A token of this header and these claims, signed by whatever.
fn token(header: &Value, claims: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = sign(message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn with(value: &Value, name: &str, other: Value) -> Value {
    let mut value = value.clone();
    value[name] = other;
    value
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_token_is_nobodys() {
    let siege = Siege::begin(TestApp::sqlite().await).await;
    let parts: Vec<&str> = siege.token.split('.').collect();
    let (header, claims) = (decoded(parts[0]), decoded(parts[1]));
    let keys = format!("http://{}/.well-known/jwks.json", siege.server.address);
    let keys = client(1).get(keys).send().await.expect("the keys");
    let keys: Value = keys.json().await.expect("JSON");
    let public = URL_SAFE_NO_PAD
        .decode(text(&keys["keys"][0]["x"]))
        .expect("base64");
    let thief = new_key().expect("a key");
    let thief = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&thief).expect("a key");
    let thiefs = json!({
        "kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(thief.public_key().as_ref()),
    });
    let by_thief = |message: &[u8]| thief.sign(message).as_ref().to_vec();
    let by_public = |message: &[u8]| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &public);
        hmac::sign(&key, message).as_ref().to_vec()
    };
    let theirs = URL_SAFE_NO_PAD.decode(parts[2]).expect("base64");
    let kept = |_: &[u8]| theirs.clone();
    let expired = with(&claims, "exp", json!(1));
    let longer = with(&claims, "exp", json!(4_102_444_800_i64));
    let elsewhere = with(&claims, "aud", json!("others"));
    let by_others = with(&claims, "iss", json!("others"));
    let somebody = with(
        &claims,
        "sub",
        json!("00000000-0000-0000-0000-000000000000"),
    );
    for (name, forged) in [
        (
            "no algorithm",
            token(&with(&header, "alg", json!("none")), &claims, |_| vec![]),
        ),
        (
            "no algorithm, in capitals",
            token(&with(&header, "alg", json!("NONE")), &claims, kept),
        ),
        (
            "the public key as a secret",
            token(&with(&header, "alg", json!("HS256")), &claims, by_public),
        ),
        (
            "the public key as a secret, said to be EdDSA",
            token(&header, &claims, by_public),
        ),
        ("another's signature", token(&header, &claims, by_thief)),
        (
            "another's key in the header",
            token(&with(&header, "jwk", thiefs), &claims, by_thief),
        ),
        (
            "another's keys by a link",
            token(
                &with(&header, "jku", json!("http://evil.example/jwks")),
                &claims,
                by_thief,
            ),
        ),
        (
            "a file as the key's name",
            token(
                &with(&header, "kid", json!("../../dev/null")),
                &claims,
                by_thief,
            ),
        ),
        (
            "another type",
            token(&with(&header, "typ", json!("JWT")), &claims, kept),
        ),
        ("another end", token(&header, &longer, kept)),
        ("long ago", token(&header, &expired, by_thief)),
        ("for others", token(&header, &elsewhere, by_thief)),
        ("by others", token(&header, &by_others, by_thief)),
        ("somebody else", token(&header, &somebody, kept)),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ("points alone", "..".into()),
        ("50 kB", "x.".repeat(25_000)),
    ] {
        let body = json!({ "query": "{ viewer { user { email } } }" });
        let request = client(1)
            .post(siege.server.url())
            .bearer_auth(forged)
            .json(&body)
            .send();
        let answer = siege.attack(name, request).await.expect("an answer");
        let status = answer.status().as_u16();
        if name == "50 kB" {
            assert!([401, 431].contains(&status), "{name}: {status}");
        } else {
            let answer: Value = answer.json().await.expect("JSON");
            assert_eq!((status, code(&answer)), (401, "UNAUTHENTICATED"), "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guessing_by_the_hundred_costs_little_and_finds_nothing() {
    let siege = Siege::begin(TestApp::sqlite().await).await;
    let guess = |n: usize| {
        format!(
            "signIn(input: {{email: \"{}\", password: \"guess {n}\"}}) {{ session {{ accessToken }} userErrors {{ code }} }}",
            siege.agent.email
        )
    };
    let claim = |n: usize| {
        format!(
            "claimAccount(input: {{token: \"agc_{n}\", email: \"a@example.com\", password: \"a quiet harbour\"}}) {{ userErrors {{ code }} }}"
        )
    };
    let many = |each: &dyn Fn(usize) -> String| {
        let all: Vec<_> = (0..20).map(|n| format!("a{n}: {}", each(n))).collect();
        json!({ "query": format!("mutation {{ {} }}", all.join(" ")) }).to_string()
    };
    for (name, body) in [
        ("signIn by aliases", many(&guess)),
        ("claimAccount by aliases", many(&claim)),
    ] {
        let (_, answer) = siege.attack(name, siege.post(body)).await;
        assert_eq!(code(&answer), "QUERY_TOO_COSTLY", "{name}: {answer}");
    }
    let flood = async {
        let mut limited = 0;
        for n in 0..100 {
            let body = json!({ "query": format!("mutation {{ {} }}", guess(n)) }).to_string();
            let (status, answer) = siege.post(body).await;
            assert!(!answer.to_string().contains("accessToken\":\""), "{answer}");
            limited += usize::from(status == 429 && code(&answer) == "RATE_LIMITED");
        }
        limited
    };
    let limited = siege.attack("100 guesses of a password", flood).await;
    assert!(limited >= 94, "{limited} of 100 were one too many");
    let flood = async {
        let mut limited = 0;
        for n in 0..100 {
            let body = json!({ "query": format!("mutation {{ {} }}", claim(n)) }).to_string();
            limited += usize::from(siege.post(body).await.0 == 429);
        }
        limited
    };
    let limited = siege.attack("100 guesses of a claim code", flood).await;
    assert!(limited >= 69, "{limited} of 100 were one too many");
}
