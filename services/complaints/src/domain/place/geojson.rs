//! Boundaries from GeoJSON (RFC 7946): read whole, checked whole, with every fault named by feature and path. A ring that
//! crosses itself is taken: inside is what a line from it leaves after an odd number of crossings.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use super::{Boundary, Point, Polygon, Position, Ring};

/// The largest file.
pub(crate) const MAX_BYTES: usize = 32 * 1024 * 1024;
const MAX_FEATURES: usize = 5_000;
const MAX_POSITIONS: usize = 1_000_000;
/// A ring has three corners, and the first again.
const LEAST_POSITIONS: usize = 4;

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Counted from 0; none for the file as a whole.
    pub(crate) feature: Option<usize>,
    pub(crate) path: String,
    pub(crate) problem: String,
}

/// What a file holds.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    pub(crate) boundaries: Vec<Boundary>,
    pub(crate) positions: usize,
    /// The boundaries count for nothing where there is one.
    pub(crate) problems: Vec<Problem>,
}

#[derive(Deserialize)]
struct Collection {
    #[serde(rename = "type")]
    kind: String,
    features: Vec<Feature>,
    crs: Option<Value>,
}

#[derive(Deserialize)]
struct Feature {
    #[serde(default)]
    properties: Option<HashMap<String, Value>>,
    #[serde(default)]
    geometry: Option<Geometry>,
}

#[derive(Deserialize)]
struct Geometry {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    coordinates: Value,
}

/// Reads a file.
pub(crate) fn parse(bytes: &[u8]) -> Parsed {
    let collection: Collection = match serde_json::from_slice(bytes) {
        Ok(collection) => collection,
        Err(error) => return of_file("", format!("not a GeoJSON FeatureCollection: {error}")),
    };
    if collection.kind != "FeatureCollection" {
        return of_file("type", "must be FeatureCollection".to_owned());
    }
    if collection.crs.is_some_and(|crs| !is_wgs84(&crs)) {
        return of_file("crs", "must be WGS 84 (urn:ogc:def:crs:OGC:1.3:CRS84), or absent".to_owned());
    }
    if collection.features.is_empty() {
        return of_file("features", "there are none".to_owned());
    }
    if collection.features.len() > MAX_FEATURES {
        return of_file("features", format!("there are more than {MAX_FEATURES}"));
    }
    let mut reader = Reader::default();
    for (number, feature) in collection.features.into_iter().enumerate() {
        reader.feature(number, feature);
        if reader.parsed.positions > MAX_POSITIONS {
            return of_file("features", format!("they have more than {MAX_POSITIONS} positions"));
        }
    }
    reader.parsed
}

fn of_file(path: &str, problem: String) -> Parsed {
    let problem = Problem { feature: None, path: path.to_owned(), problem };
    Parsed { problems: vec![problem], ..Parsed::default() }
}

/// The older form of GeoJSON could name a coordinate reference system.
fn is_wgs84(crs: &Value) -> bool {
    let name = crs.pointer("/properties/name").and_then(Value::as_str).unwrap_or_default();
    crs.is_null() || name.ends_with("CRS84") || name.ends_with(":4326")
}

#[derive(Default)]
struct Reader {
    parsed: Parsed,
    seen: HashMap<String, usize>,
    feature: usize,
}

impl Reader {
    fn feature(&mut self, number: usize, feature: Feature) {
        self.feature = number;
        let code = self.code(feature.properties.as_ref());
        let before = self.parsed.problems.len();
        let polygons = self.polygons(feature.geometry);
        if let Some(kelurahan_code) = code
            && self.parsed.problems.len() == before
        {
            self.parsed.boundaries.push(Boundary { kelurahan_code, polygons });
        }
    }

