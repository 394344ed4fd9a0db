//! By what a picture is found again after it was encoded anew, scaled, made brighter or darker, or cut: hashes of its coarse
//! structure, whose parts an index finds, and a larger descriptor, by which what was found is confirmed.

use image::{DynamicImage, imageops::FilterType};

/// Hashes of a picture: of the whole, and of five parts of 90 %.
pub const HASHES: usize = 6;
/// An index knows each hash by so many parts.
const BANDS: usize = 4;

/// A picture as all is computed from: so many pixels wide and high, whatever its shape was.
const SIDE: usize = 128;
/// So many weak bits of a band are turned, one at a time; of the weakest also two.
const WEAK: usize = 6;
const WEAK_PAIRS: usize = 4;
/// What the cosine transform is of.
const BLOCK: usize = 32;
/// A descriptor's side.
const DESCRIPTOR: usize = 48;
/// What descriptors are compared at.
const COMPARED: usize = 24;
/// A picture that varies less, of 255, has nothing to be found by.
const LEAST_DEVIATION: f32 = 3.0;
/// The parts that are hashed: left, top, right, bottom.
const PARTS: [[f32; 4]; HASHES] = [
    [0.0, 0.0, 1.0, 1.0],
    [0.0, 0.0, 0.9, 0.9],
    [0.1, 0.0, 1.0, 0.9],
    [0.0, 0.1, 0.9, 1.0],
    [0.1, 0.1, 1.0, 1.0],
    [0.05, 0.05, 0.95, 0.95],
];

/// A picture's fingerprint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// One of each part.
    pub hashes: [u64; HASHES],
    /// The whole as 48 × 48 shades of grey.
    pub descriptor: Vec<u8>,
    /// The bits of the whole's hash that a small change turns first, of each band.
    weak: [[u32; WEAK]; BANDS],
}

impl Fingerprint {
    /// The fingerprint of a picture; none where it has next to nothing in it.
    pub(crate) fn of(picture: &DynamicImage) -> Option<Self> {
        let side = u32::try_from(SIDE).ok()?;
        // Two steps: a mean of blocks first, which is fast on millions of pixels.
        let small = picture.thumbnail_exact(side * 2, side * 2).to_luma8();
        let small = image::imageops::resize(&small, side, side, FilterType::Triangle);
        let grey = Grey::new(SIDE, small.as_raw().iter().map(|shade| f32::from(*shade)));
        if grey.deviation() < LEAST_DEVIATION {
            return None;
        }
        let hashed = PARTS.map(|part| hash(&grey.part(part, BLOCK)));
        let descriptor =
            grey.part(PARTS[0], DESCRIPTOR).into_iter().map(|shade| shade.round() as u8).collect();
        Some(Self { hashes: hashed.map(|(bits, _)| bits), descriptor, weak: hashed[0].1 })
    }

    /// The parts of the hashes that an index knows a picture by: 16 bits, and which of the parts they are.
    #[must_use]
    pub fn bands(&self) -> Vec<i32> {
        sorted(self.hashes.iter().flat_map(|hash| bands_of(*hash)).collect())
    }

    /// The parts to look for in the index: its own, and for the whole picture those with one or two weak bits turned. A
    /// picture that was cut is not cut as any of the five parts is.
    #[must_use]
    pub fn probes(&self) -> Vec<i32> {
        let mut probes = self.bands();
        for (weak, band) in self.weak.iter().zip(bands_of(self.hashes[0])) {
            for (number, bit) in weak.iter().enumerate() {
                probes.push(band ^ 1 << bit);
                let others = &weak[number + 1..WEAK_PAIRS.max(number + 1)];
                probes.extend(others.iter().map(|other| band ^ 1 << bit ^ 1 << other));
            }
        }
        sorted(probes)
    }
}

fn sorted(mut bands: Vec<i32>) -> Vec<i32> {
    bands.sort_unstable();
    bands.dedup();
    bands
}

