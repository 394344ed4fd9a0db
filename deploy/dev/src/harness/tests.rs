//! Worlds apart: what one test does, no other one sees.

use std::borrow::Cow;
use std::sync::LazyLock;

use futures::TryStreamExt;
use sqlx::PgConnection;
use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType};

use super::*;

/// A service's schema of one table.
static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    let sql = "CREATE TABLE note (text text)".into_sql_str();
    Migrator::with_migrations(vec![Migration::new(
        1,
        Cow::Borrowed("notes"),
        MigrationType::Simple,
        sql,
        false,
    )])
});

async fn notes(world: &World) -> i64 {
    let mut app = PgConnection::connect(&world.database_url("staff", Role::App)).await.unwrap();
    sqlx::query("INSERT INTO note VALUES ('one')").execute(&mut app).await.unwrap();
    sqlx::query_scalar("SELECT count(*) FROM note").fetch_one(&mut app).await.unwrap()
}

async fn streams(world: &World, name: &str) -> Vec<String> {
    let streams = async_nats::jetstream::new(crate::client::nats(world.nats_url()).await.unwrap());
    let config = async_nats::jetstream::stream::Config { name: name.to_owned(), ..Default::default() };
    streams.create_stream(config).await.unwrap();
    streams.stream_names().try_collect().await.unwrap()
}

async fn databases(cluster: &Cluster, name: &str) -> i64 {
    let mut server = cluster.connect("postgres").await.unwrap();
    let count = sqlx::query_scalar("SELECT count(*) FROM pg_database WHERE datname = $1").bind(name);
    count.fetch_one(&mut server).await.unwrap()
}

#[tokio::test]
async fn two_worlds_share_no_row_and_no_stream() {
    let staff = [("staff", &*MIGRATIONS)];
    let (one, two) = tokio::join!(World::new(&staff), World::new(&staff));
    assert_eq!((notes(&one).await, notes(&two).await), (1, 1));
    assert_eq!(streams(&one, "ONE").await, ["ONE"]);
    assert_eq!(streams(&two, "TWO").await, ["TWO"]);
    let other = Identity { subject: "lapor".to_owned(), ..Identity::default() };
    assert_ne!(one.token(&other), two.token(&other));

    let (cluster, first, second) = (one.cluster.clone(), one.database.clone(), two.database.clone());
    one.finish().await;
    assert_eq!((databases(&cluster, &first).await, databases(&cluster, &second).await), (0, 1));
    drop(two);
    assert_eq!(databases(&cluster, &second).await, 0);
}

#[tokio::test]
async fn a_role_of_one_service_does_not_read_another_ones_schema() {
    let world = World::new(&[("staff", &MIGRATIONS), ("complaints", &MIGRATIONS)]).await;
    let mut app = PgConnection::connect(&world.database_url("complaints", Role::App)).await.unwrap();
    let refused = sqlx::query("SELECT * FROM staff.note").execute(&mut app).await.unwrap_err();
    assert!(refused.to_string().contains("permission denied"), "{refused}");
    world.finish().await;
}

#[tokio::test]
async fn a_service_is_given_what_its_shell_asks_for() {
    let world = World::new(&[]).await;
    #[derive(clap::Parser)]
    struct Config {
        #[command(flatten)]
        shell: kit::config::Shell,
    }
    let config = <Config as clap::Parser>::try_parse_from(world.serve_arguments("staff")).unwrap();
    let file = config.shell.address_file.unwrap();
    std::fs::write(&file, r#"{"grpc":"127.0.0.1:1","health":"127.0.0.1:2"}"#).unwrap();
    assert_eq!(world.grpc_address("staff").await, "http://127.0.0.1:1");
    assert_eq!(world.health_address("staff").await, "http://127.0.0.1:2");
    let _again = world.serve_arguments("staff");
    assert!(!file.exists());

    let clock = kit::clock::Clock::default();
    assert_eq!(world.shift(3600).await, 3600);
    assert_eq!(world.shift(60).await, 3660);
    clock.read_offset(&config.shell.development_clock.unwrap());
    assert!(clock.now() - kit::clock::Clock::default().now() > jiff::SignedDuration::from_secs(3600));
    world.finish().await;
}
