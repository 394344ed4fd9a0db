//! Jakarta's 267 kelurahan, whose boundaries are the operator's to import: where the file is absent, so said, nothing is
//! tried.

use super::*;

/// The file, named by `PRIMA_BOUNDARIES` or beside the project.
fn boundaries() -> Option<Vec<Boundary>> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/jakarta/kelurahan.geojson");
    let file = std::env::var("PRIMA_BOUNDARIES").unwrap_or_else(|_| beside.to_owned());
    let Ok(bytes) = std::fs::read(&file) else {
        eprintln!("SKIPPED: there are no boundaries to try at {file}");
        return None;
    };
    let parsed = parse(&bytes);
    assert_eq!(parsed.problems, []);
    Some(parsed.boundaries)
}

/// A point well inside: the middle of the widest stretch of a kelurahan on any of some lines from west to east.
fn inside(boundary: &Boundary) -> Point {
    let mut widest = (0.0, HERE);
    for polygon in &boundary.polygons {
        let latitudes = polygon.0.iter().flatten().map(|position| position[1]);
        let (south, north) = latitudes
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), one| (least.min(one), most.max(one)));
        for line in 1..64 {
            let latitude = south + (north - south) * f64::from(line) / 64.0;
            let mut crossings: Vec<f64> = polygon
                .edges()
                .filter(|(from, to)| (from[1] > latitude) != (to[1] > latitude))
                .map(|(from, to)| from[0] + (latitude - from[1]) / (to[1] - from[1]) * (to[0] - from[0]))
                .collect();
            crossings.sort_by(f64::total_cmp);
            for pair in crossings.chunks_exact(2) {
                if pair[1] - pair[0] > widest.0 {
                    widest = (pair[1] - pair[0], [f64::midpoint(pair[0], pair[1]), latitude]);
                }
            }
        }
    }
    point(widest.1)
}

#[test]
fn a_point_inside_each_kelurahan_is_that_kelurahans() {
    let Some(boundaries) = boundaries() else { return };
    assert_eq!(boundaries.len(), 267);
    let areas = Areas::new(boundaries.clone());
    for boundary in &boundaries {
        let found = areas.locate(inside(boundary)).unwrap();
        assert_eq!((found.kelurahan_code, found.how), (boundary.kelurahan_code.clone(), Match::Within));
    }
}

#[test]
fn points_at_sea_are_in_no_kelurahan_and_so_is_the_next_province() {
    let Some(boundaries) = boundaries() else { return };
    let areas = Areas::new(boundaries);
    for (latitude, longitude) in [(-6.0, 106.8), (-5.2, 106.9), (-6.6, 106.8), (0.0, 0.0), (-6.2, 107.3)] {
        assert_eq!(areas.locate(Point::try_new(latitude, longitude).unwrap()), None);
    }
}

#[test]
fn every_corner_of_every_border_finds_the_same_as_a_search_through_all_in_any_order() {
    let Some(boundaries) = boundaries() else { return };
    let areas = Areas::new(boundaries.clone());
    let mut reversed = boundaries.clone();
    reversed.reverse();
    let turned = Areas::new(reversed);
    let corners = boundaries.iter().flat_map(|boundary| &boundary.polygons).flat_map(|polygon| &polygon.0);
    for (number, position) in corners.flatten().enumerate() {
        let found = areas.locate(point(*position)).unwrap();
        assert_eq!(turned.locate(point(*position)).unwrap(), found);
        // Without a tree it takes long: some will do.
        if number % 97 == 0 {
            assert_eq!(naive(&boundaries, point(*position)).unwrap(), found);
        }
    }
}
