//! The commands on a filed report. All go the same way: lock, authorise, claim the request id, check the etag, tell the
//! domain, persist, tell the others.

use jiff::Timestamp;
use kit::{
    database::Deadline,
    events::Event,
    identity::Caller,
    request::{Claim, RequestKey, claim},
};
use sqlx::PgConnection;

use super::{
    App, Failure, ledger,
    priority::raise,
    reporters,
    rights::Sight,
    wish::{self, Asked, MEMBERS_MAX, Wish},
};
use crate::{
    domain::{Act, By, Command, Complaint, ComplaintId, PersonId, Step, Texts},
    events::publish,
    store::{self, complaint::Loaded},
};

/// Who asks for a command on which report.
#[derive(Debug)]
pub(crate) struct Order<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) key: RequestKey,
    pub(crate) deadline: Deadline,
    pub(crate) complaint: ComplaintId,
    /// Empty for any.
    pub(crate) etag: String,
}

/// How a caller shows that it speaks for a reporter; empty strings for what is not shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Proof {
    pub(crate) access_code: String,
    pub(crate) channel_reference: String,
}

/// Whether a command is to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Run {
    /// It is done.
    Real,
    /// It is only said what would happen.
    Dry,
}

/// What a transaction changed: rows to write are written, events are appended together, watchers woken after it.
#[derive(Default)]
pub(super) struct Changes {
    events: Vec<Event>,
    wakes: Vec<(ComplaintId, i64)>,
}

impl Changes {
    /// Writes a step in which the reporter wrote nothing, and what it made of its report.
    pub(super) async fn write(
        &mut self,
        connection: &mut PgConnection,
        complaint: &Complaint,
        step: &Step,
    ) -> Result<(), Failure> {
        self.write_with_words(connection, (complaint, step), None).await
    }

    /// Writes a step with what the reporter wrote in it, sealed, and what it made of its report.
    pub(super) async fn write_with_words(
        &mut self,
        connection: &mut PgConnection,
        (complaint, step): (&Complaint, &Step),
        words: Option<&[u8]>,
    ) -> Result<(), Failure> {
        store::complaint::update(connection, complaint).await?;
        if matches!(
            step.command,
            Command::Recategorize
                | Command::ApproveFollowUp
                | Command::ConfirmResolution
                | Command::AutoClose
                | Command::Reopen
        ) {
            store::duplicates::update(connection, complaint).await?;
        }
        let record = ledger::of_step(complaint, step, words);
        store::timeline::insert(connection, complaint, (step, &record)).await?;
        if let Some(words) = words {
            store::timeline::insert_text(connection, (complaint.id, step.version), words).await?;
        }
        self.events.push(publish::event(complaint, step));
        self.wakes.push((complaint.id, complaint.version));
        Ok(())
    }
}

impl App {
    /// Does what a caller asks of a report.
    pub(crate) async fn command(
        &self,
        order: Order<'_>,
        (wish, texts): (Wish, Texts),
        run: Run,
    ) -> Result<Complaint, Failure> {
        let mut transaction = self.database.begin(order.deadline).await?;
        let (loaded, other) = lock(&mut transaction, order.complaint, &wish).await?;
        let right = wish.right();
        let sight = self.authorise(&mut transaction, (order.caller, &right), &loaded).await?;
        let (mut complaint, key) = self.open(loaded)?;
        if let Claim::Done { .. } = claim(&mut transaction, &order.key, &complaint.id.to_string()).await? {
            return Ok(seen(complaint, sight));
        }
        if !order.etag.is_empty() && order.etag != complaint.etag() {
            return Err(Failure::EtagMismatch);
        }
        let now = self.clock.now();
        let mut other = other.map(|loaded| loaded.complaint);
        let asked = Asked { caller: order.caller, complaint: &complaint, other: other.as_ref(), now };
        let act = wish::act(&mut transaction, &asked, &wish).await?;
        let by = By {
            subject: order.caller.subject.clone(),
            person: order.caller.person.filter(|_| sight == Sight::Official).map(PersonId),
        };
        let step = complaint.tell(act, by, now, texts)?;
        let mut changes = Changes::default();
        let words = self.seal_words(&mut transaction, (complaint.id, key), &step).await?;
        changes.write_with_words(&mut transaction, (&complaint, &step), words.as_deref()).await?;
        if step.command == Command::EraseReporter {
            reporters::erase(&mut transaction, (complaint.id, &step)).await?;
        }
        follow(&mut transaction, &mut changes, (&complaint, &step), now).await?;
        if let (Command::Merge, Some(target)) = (step.command, &mut other) {
            raise(&mut transaction, &mut changes, target, now).await?;
        }
        match run {
            Run::Real => self.finish(transaction, changes).await?,
            Run::Dry => transaction.rollback().await?,
        }
        Ok(seen(complaint, sight))
    }

    /// Appends the events, commits, and wakes who waits for it.
    pub(super) async fn finish(
        &self,
        mut transaction: sqlx::Transaction<'static, sqlx::Postgres>,
        changes: Changes,
    ) -> Result<(), Failure> {
        kit::events::append(&mut transaction, &changes.events).await?;
        transaction.commit().await?;
        self.relay_wake.notify_one();
        self.inbox.wake();
        for (id, version) in changes.wakes {
            self.hub.wake(id.0, version);
        }
        Ok(())
    }
}

/// Locks the report, and the one that the wish is about too: a target before what is handled under it, else in the order
/// of their ids.
async fn lock(
    connection: &mut PgConnection,
    id: ComplaintId,
    wish: &Wish,
) -> Result<(Loaded, Option<Loaded>), Failure> {
    let mut locked = match wish {
        Wish::Merge { into } => store::complaint::lock(connection, &[id, *into]).await?,
        Wish::Unmerge => {
            let target = store::complaint::target_of(connection, id).await?;
            let mut locked = store::complaint::lock(connection, target.as_slice()).await?;
            locked.extend(store::complaint::lock(connection, &[id]).await?);
            locked
        }
        _ => store::complaint::lock(connection, &[id]).await?,
    };
    let position = locked.iter().position(|loaded| loaded.complaint.id == id).ok_or(Failure::NotFound)?;
    let loaded = locked.swap_remove(position);
    let other = locked.pop();
    if let (Wish::Unmerge, Some(target)) = (wish, loaded.complaint.phase.merged_into())
        && other.as_ref().is_none_or(|other| other.complaint.id != target)
    {
        // It moved along with its target in between.
        return Err(Failure::EtagMismatch);
    }
    Ok((loaded, other))
}

/// What a step on a report does to those that are handled under it.
pub(super) async fn follow(
    connection: &mut PgConnection,
    changes: &mut Changes,
    (target, step): (&Complaint, &Step),
    now: Timestamp,
) -> Result<(), Failure> {
    let act = match (step.command, target.phase.merged_into()) {
        (Command::Merge, Some(to)) => Act::MoveWithTarget { to },
        (Command::Withdraw, _) => Act::Unmerge { target_closed: false },
        _ if target.closing().is_some() => Act::CloseWithTarget,
        _ => return Ok(()),
    };
    for mut member in store::complaint::lock_members(connection, target.id, MEMBERS_MAX).await? {
        let step = member.tell(act.clone(), By::system(), now, Texts::default())?;
        changes.write(connection, &member, &step).await?;
    }
    Ok(())
}

/// What a caller may see of a report.
pub(super) fn seen(mut complaint: Complaint, sight: Sight) -> Complaint {
    if sight == Sight::Other {
        complaint.filing.text.clear();
        complaint.filing.unit_complained_of = None;
    }
    complaint
}
