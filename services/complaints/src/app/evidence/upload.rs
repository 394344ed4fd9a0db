//! Taking evidence: looked into, sealed where it is the reporter's, put into the store of files, then named by a row with
//! all that speaks against it, in one transaction.

use kit::{
    database::Deadline,
    identity::Caller,
    ledger::sha256,
    request::{Claim, RequestKey, claim},
};
use pictures::{Examined, Kind, Refused};
use sqlx::PgConnection;
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

use super::{MOST_EVIDENCE, Shown, Trouble, search, shown};
use crate::{
    app::{
        App, Failure, Proof, Sight,
        commands::Changes,
        ledger,
        rights::Right,
        seal::{Context, DataKey},
    },
    domain::{
        Act, By, Complaint, ComplaintId, PersonId, Texts,
        evidence::{Capture, Evidence, Finding, Role, Says, findings, is_impossible},
        ledger::{CaptureContent, EntryKind, EvidenceContent, FindingContent, finding_subject},
        place::Point,
    },
    store::{self, complaint::Loaded, unit::Reach},
};

/// What somebody uploads, besides its content.
#[derive(Clone, Debug)]
pub(crate) struct ToUpload {
    pub(crate) complaint: ComplaintId,
    pub(crate) role: Role,
    pub(crate) proof: Proof,
}

/// Files as they are stored, each with the hash that it is found by.
struct Files {
    original: ([u8; 32], Vec<u8>),
    public: Option<([u8; 32], Vec<u8>, Kind)>,
}

