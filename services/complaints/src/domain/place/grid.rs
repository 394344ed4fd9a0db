//! A grid over the ground, so that what is near a point is found by an index: cells of 0.0027 degrees, near the equator
//! about 300 m wide. It is fine up to 85 degrees north and south, and knows nothing of the date line.

use super::{Plane, Point};

/// How wide and high a cell is, in degrees.
const DEGREES: f64 = 0.0027;
/// More columns than there are.
const COLUMNS: i64 = 1 << 18;
/// Cells around a point at most, where columns grow narrow.
const MOST_COLUMNS: i64 = 64;

/// The cells of the grid.
#[derive(Debug)]
pub(crate) enum Cell {}

impl Cell {
    /// The cell that a point is in.
    pub(crate) fn of(point: Point) -> i64 {
        number(steps(point.latitude() + 90.0), steps(point.longitude() + 180.0))
    }

    /// The cells in which all points within a distance are.
    pub(crate) fn around(point: Point, metres: f64) -> Vec<i64> {
        let plane = Plane::at(point);
        let (north, east) = (metres / plane.metres_per_degree_north, metres / plane.metres_per_degree_east);
        let (latitude, longitude) = (point.latitude() + 90.0, point.longitude() + 180.0);
        let rows = steps(latitude - north)..=steps(latitude + north);
        let first = steps(longitude - east);
        let last = steps(longitude + east).min(first + MOST_COLUMNS);
        rows.flat_map(|row| (first..=last).map(move |column| number(row, column))).collect()
    }
}

fn steps(degrees: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "at most 360 degrees and a little")]
    let steps = (degrees / DEGREES).floor() as i64;
    steps
}

fn number(row: i64, column: i64) -> i64 {
    row * COLUMNS + column
}
