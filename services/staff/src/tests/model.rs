//! Bitemporal answers against a naive model: all that was ever recorded, in a list, searched from its end.

use std::collections::HashMap;

use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::*;

const SEATS: usize = 3;
const PEOPLE: u16 = 4;
const STEPS: usize = 60;
const DAYS: i8 = 20;

/// A version as the model knows it: from when on, and what it said.
#[derive(Clone, Debug)]
struct Version {
    known_from: (i64, i32),
    name: String,
    seat: String,
    person: String,
    definitive: bool,
    from: i8,
    until: i8,
}

fn day(day: i8) -> String {
    format!("2026-01-{day:02}")
}

/// Open ends are written as a day after all that are asked for.
fn written(until: i8) -> String {
    if until > DAYS { String::new() } else { day(until) }
}

fn moment(time: Option<prost_types::Timestamp>) -> (i64, i32) {
    let time = time.unwrap();
    (time.seconds, time.nanos)
}

/// The versions that were the newest of their assignments at a moment.
fn known(model: &[Version], at: (i64, i32)) -> Vec<&Version> {
    let mut newest: HashMap<&str, &Version> = HashMap::new();
    for version in model.iter().filter(|version| version.known_from <= at) {
        newest.insert(&version.name, version);
    }
    newest.into_values().collect()
}

fn expected<'a>(model: &'a [Version], at: (i64, i32), seat: &str, day: i8) -> &'a str {
    let having: Vec<&Version> = known(model, at)
        .into_iter()
        .filter(|version| version.seat == seat && (version.from..version.until).contains(&day))
        .collect();
    let acting = having.iter().find(|version| !version.definitive);
    acting.or(having.first()).map_or("", |version| &version.person)
}

/// Whether the model finds the days taken.
fn is_taken(model: &[Version], asked: &Version) -> bool {
    known(model, (i64::MAX, 0)).into_iter().any(|version| {
        version.definitive == asked.definitive
            && version.from < asked.until
            && asked.from < version.until
            && (version.seat == asked.seat || asked.definitive && version.person == asked.person)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_what_a_naive_model_says() {
    let seed: u64 = std::env::var("PRIMA_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(29);
    let mut random = StdRng::seed_from_u64(seed);
    let served = Served::start().await;
    let (mut seats, mut people, mut model) = (Vec::new(), Vec::new(), Vec::<Version>::new());
    for number in 0..SEATS {
        seats.push(served.seat("31.74", &format!("Seat {number}")).await);
    }
    for serial in 1..=PEOPLE {
        people.push(served.person(serial).await);
    }
    for step in 0..STEPS {
        if !model.is_empty() && random.random_bool(0.4) {
            let before = model[random.random_range(0..model.len())].clone();
            let newest = model.iter().rfind(|version| version.name == before.name).unwrap().clone();
            let until = random.random_range(1..=DAYS);
            let answer = served.end(to_end(&newest.name, &day(until))).await;
            let possible = newest.from < until && until < newest.until;
            assert_eq!(
                answer.is_ok(),
                possible,
                "seed {seed}, step {step}: {newest:?} to {until}: {answer:?}"
            );
            if let Ok(ended) = answer {
                model.push(Version { known_from: moment(ended.record_time), until, ..newest });
            }
        } else {
            let from = random.random_range(1..DAYS);
            let mut asked = Version {
                known_from: (0, 0),
                name: String::new(),
                seat: seats[random.random_range(0..seats.len())].clone(),
                person: people[random.random_range(0..people.len())].clone(),
                definitive: random.random_bool(0.6),
                from,
                until: random.random_range(from + 1..=DAYS + 3),
            };
            // Ends after the last day that is asked for are all one: open.
            asked.until = if asked.until > DAYS { i8::MAX } else { asked.until };
            let kind = match (asked.definitive, random.random_bool(0.5)) {
                (true, _) => AssignmentKind::Definitive,
                (false, true) => AssignmentKind::Plt,
                (false, false) => AssignmentKind::Plh,
            };
            let days = (day(from), written(asked.until));
            let request = to_assign((&asked.seat, &asked.person), kind, (&days.0, &days.1));
            let answer = served.assign(request).await;
            let taken = is_taken(&model, &asked);
            assert_eq!(answer.is_err(), taken, "seed {seed}, step {step}: {asked:?}: {answer:?}");
            if let Ok(created) = answer {
                model.push(Version { known_from: moment(created.record_time), name: created.name, ..asked });
            }
        }
    }
    let moments: Vec<(i64, i32)> = model.iter().map(|version| version.known_from).collect();
    for _ in 0..400 {
        let at = moments[random.random_range(0..moments.len())];
        let seat = &seats[random.random_range(0..seats.len())];
        let on = random.random_range(1..=DAYS);
        let known_at = prost_types::Timestamp { seconds: at.0, nanos: at.1 };
        let holder = served.holder(seat, &day(on), Some(known_at)).await;
        assert_eq!(holder.person, expected(&model, at, seat, on), "seed {seed}: {seat} on {on} at {at:?}");
    }
    served.finish().await;
}
