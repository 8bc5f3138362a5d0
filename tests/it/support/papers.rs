//! Files behind links, as whoever has the link gets them.

use futures_util::TryStreamExt;
use serde_json::Value;

use super::app::{TestApp, text};

/// What follows the server's address in a link to a file.
pub fn sealed(url: &Value) -> &str {
    let (_, sealed) = text(url).split_once("/csv/").expect("a link to a file");
    sealed
}

/// The file behind a link that is good.
pub async fn download(app: &TestApp, url: &Value) -> String {
    let file = app.app.sheets.open(sealed(url)).await.expect("no fault");
    let chunks = file.expect("a good link").chunks;
    let bytes: Vec<Vec<u8>> = chunks.try_collect().await.expect("a whole file");
    String::from_utf8(bytes.concat()).expect("UTF-8")
}

/// Whether a link is still good.
pub async fn is_good(app: &TestApp, url: &Value) -> bool {
    let file = app.app.sheets.open(sealed(url)).await.expect("no fault");
    file.is_some()
}
