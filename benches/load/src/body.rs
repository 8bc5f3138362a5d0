//! Bodies: texts with places to be filled in. The same number always makes the same text.

use super::scenario::{Kind, List, Share};

/// `${n}` is the number of the request or row; `${list}` a value of that list.
pub fn filled(kind: &Kind, text: &str, number: u64) -> String {
    let mut filled = String::with_capacity(text.len() + 64);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (place, after) = after.split_once('}').unwrap_or((after, ""));
        filled.push_str(before);
        match place {
            "n" => filled.push_str(&number.to_string()),
            "rows" => filled.push_str(&rows(kind, number)),
            list => filled.push_str(kind.lists.get(list).map_or("", |list| pick(list, number))),
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

fn rows(kind: &Kind, number: u64) -> String {
    let Some(row) = &kind.row else {
        return String::new();
    };
    let numbers = (0..kind.rows).map(|nth| number * kind.rows + nth);
    let rows: Vec<String> = numbers.map(|number| filled(kind, row, number)).collect();
    rows.join(",")
}

fn pick(list: &List, number: u64) -> &str {
    let count = u64::try_from(list.values.len().max(1)).unwrap_or(1);
    let place = match list.share {
        Share::Even => mixed(number) % count,
        Share::Zipf => zipf(count, mixed(number)),
    };
    let place = usize::try_from(place).unwrap_or_default();
    list.values.get(place).map_or("", String::as_str)
}

/// A place by a number that looks random: the continuous form of Zipf's shares.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share need not be exact"
)]
fn zipf(count: u64, number: u64) -> u64 {
    let part = (number >> 11) as f64 / (1_u64 << 53) as f64;
    let place = (count as f64 + 1.0).powf(part) - 1.0;
    (place as u64).min(count - 1)
}

/// Neighbours are far apart afterwards (splitmix64).
pub fn mixed(number: u64) -> u64 {
    let mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
