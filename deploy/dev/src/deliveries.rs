//! Deliveries as a stream may make them: in any order, any of them more than once. A handler must come to the same end. All
//! is drawn from seeds that can be played again; nothing stays in the database.

use jiff::Timestamp;
use kit::events::{Handler, Received};
use prost::{Message, Name};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use uuid::Uuid;

/// How many seeds are played; a long run takes 10,000.
pub const SEEDS: &str = "PRIMA_TEST_SEEDS";
/// The seed that alone is played.
pub const SEED: &str = "PRIMA_TEST_SEED";
const FEW: u64 = 150;
const MOST_VERSIONS: i64 = 5;
/// How often, of ten versions, the producer's database was restored before.
const RESTORED_OF_TEN: u32 = 2;

/// Plays each seed's history to a handler, once as it was told and once as a stream may deliver it, and compares what is in
/// `tables` (or queries) then. `url` is the database as the service's app role.
///
/// # Panics
/// The two ends differ, or the handler fails; the seed is named.
pub async fn come_to_the_same_end(
    url: &str,
    handler: &dyn Handler,
    tables: &[&'static str],
    history: impl Fn(&mut StdRng) -> Vec<Received>,
) {
    let mut connection =
        PgConnection::connect(url).await.unwrap_or_else(|error| panic!("no database: {error}"));
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds = number(SEED).map_or(0..number(SEEDS).unwrap_or(FEW), |seed| seed..seed + 1);
    for seed in seeds {
        let mut random = StdRng::seed_from_u64(seed);
        let told = history(&mut random);
        let delivered = delivered(&told, &mut random);
        let as_told = end(&mut connection, handler, tables, &told).await;
        let as_delivered = end(&mut connection, handler, tables, &delivered).await;
        for ends in [&as_told, &as_delivered] {
            if let Err(why) = ends {
                panic!("{SEED}={seed}: {why}");
            }
        }
        assert!(as_told == as_delivered, "{SEED}={seed}: {as_told:?} as told, {as_delivered:?} as delivered");
    }
}

/// The versions of one aggregate as its producer tells them, with their epochs. Now and then the producer's database was
/// restored, and a new epoch goes on from an earlier version.
pub fn versions(random: &mut StdRng) -> Vec<(i64, i64)> {
    let (mut epoch, mut version) = (1, 0);
    let count = random.random_range(1..=MOST_VERSIONS);
    let mut next = || {
        if version > 0 && random.random_ratio(RESTORED_OF_TEN, 10) {
            epoch += 1;
            version = random.random_range(0..version);
        }
        version += 1;
        (epoch, version)
    };
    (0..count).map(|_| next()).collect()
}

/// An event as a consumer gets it.
pub fn event<M: Message + Name>(random: &mut StdRng, (epoch, version): (i64, i64), message: &M) -> Received {
    Received {
        id: Uuid::from_u128(random.random()),
        event_type: M::full_name(),
        resource: String::new(),
        epoch,
        version,
        time: Timestamp::UNIX_EPOCH,
        payload: message.encode_to_vec(),
        traceparent: String::new(),
        is_redacted: false,
    }
}

/// One of these.
///
/// # Panics
/// There are none.
pub fn one<T: Copy>(random: &mut StdRng, of: &[T]) -> T {
    of[random.random_range(0..of.len())]
}

/// Everything at least once, in any order.
fn delivered(told: &[Received], random: &mut StdRng) -> Vec<Received> {
    let mut delivered = told.to_vec();
    delivered.extend(told.iter().filter(|_| random.random_bool(0.5)).cloned());
    delivered.shuffle(random);
    delivered
}

/// What the tables hold once these were applied; nothing of it stays.
async fn end(
    connection: &mut PgConnection,
    handler: &dyn Handler,
    tables: &[&'static str],
    events: &[Received],
) -> Result<Vec<String>, String> {
    let failed = |error: sqlx::Error| error.to_string();
    let mut transaction = connection.begin().await.map_err(failed)?;
    for event in events {
        handler.apply(&mut transaction, event).await.map_err(|error| format!("{error}: {event:?}"))?;
    }
    let mut ends = Vec::with_capacity(tables.len());
    for table in tables {
        // The names are the test's own.
        let sql = format!(
            "SELECT count(*) || ' rows of {table}, ' || md5(coalesce(string_agg(held::text, '|' ORDER BY held::text), ''))
             FROM {table} AS held"
        );
        ends.push(sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut *transaction).await.map_err(failed)?);
    }
    transaction.rollback().await.map_err(failed)?;
    Ok(ends)
}

#[cfg(test)]
mod tests {
    use proto::staff::events::v1::UnitChanged;

    use super::*;

    #[test]
    fn versions_only_grow_with_their_epochs_and_every_event_is_delivered() {
        for seed in 0..200 {
            let mut random = StdRng::seed_from_u64(seed);
            let versions = versions(&mut random);
            assert!(versions.is_sorted_by(|before, after| before < after), "{versions:?}");
            let event = |version| event(&mut StdRng::seed_from_u64(seed), version, &UnitChanged::default());
            let told: Vec<Received> = versions.iter().map(|version| event(*version)).collect();
            let delivered = delivered(&told, &mut random);
            let is_there = |event: &Received| {
                delivered.iter().any(|other| (other.epoch, other.version) == (event.epoch, event.version))
            };
            assert!(told.iter().all(is_there));
        }
    }
}
