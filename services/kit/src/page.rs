//! Pages of lists: sizes, and opaque tokens that say where the next page begins. A token is bound to the method and its
//! filter, so that it can't continue another list. It holds nothing secret.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};

/// How many items a page has where the caller doesn't say.
pub const DEFAULT_SIZE: i32 = 100;
/// How many items a page has at most.
pub const MAX_SIZE: i32 = 1_000;

/// What is wrong with a page token.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("page_token: not a token of this list with this filter")]
pub struct PageTokenInvalid;

/// The page size to use for the one asked for: 0 is the default, more than the maximum is the maximum.
#[must_use]
pub fn size(asked: i32) -> usize {
    let size = if asked == 0 { DEFAULT_SIZE } else { asked.clamp(1, MAX_SIZE) };
    usize::try_from(size).expect("clamped to a positive number")
}

/// A token for the page after the item with this key. `list` names method, filter and order.
#[must_use]
pub fn token(list: &str, last_key: &str) -> String {
    BASE64.encode(format!("{:08x}{last_key}", crc32fast::hash(list.as_bytes())))
}

/// The key to begin after: empty for the first page.
///
/// # Errors
/// The token is not one of this list.
pub fn key(list: &str, token: &str) -> Result<String, PageTokenInvalid> {
    if token.is_empty() {
        return Ok(String::new());
    }
    let decoded = BASE64.decode(token).map_err(|_| PageTokenInvalid)?;
    let text = String::from_utf8(decoded).map_err(|_| PageTokenInvalid)?;
    // No key of a list has such, and the database could not take it.
    if text.contains(char::is_control) {
        return Err(PageTokenInvalid);
    }
    let mark = format!("{:08x}", crc32fast::hash(list.as_bytes()));
    text.strip_prefix(&mark).map(str::to_owned).ok_or(PageTokenInvalid)
}

/// The number to begin after, in a list whose key is one: 0 for the first page.
///
/// # Errors
/// The token is not one of this list.
pub fn number(list: &str, token: &str) -> Result<i64, PageTokenInvalid> {
    let key = key(list, token)?;
    if key.is_empty() { Ok(0) } else { key.parse().map_err(|_| PageTokenInvalid) }
}

/// Cuts a list that was read with one item more than the page: the page, and the token of the next (empty on the last).
#[must_use]
pub fn cut<T>(list: &str, size: usize, mut items: Vec<T>, key: impl Fn(&T) -> String) -> (Vec<T>, String) {
    if items.len() <= size {
        return (items, String::new());
    }
    items.truncate(size);
    let next = items.last().map(|last| token(list, &key(last))).unwrap_or_default();
    (items, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_continues_only_its_own_list() {
        let next = token("ListUnits kind=1", "31.71");
        assert_eq!(key("ListUnits kind=1", &next).unwrap(), "31.71");
        assert_eq!(key("ListUnits kind=2", &next), Err(PageTokenInvalid));
        assert_eq!(key("ListUnits kind=1", "garbage"), Err(PageTokenInvalid));
        assert_eq!(key("ListUnits kind=1", "").unwrap(), "");
    }

    #[test]
    fn a_made_up_token_with_a_nul_continues_nothing() {
        assert_eq!(key("list", &token("list", "a\0b")), Err(PageTokenInvalid));
    }

    #[test]
    fn only_a_list_with_more_gets_a_next_token() {
        let (page, next) = cut("l", 2, vec!["a", "b", "c"], |item| (*item).to_owned());
        assert_eq!(page, ["a", "b"]);
        assert_eq!(key("l", &next).unwrap(), "b");
        assert_eq!(cut("l", 3, vec!["a", "b", "c"], |item| (*item).to_owned()).1, "");
    }
}
