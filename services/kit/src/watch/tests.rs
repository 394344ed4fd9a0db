//! Wake-ups are held, not queued; a reader that does not read is cut with what it was sent before; a watch ends in time.

use std::time::Duration;

use futures::StreamExt;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::*;

const NEVER: Duration = Duration::from_secs(600);
const SOON: Duration = Duration::from_millis(50);

fn why(ended: &Status) -> (Code, String) {
    (ended.code(), ended.get_details_error_info().map(|info| info.reason).unwrap_or_default())
}

#[tokio::test]
async fn a_burst_leaves_one_wake_up_and_a_dropped_watcher_leaves_nothing() {
    let hub = Hub::default();
    let id = Uuid::from_u128(1);
    let mut watcher = hub.subscribe(id);
    for version in 1..=100 {
        hub.wake(id, version);
    }
    watcher.woken().await;
    assert_eq!((watcher.newest(), hub.watched()), (100, vec![id]));
    drop(watcher);
    assert!(hub.watched().is_empty());
}

#[test]
fn what_waits_to_be_told_is_bounded() {
    let hub = Hub::default();
    (0..2 * OUTWARD_MAX).for_each(|_| hub.wake(Uuid::from_u128(1), 1));
    assert_eq!(hub.shared.outward.lock().unwrap().len(), OUTWARD_MAX);
}

#[tokio::test]
async fn a_reader_that_does_not_read_is_cut_and_still_gets_what_was_sent_to_it() {
    let pace = Pace { slow: SOON, lifetime: NEVER };
    let (done, cut) = tokio::sync::oneshot::channel();
    let watch = open(("test", pace), &CancellationToken::new(), |sending| async move {
        for number in 0.. {
            if let Err(why) = sending.send(number).await {
                let _ = done.send(());
                return Err(why);
            }
        }
        unreachable!("a reader is cut before the numbers end")
    });
    cut.await.unwrap();
    let read: Vec<Result<i32, Status>> = watch.collect().await;
    let (end, sent) = read.split_last().unwrap();
    assert_eq!(sent.iter().map(|read| *read.as_ref().unwrap()).collect::<Vec<_>>(), [0, 1, 2, 3]);
    assert_eq!(why(end.as_ref().unwrap_err()), (Code::ResourceExhausted, "WATCHER_TOO_SLOW".to_owned()));
}

#[tokio::test]
async fn a_watch_ends_after_its_lifetime_and_when_the_process_drains() {
    let draining = CancellationToken::new();
    for (lifetime, drains) in [(SOON, false), (NEVER, true)] {
        let pace = Pace { slow: NEVER, lifetime };
        let mut watch = open(("test", pace), &draining, |sending| async move {
            sending.send(1).await?;
            std::future::pending().await
        });
        assert_eq!(watch.next().await.unwrap().unwrap(), 1);
        if drains {
            draining.cancel();
        }
        let end = watch.next().await.unwrap().unwrap_err();
        assert_eq!(why(&end), (Code::Unavailable, "DRAINING".to_owned()));
        assert!(watch.next().await.is_none());
    }
}

#[tokio::test]
async fn the_task_of_a_watch_ends_with_its_reader() {
    let hub = Hub::default();
    let (id, pace) = (Uuid::from_u128(1), Pace { slow: NEVER, lifetime: NEVER });
    let subscription = hub.subscribe(id);
    let watch = open::<(), _, _>(("test", pace), &CancellationToken::new(), |_sending| async move {
        let _subscription = subscription;
        std::future::pending().await
    });
    assert_eq!(hub.watched(), [id]);
    drop(watch);
    tokio::time::timeout(NEVER, async {
        while !hub.watched().is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await
    .unwrap();
}
