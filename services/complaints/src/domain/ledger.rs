//! What the ledger commits to: the content of each entry as bytes, the same for the same content and for no other. Nothing
//! is hashed here.

use uuid::Uuid;

use super::parts::{Filing, Step};

/// What an entry is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum EntryKind {
    /// The report as filed, and its first step.
    Report,
    /// A step.
    Step,
    /// A piece of evidence.
    Evidence,
    /// A finding.
    Finding,
    /// An answer to one.
    Answer,
    /// A step by which the reporter's part was erased.
    Erasure,
}

impl EntryKind {
    /// As the contract numbers it.
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Report => 1,
            Self::Step => 2,
            Self::Evidence => 3,
            Self::Finding => 4,
            Self::Answer => 5,
            Self::Erasure => 6,
        }
    }

    /// Which table its content is in; the report's is in two.
    pub(crate) fn table(self) -> &'static str {
        match self {
            Self::Report => "complaint or timeline_entry",
            Self::Step | Self::Erasure => "timeline_entry",
            Self::Evidence => "evidence",
            Self::Finding => "finding",
            Self::Answer => "finding_answer",
        }
    }

    /// Which table what can be erased of it is in.
    pub(crate) fn erasable_table(self) -> &'static str {
        match self {
            Self::Report => "complaint",
            Self::Evidence => "capture",
            _ => "reporter_text",
        }
    }
}

impl StepContent {
    /// What is stored of a step.
    pub(crate) fn of(step: &Step) -> Self {
        Self {
            version: step.version,
            command: step.command.word().to_owned(),
            state: step.state.word().to_owned(),
            subject: step.by.subject.clone(),
            person: step.by.person.map(|person| person.0),
            responsible_unit: step.responsible_unit.0,
            at: step.at.as_microsecond(),
            transfer_reason: step.transfer_reason.map(|reason| reason.word().to_owned()),
            due: step.due.map(|due| due.word().to_owned()),
            escalated_to: step.escalated_to.map(|unit| unit.0),
            public_text: step.texts.public.clone(),
            internal_note: step.texts.internal.clone(),
        }
    }
}

impl FilingContent {
    /// What is stored of a filing.
    pub(crate) fn of(filing: &Filing) -> Self {
        Self {
            number: filing.number.clone(),
            kind: filing.kind.word().to_owned(),
            kelurahan_code: filing.kelurahan_code.clone(),
            channel: filing.channel.clone(),
            unit_complained_of: filing.unit_complained_of.map(|unit| unit.0),
            filed_at: filing.filed_at.as_microsecond(),
        }
    }
}

/// Bytes of a content: each field after its length, so that no two contents give the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Content(Vec<u8>);

impl Content {
    pub(crate) fn bytes(mut self, bytes: &[u8]) -> Self {
        let length = u64::try_from(bytes.len()).expect("a length has 64 bits at most");
        self.0.push(1);
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(bytes);
        self
    }

    /// A field that may be absent, which is not the same as empty.
    pub(crate) fn maybe(mut self, bytes: Option<&[u8]>) -> Self {
        if let Some(bytes) = bytes {
            return self.bytes(bytes);
        }
        self.0.push(0);
        self
    }

    pub(crate) fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    pub(crate) fn number(self, number: i64) -> Self {
        self.bytes(&number.to_be_bytes())
    }

    pub(crate) fn id(self, id: Uuid) -> Self {
        self.bytes(id.as_bytes())
    }

    pub(crate) fn finished(&self) -> &[u8] {
        &self.0
    }
}

/// A step as it is stored, its words as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StepContent {
    pub(crate) version: i64,
    pub(crate) command: String,
    pub(crate) state: String,
    pub(crate) subject: String,
    pub(crate) person: Option<Uuid>,
    pub(crate) responsible_unit: Uuid,
    /// In Unix microseconds, as all times here.
    pub(crate) at: i64,
    pub(crate) transfer_reason: Option<String>,
    pub(crate) due: Option<String>,
    pub(crate) escalated_to: Option<Uuid>,
    pub(crate) public_text: String,
    pub(crate) internal_note: String,
}

