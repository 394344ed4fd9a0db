//! Points and their kelurahan: by hand, against a search without a tree, and on Jakarta's real boundaries where they are.

mod real;

use proptest::{collection::vec, prelude::*};

use super::*;

/// A place in Jakarta, from which tests count in metres.
const HERE: Position = [106.82, -6.18];

/// A position so many metres east and north of `HERE`.
fn at(east: f64, north: f64) -> Position {
    [HERE[0] + east / 110_680.0, HERE[1] + north / 110_587.0]
}

fn point(position: Position) -> Point {
    Point::try_new(position[1], position[0]).unwrap()
}

/// A rectangle between two corners, in metres.
fn rectangle((west, south): (f64, f64), (east, north): (f64, f64)) -> Ring {
    vec![at(west, south), at(east, south), at(east, north), at(west, north), at(west, south)]
}

fn boundary(kelurahan_code: &str, rings: Vec<Ring>) -> Boundary {
    Boundary { kelurahan_code: kelurahan_code.to_owned(), polygons: vec![Polygon(rings)] }
}

fn found(boundaries: &[Boundary], position: Position) -> Option<(String, Match)> {
    let found = Areas::new(boundaries.to_vec()).locate(point(position));
    found.map(|found| (found.kelurahan_code, found.how))
}

/// The rule as it is written, over all polygons one by one.
fn naive(boundaries: &[Boundary], point: Point) -> Option<Found> {
    let plane = Plane::at(point);
    let mut best: Option<Found> = None;
    for boundary in boundaries {
        for polygon in &boundary.polygons {
            let metres = polygon.boundary_distance(&plane);
            let within = polygon.encloses(point) || metres <= 0.01;
            if !within && metres > 250.0 {
                continue;
            }
            let boundary_millimetres = format!("{:.0}", metres * 1_000.0).parse().unwrap();
            let how = if within { Match::Within } else { Match::Nearest };
            let one = Found { kelurahan_code: boundary.kelurahan_code.clone(), how, boundary_millimetres };
            let better = best.as_ref().is_none_or(|best| match (one.how, best.how) {
                (Match::Within, Match::Nearest) => true,
                (Match::Nearest, Match::Within) => false,
                _ if one.boundary_millimetres == best.boundary_millimetres => {
                    one.kelurahan_code < best.kelurahan_code
                }
                (Match::Within, _) => one.boundary_millimetres > best.boundary_millimetres,
                (Match::Nearest, _) => one.boundary_millimetres < best.boundary_millimetres,
            });
            if better {
                best = Some(one);
            }
        }
    }
    best
}

#[test]
fn a_distance_is_right_to_a_millimetre_in_a_hundred_metres() {
    // The usual series for the length of a degree, another way to the same ellipsoid.
    let latitude = HERE[1].to_radians();
    let north = 111_132.92 - 559.82 * (2.0 * latitude).cos() + 1.175 * (4.0 * latitude).cos();
    let east = 111_412.84 * latitude.cos() - 93.5 * (3.0 * latitude).cos() + 0.118 * (5.0 * latitude).cos();
    let plane = Plane::at(point(HERE));
    let far_north = [HERE[0], HERE[1] + 100.0 / north];
    let far_east = [HERE[0] + 100.0 / east, HERE[1]];
    assert!((plane.distance(far_north, far_north) - 100.0).abs() < 0.001);
    assert!((plane.distance(far_east, far_east) - 100.0).abs() < 0.001);
}

#[test]
fn a_point_in_two_goes_to_the_one_whose_boundary_is_farther() {
    let wide = boundary("31.74.01.1002", vec![rectangle((0.0, 0.0), (1_000.0, 1_000.0))]);
    let narrow = boundary("31.74.01.1001", vec![rectangle((900.0, 0.0), (2_000.0, 1_000.0))]);
    let both = [wide, narrow];
    assert_eq!(found(&both, at(920.0, 500.0)), Some(("31.74.01.1002".to_owned(), Match::Within)));
    assert_eq!(found(&both, at(980.0, 500.0)), Some(("31.74.01.1001".to_owned(), Match::Within)));
}

