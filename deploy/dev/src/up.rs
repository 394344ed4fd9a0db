//! Commands that own a stack: `up` keeps one until it is told to end, `demo` shows the closed loop on one. Both end all
//! that they started, in order.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Serialize;
use tokio::signal::unix::{Signal, SignalKind, signal};
use uuid::Uuid;

use crate::running::{self, Note, Noted, ServiceUrls};
use crate::stack::{BusinessTime, Options, Say, Seed, Stack};
use crate::token::{Identity, all_scopes};
use crate::workspace::{Profile, Workspace};
use crate::{command, demo, units};

/// How often a running stack is looked at.
const WATCH: Duration = Duration::from_millis(200);
/// What the shell says of a program that a signal ended.
const CUT: i32 = 130;

/// Who reads what a command prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// A person.
    Person,
    /// A program: standard output holds one line of JSON and nothing else.
    Program,
}

/// What `up --json` prints.
#[derive(Serialize)]
struct Line<'a> {
    services: &'a ServiceUrls,
    postgres: &'a str,
    nats: &'a str,
    token: &'a str,
}

/// Builds the services, starts a stack, prints how it is reached, and keeps it until a signal ends it.
///
/// # Errors
/// The build fails, the stack doesn't start, or a part of it ends by itself.
pub async fn up(workspace: &Workspace, profile: Profile, reader: Reader) -> Result<()> {
    let mut signals = Signals::listen()?;
    let say = to_standard_error();
    let start = start(workspace, profile, BusinessTime::Machine, &say);
    let Some(stack) = signals.unless_ended(start).await? else { return Ok(()) };
    let announced = signals.unless_ended(announce(&stack, workspace, reader, &say)).await;
    let (noted, outcome) = match announced {
        Ok(Some(noted)) => {
            let ended = async { Err::<(), _>(watch(&stack).await) };
            (Some(noted), signals.unless_ended(ended).await.map(drop))
        }
        Ok(None) => (None, Ok(())),
        Err(error) => (None, Err(error)),
    };
    let ended = end(stack, outcome, &mut signals, &say).await;
    // Only now, since `down` takes a note that is gone for the end.
    drop(noted);
    ended
}

/// Builds the services and runs the demonstration on a stack of its own, with the development clock.
///
/// # Errors
/// The build fails, the stack doesn't start or a part of it ends by itself, or the demonstration fails.
pub async fn demonstrate(workspace: &Workspace, profile: Profile, reader: Reader, seed: u64) -> Result<()> {
    let mut signals = Signals::listen()?;
    let say = to_standard_error();
    let start = start(workspace, profile, BusinessTime::Shifted, &say);
    // Whoever waits for the outcome must see that there is none.
    let Some(stack) = signals.unless_ended(start).await? else { std::process::exit(CUT) };
    let shown = async {
        tokio::select! {
            outcome = demo::run(&stack, seed, &say) => outcome,
            ended = watch(&stack) => Err(ended),
        }
    };
    let mut is_cut = false;
    let outcome = signals.unless_ended(shown).await.map(|outcome| {
        is_cut = outcome.is_none();
        if let Some(outcome) = outcome {
            let text = match reader {
                Reader::Program => outcome.to_string(),
                Reader::Person => demo::table(&outcome),
            };
            let _ = writeln!(io::stdout(), "{text}");
        }
    });
    let ended = end(stack, outcome, &mut signals, &say).await;
    if is_cut && ended.is_ok() {
        std::process::exit(CUT);
    }
    ended
}

/// Builds all programs of the workspace.
pub(crate) async fn build(workspace: &Workspace, profile: Profile) -> Result<()> {
    let mut arguments = vec!["build", "--workspace", "--bins"];
    if profile == Profile::Release {
        arguments.push("--release");
    }
    let mut build = command::cargo(workspace, &arguments);
    build.env("SQLX_OFFLINE", "true").stdout(io::stderr());
    command::run(build).await
}

async fn start(workspace: &Workspace, profile: Profile, time: BusinessTime, say: &Say) -> Result<Stack> {
    build(workspace, profile).await?;
    let options = Options::new(
        workspace.binaries(profile),
        workspace.target_dev(),
        Seed::jakarta(&workspace.root),
        time,
    );
    Stack::start(options, say).await
}

