//! `prima events dead-letters`: look at events that could not be applied, try them again, give them up.

use std::io::Write;

use clap::{Subcommand, ValueEnum};
use proto::ops::v1::{
    DeadLetter, DeadLetterReason, DeadLetterState, DropDeadLetterRequest, GetDeadLetterRequest,
    GetDeadLetterResponse, ListDeadLettersRequest, ListDeadLettersResponse, RetryDeadLetterRequest,
};
use uuid::Uuid;

use super::{Limit, more};
use crate::{connection::Connection, failure::Failure, json, table};

const COLLECTION: &str = "deadLetters/";
/// How much of an error a list shows.
const ERROR_WIDTH: usize = 60;

#[derive(Subcommand)]
pub(super) enum Command {
    /// List them, the newest first.
    List {
        /// Only in this state.
        #[arg(long, ignore_case = true)]
        state: Option<State>,
        /// Only of this stream, such as EVT_STAFF.
        #[arg(long, default_value = "")]
        stream: String,
        #[command(flatten)]
        limit: Limit,
    },
    /// Show one, with the event as it came.
    Show {
        /// Its name, such as deadLetters/EVT_STAFF.0198…; `deadLetters/` may be left out.
        #[arg(value_parser = name)]
        name: String,
    },
    /// Apply one now. It ends with an error where the event fails again.
    Retry(Decision),
    /// Give one up: its effect will be missing for good.
    Drop(Decision),
}

/// The states to list.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum State {
    /// Tried again by itself.
    Waiting,
    /// Waits for a person.
    Parked,
    /// Applied.
    Resolved,
    /// Given up.
    Dropped,
}

/// What is decided of which dead letter, and why.
#[derive(clap::Args)]
pub(super) struct Decision {
    /// Its name, such as deadLetters/EVT_STAFF.0198…; `deadLetters/` may be left out.
    #[arg(value_parser = name)]
    name: String,
    /// Why; kept with who did it.
    #[arg(long)]
    reason: String,
    /// The request's id, to repeat one whose answer was lost.
    #[arg(long, default_value_t = Uuid::new_v4(), hide_default_value = true)]
    request_id: Uuid,
}

pub(super) async fn run(
    command: Command,
    (connection, as_json): (&Connection, bool),
    out: &mut impl Write,
) -> Result<(), Failure> {
    let mut client = connection.client.clone();
    match command {
        Command::List { state, stream, limit } => {
            let answer = list(connection, (state, stream), &limit).await?;
            if as_json { json::print(out, &answer) } else { print_list(out, &answer) }
        }
        Command::Show { name } => {
            let request = connection.request(GetDeadLetterRequest { name });
            let answer = client.get_dead_letter(request).await?.into_inner();
            if as_json { json::print(out, &answer) } else { print_whole(out, answer) }
        }
        Command::Retry(Decision { name, reason, request_id }) => {
            let request_id = request_id.to_string();
            let request = connection.request(RetryDeadLetterRequest { request_id, name, reason });
            let answer = client.retry_dead_letter(request).await?.into_inner();
            let letter = answer.dead_letter.clone().unwrap_or_default();
            if as_json {
                json::print(out, &answer)?
            } else {
                print_state(out, &letter)?
            }
            match letter.state() {
                DeadLetterState::Parked => {
                    Err(Failure::StillParked { name: letter.name, error: table::plain(letter.error) })
                }
                _ => Ok(()),
            }
        }
        Command::Drop(Decision { name, reason, request_id }) => {
            let request_id = request_id.to_string();
            let request = connection.request(DropDeadLetterRequest { request_id, name, reason });
            let answer = client.drop_dead_letter(request).await?.into_inner();
            let letter = answer.dead_letter.clone().unwrap_or_default();
            if as_json { json::print(out, &answer) } else { print_state(out, &letter) }
        }
    }
}

