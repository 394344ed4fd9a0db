//! Following a report by its number: what everybody may know of it, and with the access code what its reporter may. Who
//! shows a wrong code learns no more than who guesses a number, and waits as long.

use kit::{
    database::Deadline,
    identity::Caller,
    request::{RequestKey, claim},
};
use uuid::Uuid;

use super::{App, Failure, Proof, Sight, secret::CodeOf};
use crate::{
    domain::{Command, Complaint, ComplaintId, Step, TRANSITIONS, tidings},
    store::{self, complaint::Loaded},
};

/// Steps shown at once, at most.
const STEPS: i64 = 100;
/// Steps read at once for a watch.
const BATCH: i64 = 100;

/// How much of a report is shown to a citizen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// What everybody may know.
    Public,
    /// The reporter's.
    Reporters,
}

/// A report as a citizen sees it.
#[derive(Debug)]
pub(crate) struct Tracked {
    pub(crate) complaint: Complaint,
    pub(crate) part: Part,
    /// The last that are for citizens, oldest first.
    pub(crate) steps: Vec<Step>,
    /// What it is handled under, where its reporter may know of it.
    pub(crate) target: Option<Complaint>,
    pub(crate) reveals: i64,
}

impl App {
    /// Which report a number is, and how much of it is shown.
    pub(crate) async fn tracked(&self, number: &str, code: &str) -> Result<(Complaint, Part), Failure> {
        let loaded = store::complaint::by_number(&mut *self.database.acquire().await?, number).await?;
        let is_code = !code.is_empty() && self.secrets.is_access_code(&self.code_of(loaded.as_ref()), code);
        let loaded = loaded.ok_or(Failure::NotTracked)?;
        let part = if is_code { Part::Reporters } else { Part::Public };
        let about_officials = loaded.complaint.filing.unit_complained_of.is_some();
        if part == Part::Public && (!code.is_empty() || about_officials) {
            return Err(Failure::NotTracked);
        }
        let (mut complaint, _) = self.open(loaded)?;
        if part == Part::Public && complaint.words_released == 0 {
            complaint.filing.text.clear();
        }
        Ok((complaint, part))
    }

    /// A report by its number.
    pub(crate) async fn track(&self, number: &str, code: &str) -> Result<Tracked, Failure> {
        let (complaint, part) = self.tracked(number, code).await?;
        let mut connection = self.database.acquire().await?;
        let steps = store::timeline::last(&mut connection, complaint.id, (public_words(), STEPS)).await?;
        let steps = self.open_steps(&mut connection, complaint.id, steps).await?;
        let steps = cut(steps, part, complaint.words_released);
        let mut tracked = Tracked { complaint, part, steps, target: None, reveals: 0 };
        if part == Part::Reporters {
            tracked.reveals = store::reveal::count(&mut connection, tracked.complaint.id).await?;
            if let Some(target) = tracked.complaint.phase.merged_into() {
                let target = store::complaint::get(&mut connection, target).await?;
                let target = target.map(|loaded| loaded.complaint);
                tracked.target = target.filter(|target| target.filing.unit_complained_of.is_none());
            }
        }
        Ok(tracked)
    }

    /// The steps after a version that are for citizens, for a watch that was let in before, and the version looked at; at
    /// most a batch.
    pub(crate) async fn public_steps_since(
        &self,
        (id, part): (ComplaintId, Part),
        after: i64,
    ) -> Result<(Vec<Step>, i64), Failure> {
        let mut connection = self.database.acquire().await?;
        let steps = self.steps(&mut connection, (id, Sight::Reporter), (after, BATCH)).await?;
        let newest = steps.last().map_or(after, |step| step.version);
        let released = match part {
            Part::Public if !steps.is_empty() => {
                store::complaint::words_released(&mut connection, id).await?
            }
            _ => 0,
        };
        let steps = steps.into_iter().filter(|step| tidings::of_step(step.command).is_some()).collect();
        Ok((cut(steps, part, released), newest))
    }

    /// Gives a reporter another access code.
    pub(crate) async fn reissue(
        &self,
        (caller, key, deadline): (Option<&Caller>, RequestKey, Deadline),
        number: &str,
        proof: &Proof,
    ) -> Result<String, Failure> {
        let mut transaction = self.database.begin(deadline).await?;
        // Before anything is looked up, so that a number that is none costs the same. Who repeats the same request, proof
        // and all, is answered again, although its code counts no more.
        let is_fresh = claim(&mut transaction, &key, number).await? == kit::request::Claim::Fresh;
        let loaded = store::complaint::lock_by_number(&mut transaction, number).await?;
        let code = self.code_of(loaded.as_ref());
        let is_code = self.secrets.is_access_code(&code, &proof.access_code);
        let loaded = loaded.ok_or(Failure::NotTracked)?;
        if !is_fresh {
            return self.secrets.access_code(&code).ok_or(Failure::CodeKeyUnknown);
        }
        if !is_code && !caller.is_some_and(|caller| self.is_reporter(caller, &loaded, proof)) {
            return Err(Failure::NotTracked);
        }
        let next = CodeOf {
            generation: code.generation.saturating_add(1),
            key_id: self.secrets.current().to_owned(),
            ..code
        };
        store::complaint::set_code(&mut transaction, next.complaint, (next.generation, &next.key_id)).await?;
        transaction.commit().await?;
        self.secrets.access_code(&next).ok_or(Failure::CodeKeyUnknown)
    }

    /// Which code is a report's; one of nobody's where there is no report, so that comparing takes as long.
    fn code_of(&self, loaded: Option<&Loaded>) -> CodeOf {
        loaded.map_or_else(
            || CodeOf {
                complaint: ComplaintId(Uuid::nil()),
                generation: 0,
                key_id: self.secrets.current().to_owned(),
            },
            CodeOf::of,
        )
    }
}

/// The commands whose steps are for citizens.
fn public_words() -> Vec<String> {
    let commands = TRANSITIONS.iter().map(|row| row.command).chain([Command::File]);
    let public = commands.filter(|command| tidings::of_step(*command).is_some());
    public.map(|command| command.word().to_owned()).collect()
}

/// What officials write among themselves is left out, and for others than the reporter the reporter's words that nobody
/// released.
fn cut(mut steps: Vec<Step>, part: Part, released: i64) -> Vec<Step> {
    for step in &mut steps {
        step.texts.internal.clear();
        if part == Part::Public && step.version > released {
            step.texts.reporter.clear();
        }
    }
    steps
}
