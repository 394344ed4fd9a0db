//! Decoding within bounds, and the copy that everybody may have: pixels alone, turned the right way up, so that no
//! metadata can be left in it.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, codecs::jpeg::JpegEncoder};

use crate::{Kind, PublicCopy, Refused};

/// So many pixels a picture has at most: what the cameras of phones make, and 256 MB decoded.
pub const MOST_PIXELS: u64 = 64_000_000;
/// What decoding may take in memory: four bytes for a pixel, twice.
const MOST_BYTES: u64 = 8 * MOST_PIXELS;
/// The longer side of a public copy.
const COPY_SIDE: u32 = 2_048;
const COPY_QUALITY: u8 = 85;

/// The pixels, right way up. How many there are is known before any is decoded.
pub(crate) fn decode(bytes: &[u8], kind: Kind) -> Result<DynamicImage, Refused> {
    let format = match kind {
        Kind::Png => ImageFormat::Png,
        Kind::WebP => ImageFormat::WebP,
        _ => ImageFormat::Jpeg,
    };
    if kind == Kind::Jpeg && !is_whole_jpeg(bytes) {
        return Err(Refused::Broken);
    }
    let broken = |_| Refused::Broken;
    let reader = || ImageReader::with_format(Cursor::new(bytes), format);
    let (width, height) = reader().into_dimensions().map_err(broken)?;
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(Refused::TooManyPixels { width, height });
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_BYTES);
    let mut reader = reader();
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(broken)?;
    let orientation = decoder.orientation().map_err(broken)?;
    let mut decoded = DynamicImage::from_decoder(decoder).map_err(broken)?;
    decoded.apply_orientation(orientation);
    Ok(decoded)
}

/// A JPEG of the pixels alone.
pub(crate) fn public_copy(decoded: &DynamicImage) -> Result<PublicCopy, Refused> {
    let small =
        (decoded.width().max(decoded.height()) > COPY_SIDE).then(|| decoded.thumbnail(COPY_SIDE, COPY_SIDE));
    let pixels = small.as_ref().unwrap_or(decoded).to_rgb8();
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, COPY_QUALITY)
        .encode_image(&pixels)
        .map_err(|_| Refused::Broken)?;
    Ok(PublicCopy { kind: Kind::Jpeg, bytes })
}

/// Whether a JPEG has its end: decoders make something up of one that was cut.
fn is_whole_jpeg(bytes: &[u8]) -> bool {
    let mut at = 2;
    // Segments, each with its length, up to the first scan; in a scan no end is spelled but the real one.
    while let Some([0xff, marker, high, low]) = bytes.get(at..at + 4) {
        if *marker == 0xda {
            return bytes[at..].windows(2).any(|pair| pair == [0xff, 0xd9]);
        }
        at += 2 + usize::from(u16::from_be_bytes([*high, *low]));
    }
    false
}
