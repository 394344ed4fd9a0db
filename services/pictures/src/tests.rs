//! What is taken and what is refused, that no metadata is left, and how well pictures are found again.

mod found_again;

use std::io::Cursor;

use exif::{Field, In, Rational, Tag, Value, experimental::Writer};
use image::{ImageFormat, RgbImage};

use crate::{
    scenes::{draw, jpeg},
    *,
};

fn with_exif(jpeg: &[u8], fields: &[Field]) -> Vec<u8> {
    let mut writer = Writer::new();
    fields.iter().for_each(|field| writer.push_field(field));
    let mut block = Cursor::new(Vec::new());
    writer.write(&mut block, false).unwrap();
    let body = [b"Exif\0\0".as_slice(), block.get_ref()].concat();
    let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, &body, &jpeg[2..]].concat()
}

fn text(tag: Tag, text: &str) -> Field {
    Field { tag, ifd_num: In::PRIMARY, value: Value::Ascii(vec![text.as_bytes().to_vec()]) }
}

fn degrees(tag: Tag, parts: [(u32, u32); 3]) -> Field {
    let parts = parts.map(|(num, denom)| Rational { num, denom });
    Field { tag, ifd_num: In::PRIMARY, value: Value::Rational(parts.to_vec()) }
}

fn encoded(picture: &RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

#[test]
fn real_pictures_of_each_kind_are_taken_and_copied_as_pixels_alone() {
    let picture = draw(1);
    for (format, kind) in
        [(ImageFormat::Jpeg, Kind::Jpeg), (ImageFormat::Png, Kind::Png), (ImageFormat::WebP, Kind::WebP)]
    {
        let examined = examine(&encoded(&picture, format)).unwrap();
        assert_eq!(examined.kind, kind);
        assert_eq!(examined.capture, Some(Capture::default()));
        assert!(examined.fingerprint.is_some());
        let copy = examined.public_copy.unwrap();
        let again = image::load_from_memory_with_format(&copy.bytes, ImageFormat::Jpeg).unwrap();
        assert_eq!((again.width(), again.height()), picture.dimensions());
    }
}

#[test]
fn metadata_are_read_and_are_not_in_the_copy() {
    let fields = [
        text(Tag::DateTimeOriginal, "2026:11:24 10:00:00"),
        text(Tag::GPSLatitudeRef, "S"),
        degrees(Tag::GPSLatitude, [(6, 1), (12, 1), (3_600, 100)]),
        text(Tag::GPSLongitudeRef, "E"),
        degrees(Tag::GPSLongitude, [(106, 1), (48, 1), (0, 1)]),
        text(Tag::Software, "Adobe Photoshop 27.1"),
        text(Tag::Artist, "Budi Santoso"),
    ];
    let examined = examine(&with_exif(&jpeg(&draw(2), 90), &fields)).unwrap();
    let capture = examined.capture.unwrap();
    assert_eq!(capture.taken_at.unwrap().to_string(), "2026-11-24T03:00:00Z", "no offset is WIB");
    let (latitude, longitude) = capture.place.unwrap();
    assert!((latitude + 6.21).abs() < 1e-9 && (longitude - 106.8).abs() < 1e-9);
    assert_eq!(capture.software, Some("photoshop"));
    let copy = examined.public_copy.unwrap().bytes;
    for word in ["Exif", "Budi", "Photoshop", "2026:11:24"] {
        assert!(!copy.windows(word.len()).any(|part| part == word.as_bytes()), "{word}");
    }
    let offset =
        [text(Tag::DateTimeOriginal, "2026:11:24 10:00:00"), text(Tag::OffsetTimeOriginal, "+00:00")];
    let examined = examine(&with_exif(&jpeg(&draw(2), 90), &offset)).unwrap();
    assert_eq!(examined.capture.unwrap().taken_at.unwrap().to_string(), "2026-11-24T10:00:00Z");
}

#[test]
fn a_camera_turned_sideways_gives_a_copy_right_way_up() {
    let orientation = Field { tag: Tag::Orientation, ifd_num: In::PRIMARY, value: Value::Short(vec![6]) };
    let picture = draw(3);
    let examined = examine(&with_exif(&jpeg(&picture, 90), &[orientation])).unwrap();
    let copy = image::load_from_memory(&examined.public_copy.unwrap().bytes).unwrap();
    assert_eq!((copy.height(), copy.width()), picture.dimensions());
}

#[test]
fn bombs_are_refused_before_they_are_decoded() {
    // 100,000 × 100,000 pixels of one colour are some kilobytes as a PNG: its head alone says enough.
    let mut bomb = encoded(&RgbImage::new(1, 1), ImageFormat::Png);
    bomb[16..24].copy_from_slice(&[0, 1, 0x86, 0xa0, 0, 1, 0x86, 0xa0]);
    let mut check = crc(&bomb[12..29]).to_be_bytes();
    bomb[29..33].swap_with_slice(&mut check);
    assert_eq!(examine(&bomb).unwrap_err(), Refused::TooManyPixels { width: 100_000, height: 100_000 });
    assert_eq!(examine(b"PK\x03\x04 named foto.jpg").unwrap_err(), Refused::Unknown);
    assert_eq!(examine(b"").unwrap_err(), Refused::Unknown);
    let whole = jpeg(&draw(4), 90);
    assert_eq!(examine(&whole[..whole.len() / 3]).unwrap_err(), Refused::Broken);
}

/// CRC-32 as PNG has it.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ ((crc & 1) * 0xedb8_8320))
    })
}

fn boxed(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let size = u32::try_from(content.len() + 8).unwrap().to_be_bytes();
    [size.as_slice(), name, content].concat()
}

#[test]
fn a_film_keeps_its_length_and_loses_its_metadata() {
    let place = boxed(b"udta", &boxed(b"\xa9xyz", b"+06.2000+106.8000/"));
    let moov = boxed(b"moov", &[boxed(b"mvhd", &[0; 100]), place.clone(), boxed(b"trak", &place)].concat());
    let film = [boxed(b"ftyp", b"isom\0\0\0\0isom"), moov, boxed(b"mdat", b"pictures")].concat();
    let copy = examine(&film).unwrap().public_copy.unwrap();
    assert_eq!((copy.kind, copy.bytes.len()), (Kind::Mp4, film.len()));
    assert!(!copy.bytes.windows(4).any(|part| part == b"+06." || part == b"udta"));
    assert!(copy.bytes.ends_with(b"pictures"));
    assert_eq!(examine(&film[..film.len() - 1]).unwrap_err(), Refused::Broken);
    assert_eq!(examine(&boxed(b"ftyp", b"isom\0\0\0\0isom")).unwrap_err(), Refused::Broken, "no film in it");
}

#[test]
fn a_document_is_taken_whole_and_has_no_copy() {
    let examined = examine(b"%PDF-1.7\n1 0 obj\nendobj\ntrailer\n%%EOF\n").unwrap();
    assert_eq!(examined.kind, Kind::Pdf);
    assert!(examined.public_copy.is_none() && examined.capture.is_none());
}

#[test]
fn an_empty_picture_has_no_fingerprint() {
    let grey = RgbImage::from_pixel(200, 200, image::Rgb([120, 121, 120]));
    assert!(examine(&jpeg(&grey, 90)).unwrap().fingerprint.is_none());
}