#[test]
fn on_a_common_border_the_smaller_code_wins_whichever_was_imported_first() {
    let west = boundary("31.74.01.1002", vec![rectangle((0.0, 0.0), (500.0, 1_000.0))]);
    let east = boundary("31.74.01.1001", vec![rectangle((500.0, 0.0), (1_000.0, 1_000.0))]);
    for both in [[west.clone(), east.clone()], [east, west]] {
        assert_eq!(found(&both, at(500.0, 300.0)), Some(("31.74.01.1001".to_owned(), Match::Within)));
    }
}

#[test]
fn a_point_in_none_snaps_to_the_nearest_within_250_metres() {
    let near = boundary("31.74.01.1002", vec![rectangle((0.0, 0.0), (500.0, 500.0))]);
    let other = boundary("31.74.01.1001", vec![rectangle((1_000.0, 0.0), (1_500.0, 500.0))]);
    let both = [near, other];
    assert_eq!(found(&both, at(740.0, 100.0)), Some(("31.74.01.1002".to_owned(), Match::Nearest)));
    assert_eq!(found(&both, at(760.0, 100.0)), Some(("31.74.01.1001".to_owned(), Match::Nearest)));
    assert_eq!(found(&both, at(-249.0, 100.0)), Some(("31.74.01.1002".to_owned(), Match::Nearest)));
    assert_eq!(found(&both, at(-251.0, 100.0)), None);
}

#[test]
fn a_hole_is_not_inside() {
    let holed = [boundary(
        "31.74.01.1001",
        vec![rectangle((0.0, 0.0), (2_000.0, 2_000.0)), rectangle((500.0, 500.0), (1_500.0, 1_500.0))],
    )];
    assert_eq!(found(&holed, at(1_000.0, 1_000.0)), None);
    assert_eq!(found(&holed, at(600.0, 1_000.0)).unwrap().1, Match::Nearest);
    assert_eq!(found(&holed, at(400.0, 1_000.0)).unwrap().1, Match::Within);
}

#[test]
fn degrees_out_of_range_are_no_point_and_no_debug_form_says_where_one_is() {
    for (latitude, longitude) in
        [(90.1, 0.0), (-90.1, 0.0), (0.0, 180.1), (f64::NAN, 0.0), (0.0, f64::INFINITY)]
    {
        assert_eq!(Point::try_new(latitude, longitude), None);
    }
    assert_eq!(format!("{:?}", point(HERE)), "Point(..)");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_tree_finds_what_a_search_through_all_finds(
        corners in vec((vec((-1_500_i32..1_500, -1_500_i32..1_500), 3..8), 1_000_u32..1_010), 1..12),
        (east, north) in (-2_000_i32..2_000, -2_000_i32..2_000),
    ) {
        let boundaries: Vec<Boundary> = corners
            .iter()
            .map(|(corners, code)| {
                let mut ring: Ring = corners
                    .iter()
                    .map(|(east, north)| at(f64::from(*east), f64::from(*north)))
                    .collect();
                ring.push(ring[0]);
                boundary(&format!("31.74.01.{code}"), vec![ring])
            })
            .collect();
        let point = point(at(f64::from(east), f64::from(north)));
        prop_assert_eq!(Areas::new(boundaries.clone()).locate(point), naive(&boundaries, point));
    }
}