    fn code(&mut self, properties: Option<&HashMap<String, Value>>) -> Option<String> {
        let code = properties
            .and_then(|properties| properties.get("kelurahan_code").or_else(|| properties.get("code")))
            .and_then(Value::as_str);
        let Some(code) = code else {
            self.fault("properties.kelurahan_code", "is absent, or no text");
            return None;
        };
        if !is_kelurahan_code(code) {
            self.fault("properties.kelurahan_code", "must be like 31.74.01.1001");
            return None;
        }
        if let Some(first) = self.seen.insert(code.to_owned(), self.feature) {
            self.fault("properties.kelurahan_code", format!("is that of feature {first} too"));
            return None;
        }
        Some(code.to_owned())
    }

    fn polygons(&mut self, geometry: Option<Geometry>) -> Vec<Polygon> {
        let Some(geometry) = geometry else {
            self.fault("geometry", "is absent");
            return Vec::new();
        };
        let path = "geometry.coordinates";
        let (polygons, is_multi) = match geometry.kind.as_str() {
            "Polygon" => (vec![geometry.coordinates], false),
            "MultiPolygon" => match geometry.coordinates {
                Value::Array(polygons) if !polygons.is_empty() => (polygons, true),
                _ => {
                    self.fault(path, "must be a list of polygons, at least one");
                    return Vec::new();
                }
            },
            _ => {
                self.fault("geometry.type", "must be Polygon or MultiPolygon");
                return Vec::new();
            }
        };
        let polygons = polygons.into_iter().enumerate().map(|(number, polygon)| {
            self.polygon(&if is_multi { format!("{path}[{number}]") } else { path.to_owned() }, polygon)
        });
        polygons.collect()
    }

    fn polygon(&mut self, path: &str, rings: Value) -> Polygon {
        match serde_json::from_value::<Vec<Vec<Vec<f64>>>>(rings) {
            Ok(rings) if !rings.is_empty() => {
                let rings = rings.into_iter().enumerate();
                Polygon(rings.map(|(number, ring)| self.ring(&format!("{path}[{number}]"), &ring)).collect())
            }
            Ok(_) => {
                self.fault(path, "must have a ring");
                Polygon(Vec::new())
            }
            Err(_) => {
                self.fault(path, "must be a list of rings of positions [longitude, latitude]");
                Polygon(Vec::new())
            }
        }
    }

    fn ring(&mut self, path: &str, positions: &[Vec<f64>]) -> Ring {
        self.parsed.positions += positions.len();
        let mut ring = Ring::with_capacity(positions.len());
        for (number, position) in positions.iter().enumerate() {
            // A height may come third.
            let position = match position.as_slice() {
                [longitude, latitude] | [longitude, latitude, _] => {
                    Point::try_new(*latitude, *longitude).map(|_| [*longitude, *latitude])
                }
                _ => None,
            };
            let Some(position) = position else {
                self.fault(&format!("{path}[{number}]"), "must be [longitude, latitude] in degrees");
                return ring;
            };
            ring.push(position);
        }
        if ring.len() < LEAST_POSITIONS {
            self.fault(path, format!("must have at least {LEAST_POSITIONS} positions"));
        } else if ring.first() != ring.last() {
            self.fault(path, "must end where it begins");
        } else if area(&ring) == 0.0 {
            self.fault(path, "must hold some ground");
        }
        ring
    }

    fn fault(&mut self, path: &str, problem: impl Into<String>) {
        let problem = Problem { feature: Some(self.feature), path: path.to_owned(), problem: problem.into() };
        self.parsed.problems.push(problem);
    }
}

fn is_kelurahan_code(code: &str) -> bool {
    let parts: Vec<&str> = code.split('.').collect();
    parts.iter().map(|part| part.len()).eq([2, 2, 2, 4])
        && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Twice the area in square degrees, which is naught for a line there and back.
fn area(ring: &[Position]) -> f64 {
    let origin = ring.first().copied().unwrap_or_default();
    let at = |position: Position| [position[0] - origin[0], position[1] - origin[1]];
    let parts = ring.windows(2).map(|pair| {
        let (one, next) = (at(pair[0]), at(pair[1]));
        one[0] * next[1] - next[0] * one[1]
    });
    parts.sum::<f64>().abs()
}
