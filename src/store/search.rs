//! Searching for a text within others.

use sea_orm::ColumnTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Func, LikeExpr};

/// Letters that are searched for at most.
const LONGEST: usize = 300;

/// Whether a column holds a text, letters of either case being the same. On SQLite only those of ASCII are.
pub fn contains(column: impl ColumnTrait, text: &str) -> Expr {
    let mut pattern = String::from("%");
    // No name has a NUL or is longer than this, so what is cut off could not be found anyway.
    let letters = text
        .trim()
        .chars()
        .filter(|letter| *letter != '\0')
        .take(LONGEST);
    for letter in letters.flat_map(char::to_lowercase) {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    let held = Func::lower(Expr::col(column.as_column_ref()));
    Expr::expr(held).like(LikeExpr::new(pattern).escape('\\'))
}
