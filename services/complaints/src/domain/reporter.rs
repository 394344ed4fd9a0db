//! Who a reporter is, as far as they said.

use std::fmt;

/// Name and contacts; empty where not said.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Reporter {
    pub(crate) name: String,
    pub(crate) phone: String,
    pub(crate) email: String,
}

impl Reporter {
    /// Whether nothing was said.
    pub(crate) fn is_unknown(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Debug for Reporter {
    /// Says nothing of them, wherever it is printed.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Reporter")
    }
}
