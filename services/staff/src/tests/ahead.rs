//! What lies ahead: it takes effect by itself, and is told of once.

use std::time::{Duration, Instant};

use jiff::{ToSpan, civil::Date};
use proto::staff::events::v1::{AssignmentChanged, AssignmentState};

use super::*;

const DAY_SECONDS: u64 = 86_400;

fn today() -> Date {
    kit::clock::jakarta_day(Clock::default().now())
}

async fn states(served: &Served, name: &str) -> Vec<AssignmentState> {
    let told: Vec<AssignmentChanged> = served.told(name).await;
    told.iter().map(|event| event.assignment.as_ref().unwrap().state()).collect()
}

async fn until_told(served: &Served, name: &str, expected: &[AssignmentState]) {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let told = states(served, name).await;
        if told == expected {
            return;
        }
        assert!(Instant::now() < deadline, "told: {told:?}, expected: {expected:?}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assignment_is_told_of_on_the_day_it_takes_effect_and_on_the_day_it_ends() {
    use AssignmentState::{Ended, InEffect, Pending};
    let served = Served::start().await;
    let (seat, person) = (served.seat("31.74", "Lurah").await, served.person(1).await);
    let (from, until) = (today() + 3.days(), today() + 6.days());
    let days = (from.to_string(), until.to_string());
    let ahead = to_assign((&seat, &person), AssignmentKind::Definitive, (&days.0, &days.1));
    let ahead = served.assign(ahead).await.unwrap();
    assert_eq!(states(&served, &ahead.name).await, [Pending]);
    assert_eq!(served.holder(&seat, "", None).await.person, "");

    served.world.shift(3 * DAY_SECONDS).await;
    until_told(&served, &ahead.name, &[Pending, InEffect]).await;
    assert_eq!(served.holder(&seat, "", None).await.person, person);
    served.world.shift(3 * DAY_SECONDS).await;
    until_told(&served, &ahead.name, &[Pending, InEffect, Ended]).await;
    assert_eq!(served.holder(&seat, "", None).await.person, "");
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_announce_what_is_due_once() {
    let world = World::new(&[(SERVICE, &MIGRATIONS)]).await;
    import(&world, UNITS).await.unwrap();
    let (channel, shutdown, task) = serve(&world).await;
    let mut served = Served { world, channel, token: String::new(), shutdown, task };
    served.token = served.token_of("office", None, &[]);
    served.token = served.token_of("office", None, &[served.unit("31").await]);
    let from = (today() + 3.days()).to_string();
    let mut ahead = Vec::new();
    for serial in 1..=12 {
        let (seat, person) = (served.seat("31.74", "Kasi").await, served.person(serial).await);
        let request = to_assign((&seat, &person), AssignmentKind::Definitive, (&from, ""));
        ahead.push(served.assign(request).await.unwrap().name);
    }
    let Served { world, channel, token, shutdown, task } = served;
    shutdown.cancel();
    task.await.unwrap().unwrap();

    let ((one, shell_one), (two, shell_two)) = (process(&world), process(&world));
    for shell in [&shell_one, &shell_two] {
        shell.clock.shift_to(i64::try_from(3 * DAY_SECONDS).unwrap());
    }
    let (by_one, by_two) = tokio::join!(one.announce_due(), two.announce_due());
    assert_eq!(by_one.unwrap() + by_two.unwrap(), ahead.len());
    assert_eq!(one.announce_due().await.unwrap(), 0);

    // Served again, by two at once, they have nothing left to tell.
    world.shift(4 * DAY_SECONDS).await;
    let (first_channel, first_shutdown, first) = serve(&world).await;
    let (second_channel, second_shutdown, second) = serve(&world).await;
    drop((channel, second_channel));
    let served = Served { world, channel: first_channel, token, shutdown: first_shutdown, task: first };
    for name in &ahead {
        assert_eq!(states(&served, name).await, [AssignmentState::Pending, AssignmentState::InEffect]);
    }
    second_shutdown.cancel();
    second.await.unwrap().unwrap();
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_ended_before_it_starts_to_hold_is_refused_and_what_is_shortened_ends_on_the_new_day() {
    use AssignmentState::{Ended, Pending};
    let served = Served::start().await;
    let (seat, person) = (served.seat("31.74", "Lurah").await, served.person(1).await);
    let (from, shortened) = ((today() + 3.days()).to_string(), (today() + 4.days()).to_string());
    let ahead = to_assign((&seat, &person), AssignmentKind::Definitive, (&from, ""));
    let ahead = served.assign(ahead).await.unwrap();
    assert_eq!(reason(&served.end(to_end(&ahead.name, &from)).await.unwrap_err()), "DATES_INVALID");
    served.end(to_end(&ahead.name, &shortened)).await.unwrap();
    served.world.shift(5 * DAY_SECONDS).await;
    until_told(&served, &ahead.name, &[Pending, Pending, Ended]).await;
    served.finish().await;
}