fn bands_of(hash: u64) -> [i32; BANDS] {
    let band =
        |number: usize| i32::try_from((hash >> (16 * number) & 0xffff) | (number as u64) << 16).unwrap_or(0);
    [band(0), band(1), band(2), band(3)]
}

/// How alike two pictures are by their descriptors, −1 to 1, where either may be a part of the other of at least 90 %.
pub(crate) fn likeness(one: &[u8], other: &[u8]) -> f32 {
    if one.len() != DESCRIPTOR * DESCRIPTOR || other.len() != DESCRIPTOR * DESCRIPTOR {
        return -1.0;
    }
    let grey = |bytes: &[u8]| Grey::new(DESCRIPTOR, bytes.iter().map(|shade| f32::from(*shade)));
    let (one, other) = (grey(one), grey(other));
    best_part(&one, &other).max(best_part(&other, &one))
}

/// The best likeness of `whole` with a part of `cut_from`.
fn best_part(whole: &Grey, cut_from: &Grey) -> f32 {
    let wanted = normal(whole.part(PARTS[0], COMPARED));
    let like = |part: [f32; 4]| dot(&wanted, &normal(cut_from.part(part, COMPARED)));
    const STEPS: [f32; 3] = [0.0, 0.05, 0.1];
    let mut best = ([0.0, 0.0, 1.0, 1.0], -1.0_f32);
    for left in STEPS {
        for top in STEPS {
            for right in STEPS {
                for bottom in STEPS {
                    let part = [left, top, 1.0 - right, 1.0 - bottom];
                    let likeness = like(part);
                    if likeness > best.1 {
                        best = (part, likeness);
                    }
                }
            }
        }
    }
    for step in [0.025_f32, 0.0125] {
        for edge in 0..4 {
            for moved in [-step, step] {
                let mut part = best.0;
                part[edge] = (part[edge] + moved).clamp(0.0, 1.0);
                let likeness = like(part);
                if likeness > best.1 {
                    best = (part, likeness);
                }
            }
        }
    }
    best.1
}

/// Shades of a square, and their sums from the corner on, by which the mean of any part is known at once.
struct Grey {
    side: usize,
    sums: Vec<f32>,
    deviation: f32,
}

impl Grey {
    fn new(side: usize, shades: impl Iterator<Item = f32>) -> Self {
        let shades: Vec<f32> = shades.collect();
        let count = (side * side) as f32;
        let mean = shades.iter().sum::<f32>() / count;
        let deviation = (shades.iter().map(|shade| (shade - mean).powi(2)).sum::<f32>() / count).sqrt();
        let width = side + 1;
        let mut sums = vec![0.0; width * width];
        for row in 0..side {
            let mut sum = 0.0;
            for column in 0..side {
                sum += shades[row * side + column];
                sums[(row + 1) * width + column + 1] = sums[row * width + column + 1] + sum;
            }
        }
        Self { side, sums, deviation }
    }

    fn deviation(&self) -> f32 {
        self.deviation
    }

    /// The sum from the corner to a point between pixels.
    fn sum(&self, x: f32, y: f32) -> f32 {
        let width = self.side + 1;
        let (column, row) = ((x as usize).min(self.side - 1), (y as usize).min(self.side - 1));
        let (right, below) = (x - column as f32, y - row as f32);
        let at = |row: usize, column: usize| self.sums[row * width + column];
        let above = at(row, column) + (at(row, column + 1) - at(row, column)) * right;
        let under = at(row + 1, column) + (at(row + 1, column + 1) - at(row + 1, column)) * right;
        above + (under - above) * below
    }

