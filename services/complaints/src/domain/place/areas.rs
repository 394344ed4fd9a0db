//! All boundaries in an R-tree, and the rule by which a point finds its kelurahan. Never changed, only replaced.

use rstar::{AABB, RTree, RTreeObject};

use super::{Boundary, Plane, Point, Polygon};

/// A point in no boundary belongs to the nearest within this many metres.
pub(crate) const NEAREST_WITHIN_METRES: f64 = 250.0;
/// Nearer than this a point is on the boundary, so on both sides: a tenth of what six decimals of a degree can say.
const ON_BOUNDARY_METRES: f64 = 0.01;

/// The kelurahan of a point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) kelurahan_code: String,
    pub(crate) how: Match,
    /// From the point to the boundary of the polygon that it lies in or near.
    pub(crate) boundary_millimetres: u64,
}

/// How a kelurahan was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Match {
    /// The point lies within.
    Within,
    /// The point lies in none, and this is the nearest.
    Nearest,
}

/// One polygon of a kelurahan.
#[derive(Debug)]
struct Part {
    kelurahan_code: String,
    polygon: Polygon,
    envelope: AABB<[f64; 2]>,
}

impl RTreeObject for Part {
    type Envelope = AABB<[f64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        self.envelope
    }
}

/// All boundaries.
#[derive(Debug)]
pub(crate) struct Areas(RTree<Part>);

impl Areas {
    pub(crate) fn new(boundaries: Vec<Boundary>) -> Self {
        let parts = boundaries.into_iter().flat_map(|boundary| {
            let Boundary { kelurahan_code, polygons } = boundary;
            polygons.into_iter().map(move |polygon| Part {
                kelurahan_code: kelurahan_code.clone(),
                envelope: AABB::from_points(polygon.0.iter().flatten()),
                polygon,
            })
        });
        Self(RTree::bulk_load(parts.collect()))
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.size() == 0
    }

    /// The kelurahan that a point belongs to, if it is in one or near one. In two, it is the one whose boundary is
    /// farther, to the millimetre; of equals, as on a common border, the one with the smaller code.
    pub(crate) fn locate(&self, point: Point) -> Option<Found> {
        let plane = Plane::at(point);
        let looked_at = self.0.locate_in_envelope_intersecting(&around(point, &plane));
        let found = looked_at.filter_map(|part| {
            let metres = part.polygon.boundary_distance(&plane);
            let how = if metres <= ON_BOUNDARY_METRES || part.polygon.encloses(point) {
                Match::Within
            } else if metres <= NEAREST_WITHIN_METRES {
                Match::Nearest
            } else {
                return None;
            };
            Some(Candidate { kelurahan_code: &part.kelurahan_code, how, millimetres: millimetres(metres) })
        });
        found.min_by(|one, other| one.rank().cmp(&other.rank())).map(|best| Found {
            kelurahan_code: best.kelurahan_code.to_owned(),
            how: best.how,
            boundary_millimetres: best.millimetres,
        })
    }
}

struct Candidate<'a> {
    kelurahan_code: &'a str,
    how: Match,
    millimetres: u64,
}

impl Candidate<'_> {
    /// The least wins: within before near, then deeper inside, or nearer outside, then the smaller code.
    fn rank(&self) -> (bool, i128, &str) {
        let millimetres = i128::from(self.millimetres);
        match self.how {
            Match::Within => (false, -millimetres, self.kelurahan_code),
            Match::Nearest => (true, millimetres, self.kelurahan_code),
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a distance is not negative, and the casts saturate"
)]
fn millimetres(metres: f64) -> u64 {
    (metres * 1_000.0).round() as u64
}

/// The box that holds all that is near enough to matter.
fn around(point: Point, plane: &Plane) -> AABB<[f64; 2]> {
    // At a pole a degree east is no distance at all, and the box is the whole circle.
    let east = (NEAREST_WITHIN_METRES / plane.metres_per_degree_east.max(1.0)).min(360.0);
    let north = NEAREST_WITHIN_METRES / plane.metres_per_degree_north;
    AABB::from_corners(
        [point.longitude() - east, point.latitude() - north],
        [point.longitude() + east, point.latitude() + north],
    )
}
