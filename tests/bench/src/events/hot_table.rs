//! `hot_table`: how large the outbox becomes while an open transaction keeps dead rows from being removed, and how long the
//! relay's read takes once that has ended.

use std::time::{Duration, Instant};

use anyhow::Result;
use dev::cluster::Role;
use dev::stack::Part;
use sqlx::{Connection, PgConnection};

use super::reports;
use crate::bed::{CONSUMER, PRODUCER, TestBed};
use crate::measure::{Arm, Run, median, milliseconds};
use crate::processes::Cpu;
use crate::report::{About, Row};

/// Events told at once.
const CHUNK: usize = 1_000;
/// From the end of the transaction until the read.
const AFTERWARDS: Duration = Duration::from_secs(60);
/// Pending events that are read, all of one shard.
const PENDING: usize = 256;
const SHARD: u32 = 0;
const READS: usize = 101;
const MAX_MIB: f64 = 100.0;
const MAX_RATIO: f64 = 2.0;

/// Measures the row of the size, and the one of the read.
pub(super) async fn measure(bed: &TestBed) -> Result<Vec<Row>> {
    let (events, open) = (bed.settings.hot_events, Duration::from_secs(bed.settings.open_seconds));
    bed.stack.freeze(Part::Service(CONSUMER))?;
    bed.say("reading from a fresh table");
    let fresh = read(bed).await?;
    bed.relayed().await?;
    let (size, open) = fill(bed, events, open).await?;
    bed.say(format!("{:.0} MiB; reading again in {AFTERWARDS:?}", size.value));
    tokio::time::sleep(AFTERWARDS).await;
    let used = read(bed).await?;
    bed.relayed().await?;
    // Nobody has to take them.
    bed.stream().await?.purge().await?;
    let note = format!("{events} events, the transaction was open for {} s", open.as_secs());
    let table = About { row: "hot_table", unit: "MiB", goal: "≤ 100 MiB" };
    let reads = About { row: "hot_table_read", unit: "ms", goal: "≤ 2 × of a fresh table" };
    Ok(vec![
        Row::new(table, vec![Run::alone(size)], |mib, _| mib <= MAX_MIB).with_note(note.as_str()),
        Row::new(reads, vec![Run::beside(used, fresh, |used, fresh| used / fresh)], |_, ratio| {
            ratio <= MAX_RATIO
        })
        .with_note(note),
    ])
}

/// Tells events evenly while a transaction is open, so long or as long as it takes; answers the greatest size of the outbox
/// with its index, in MiB, and how long it was open.
async fn fill(bed: &TestBed, events: usize, open: Duration) -> Result<(Arm, Duration)> {
    let cpu = Cpu::now();
    let mut holding = bed.database.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ").await?;
    // Only the first statement takes the snapshot.
    sqlx::query("SELECT FROM complaints.outbox_pending LIMIT 1").execute(&mut *holding).await?;
    let begun = Instant::now();
    let mut connection = bed.connection(PRODUCER).await?;
    let (mut told, mut greatest, mut said) = (0, 0.0_f64, 0);
    while told < events {
        let chunk = reports::events(CHUNK.min(events - told), |_| true);
        reports::tell(&mut connection, &chunk).await?;
        told += chunk.len();
        greatest = greatest.max(size_mib(bed).await?);
        if told * 10 / events > said {
            said = told * 10 / events;
            bed.say(format!("{told} events told in {:.0?}: {greatest:.0} MiB", begun.elapsed()));
        }
        let due = open.mul_f64(told as f64 / events as f64);
        tokio::time::sleep(due.saturating_sub(begun.elapsed())).await;
    }
    bed.relayed().await?;
    greatest = greatest.max(size_mib(bed).await?);
    bed.say(format!("all are published after {:.0?}", begun.elapsed()));
    holding.rollback().await?;
    Ok((Arm { value: greatest, cpu: cpu.since() }, begun.elapsed()))
}

async fn size_mib(bed: &TestBed) -> Result<f64> {
    let bytes: i64 = sqlx::query_scalar("SELECT pg_total_relation_size('complaints.outbox_pending')")
        .fetch_one(&bed.database)
        .await?;
    Ok(bytes as f64 / f64::from(1 << 20))
}

/// How long the relay's read of 256 pending events takes, in milliseconds; its process stands still meanwhile.
async fn read(bed: &TestBed) -> Result<Arm> {
    bed.stack.freeze(Part::Service(PRODUCER))?;
    let wanted = |id| kit::events::shard(id) == SHARD;
    let events = reports::events(PENDING, wanted);
    reports::tell(&mut bed.connection(PRODUCER).await?, &events).await?;
    let mut connection = PgConnection::connect(&bed.stack.database_url(PRODUCER, Role::Relay)).await?;
    let cpu = Cpu::now();
    let mut times = Vec::with_capacity(READS);
    for _ in 0..READS {
        let begun = Instant::now();
        let pending: Vec<(i64, Vec<u8>)> = sqlx::query_as(
            "SELECT log.id, log.payload
             FROM (SELECT id, recorded_at FROM outbox_pending WHERE shard = $1 ORDER BY id LIMIT $2) AS pending
             JOIN event_log AS log ON log.recorded_at = pending.recorded_at AND log.id = pending.id
             ORDER BY log.id",
        )
        .bind(i16::try_from(SHARD)?)
        .bind(i64::try_from(PENDING)?)
        .fetch_all(&mut connection)
        .await?;
        times.push(milliseconds(begun.elapsed()));
        anyhow::ensure!(pending.len() == PENDING, "{} are pending", pending.len());
    }
    let cpu = cpu.since();
    connection.close().await?;
    bed.thaw()?;
    bed.stack.freeze(Part::Service(CONSUMER))?;
    Ok(Arm { value: median(&times), cpu })
}