/// Notes the stack for other commands and prints how it is reached.
async fn announce(stack: &Stack, workspace: &Workspace, reader: Reader, say: &Say) -> Result<Noted> {
    let token = full_token(stack, say).await?;
    let note = Note {
        pid: std::process::id(),
        services: ServiceUrls::of(stack)?,
        postgres: stack.superuser_url(),
        nats: stack.nats_url().to_owned(),
        signing_key: stack.issuer().private_key(),
    };
    let noted = running::note(&workspace.target_dev(), &note)?;
    show(&note, stack, &token, reader)?;
    Ok(noted)
}

/// Ends the stack; a second signal cuts its end short, and the kernel ends what is left.
async fn end<T>(stack: Stack, outcome: Result<T>, signals: &mut Signals, say: &Say) -> Result<()> {
    match &outcome {
        // The rest of it is said at the very end.
        Err(error) => {
            say(&format!("ending the stack: {}", error.to_string().lines().next().unwrap_or_default()))
        }
        Ok(_) => say("ending the stack"),
    }
    let stopped = tokio::select! {
        stopped = stack.stop() => stopped,
        () = signals.next() => std::process::exit(CUT),
    };
    say("the stack has ended");
    outcome.and(stopped)
}

/// Returns when a part of the stack has ended by itself.
async fn watch(stack: &Stack) -> anyhow::Error {
    loop {
        match stack.what_ended() {
            Ok(None) => tokio::time::sleep(WATCH).await,
            Ok(Some(end)) => return anyhow::Error::msg(end),
            Err(error) => return error,
        }
    }
}

/// A token for everything: all scopes, the whole province, somebody.
async fn full_token(stack: &Stack, say: &Say) -> Result<String> {
    let person = format!("people/{}", Uuid::now_v7());
    let mut identity = Identity {
        subject: person.clone(),
        scopes: all_scopes()?,
        units: Vec::new(),
        person: Some(person),
        actor: None,
    };
    let staff = stack.service("staff")?.url();
    match units::province(&staff, &stack.token(&identity)?).await {
        Ok(province) => identity.units.extend(province),
        Err(error) => say(&format!("the token is for no unit: {error:#}")),
    }
    stack.token(&identity)
}

fn show(note: &Note, stack: &Stack, token: &str, reader: Reader) -> Result<()> {
    let Note { services, postgres, nats, .. } = note;
    if reader == Reader::Program {
        let line = serde_json::to_string(&Line { services, postgres, nats, token })?;
        return writeln!(io::stdout(), "{line}").context("cannot print the addresses");
    }
    let mut text = String::from("\nThe stack is up; Ctrl-C ends it.\n\n");
    for service in stack.services() {
        let rss_mib = stack.rss_mib(service.name)?;
        text.push_str(&format!(
            "  {:<11} {:<24} ready after {:>5} ms, {rss_mib} MiB\n",
            service.name,
            service.url(),
            service.ready_ms
        ));
    }
    let folder = stack.folder().display();
    text.push_str(&format!("  Postgres    {postgres}\n  NATS        {nats}\n  logs        {folder}\n"));
    text.push_str("\nFor another terminal; the token is for everything, good for 12 hours (others: `cargo dev token`):\n\n");
    text.push_str(&format!("export TOKEN={token}\nexport"));
    for service in stack.services() {
        text.push_str(&format!(" {}={}", service.name.to_uppercase(), service.grpc));
    }
    text.push_str(concat!(
        "\n\nTry there:\n\ngrpcurl -plaintext -H \"authorization: Bearer $TOKEN\" -d '{\"page_size\": 3}' $STAFF ",
        "prima.staff.v1.UnitService/ListUnits\n"
    ));
    writeln!(io::stdout(), "{text}").context("cannot print the addresses")
}

/// Prints each line to standard error; standard output is for results.
#[must_use]
pub fn to_standard_error() -> Say {
    Arc::new(|line| {
        let _ = writeln!(io::stderr(), "{line}");
    })
}

/// The signals that ask a program to end.
pub struct Signals([Signal; 3]);

impl Signals {
    /// From now on these signals end nothing by themselves.
    ///
    /// # Errors
    /// The system refuses.
    pub fn listen() -> Result<Self> {
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        let [interrupt, terminate, hangup] = kinds.map(signal);
        Ok(Self([interrupt?, terminate?, hangup?]))
    }

    /// Waits for the next one.
    pub async fn next(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {}, _ = hangup.recv() => {} }
    }

    /// What `work` comes to, or `None` if a signal came first; then it is dropped.
    ///
    /// # Errors
    /// Those of `work`.
    pub async fn unless_ended<T>(&mut self, work: impl Future<Output = Result<T>>) -> Result<Option<T>> {
        tokio::select! { outcome = work => outcome.map(Some), () = self.next() => Ok(None) }
    }
}
