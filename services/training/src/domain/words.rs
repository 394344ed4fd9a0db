//! Enums that are stored and shown as words; the words are the contract's names without their prefix.

macro_rules! words {
    ($name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $name {
            /// The word it is stored and shown as.
            pub(crate) const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::str::FromStr for $name {
            /// The word that is none of this enum's.
            type Err = String;

            fn from_str(word: &str) -> Result<Self, String> {
                match word { $($word => Ok(Self::$variant),)+ _ => Err(word.to_owned()) }
            }
        }
    };
}

pub(super) use words;
