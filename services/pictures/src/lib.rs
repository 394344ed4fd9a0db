//! What can be told of a file from its bytes alone: what it is, when and where it was taken, a copy without metadata, and a
//! fingerprint by which nearly the same picture is found again. Pure; nothing is larger in memory than its bounds.

mod capture;
mod film;
mod fingerprint;
mod kind;
mod picture;
#[cfg(feature = "scenes")]
pub mod scenes;
mod search;

pub use capture::Capture;
pub use fingerprint::{Fingerprint, HASHES};
pub use kind::Kind;
pub use picture::MOST_PIXELS;
pub use search::{closest, is_same};

/// What is known of a file.
#[derive(Debug)]
pub struct Examined {
    /// What it is.
    pub kind: Kind,
    /// What it says of when and where it was taken; of a picture alone.
    pub capture: Option<Capture>,
    /// By which it is found again; of a picture with anything in it alone.
    pub fingerprint: Option<Fingerprint>,
    /// The same without metadata; none of a document.
    pub public_copy: Option<PublicCopy>,
}

/// A file without metadata.
#[derive(Debug)]
pub struct PublicCopy {
    /// What it is: a picture's is always a JPEG.
    pub kind: Kind,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Why a file is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is nothing that is taken.
    #[error("neither a JPEG, PNG, WebP, PDF nor MP4")]
    Unknown,
    /// It begins well and can't be read to its end.
    #[error("the content is broken")]
    Broken,
    /// Decoded it would be too large.
    #[error("the picture has {width} × {height} pixels, more than 64 million")]
    TooManyPixels {
        /// Pixels in a row.
        width: u32,
        /// Rows.
        height: u32,
    },
}

/// Looks into a file.
///
/// # Errors
/// It is nothing that is taken, broken, or too large once decoded.
pub fn examine(bytes: &[u8]) -> Result<Examined, Refused> {
    let kind = Kind::of(bytes).ok_or(Refused::Unknown)?;
    match kind {
        Kind::Jpeg | Kind::Png | Kind::WebP => {
            let decoded = picture::decode(bytes, kind)?;
            Ok(Examined {
                kind,
                capture: Some(capture::read(bytes)),
                fingerprint: Fingerprint::of(&decoded),
                public_copy: Some(picture::public_copy(&decoded)?),
            })
        }
        Kind::Pdf => Ok(Examined { kind, capture: None, fingerprint: None, public_copy: None }),
        Kind::Mp4 => {
            let bytes = film::without_metadata(bytes).ok_or(Refused::Broken)?;
            let public_copy = Some(PublicCopy { kind, bytes });
            Ok(Examined { kind, capture: None, fingerprint: None, public_copy })
        }
    }
}

#[cfg(test)]
mod tests;