impl StepContent {
    pub(crate) fn content(&self) -> Content {
        Content::default()
            .number(self.version)
            .text(&self.command)
            .text(&self.state)
            .text(&self.subject)
            .maybe(self.person.as_ref().map(|id| id.as_bytes().as_slice()))
            .id(self.responsible_unit)
            .number(self.at)
            .maybe(self.transfer_reason.as_ref().map(String::as_bytes))
            .maybe(self.due.as_ref().map(String::as_bytes))
            .maybe(self.escalated_to.as_ref().map(|id| id.as_bytes().as_slice()))
            .text(&self.public_text)
            .text(&self.internal_note)
    }
}

/// A report as it was filed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FilingContent {
    pub(crate) number: String,
    pub(crate) kind: String,
    pub(crate) kelurahan_code: String,
    pub(crate) channel: String,
    pub(crate) unit_complained_of: Option<Uuid>,
    pub(crate) filed_at: i64,
}

impl FilingContent {
    /// The report and its first step.
    pub(crate) fn content(&self, first: &StepContent) -> Content {
        first
            .content()
            .text(&self.number)
            .text(&self.kind)
            .text(&self.kelurahan_code)
            .text(&self.channel)
            .maybe(self.unit_complained_of.as_ref().map(|id| id.as_bytes().as_slice()))
            .number(self.filed_at)
    }
}

/// A piece of evidence, but what can be erased of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EvidenceContent {
    pub(crate) id: Uuid,
    pub(crate) role: String,
    pub(crate) content_type: String,
    pub(crate) size_bytes: i64,
    pub(crate) object: Vec<u8>,
    pub(crate) public_object: Option<Vec<u8>>,
    pub(crate) public_type: Option<String>,
    pub(crate) subject: String,
    pub(crate) person: Option<Uuid>,
    pub(crate) uploaded_at: i64,
}

impl EvidenceContent {
    pub(crate) fn content(&self) -> Content {
        Content::default()
            .id(self.id)
            .text(&self.role)
            .text(&self.content_type)
            .number(self.size_bytes)
            .bytes(&self.object)
            .maybe(self.public_object.as_deref())
            .maybe(self.public_type.as_ref().map(String::as_bytes))
            .text(&self.subject)
            .maybe(self.person.as_ref().map(|id| id.as_bytes().as_slice()))
            .number(self.uploaded_at)
    }
}

/// What a file says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CaptureContent {
    pub(crate) sha256: Vec<u8>,
    pub(crate) captured_at: Option<i64>,
    pub(crate) distance_metres: Option<i32>,
    pub(crate) software: Option<String>,
}

impl CaptureContent {
    pub(crate) fn content(&self) -> Content {
        Content::default()
            .bytes(&self.sha256)
            .maybe(self.captured_at.map(i64::to_be_bytes).as_ref().map(<[u8; 8]>::as_slice))
            .maybe(self.distance_metres.map(i32::to_be_bytes).as_ref().map(<[u8; 4]>::as_slice))
            .maybe(self.software.as_ref().map(String::as_bytes))
    }
}

/// A finding, and the number that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FindingContent {
    pub(crate) evidence: Uuid,
    pub(crate) number: i16,
    pub(crate) kind: String,
    pub(crate) other_evidence: Option<Uuid>,
    pub(crate) measure: i64,
}

impl FindingContent {
    pub(crate) fn content(&self) -> Content {
        Content::default()
            .id(self.evidence)
            .number(i64::from(self.number))
            .text(&self.kind)
            .maybe(self.other_evidence.as_ref().map(|id| id.as_bytes().as_slice()))
            .number(self.measure)
    }
}

/// A validator's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AnswerContent {
    pub(crate) evidence: Uuid,
    pub(crate) number: i16,
    pub(crate) reason: String,
    pub(crate) subject: String,
    pub(crate) person: Uuid,
    pub(crate) answered_at: i64,
}

impl AnswerContent {
    pub(crate) fn content(&self) -> Content {
        Content::default()
            .id(self.evidence)
            .number(i64::from(self.number))
            .text(&self.reason)
            .text(&self.subject)
            .id(self.person)
            .number(self.answered_at)
    }
}

/// What names a finding, and its answer, in the ledger.
pub(crate) fn finding_subject(evidence: Uuid, number: i16) -> String {
    format!("{evidence}/{number}")
}
