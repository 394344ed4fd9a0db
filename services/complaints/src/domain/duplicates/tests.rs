//! How alike reports are, and what is a recurrence.

use uuid::Uuid;

use super::*;
use crate::domain::Kind;

const HERE: (f64, f64) = (-6.2, 106.8);
/// Metres of a degree north, near Jakarta.
const DEGREE: f64 = 110_575.0;

fn north(metres: f64) -> Option<Point> {
    Point::try_new(HERE.0 + metres / DEGREE, HERE.1)
}

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn sought(point: Option<Point>) -> Sought {
    Sought {
        of: None,
        category: "jalan".to_owned(),
        kind: Kind::Report,
        kelurahan_code: "31.74.01.1001".to_owned(),
        point,
        search_text: search_text("Lubang di jalan"),
    }
}

fn near(id: u128, point: Option<Point>, text_likeness: i64) -> Near {
    Near {
        id: ComplaintId(Uuid::from_u128(id)),
        kelurahan_code: "31.74.01.1001".to_owned(),
        point,
        state: State::Submitted,
        supporters: 0,
        at: now(),
        text_likeness,
    }
}

#[test]
fn words_are_compared_without_case_and_superfluous_spaces_and_cut() {
    assert_eq!(search_text("  Lubang\n di\t JALAN "), "lubang di jalan");
    assert_eq!(search_text(&"ä ".repeat(400)).chars().count(), 500);
    assert_eq!(search_text(" "), "");
}

#[test]
fn the_nearer_and_the_liker_come_first_and_nothing_beyond_250_metres() {
    let found = sought(north(0.0)).likeliest(
        vec![
            near(1, north(200.0), 100),
            near(2, north(10.0), 100),
            near(3, north(10.0), 900),
            near(4, north(255.0), 1_000),
        ],
        now(),
    );
    let shown: Vec<_> = found.iter().map(|found| (found.id.0.as_u128(), found.distance_metres)).collect();
    assert_eq!(shown, [(3, Some(50)), (2, Some(50))], "at 200 m other words are another matter");
    assert!(found[0].score > found[1].score && found[0].score <= 100);
}

#[test]
fn without_a_point_the_kelurahan_and_the_words_decide() {
    let found = sought(None).likeliest(vec![near(1, north(0.0), 0), near(2, None, 700)], now());
    assert_eq!(found.iter().map(|found| found.id.0.as_u128()).collect::<Vec<_>>(), [2]);
    assert_eq!(found[0].distance_metres, None);
    let elsewhere = Near { kelurahan_code: "31.74.01.1002".to_owned(), ..near(3, None, 1_000) };
    assert_eq!(sought(north(0.0)).likeliest(vec![elsewhere], now()), []);
}

#[test]
fn an_older_one_is_less_alike_and_at_most_five_are_shown() {
    let old = Near { at: now() - SignedDuration::from_hours(11 * 7 * 24), ..near(1, north(0.0), 500) };
    let found = sought(north(0.0)).likeliest(vec![old, near(2, north(0.0), 500)], now());
    assert_eq!(found[0].id.0.as_u128(), 2);
    let many = (1..=9).map(|id| near(id, north(0.0), 500)).collect();
    assert_eq!(sought(north(0.0)).likeliest(many, now()).len(), CANDIDATES);
}

#[test]
fn a_recurrence_is_at_the_same_place_or_without_points_in_like_words() {
    let here = sought(north(0.0));
    let [near_by, at_border, far] = [(1, 20.0), (2, 49.0), (3, 51.0)].map(|(id, at)| near(id, north(at), 0));
    assert_eq!(here.recurrence(&[at_border.clone(), near_by.clone()]), Some(near_by.id));
    assert_eq!(here.recurrence(std::slice::from_ref(&at_border)), Some(at_border.id));
    assert_eq!(here.recurrence(&[far]), None);
    let pointless = near(4, None, 450);
    assert_eq!(here.recurrence(std::slice::from_ref(&pointless)), Some(pointless.id));
    assert_eq!(sought(None).recurrence(&[near_by, near(5, None, 100)]), None, "other words");
}

#[test]
fn the_cells_around_a_point_hold_all_within_the_distance() {
    for (latitude, longitude) in [HERE, (-6.2001, 106.8013), (0.0, 100.0), (-10.9, 141.0), (60.0, 10.0)] {
        let here = Point::try_new(latitude, longitude).unwrap();
        let cells = Cell::around(here, WITHIN_METRES);
        assert!(cells.len() <= 15, "{} cells", cells.len());
        for step in 0..36 {
            let angle = f64::from(step * 10).to_radians();
            let there = Point::try_new(
                latitude + 249.0 * angle.sin() / 111_700.0,
                longitude + 249.0 * angle.cos() / (111_700.0 * latitude.to_radians().cos()),
            );
            assert!(cells.contains(&Cell::of(there.unwrap())), "{latitude} {longitude} {step}");
        }
    }
}
