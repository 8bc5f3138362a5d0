//! Searching for a text within others.

use sea_orm::ColumnTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Func, LikeExpr};

/// Whether a column holds a text, letters of either case being the same. On SQLite only those of ASCII are.
pub fn contains(column: impl ColumnTrait, text: &str) -> Expr {
    let mut pattern = String::from("%");
    for letter in text.trim().to_lowercase().chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    let held = Func::lower(Expr::col(column.as_column_ref()));
    Expr::expr(held).like(LikeExpr::new(pattern).escape('\\'))
}
