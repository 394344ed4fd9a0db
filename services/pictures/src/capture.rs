//! What a picture's metadata say of when, where and with what it was made. Whoever wants to can change them: they show
//! carelessness, and prove nothing.

use std::io::Cursor;

use exif::{Exif, In, Rational, Reader, Tag, Value};
use jiff::{Timestamp, civil::DateTime, tz::Offset};

/// What a picture says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Capture {
    /// When it was taken; a time without an offset is WIB.
    pub taken_at: Option<Timestamp>,
    /// Latitude and longitude, WGS 84.
    pub place: Option<(f64, f64)>,
    /// The software by which pictures are changed or made that it names, by the word we know it by.
    pub software: Option<&'static str>,
}

/// Software by which pictures are changed or made, as it names itself.
const EDITORS: [&str; 30] = [
    "photoshop",
    "lightroom",
    "gimp",
    "snapseed",
    "picsart",
    "canva",
    "facetune",
    "pixlr",
    "affinity photo",
    "capcut",
    "meitu",
    "vsco",
    "inshot",
    "remini",
    "paint.net",
    "pixelmator",
    "photopea",
    "faceapp",
    "polarr",
    "photodirector",
    "paintshop",
    "acorn",
    "krita",
    "coreldraw",
    "adobe firefly",
    "midjourney",
    "dall-e",
    "stable diffusion",
    "imagen",
    "luminar",
];
/// Metadata stand at a file's beginning, or of some kinds at its end; so much of either is searched for XMP.
const SEARCHED: usize = 256 * 1024;

/// Reads what a picture says; what can't be read is not said.
pub(crate) fn read(bytes: &[u8]) -> Capture {
    let exif = Reader::new().read_from_container(&mut Cursor::new(bytes)).ok();
    Capture {
        taken_at: exif.as_ref().and_then(taken_at),
        place: exif.as_ref().and_then(place),
        software: exif.as_ref().and_then(named_software).or_else(|| named_in(&xmp(bytes))),
    }
}

fn text(exif: &Exif, tag: Tag) -> Option<String> {
    match &exif.get_field(tag, In::PRIMARY)?.value {
        Value::Ascii(parts) => {
            let text = String::from_utf8_lossy(parts.first()?).trim_matches(['\0', ' ']).to_owned();
            (!text.is_empty()).then_some(text)
        }
        _ => None,
    }
}

fn taken_at(exif: &Exif) -> Option<Timestamp> {
    let original = text(exif, Tag::DateTimeOriginal).and_then(|text| civil(&text));
    let digitized = || text(exif, Tag::DateTimeDigitized).and_then(|text| civil(&text));
    let (local, offset) = match original {
        Some(local) => (local, text(exif, Tag::OffsetTimeOriginal)),
        None => (digitized()?, text(exif, Tag::OffsetTimeDigitized)),
    };
    let offset = offset.and_then(|text| to_offset(&text)).unwrap_or(jiff::tz::offset(7));
    offset.to_timestamp(local).ok()
}

/// `2026:11:24 10:20:30`.
fn civil(text: &str) -> Option<DateTime> {
    let (day, time) = text.split_once(' ')?;
    format!("{}T{time}", day.replace(':', "-")).parse().ok()
}

/// `+07:00`.
fn to_offset(text: &str) -> Option<Offset> {
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = text.trim_start_matches(['+', '-']).split_once(':')?;
    let seconds =
        hours.parse::<i32>().ok()?.checked_mul(3_600)? + minutes.parse::<i32>().ok()?.checked_mul(60)?;
    Offset::from_seconds(sign * seconds).ok()
}

fn place(exif: &Exif) -> Option<(f64, f64)> {
    let latitude = degrees(exif, (Tag::GPSLatitude, Tag::GPSLatitudeRef), "S")?;
    let longitude = degrees(exif, (Tag::GPSLongitude, Tag::GPSLongitudeRef), "W")?;
    // Cameras without a fix write zeros.
    let said = latitude.abs() <= 90.0 && longitude.abs() <= 180.0 && (latitude, longitude) != (0.0, 0.0);
    said.then_some((latitude, longitude))
}

fn degrees(exif: &Exif, (tag, side): (Tag, Tag), negative: &str) -> Option<f64> {
    let Value::Rational(parts) = &exif.get_field(tag, In::PRIMARY)?.value else { return None };
    let [degrees, minutes, seconds] = parts.as_slice() else { return None };
    let number = |part: &Rational| (part.denom != 0).then(|| part.to_f64());
    let sum = number(degrees)? + number(minutes)? / 60.0 + number(seconds)? / 3_600.0;
    Some(if text(exif, side)?.eq_ignore_ascii_case(negative) { -sum } else { sum })
}

fn named_software(exif: &Exif) -> Option<&'static str> {
    [Tag::Software, Tag::ImageDescription, Tag::Artist]
        .into_iter()
        .filter_map(|tag| text(exif, tag))
        .find_map(|text| named_in(&text))
}

fn named_in(text: &str) -> Option<&'static str> {
    let text = text.to_lowercase();
    EDITORS.into_iter().find(|editor| text.contains(editor))
}

/// The XMP packet, which every kind of picture holds as plain text.
fn xmp(bytes: &[u8]) -> String {
    let parts = [&bytes[..bytes.len().min(SEARCHED)], &bytes[bytes.len().saturating_sub(SEARCHED)..]];
    let found = parts.into_iter().find_map(|part| {
        let begin = part.windows(10).position(|window| window == b"<x:xmpmeta")?;
        let end = part[begin..].windows(12).position(|window| window == b"</x:xmpmeta>")?;
        Some(&part[begin..begin + end])
    });
    found.map(|packet| String::from_utf8_lossy(packet).into_owned()).unwrap_or_default()
}
