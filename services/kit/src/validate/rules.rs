//! What a broken rule means, for a person: the rules' own words name patterns and numbers.

use prost_protovalidate::Violation;

/// The part of a pattern that stands for an id.
const ID: &str = "[0-9a-f-]{36}";
const DATE: &str = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])";
/// How the rules' own words name a pattern.
const PATTERN: &str = "pattern `";

pub(super) fn describe(violation: &Violation) -> String {
    match violation.rule_id() {
        "string.uuid" | "string.uuid_empty" => "must be a UUID".to_owned(),
        "required" => "is required".to_owned(),
        "enum.not_in" => "must be said".to_owned(),
        "enum.defined_only" => "must be one of the contract's values".to_owned(),
        "string.pattern" => form(violation.message()),
        rule if violation.message().is_empty() => format!("breaks the rule {rule}"),
        _ => violation.message().to_owned(),
    }
}

/// What a pattern asks for, where it is one of the common ones.
fn form(message: &str) -> String {
    let pattern = message.split_once(PATTERN).map_or(message, |(_, rest)| rest.trim_end_matches('`'));
    let inner = pattern.trim_start_matches('^').trim_end_matches('$');
    let (inner, or_empty) = match inner.strip_prefix('(').and_then(|inner| inner.strip_suffix(")?")) {
        Some(inner) => (inner, ", or empty"),
        None => (inner, ""),
    };
    if inner == DATE {
        return format!("must be a day as YYYY-MM-DD{or_empty}");
    }
    let name = inner.replace(ID, "{uuid}");
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '{' | '}' | '-' | '_');
    if name != inner && name.chars().all(is_name) {
        return format!("must be {name}{or_empty}");
    }
    message.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_names_and_days_are_said_in_words() {
        let said = |pattern: &str| form(&format!("does not match regex pattern `{pattern}`"));
        assert_eq!(said("^things/[0-9a-f-]{36}$"), "must be things/{uuid}");
        assert_eq!(said("^(things/[0-9a-f-]{36})?$"), "must be things/{uuid}, or empty");
        assert_eq!(said(&format!("^{DATE}$")), "must be a day as YYYY-MM-DD");
        assert_eq!(said(&format!("^({DATE})?$")), "must be a day as YYYY-MM-DD, or empty");
        assert_eq!(said("^[a-z]{3}$"), "does not match regex pattern `^[a-z]{3}$`");
    }
}