async fn list(
    connection: &Connection,
    (state, stream): (Option<State>, String),
    limit: &Limit,
) -> Result<ListDeadLettersResponse, Failure> {
    let state = match state {
        None => DeadLetterState::Unspecified,
        Some(State::Waiting) => DeadLetterState::Waiting,
        Some(State::Parked) => DeadLetterState::Parked,
        Some(State::Resolved) => DeadLetterState::Resolved,
        Some(State::Dropped) => DeadLetterState::Dropped,
    };
    let mut all = ListDeadLettersResponse::default();
    while let Some(page_size) = limit.next_page(all.dead_letters.len()) {
        let request = ListDeadLettersRequest {
            page_size,
            page_token: all.next_page_token.clone(),
            state: state.into(),
            stream: stream.clone(),
        };
        let request = connection.request(request);
        let page = connection.client.clone().list_dead_letters(request).await?.into_inner();
        all.dead_letters.extend(page.dead_letters);
        all.next_page_token = page.next_page_token;
        if all.next_page_token.is_empty() {
            break;
        }
    }
    Ok(all)
}

fn print_list(out: &mut impl Write, answer: &ListDeadLettersResponse) -> Result<(), Failure> {
    let rows: Vec<[String; 7]> = answer
        .dead_letters
        .iter()
        .map(|letter| {
            [
                letter.name.trim_start_matches(COLLECTION).to_owned(),
                state_word(letter.state()),
                reason_word(letter.reason()),
                letter.attempts.to_string(),
                letter.resource.clone(),
                table::time(letter.create_time.as_ref()),
                letter.error.chars().take(ERROR_WIDTH).collect(),
            ]
        })
        .collect();
    table::print(out, ["NAME", "STATE", "REASON", "TRIES", "RESOURCE", "SINCE", "ERROR"], &rows)?;
    more(out, &answer.next_page_token)
}

fn print_whole(out: &mut impl Write, answer: GetDeadLetterResponse) -> Result<(), Failure> {
    let letter = answer.dead_letter.unwrap_or_default();
    let retry = table::time(letter.retry_time.as_ref());
    let rows = [
        ("name", letter.name.clone()),
        ("state", state_word(letter.state())),
        ("reason", reason_word(letter.reason())),
        ("error", letter.error.clone()),
        ("tries", letter.attempts.to_string()),
        ("tried again", retry),
        ("since", table::time(letter.create_time.as_ref())),
        ("changed", table::time(letter.update_time.as_ref())),
        ("event type", letter.event_type.clone()),
        ("resource", letter.resource.clone()),
        ("subject", letter.subject.clone()),
    ];
    let width = rows.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
    for (key, value) in rows {
        writeln!(out, "{key:width$}  {}", table::plain(value))?;
    }
    let mut headers: Vec<_> = letter.headers.iter().collect();
    headers.sort();
    writeln!(out, "\nheaders")?;
    for (key, value) in headers {
        writeln!(out, "  {}: {}", table::plain(key), table::plain(value))?;
    }
    match json::of_type(&letter.event_type, &letter.payload) {
        Ok(event) => writeln!(out, "\nevent\n{event:#}")?,
        Err(why) => {
            let bytes = letter.payload.len();
            writeln!(
                out,
                "\nevent: {bytes} bytes (--json has them in base64); {}",
                table::plain(why.to_string())
            )?;
        }
    }
    Ok(())
}

fn print_state(out: &mut impl Write, letter: &DeadLetter) -> Result<(), Failure> {
    writeln!(out, "{} is {}", letter.name, state_word(letter.state()))?;
    Ok(())
}

fn state_word(state: DeadLetterState) -> String {
    table::word(state.as_str_name(), "DEAD_LETTER_STATE_")
}

fn reason_word(reason: DeadLetterReason) -> String {
    table::word(reason.as_str_name(), "DEAD_LETTER_REASON_")
}

#[expect(clippy::unnecessary_wraps, reason = "clap takes parsers that may fail")]
fn name(text: &str) -> Result<String, std::convert::Infallible> {
    Ok(if text.starts_with(COLLECTION) { text.to_owned() } else { format!("{COLLECTION}{text}") })
}