fn collection(features: &str) -> String {
    format!(r#"{{"type":"FeatureCollection","features":[{features}]}}"#)
}

fn feature(code: &str, geometry: &str) -> String {
    format!(r#"{{"type":"Feature","properties":{{"kelurahan_code":{code}}},"geometry":{geometry}}}"#)
}

const SQUARE: &str = "[[[106.8,-6.2],[106.9,-6.2],[106.9,-6.1],[106.8,-6.1],[106.8,-6.2]]]";

fn polygon(coordinates: &str) -> String {
    format!(r#"{{"type":"Polygon","coordinates":{coordinates}}}"#)
}

#[test]
fn polygons_and_multipolygons_are_read_with_either_name_of_the_code() {
    let multi = format!(
        r#"{{"type":"Feature","properties":{{"code":"31.74.01.1002"}},
            "geometry":{{"type":"MultiPolygon","coordinates":[{SQUARE},{SQUARE}]}}}}"#
    );
    let file = collection(&format!("{},{multi}", feature("\"31.74.01.1001\"", &polygon(SQUARE))));
    let parsed = parse(file.as_bytes());
    assert_eq!(parsed.problems, []);
    assert_eq!(parsed.positions, 15);
    let read: Vec<_> = parsed
        .boundaries
        .iter()
        .map(|boundary| (boundary.kelurahan_code.as_str(), boundary.polygons.len()))
        .collect();
    assert_eq!(read, [("31.74.01.1001", 1), ("31.74.01.1002", 2)]);
}

#[test]
fn each_bad_feature_is_named_with_what_is_wrong() {
    let good = "\"31.74.01.1001\"";
    let cases = [
        (feature("7", &polygon(SQUARE)), "properties.kelurahan_code"),
        (feature("\"31.74\"", &polygon(SQUARE)), "properties.kelurahan_code"),
        (feature(good, "null"), "geometry"),
        (feature(good, r#"{"type":"Point","coordinates":[1,2]}"#), "geometry.type"),
        (feature(good, &polygon("[]")), "geometry.coordinates"),
        (feature(good, &polygon("[[1,2]]")), "geometry.coordinates"),
        (feature(good, &polygon("[[[1,2],[2,3],[1,2]]]")), "geometry.coordinates[0]"),
        (feature(good, &polygon("[[[1,2],[2,3],[3,3],[1,3]]]")), "geometry.coordinates[0]"),
        (feature(good, &polygon("[[[1,2],[2,3],[3,4],[1,2]]]")), "geometry.coordinates[0]"),
        (feature(good, &polygon("[[[1,2],[-6.2,106.8],[3,4],[1,2]]]")), "geometry.coordinates[0][1]"),
        (
            feature(good, r#"{"type":"MultiPolygon","coordinates":[[[[1]]]]}"#),
            "geometry.coordinates[0][0][0]",
        ),
    ];
    for (bad, path) in cases {
        let file = collection(&format!("{},{bad}", feature("\"31.74.01.1009\"", &polygon(SQUARE))));
        let problems = parse(file.as_bytes()).problems;
        let named: Vec<_> = problems.iter().map(|bad| (bad.feature, bad.path.as_str())).collect();
        assert_eq!(named, [(Some(1), path)], "{bad}");
    }
    let twice = feature(good, &polygon(SQUARE));
    let problems = parse(collection(&format!("{twice},{twice}")).as_bytes()).problems;
    assert_eq!(problems[0].problem, "is that of feature 0 too");
}

#[test]
fn what_is_no_collection_of_features_in_wgs_84_is_refused_whole() {
    let feature = feature("\"31.74.01.1001\"", &polygon(SQUARE));
    let projected = format!(
        r#"{{"type":"FeatureCollection","crs":{{"properties":{{"name":"EPSG:32748"}}}},"features":[{feature}]}}"#
    );
    let many = collection(&vec![feature.as_str(); 5_001].join(","));
    for (file, path) in [
        ("", ""),
        ("{}", ""),
        (r#"{"type":"Feature","features":[]}"#, "type"),
        (collection("").as_str(), "features"),
        (projected.as_str(), "crs"),
        (many.as_str(), "features"),
    ] {
        let parsed = parse(file.as_bytes());
        assert_eq!(parsed.boundaries, []);
        assert_eq!(parsed.problems.len(), 1);
        assert_eq!((parsed.problems[0].feature, parsed.problems[0].path.as_str()), (None, path));
    }
}
