//! Evidence, and what speaks against it. A finding accuses nobody: it has to be answered by a second person.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::names::{ComplaintId, PersonId};

/// From so far away a follow-up's picture is no longer of the report's place.
const NEAR_METRES: i32 = 100;
/// A follow-up's picture is uploaded within so long.
const UPLOADED_WITHIN: SignedDuration = SignedDuration::from_hours(24);
/// By so much the clock of a camera may be fast.
const FAST_CLOCK: SignedDuration = SignedDuration::from_mins(5);
/// A picture from later than this is a mistake, and not taken.
const IMPOSSIBLE: SignedDuration = SignedDuration::from_hours(24);

/// Whether evidence shows what was reported, or what was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// What was reported.
    Before,
    /// What was done.
    After,
}

/// What speaks against evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FindingKind {
    /// The same file was used before.
    SameFile,
    /// Nearly the same picture was used before.
    SamePicture,
    /// Taken far from the report.
    TakenElsewhere,
    /// Taken before the report was filed.
    TakenBeforeFiling,
    /// Taken long before it was uploaded.
    TakenLongBeforeUpload,
    /// Taken after it was uploaded.
    TakenInFuture,
    /// It says neither when nor where.
    NoCaptureData,
    /// It names software by which pictures are changed.
    EditingSoftware,
}

impl Evidence {
    /// Its resource name.
    pub(crate) fn name(&self) -> String {
        evidence_name(self.complaint, self.id)
    }
}

/// The resource name of evidence.
pub(crate) fn evidence_name(complaint: ComplaintId, id: Uuid) -> String {
    format!("{complaint}/evidence/{id}")
}

/// The resource name of a finding.
pub(crate) fn finding_name(complaint: ComplaintId, evidence: Uuid, number: i16) -> String {
    format!("{complaint}/evidence/{evidence}/findings/{number}")
}

/// A piece of evidence.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Evidence {
    pub(crate) id: Uuid,
    pub(crate) complaint: ComplaintId,
    pub(crate) role: Role,
    pub(crate) content_type: String,
    pub(crate) size_bytes: i64,
    /// SHA-256 of what is stored.
    pub(crate) object: [u8; 32],
    /// Of the copy without metadata, and what that is.
    pub(crate) public: Option<([u8; 32], String)>,
    pub(crate) subject: String,
    pub(crate) person: Option<PersonId>,
    pub(crate) uploaded_at: Timestamp,
    /// What the file says; none once it was erased.
    pub(crate) capture: Option<Capture>,
}

/// What a file says of itself.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Capture {
    /// Of what was uploaded.
    pub(crate) sha256: [u8; 32],
    pub(crate) captured_at: Option<Timestamp>,
    pub(crate) distance_metres: Option<i32>,
    /// The software by which pictures are changed that it names.
    pub(crate) software: Option<String>,
}

/// Something that speaks against evidence.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Finding {
    pub(crate) number: i16,
    pub(crate) kind: FindingKind,
    pub(crate) other: Option<Uuid>,
    /// Metres or seconds.
    pub(crate) measure: i64,
}

/// What was used before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// The same file, as this evidence.
    File(Uuid),
    /// Nearly the same picture.
    Picture(Uuid),
    /// Nothing like it.
    Never,
}

/// Whether a picture says anything of when or where it was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Says {
    /// A time, a place, or both.
    Something,
    /// Neither.
    Nothing,
}

/// Whether a picture says that it is from so late that it can't be.
pub(crate) fn is_impossible(captured_at: Option<Timestamp>, now: Timestamp) -> bool {
    captured_at.is_some_and(|at| at.duration_since(now) > IMPOSSIBLE)
}

/// What speaks against a follow-up's evidence. Of documents and films only that they were used before.
pub(crate) fn findings(
    (capture, seen): (&Capture, Seen),
    picture: Option<Says>,
    (filed_at, uploaded_at): (Timestamp, Timestamp),
) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut add = |kind, other, measure| {
        let number = i16::try_from(found.len() + 1).expect("there are eight kinds");
        found.push(Finding { number, kind, other, measure });
    };
    match seen {
        Seen::File(other) => add(FindingKind::SameFile, Some(other), 0),
        Seen::Picture(other) => add(FindingKind::SamePicture, Some(other), 0),
        Seen::Never => {}
    }
    let Some(says) = picture else { return found };
    if let Some(metres) = capture.distance_metres.filter(|metres| *metres > NEAR_METRES) {
        add(FindingKind::TakenElsewhere, None, i64::from(metres));
    }
    if let Some(at) = capture.captured_at {
        let (before_filing, before_upload) = (filed_at.duration_since(at), uploaded_at.duration_since(at));
        if before_filing.is_positive() {
            add(FindingKind::TakenBeforeFiling, None, before_filing.as_secs());
        }
        if before_upload > UPLOADED_WITHIN {
            add(FindingKind::TakenLongBeforeUpload, None, before_upload.as_secs());
        }
        if -before_upload > FAST_CLOCK {
            add(FindingKind::TakenInFuture, None, -before_upload.as_secs());
        }
    } else if says == Says::Nothing {
        add(FindingKind::NoCaptureData, None, 0);
    }
    if capture.software.is_some() {
        add(FindingKind::EditingSoftware, None, 0);
    }
    found
}
