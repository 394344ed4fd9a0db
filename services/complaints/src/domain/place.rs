//! Where something is: points, polygons, and the kelurahan that a point lies in. Positions are WGS 84 degrees; distances
//! are metres on the plane that touches the ellipsoid at the point, which within 250 m is right to a millimetre.

mod areas;
mod geojson;
mod grid;

use std::fmt;

pub(crate) use areas::{Areas, Found, Match};
pub(crate) use geojson::{MAX_BYTES, Parsed, Problem, parse};
pub(crate) use grid::Cell;

/// WGS 84: the equatorial radius in metres.
const EQUATORIAL_RADIUS: f64 = 6_378_137.0;
/// WGS 84: the square of the first eccentricity.
const ECCENTRICITY_SQUARED: f64 = 0.006_694_379_990_14;

/// A point on the ground. It is a citizen's, so its debug form does not say where it is.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Point {
    latitude: f64,
    longitude: f64,
}

impl fmt::Debug for Point {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Point(..)")
    }
}

impl Point {
    /// How many metres another point is away, on a sphere: to 0.6 %.
    pub(crate) fn metres_to(self, other: Self) -> f64 {
        const EARTH_METRES: f64 = 6_371_008.8;
        let (from, to) = (self.latitude().to_radians(), other.latitude().to_radians());
        let (down, across) = (to - from, (other.longitude() - self.longitude()).to_radians());
        let half = (down / 2.0).sin().powi(2) + from.cos() * to.cos() * (across / 2.0).sin().powi(2);
        2.0 * EARTH_METRES * half.sqrt().min(1.0).asin()
    }

    /// A point, where the degrees are in range.
    pub(crate) fn try_new(latitude: f64, longitude: f64) -> Option<Self> {
        let in_range = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        in_range.then_some(Self { latitude, longitude })
    }

    /// Degrees north.
    pub(crate) fn latitude(self) -> f64 {
        self.latitude
    }

    /// Degrees east.
    pub(crate) fn longitude(self) -> f64 {
        self.longitude
    }
}

/// Degrees east and north.
pub(crate) type Position = [f64; 2];

/// A closed line: the last position is the first again.
pub(crate) type Ring = Vec<Position>;

/// An outer ring, and the rings of its holes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Polygon(pub(crate) Vec<Ring>);

/// A kelurahan's ground.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Boundary {
    pub(crate) kelurahan_code: String,
    pub(crate) polygons: Vec<Polygon>,
}

/// The plane that touches the ellipsoid at a point, which is its origin; in metres.
#[derive(Clone, Copy)]
struct Plane {
    origin: Point,
    metres_per_degree_east: f64,
    metres_per_degree_north: f64,
}

impl Plane {
    fn at(origin: Point) -> Self {
        let latitude = origin.latitude.to_radians();
        let curve = 1.0 - ECCENTRICITY_SQUARED * latitude.sin().powi(2);
        let east = EQUATORIAL_RADIUS / curve.sqrt() * latitude.cos();
        let north = EQUATORIAL_RADIUS * (1.0 - ECCENTRICITY_SQUARED) / curve.powf(1.5);
        Self {
            origin,
            metres_per_degree_east: east.to_radians(),
            metres_per_degree_north: north.to_radians(),
        }
    }

    fn metres(&self, position: Position) -> (f64, f64) {
        (
            (position[0] - self.origin.longitude) * self.metres_per_degree_east,
            (position[1] - self.origin.latitude) * self.metres_per_degree_north,
        )
    }

    /// How far the origin is from the straight line between two positions.
    fn distance(&self, from: Position, to: Position) -> f64 {
        let ((x, y), (to_x, to_y)) = (self.metres(from), self.metres(to));
        let (across, up) = (to_x - x, to_y - y);
        let length_squared = across * across + up * up;
        let along = if length_squared > 0.0 {
            (-(x * across + y * up) / length_squared).clamp(0.0, 1.0)
        } else {
            0.0
        };
        (x + along * across).hypot(y + along * up)
    }
}

impl Polygon {
    /// How far a point is from the nearest edge, of holes too, in metres.
    fn boundary_distance(&self, plane: &Plane) -> f64 {
        self.edges().map(|(from, to)| plane.distance(from, to)).fold(f64::INFINITY, f64::min)
    }

    /// Whether a point lies inside, holes left out: a line from it eastwards crosses the rings an odd number of times.
    fn encloses(&self, point: Point) -> bool {
        let crosses = |(from, to): &(Position, Position)| {
            if (from[1] > point.latitude) == (to[1] > point.latitude) {
                return false;
            }
            let at = from[0] + (point.latitude - from[1]) / (to[1] - from[1]) * (to[0] - from[0]);
            point.longitude < at
        };
        self.edges().filter(crosses).count() % 2 == 1
    }

    fn edges(&self) -> impl Iterator<Item = (Position, Position)> + '_ {
        self.0.iter().flat_map(|ring| ring.windows(2).map(|pair| (pair[0], pair[1])))
    }
}

#[cfg(test)]
mod tests;
