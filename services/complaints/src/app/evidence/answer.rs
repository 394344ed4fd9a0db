//! A validator's answer to a finding. The finding stays, and the answer beside it.

use kit::request::{Claim, claim};
use uuid::Uuid;

use super::{Shown, Trouble, shown};
use crate::{
    app::{App, Failure, Order, Sight, commands::Changes, ledger, rights::Right},
    domain::{
        Act, By, PersonId, Texts,
        ledger::{AnswerContent, EntryKind, finding_subject},
    },
    store::{self, evidence::Answer, unit::Reach},
};

/// Which finding, and what is said to it.
#[derive(Debug)]
pub(crate) struct ToAnswer {
    pub(crate) evidence: Uuid,
    pub(crate) number: i16,
    pub(crate) reason: String,
}

impl App {
    /// Answers a finding about a report's evidence.
    pub(crate) async fn answer_finding(
        &self,
        order: Order<'_>,
        to_answer: ToAnswer,
    ) -> Result<Shown, Failure> {
        let mut transaction = self.database.begin(order.deadline).await?;
        let loaded = store::complaint::lock(&mut transaction, &[order.complaint]).await?.pop();
        let loaded = loaded.ok_or(Failure::NotFound)?;
        let right = Right::Unit(Reach::Above);
        self.authorise(&mut transaction, (order.caller, &right), &loaded).await?;
        let mut complaint = loaded.complaint;
        let (id, number) = (to_answer.evidence, to_answer.number);
        let evidence = store::evidence::get(&mut transaction, id).await?;
        let evidence =
            evidence.filter(|evidence| evidence.complaint == complaint.id).ok_or(Failure::NotFound)?;
        let findings = store::evidence::findings(&mut transaction, &[id]).await?;
        findings.iter().find(|stored| stored.finding.number == number).ok_or(Failure::NotFound)?;
        let mut changes = Changes::default();
        if let Claim::Fresh = claim(&mut transaction, &order.key, &evidence.name()).await? {
            if !order.etag.is_empty() && order.etag != complaint.etag() {
                return Err(Failure::EtagMismatch);
            }
            let now = self.clock.now();
            let person = order.caller.person.map(PersonId).ok_or(Failure::PersonRequired)?;
            let subject = order.caller.subject.clone();
            let workers = store::timeline::people(&mut transaction, complaint.id).await?;
            let by = By { subject: subject.clone(), person: Some(person) };
            let step = complaint.tell(Act::AnswerFinding { workers }, by, now, Texts::default())?;
            changes.write(&mut transaction, &complaint, &step).await?;
            let answer = Answer { reason: to_answer.reason, subject, person, at: now };
            let content = AnswerContent {
                evidence: id,
                number,
                reason: answer.reason.clone(),
                subject: answer.subject.clone(),
                person: person.0,
                answered_at: now.as_microsecond(),
            };
            let entry = (complaint.id, EntryKind::Answer, finding_subject(id, number));
            let record = ledger::record(entry, now.as_microsecond(), (&content.content(), None));
            if !store::evidence::insert_answer(&mut transaction, (id, number), (&answer, &record.salt))
                .await?
            {
                return Err(Trouble::Answered.into());
            }
            store::ledger::append(&mut transaction, complaint.id, &record).await?;
        }
        let caller = (order.caller, Sight::Official);
        let answered = shown(&mut transaction, caller, vec![evidence]).await?.pop();
        self.finish(transaction, changes).await?;
        answered.ok_or(Failure::NotFound)
    }
}
