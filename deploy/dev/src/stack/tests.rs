//! The stack on services that only say how they are: this test binary, started again by scripts of the services' names.

use std::os::unix::fs::PermissionsExt;
use std::sync::PoisonError;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_stream::wrappers::TcpListenerStream;
use tonic_health::ServingStatus;

use super::*;
use crate::scratch::Scratch;
use crate::services::Addresses;
use crate::workspace;

/// Writes the four programs; `serving` is what a shell does on `serve`.
fn programs(scratch: &Scratch, serving: &str) -> PathBuf {
    for name in SERVICES {
        let program = scratch.path().join(name);
        let text =
            format!("#!/bin/sh\nif [ $1 = serve ]; then {serving}; fi\necho \"$@ as $PRIMA_DATABASE_URL\"\n");
        std::fs::write(&program, text).unwrap();
        std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    }
    scratch.path().to_owned()
}

fn options(binaries: PathBuf, seeds: Vec<Seed>) -> Options {
    let target_dev = workspace::target().unwrap().join("dev");
    Options::new(binaries, target_dev, seeds, BusinessTime::Shifted)
}

fn log(line: &str) {
    println!("{line}");
}

#[tokio::test]
async fn a_service_is_killed_started_again_where_it_was_and_all_ends_with_the_stack() {
    let scratch = Scratch::try_new("prima-test").unwrap();
    let test = std::env::current_exe().unwrap();
    let arguments = "--exact --nocapture --ignored stack::tests::the_service";
    let binaries = programs(&scratch, &format!("exec {} {arguments}", test.display()));
    let file = scratch.path().join("units.csv");
    std::fs::write(&file, "code").unwrap();
    let seed = Seed { service: "staff", import: "import-units", file };
    let say: Say = Arc::new(log);
    let stack = Stack::start(options(binaries, vec![seed]), &say).await.unwrap();
    let folder = stack.folder().to_owned();
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    assert!(read("staff-migrate-1.log").starts_with("migrate as postgres://staff_owner:"));
    assert!(read("staff-import-units-1.log").contains("units.csv as postgres://staff_app:"));
    assert!(read("staff-serve-1.log").contains("clock=0"));
    let names: Vec<_> = stack.services().iter().map(|service| service.name).collect();
    assert_eq!(names, SERVICES);

    let before = stack.service("staff").unwrap();
    assert!(stack.rss_mib("staff").unwrap() > 0);
    stack.wait_ready("staff", Duration::from_secs(5)).await.unwrap();
    assert_eq!(stack.what_ended().unwrap(), None);
    stack.kill("staff").unwrap();
    assert!(stack.what_ended().unwrap().unwrap().contains("staff has ended (signal: 9"));
    assert!(stack.wait_ready("staff", Duration::from_secs(5)).await.is_err());
    for _ in ["after the kill", "while it runs"] {
        let after = stack.restart("staff").await.unwrap();
        assert_eq!((after.grpc, after.health), (before.grpc, before.health));
        assert_ne!(after.pid, before.pid);
    }
    assert_eq!(stack.what_ended().unwrap(), None);
    assert!(stack.kill("nobody").is_err());

    stack.stop().await.unwrap();
    assert!(!folder.exists() && !std::path::Path::new(&format!("/proc/{}", before.pid)).exists());
    assert!(!client::is_ready(&format!("http://{}", before.health)).await);
}

#[tokio::test]
async fn a_service_that_ends_while_starting_is_named_with_the_end_of_its_log() {
    let scratch = Scratch::try_new("prima-test").unwrap();
    let binaries = programs(&scratch, "echo no such stream; exit 3");
    let said: Arc<Mutex<Vec<String>>> = Arc::default();
    let keep = Arc::clone(&said);
    let say: Say = Arc::new(move |line| {
        keep.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_owned());
    });
    let error = Stack::start(options(binaries, Vec::new()), &say).await.unwrap_err().to_string();
    assert!(error.contains("ended while starting (exit status: 3):\nno such stream"), "{error}");

    let missing = options(scratch.path().join("nowhere"), Seed::jakarta(scratch.path()));
    let error = Stack::start(missing, &say).await.unwrap_err().to_string();
    assert!(error.contains("units.csv to import"), "{error}");
}

#[tokio::test]
#[ignore = "the part of another test that runs in processes of its own"]
async fn the_service() {
    let Ok(file) = std::env::var("PRIMA_ADDRESS_FILE") else { return };
    let setting = |name: &str| std::env::var(name).unwrap();
    println!("clock={}", std::fs::read_to_string(setting("PRIMA_DEVELOPMENT_CLOCK")).unwrap());
    let mut terminate = signal(SignalKind::terminate()).unwrap();
    let grpc = TcpListener::bind(setting("PRIMA_LISTEN")).await.unwrap();
    let health = TcpListener::bind(setting("PRIMA_HEALTH_LISTEN")).await.unwrap();
    let addresses = Addresses { grpc: grpc.local_addr().unwrap(), health: health.local_addr().unwrap() };
    std::fs::write(file, serde_json::to_vec(&addresses).unwrap()).unwrap();
    let (reporter, service) = tonic_health::server::health_reporter();
    reporter.set_service_status("readiness", ServingStatus::Serving).await;
    let server = tonic::transport::Server::builder().add_service(service);
    tokio::select! {
        served = server.serve_with_incoming(TcpListenerStream::new(health)) => served.unwrap(),
        _ = terminate.recv() => {}
    }
}
