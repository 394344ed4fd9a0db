//! Pictures for tests, drawn by seed: streets in perspective under a sky, with houses, windows, trees, signs with marks like
//! writing, and things that lie about; and what people do to pictures before they use them again.

use std::io::Cursor;

use image::{Rgb, RgbImage, codecs::jpeg::JpegEncoder, imageops};

const WIDTH: u32 = 320;
const HEIGHT: u32 = 240;

/// What is done to a picture before it is used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Encoded again, worse.
    Encoded,
    /// Half as wide and high.
    Halved,
    /// 15 % of the range brighter.
    Brighter,
    /// 15 % of the range darker.
    Darker,
    /// A tenth of the width and of the height cut off, anywhere.
    Cut,
}

impl Change {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Encoded, Self::Halved, Self::Brighter, Self::Darker, Self::Cut];

    /// The picture after it, as a JPEG; where it is drawn by lot, by the seed.
    #[must_use]
    pub fn of(self, picture: &RgbImage, seed: u64) -> Vec<u8> {
        let (width, height) = picture.dimensions();
        match self {
            Self::Encoded => jpeg(picture, 40),
            Self::Halved => {
                jpeg(&imageops::resize(picture, width / 2, height / 2, imageops::FilterType::Triangle), 85)
            }
            Self::Brighter => jpeg(&imageops::brighten(picture, 38), 85),
            Self::Darker => jpeg(&imageops::brighten(picture, -38), 85),
            Self::Cut => {
                let mut lot = Lot(seed ^ 0xc07);
                let (left, top) = (lot.below(width / 10 + 1), lot.below(height / 10 + 1));
                let part = imageops::crop_imm(picture, left, top, width - width / 10, height - height / 10);
                jpeg(&part.to_image(), 85)
            }
        }
    }
}

/// A picture as a JPEG.
///
/// # Panics
/// It has no pixels.
#[must_use]
pub fn jpeg(picture: &RgbImage, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(Cursor::new(&mut bytes), quality);
    picture.write_with_encoder(encoder).expect("a picture in memory can be encoded");
    bytes
}