    /// A part of it as a square of so many means.
    fn part(&self, [left, top, right, bottom]: [f32; 4], cells: usize) -> Vec<f32> {
        let side = self.side as f32;
        let edges = |from: f32, to: f32| -> Vec<f32> {
            (0..=cells).map(|cell| (from + (to - from) * cell as f32 / cells as f32) * side).collect()
        };
        let (columns, rows) = (edges(left, right), edges(top, bottom));
        let area = (columns[1] - columns[0]) * (rows[1] - rows[0]);
        let mut above: Vec<f32> = columns.iter().map(|x| self.sum(*x, rows[0])).collect();
        let mut means = Vec::with_capacity(cells * cells);
        for y in &rows[1..] {
            let below: Vec<f32> = columns.iter().map(|x| self.sum(*x, *y)).collect();
            for cell in 0..cells {
                means.push((below[cell + 1] - below[cell] - above[cell + 1] + above[cell]) / area);
            }
            above = below;
        }
        means
    }
}

/// What stands out of its surroundings, of length 1: how shades change from cell to cell says more of a scene than that the
/// sky is bright.
fn normal(shades: Vec<f32>) -> Vec<f32> {
    let side = COMPARED;
    let mut changes = Vec::with_capacity(2 * side * side);
    for row in 0..side {
        for column in 0..side {
            let here = shades[row * side + column];
            if column + 1 < side {
                changes.push(shades[row * side + column + 1] - here);
            }
            if row + 1 < side {
                changes.push(shades[(row + 1) * side + column] - here);
            }
        }
    }
    let length = changes.iter().map(|change| change * change).sum::<f32>().sqrt().max(f32::EPSILON);
    changes.iter_mut().for_each(|change| *change /= length);
    changes
}

fn dot(one: &[f32], other: &[f32]) -> f32 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

/// 64 bits: whether each of the lowest frequencies of the cosine transform, but the mean, is above their median; and the weak
/// bits of each band. Each band of 16 bits has low and high frequencies.
fn hash(block: &[f32]) -> (u64, [[u32; WEAK]; BANDS]) {
    let coefficients = low_frequencies(block);
    let mut sorted = coefficients;
    sorted.sort_by(f32::total_cmp);
    let median = (sorted[31] + sorted[32]) / 2.0;
    let mut bits = 0;
    for (number, coefficient) in coefficients.into_iter().enumerate() {
        if coefficient > median {
            bits |= 1 << (number % BANDS * 16 + number / BANDS);
        }
    }
    let weak = [0, 1, 2, 3].map(|band| {
        let mut order: Vec<u32> = (0..16).collect();
        let firmness = |bit: &u32| (coefficients[*bit as usize * BANDS + band] - median).abs();
        order.sort_by(|one, other| firmness(one).total_cmp(&firmness(other)));
        std::array::from_fn(|number| order[number])
    });
    (bits, weak)
}

/// The 64 lowest frequencies after the mean, in the order of their diagonals.
fn low_frequencies(block: &[f32]) -> [f32; 64] {
    const KEPT: usize = 11;
    let mut cosines = [[0.0_f32; BLOCK]; KEPT];
    for (frequency, row) in cosines.iter_mut().enumerate() {
        for (place, cosine) in row.iter_mut().enumerate() {
            let angle = std::f32::consts::PI * frequency as f32 * (place as f32 + 0.5) / BLOCK as f32;
            *cosine = angle.cos();
        }
    }
    let mut columns = [[0.0_f32; BLOCK]; KEPT];
    for (frequency, sums) in columns.iter_mut().enumerate() {
        for (row, line) in block.chunks_exact(BLOCK).enumerate() {
            for (sum, shade) in sums.iter_mut().zip(line) {
                *sum += cosines[frequency][row] * shade;
            }
        }
    }
    let mut found = [0.0; 64];
    let diagonals = (1..KEPT).flat_map(|diagonal| (0..=diagonal).map(move |down| (down, diagonal - down)));
    for (slot, (down, across)) in found.iter_mut().zip(diagonals) {
        *slot = columns[down].iter().zip(&cosines[across]).map(|(column, cosine)| column * cosine).sum();
    }
    found
}