/// Where a reporter's file stands, original or public, sealed.
pub(super) fn place_of<T>(
    (complaint, id): (ComplaintId, Uuid),
    field: &str,
    then: impl FnOnce(Context<'_>) -> T,
) -> T {
    then(Context { table: "evidence", complaint, field: &format!("{id} {field}") })
}

impl App {
    /// A place for an upload, where the caller may upload: so that nobody's content is waited for who may not.
    pub(crate) async fn may_upload(
        &self,
        caller: &Caller,
        to_upload: &ToUpload,
    ) -> Result<OwnedSemaphorePermit, Failure> {
        let mut connection = self.database.acquire().await?;
        let loaded = store::complaint::get(&mut connection, to_upload.complaint).await?;
        let loaded = loaded.ok_or(Failure::NotFound)?;
        let (_, by) = self.uploader(&mut connection, (caller, to_upload), &loaded).await?;
        loaded.complaint.clone().tell(act(to_upload.role), by, self.clock.now(), Texts::default())?;
        self.uploads.0.clone().try_acquire_owned().map_err(|_| Trouble::Busy.into())
    }

    /// Takes an upload that is whole.
    pub(crate) async fn upload(
        &self,
        (caller, request): (&Caller, RequestKey),
        to_upload: &ToUpload,
        bytes: Vec<u8>,
    ) -> Result<Shown, Failure> {
        let looked =
            tokio::task::spawn_blocking(move || pictures::examine(&bytes).map(|examined| (examined, bytes)));
        let (examined, bytes) = looked.await.unwrap_or(Err(Refused::Broken)).map_err(Trouble::Content)?;
        let taken_at = examined.capture.as_ref().and_then(|capture| capture.taken_at);
        if is_impossible(taken_at, self.clock.now()) {
            return Err(Trouble::FromFuture.into());
        }
        let (id, digest, size) = (Uuid::now_v7(), sha256(&[&bytes]), bytes.len());
        let files = self.files((to_upload, id), &examined, bytes).await?;
        let objects: Vec<Vec<u8>> = files.hashes();
        self.put(files.original.0, files.original.1, &objects).await?;
        if let Some((hash, content, _)) = &files.public {
            self.objects.put(hash, content.clone()).await?;
        }
        let evidence = Evidence {
            id,
            complaint: to_upload.complaint,
            role: to_upload.role,
            content_type: examined.kind.media_type().to_owned(),
            size_bytes: i64::try_from(size).expect("20 MiB"),
            object: files.original.0,
            public: files.public.map(|(hash, _, kind)| (hash, kind.media_type().to_owned())),
            subject: caller.subject.clone(),
            person: None,
            uploaded_at: self.clock.now(),
            capture: None,
        };
        self.name_it((caller, request, to_upload), (evidence, digest), (&examined, &objects)).await
    }

    /// Names the files before they are written, then writes the first.
    async fn put(&self, hash: [u8; 32], content: Vec<u8>, objects: &[Vec<u8>]) -> Result<(), Failure> {
        let reserved = store::object::reserve(&mut *self.database.acquire().await?, objects).await?;
        if reserved != u64::try_from(objects.len()).expect("two") {
            // What was left of an earlier upload of the same file is being taken away just now.
            return Err(Failure::StoreDown);
        }
        self.objects.put(&hash, content).await
    }

    /// The files as they are stored: the reporter's sealed.
    async fn files(
        &self,
        (to_upload, id): (&ToUpload, Uuid),
        examined: &Examined,
        bytes: Vec<u8>,
    ) -> Result<Files, Failure> {
        let public = examined.public_copy.as_ref().map(|copy| (copy.bytes.clone(), copy.kind));
        let (bytes, public) = match to_upload.role {
            Role::After => (bytes, public),
            Role::Before => {
                let key = self.key_of(to_upload.complaint).await?;
                let place = (to_upload.complaint, id);
                let sealed = |field, bytes: &[u8]| place_of(place, field, |context| key.seal(context, bytes));
                (sealed("original", &bytes), public.map(|(copy, kind)| (sealed("public", &copy), kind)))
            }
        };
        let public = public.map(|(copy, kind)| (sha256(&[&copy]), copy, kind));
        Ok(Files { original: (sha256(&[&bytes]), bytes), public })
    }

    /// A report's key; another where its own was destroyed.
    async fn key_of(&self, complaint: ComplaintId) -> Result<DataKey, Failure> {
        let mut transaction = self.database.begin(Deadline::unattended()).await?;
        let loaded = store::complaint::lock(&mut transaction, &[complaint]).await?.pop();
        let (_, key) = self.open(loaded.ok_or(Failure::NotFound)?)?;
        let key = self.key_or_new(&mut transaction, (complaint, key)).await?;
        transaction.commit().await?;
        Ok(key)
    }

    /// Who uploads, and how it sees the report; refused where it may not.
    async fn uploader(
        &self,
        connection: &mut PgConnection,
        (caller, to_upload): (&Caller, &ToUpload),
        loaded: &Loaded,
    ) -> Result<(Sight, By), Failure> {
        let (right, person) = match to_upload.role {
            Role::Before => (Right::Reporter(&to_upload.proof), None),
            Role::After => (Right::Unit(Reach::SubtreeOf), caller.person.map(PersonId)),
        };
        let sight = self.authorise(connection, (caller, &right), loaded).await?;
        Ok((sight, By { subject: caller.subject.clone(), person }))
    }

    /// Writes the row that names the files, and what speaks against them.
    async fn name_it(
        &self,
        (caller, request, to_upload): (&Caller, RequestKey, &ToUpload),
        (mut evidence, digest): (Evidence, [u8; 32]),
        (examined, objects): (&Examined, &[Vec<u8>]),
    ) -> Result<Shown, Failure> {
        let mut transaction = self.database.begin(Deadline::unattended()).await?;
        let loaded = store::complaint::lock(&mut transaction, &[to_upload.complaint]).await?.pop();
        let loaded = loaded.ok_or(Failure::NotFound)?;
        let (sight, by) = self.uploader(&mut transaction, (caller, to_upload), &loaded).await?;
        let mut complaint = loaded.complaint;
        if let Claim::Done { resource } = claim(&mut transaction, &request, &evidence.id.to_string()).await? {
            let before = resource.parse().map_err(|_| Failure::NotFound)?;
            let before = store::evidence::get(&mut transaction, before).await?;
            return shown(&mut transaction, (caller, sight), before.into_iter().collect())
                .await?
                .pop()
                .ok_or(Failure::NotFound);
        }
        if store::evidence::count(&mut transaction, complaint.id).await? >= MOST_EVIDENCE {
            return Err(Trouble::TooMuch.into());
        }
        evidence.person = by.person;
        evidence.uploaded_at = self.clock.now();
        let step = complaint.tell(act(to_upload.role), by, evidence.uploaded_at, Texts::default())?;
        let mut changes = Changes::default();
        changes.write(&mut transaction, &complaint, &step).await?;
        let capture = capture(&mut transaction, complaint.id, (digest, examined)).await?;
        store::fingerprint::take_turn(&mut transaction).await?;
        let found = speaks_against(&mut transaction, (&complaint, &evidence, &capture), examined).await?;
        insert(&mut transaction, (&evidence, &capture), examined).await?;
        insert_findings(&mut transaction, &evidence, &found).await?;
        let kept = store::object::keep(&mut transaction, objects).await?;
        if kept != u64::try_from(objects.len()).expect("two") {
            return Err(Failure::StoreDown);
        }
        evidence.capture = Some(capture);
        let shown = shown(&mut transaction, (caller, sight), vec![evidence]).await?.pop();
        self.finish(transaction, changes).await?;
        shown.ok_or(Failure::NotFound)
    }
}

impl Files {
    fn hashes(&self) -> Vec<Vec<u8>> {
        let public = self.public.as_ref().map(|(hash, ..)| hash.to_vec());
        let mut hashes: Vec<Vec<u8>> = std::iter::once(self.original.0.to_vec()).chain(public).collect();
        hashes.sort_unstable();
        hashes.dedup();
        hashes
    }
}

fn act(role: Role) -> Act {
    match role {
        Role::Before => Act::AddReporterEvidence,
        Role::After => Act::AddFollowUpEvidence,
    }
}

/// What the file says, its place as how far from the report it is.
async fn capture(
    connection: &mut PgConnection,
    complaint: ComplaintId,
    (sha256, examined): ([u8; 32], &Examined),
) -> Result<Capture, Failure> {
    let said = examined.capture.clone().unwrap_or_default();
    let (report, _) = store::place::get(connection, complaint).await?;
    let taken = said.place.and_then(|(latitude, longitude)| Point::try_new(latitude, longitude));
    let metres = report.zip(taken).map(|(report, taken)| report.metres_to(taken).round());
    #[expect(clippy::cast_possible_truncation, reason = "the way around the earth has 40 million metres")]
    let distance_metres = metres.map(|metres| metres as i32);
    let software = said.software.map(str::to_owned);
    Ok(Capture { sha256, captured_at: said.taken_at, distance_metres, software })
}

/// What speaks against a follow-up's evidence; nothing is asked of a reporter's.
async fn speaks_against(
    connection: &mut PgConnection,
    (complaint, evidence, capture): (&Complaint, &Evidence, &Capture),
    examined: &Examined,
) -> Result<Vec<Finding>, Failure> {
    if evidence.role == Role::Before {
        return Ok(Vec::new());
    }
    let seen = search::seen(connection, &capture.sha256, examined.fingerprint.as_ref()).await?;
    let says = examined.capture.as_ref().map(|said| match (said.taken_at, said.place) {
        (None, None) => Says::Nothing,
        _ => Says::Something,
    });
    Ok(findings((capture, seen), says, (complaint.filing.filed_at, evidence.uploaded_at)))
}

async fn insert(
    connection: &mut PgConnection,
    (evidence, capture): (&Evidence, &Capture),
    examined: &Examined,
) -> Result<(), Failure> {
    let at = evidence.uploaded_at.as_microsecond();
    let content = EvidenceContent {
        id: evidence.id,
        role: evidence.role.word().to_owned(),
        content_type: evidence.content_type.clone(),
        size_bytes: evidence.size_bytes,
        object: evidence.object.to_vec(),
        public_object: evidence.public.as_ref().map(|(object, _)| object.to_vec()),
        public_type: evidence.public.as_ref().map(|(_, kind)| kind.clone()),
        subject: evidence.subject.clone(),
        person: evidence.person.map(|person| person.0),
        uploaded_at: at,
    };
    let said = CaptureContent {
        sha256: capture.sha256.to_vec(),
        captured_at: capture.captured_at.map(jiff::Timestamp::as_microsecond),
        distance_metres: capture.distance_metres,
        software: capture.software.clone(),
    };
    let entry = (evidence.complaint, EntryKind::Evidence, evidence.id.to_string());
    let record = ledger::record(entry, at, (&content.content(), Some(said.content().finished())));
    store::evidence::insert(connection, (evidence, capture), &record.salt).await?;
    store::ledger::append(connection, evidence.complaint, &record).await?;
    if let Some(fingerprint) = &examined.fingerprint {
        let hashes = fingerprint.hashes.map(u64::cast_signed);
        let parts = (&hashes[..], &fingerprint.bands()[..], &fingerprint.descriptor[..]);
        store::fingerprint::insert(connection, evidence.id, parts).await?;
    }
    Ok(())
}

async fn insert_findings(
    connection: &mut PgConnection,
    evidence: &Evidence,
    found: &[Finding],
) -> Result<(), Failure> {
    for finding in found {
        let content = FindingContent {
            evidence: evidence.id,
            number: finding.number,
            kind: finding.kind.word().to_owned(),
            other_evidence: finding.other,
            measure: finding.measure,
        };
        let subject = finding_subject(evidence.id, finding.number);
        let entry = (evidence.complaint, EntryKind::Finding, subject);
        let at = evidence.uploaded_at.as_microsecond();
        let record = ledger::record(entry, at, (&content.content(), None));
        store::evidence::insert_finding(connection, evidence.id, (finding, &record.salt)).await?;
        store::ledger::append(connection, evidence.complaint, &record).await?;
    }
    Ok(())
}