/// The scene of a seed.
#[must_use]
pub fn draw(seed: u64) -> RgbImage {
    let mut lot = Lot(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut canvas = RgbImage::new(WIDTH, HEIGHT);
    let horizon = 60 + lot.below(90);
    let vanishing = 40 + lot.below(WIDTH - 80);
    sky_and_ground(&mut canvas, &mut lot, horizon);
    for _ in 0..2 + lot.below(6) {
        house(&mut canvas, &mut lot, horizon);
    }
    road(&mut canvas, &mut lot, (horizon, vanishing));
    for _ in 0..lot.below(6) {
        tree(&mut canvas, &mut lot, horizon);
    }
    for _ in 0..lot.below(4) {
        sign(&mut canvas, &mut lot);
    }
    for _ in 0..3 + lot.below(15) {
        thing(&mut canvas, &mut lot, horizon);
    }
    for pixel in canvas.pixels_mut() {
        let grain = i32::try_from(lot.below(9)).unwrap_or(0) - 4;
        pixel.0 = pixel.0.map(|shade| shaded(shade, grain));
    }
    canvas
}

fn shaded(shade: u8, by: i32) -> u8 {
    u8::try_from((i32::from(shade) + by).clamp(0, 255)).unwrap_or(0)
}

fn sky_and_ground(canvas: &mut RgbImage, lot: &mut Lot, horizon: u32) {
    let (high, low, ground) = (lot.colour(90, 255), lot.colour(120, 255), lot.colour(40, 170));
    let slope = lot.below(100);
    for (x, y, pixel) in canvas.enumerate_pixels_mut() {
        *pixel = if y < horizon {
            let part = (y * 100 / horizon * 3 + x * slope / WIDTH) / 4;
            mixed(high, low, part.min(100))
        } else {
            let part = (y - horizon) * 60 / (HEIGHT - horizon);
            mixed(ground, Rgb([20, 20, 20]), part)
        };
    }
    for _ in 0..lot.below(5) {
        let (x, y, wide) = (lot.below(WIDTH), lot.below(horizon), 10 + lot.below(50));
        ellipse(canvas, (x, y, wide, 4 + wide / 4), lot.colour(180, 255));
    }
}

fn mixed(one: Rgb<u8>, other: Rgb<u8>, percent: u32) -> Rgb<u8> {
    let mix = |one: u8, other: u8| (u32::from(one) * (100 - percent) + u32::from(other) * percent) / 100;
    Rgb([0, 1, 2].map(|channel| u8::try_from(mix(one.0[channel], other.0[channel])).unwrap_or(255)))
}

fn rectangle(canvas: &mut RgbImage, (left, top, wide, high): (u32, u32, u32, u32), colour: Rgb<u8>) {
    for y in top..(top + high).min(HEIGHT) {
        for x in left..(left + wide).min(WIDTH) {
            canvas.put_pixel(x, y, colour);
        }
    }
}

fn ellipse(canvas: &mut RgbImage, (x, y, wide, high): (u32, u32, u32, u32), colour: Rgb<u8>) {
    let (wide, high) = (i64::from(wide.max(1)), i64::from(high.max(1)));
    for down in -high..=high {
        for across in -wide..=wide {
            let inside =
                across * across * high * high + down * down * wide * wide <= wide * wide * high * high;
            if let (true, Ok(x), Ok(y)) =
                (inside, u32::try_from(i64::from(x) + across), u32::try_from(i64::from(y) + down))
                && x < WIDTH
                && y < HEIGHT
            {
                canvas.put_pixel(x, y, colour);
            }
        }
    }
}

fn house(canvas: &mut RgbImage, lot: &mut Lot, horizon: u32) {
    let (wide, high) = (25 + lot.below(90), 25 + lot.below(horizon));
    let (left, foot) = (lot.below(WIDTH), horizon + lot.below(30));
    let top = foot.saturating_sub(high);
    let (wall, pane) = (lot.colour(50, 230), lot.colour(0, 140));
    rectangle(canvas, (left, top, wide, foot - top), wall);
    rectangle(canvas, (left, top, wide, 2 + lot.below(8)), lot.colour(20, 150));
    let (step_x, step_y) = (8 + lot.below(14), 10 + lot.below(14));
    for y in (top + 8..foot.saturating_sub(8)).step_by(step_y as usize) {
        for x in (left + 4..(left + wide).saturating_sub(5)).step_by(step_x as usize) {
            if lot.below(10) > 1 {
                rectangle(canvas, (x, y, step_x / 2, step_y / 2), pane);
            }
        }
    }
}

fn road(canvas: &mut RgbImage, lot: &mut Lot, (horizon, vanishing): (u32, u32)) {
    let (asphalt, line) = (lot.colour(40, 110), lot.colour(180, 255));
    let (left, right) = (lot.below(WIDTH), lot.below(WIDTH));
    let (left, right) = (left.min(right), left.max(right) + 20);
    for y in horizon..HEIGHT {
        let near = y - horizon;
        let deep = HEIGHT - horizon;
        let edge = |foot: u32| (vanishing * (deep - near) + foot * near) / deep;
        for x in edge(left)..edge(right).min(WIDTH) {
            canvas.put_pixel(x, y, asphalt);
        }
        if near / 8 % 2 == 0 {
            let middle = u32::midpoint(edge(left), edge(right));
            rectangle(canvas, (middle, y, 1 + near / 30, 1), line);
        }
    }
}

fn tree(canvas: &mut RgbImage, lot: &mut Lot, horizon: u32) {
    let (x, foot, size) = (lot.below(WIDTH), horizon + lot.below(50), 10 + lot.below(30));
    let top = foot.saturating_sub(size * 2);
    rectangle(canvas, (x, top, 2 + size / 8, foot - top), Rgb([80, 50, 30]));
    for _ in 0..5 {
        let green = Rgb([
            u8::try_from(lot.below(70)).unwrap_or(0),
            70 + u8::try_from(lot.below(90)).unwrap_or(0),
            40,
        ]);
        let (off_x, off_y) = (lot.below(size), lot.below(size));
        ellipse(canvas, ((x + off_x).saturating_sub(size / 2), top + off_y, size / 2 + 3, size / 2), green);
    }
}

fn sign(canvas: &mut RgbImage, lot: &mut Lot) {
    let (left, top) = (lot.below(WIDTH - 40), lot.below(HEIGHT - 40));
    let (wide, high) = (25 + lot.below(70), 15 + lot.below(35));
    rectangle(canvas, (left, top, wide, high), lot.colour(150, 255));
    let ink = lot.colour(0, 90);
    for y in (top + 3..(top + high).saturating_sub(4)).step_by(7) {
        let mut x = left + 3;
        while x + 5 < left + wide {
            let stroke = 1 + lot.below(4);
            if lot.below(5) > 0 {
                rectangle(canvas, (x, y, stroke, 4), ink);
            }
            x += stroke + 1 + lot.below(2);
        }
    }
}

fn thing(canvas: &mut RgbImage, lot: &mut Lot, horizon: u32) {
    let y = horizon + lot.below(HEIGHT - horizon);
    let size = 3 + (y - horizon) / 6;
    let (x, colour) = (lot.below(WIDTH), lot.colour(0, 255));
    if lot.below(2) == 0 {
        ellipse(canvas, (x, y, size, size * 2 / 3), colour);
    } else {
        rectangle(canvas, (x, y, size + lot.below(size * 2), size), colour);
    }
}

/// Numbers by lot (splitmix64).
struct Lot(u64);

impl Lot {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let high = (mixed ^ (mixed >> 31)) >> 32;
        u32::try_from((high * u64::from(bound.max(1))) >> 32).unwrap_or(0)
    }

    fn colour(&mut self, darkest: u32, brightest: u32) -> Rgb<u8> {
        let base = darkest + self.below(brightest - darkest);
        let mut channel = || u8::try_from((base + self.below(60)).saturating_sub(30).min(255)).unwrap_or(255);
        Rgb([channel(), channel(), channel()])
    }
}
