//! `GraphiQL` at `/graphiql`, from the binary: no request leaves the origin, so it works behind a firewall.
//!
//! What it stands on is packed by `scripts/graphiql.sh`; the page and the story that its tabs tell are in `assets/graphiql`.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};

/// `GraphiQL` sets styles from its script, and its style sheet holds its fonts; everything else comes from here.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; \
    img-src 'self' data:; worker-src 'self' blob:; connect-src 'self'; base-uri 'none'; \
    frame-ancestors 'none'; form-action 'none'";

struct Asset {
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
    packed: bool,
}

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

macro_rules! asset {
    ($name:literal, $kind:expr) => {
        Asset {
            name: $name,
            kind: $kind,
            bytes: include_bytes!(concat!("../../assets/graphiql/", $name)),
            packed: false,
        }
    };
    (vendor $name:literal, $kind:expr) => {
        Asset {
            name: $name,
            kind: $kind,
            bytes: include_bytes!(concat!("../../assets/graphiql/vendor/", $name, ".gz")),
            packed: true,
        }
    };
}

static ASSETS: &[Asset] = &[
    asset!("page.js", SCRIPT),
    asset!("blanks.js", SCRIPT),
    asset!("people.js", SCRIPT),
    asset!("story.js", SCRIPT),
    asset!("page.css", STYLE),
    asset!(vendor "graphiql.css", STYLE),
    asset!(vendor "graphiql.js", SCRIPT),
    asset!(vendor "graphql-ws.js", SCRIPT),
    asset!(vendor "react.js", SCRIPT),
    asset!(vendor "react-dom.js", SCRIPT),
    asset!(vendor "LICENSES.txt", TEXT),
];

static PAGE: &str = include_str!("../../assets/graphiql/index.html");

/// The assets' common version, which stands in their addresses: they may be kept for ever, and change together.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut digest = Sha256::new();
    for asset in ASSETS {
        digest.update(asset.name);
        digest.update(asset.bytes);
    }
    hex::encode(&digest.finalize()[..8])
});

/// `/graphiql` and what it loads.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/graphiql", get(page))
        .route("/graphiql/{version}/{name}", get(asset))
}

async fn page(headers: HeaderMap) -> Response {
    static FILLED: LazyLock<(String, HeaderValue)> = LazyLock::new(|| {
        let page = PAGE.replace("{{version}}", &VERSION);
        let etag = format!("\"{}\"", hex::encode(&Sha256::digest(&page)[..8]));
        let etag = HeaderValue::try_from(etag).expect("hexadecimal digits in quotes");
        (page, etag)
    });
    let (page, etag) = &*FILLED;
    let common = [
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (ETAG, etag.clone()),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    if headers.get(IF_NONE_MATCH) == Some(etag) {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let kind = [(CONTENT_TYPE, "text/html; charset=utf-8")];
    (common, kind, page.as_str()).into_response()
}

async fn asset(Path((version, name)): Path<(String, String)>, headers: HeaderMap) -> Response {
    let asset = ASSETS.iter().find(|asset| asset.name == name);
    let Some(asset) = asset.filter(|_| version == *VERSION) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let common = [
        (CONTENT_TYPE, asset.kind),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    if !asset.packed {
        return (common, asset.bytes).into_response();
    }
    let coding = [(CONTENT_ENCODING, "gzip"), (VARY, "accept-encoding")];
    if accepts_gzip(&headers) {
        (common, coding, asset.bytes).into_response()
    } else {
        (
            StatusCode::NOT_ACCEPTABLE,
            "this file is kept as gzip only\n",
        )
            .into_response()
    }
}

/// Whether a client takes gzip: it does if it does not say (RFC 9110, 12.5.3).
fn accepts_gzip(headers: &HeaderMap) -> bool {
    let mut codings = headers
        .get_all(ACCEPT_ENCODING)
        .iter()
        .flat_map(|value| value.to_str().unwrap_or("").split(','))
        .map(|coding| coding.split_once(';').unwrap_or((coding, "")))
        .map(|(name, weight)| (name.trim().to_ascii_lowercase(), weight.replace(' ', "")))
        .peekable();
    if codings.peek().is_none() {
        return true;
    }
    let refused = |weight: &str| {
        let weight = weight.strip_prefix("q=").unwrap_or("1");
        weight.trim_matches(['0', '.']).is_empty()
    };
    let mut any = false;
    for (name, weight) in codings {
        match name.as_str() {
            "gzip" | "x-gzip" => return !refused(&weight),
            "*" => any = !refused(&weight),
            _ => {}
        }
    }
    any
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use tower::ServiceExt;

    use super::*;

    async fn get(path: &str, header: (&str, &str)) -> (StatusCode, HeaderMap, Vec<u8>) {
        let request = Request::get(path).header(header.0, header.1);
        let request = request.body(Body::empty()).unwrap();
        let answer = routes::<()>().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        (parts.status, parts.headers, body.to_vec())
    }

    #[tokio::test]
    async fn everything_that_the_page_loads_is_here() {
        let (status, headers, page) = get("/graphiql", ("accept", "text/html")).await;
        assert_eq!(status, StatusCode::OK);
        let policy = headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'self'; "));
        let page = String::from_utf8(page).unwrap();
        let loaded: Vec<_> = page
            .split('"')
            .filter(|text| text.starts_with("graphiql/"))
            .collect();
        assert!(loaded.len() >= 8, "{loaded:?}");
        for path in loaded {
            let (status, headers, body) =
                get(&format!("/{path}"), ("accept-encoding", "gzip, br")).await;
            assert_eq!(status, StatusCode::OK, "{path}");
            assert!(
                headers[CACHE_CONTROL]
                    .to_str()
                    .unwrap()
                    .ends_with("immutable")
            );
            assert_eq!(
                headers.contains_key(CONTENT_ENCODING),
                body.starts_with(&[0x1f, 0x8b]),
                "{path}"
            );
        }
        assert!(!page.contains("http://") && !page.contains("https://"));
    }

    #[tokio::test]
    async fn a_page_that_is_known_is_not_sent_again() {
        let (_, headers, _) = get("/graphiql", ("accept", "*/*")).await;
        let etag = headers[ETAG].to_str().unwrap();
        let (status, _, body) = get("/graphiql", ("if-none-match", etag)).await;
        assert_eq!((status, body.len()), (StatusCode::NOT_MODIFIED, 0));
    }

    #[tokio::test]
    async fn an_old_version_and_an_unknown_file_are_not_found() {
        for path in [
            "/graphiql/0000/page.js".to_owned(),
            format!("/graphiql/{}/x", *VERSION),
        ] {
            assert_eq!(get(&path, ("accept", "*/*")).await.0, StatusCode::NOT_FOUND);
        }
    }

    #[tokio::test]
    async fn gzip_is_sent_to_whoever_does_not_refuse_it() {
        let path = format!("/graphiql/{}/react.js", *VERSION);
        for accepted in ["gzip", "br, gzip;q=0.5", "*", "identity, *;q=0.1"] {
            let (status, headers, _) = get(&path, ("accept-encoding", accepted)).await;
            assert_eq!(status, StatusCode::OK, "{accepted}");
            assert_eq!(headers[CONTENT_ENCODING], "gzip");
        }
        for refused in ["identity", "gzip;q=0, *", "gzip; q=0.0", "br"] {
            let (status, ..) = get(&path, ("accept-encoding", refused)).await;
            assert_eq!(status, StatusCode::NOT_ACCEPTABLE, "{refused}");
        }
        assert_eq!(get(&path, ("accept", "*/*")).await.0, StatusCode::OK);
    }
}
