//! Tracking without a token: what a number alone shows, what the code shows, and that guessing is slow and told nothing.

use proto::complaints::v1::{
    ComplaintCommand, ComplaintState, tracking_service_client::TrackingServiceClient,
    watch_tracking_response::Update,
};
use tonic::Code;
use tonic_types::StatusExt;

use super::*;

async fn tracking(served: &Served) -> TrackingServiceClient<Channel> {
    TrackingServiceClient::new(channel(&served.world.grpc_address(SERVICE).await).await.unwrap())
}

async fn track(served: &Served, number: &str, code: &str) -> Result<v1::TrackedComplaint, Status> {
    let request = v1::TrackComplaintRequest { number: number.to_owned(), access_code: code.to_owned() };
    Ok(tracking(served).await.track_complaint(bare(request)).await?.into_inner().complaint.unwrap())
}

async fn note(served: &Served, name: &str, release_reporter_words: bool) {
    let request = v1::AddNoteRequest {
        request_id: id(),
        name: name.to_owned(),
        internal_note: "Catatan petugas".to_owned(),
        release_reporter_words,
        ..Default::default()
    };
    served.client.clone().add_note(authorized(request, &served.officer())).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_alone_shows_the_public_part_and_the_code_the_reporters() {
    let served = Served::start().await;
    let filed = served.file().await;
    let complaint = filed.complaint.unwrap();
    let (name, number) = (complaint.name, complaint.number);
    note(&served, &name, false).await;
    served.accept(&name).await.unwrap();
    served.submit(&name).await.unwrap();

    let public = track(&served, &number, "").await.unwrap();
    assert_eq!((public.text.as_str(), public.reporter.as_ref()), ("", None));
    assert_eq!(
        (public.state(), public.kelurahan_code.as_str()),
        (ComplaintState::AwaitingValidation, KELURAHAN)
    );
    assert_eq!(public.state_text_id, "Menunggu validasi tindak lanjut.");
    assert_eq!(public.state_text_en, "The follow-up is being validated.");
    let commands: Vec<ComplaintCommand> = public.steps.iter().map(|step| step.command()).collect();
    assert_eq!(
        commands,
        [ComplaintCommand::File, ComplaintCommand::Accept, ComplaintCommand::SubmitFollowUp],
        "the note is the officials'"
    );
    assert_eq!(public.steps[2].public_text, "Sudah diangkut");
    assert!(!format!("{public:?}").contains("Catatan petugas"));

    let own = track(&served, &number, &filed.access_code).await.unwrap();
    assert_eq!(own.text, to_file().text);
    assert_eq!(own.reporter.unwrap().name, name);

    note(&served, &name, true).await;
    let released = track(&served, &number, "").await.unwrap();
    assert_eq!((released.text, released.reporter), (to_file().text, None));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_reporter_writes_after_a_release_is_not_released() {
    let served = Served::start().await;
    let filed = served.file().await;
    let complaint = filed.complaint.unwrap();
    note(&served, &complaint.name, true).await;
    let withdrawn = call!(
        served,
        withdraw_complaint,
        served.channel_token(),
        WithdrawComplaintRequest {
            request_id: id(),
            name: complaint.name,
            reporter: shows(&filed.access_code),
            reason: "Alasan pribadi".to_owned(),
        }
    );
    withdrawn.unwrap();
    let public = track(&served, &complaint.number, "").await.unwrap();
    assert_eq!(public.text, to_file().text);
    assert_eq!(public.steps.last().unwrap().reporter_text, "");
    let own = track(&served, &complaint.number, &filed.access_code).await.unwrap();
    assert_eq!(own.steps.last().unwrap().reporter_text, "Alasan pribadi");
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_code_and_a_number_that_is_none_are_told_the_same_and_officials_are_shown_to_nobody() {
    let served = Served::start().await;
    let number = served.file().await.complaint.unwrap().number;
    let request = v1::FileComplaintRequest { category: "categories/pungli".to_owned(), ..to_file() };
    let about = served.client.clone().file_complaint(authorized(request, &served.channel_token())).await;
    let about = about.unwrap().into_inner();
    let about_number = about.complaint.unwrap().number;
    let wrong = "0123456789ABCDEF";
    let mut told = Vec::new();
    for (number, code) in [
        (number.as_str(), wrong),
        ("JKT-000000000", wrong),
        ("JKT-000000000", ""),
        (about_number.as_str(), wrong),
        (about_number.as_str(), ""),
    ] {
        let refused = track(&served, number, code).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "TRACKING_NOT_FOUND"));
        told.push((refused.message().to_owned(), refused.details().to_vec()));
    }
    told.dedup();
    assert_eq!(told.len(), 1, "all the same");
    let own = track(&served, &about_number, &about.access_code).await.unwrap();
    assert_eq!(own.text, to_file().text);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_is_refused_after_a_while_and_told_when_to_try_again() {
    let served = Served::start().await;
    let mut client = tracking(&served).await;
    let mut refused = None;
    for guess in 0..60 {
        let request = v1::TrackComplaintRequest {
            number: format!("JKT-{guess:08}0"),
            access_code: "0123456789ABCDEF".to_owned(),
        };
        let status = client.track_complaint(bare(request)).await.unwrap_err();
        if status.code() == Code::ResourceExhausted {
            refused = Some((guess, status));
            break;
        }
    }
    let (guess, status) = refused.expect("guessing is refused");
    assert!((10..40).contains(&guess), "{guess}");
    assert_eq!(reason(&status), "TRACKING_TOO_OFTEN");
    assert!(status.get_details_retry_info().is_some_and(|info| info.retry_delay.is_some()));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_asked_for_only_so_often() {
    let served = Served::start().await;
    let number = served.file().await.complaint.unwrap().number;
    let mut outcomes = Vec::new();
    for _ in 0..25 {
        outcomes.push(track(&served, &number, "").await.map_err(|status| status.code()).err());
    }
    assert!(outcomes[..20].iter().all(Option::is_none));
    assert!(outcomes.contains(&Some(Code::ResourceExhausted)));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_code_is_given_to_the_reporter_and_the_one_before_counts_no_more() {
    let served = Served::start().await;
    let filed = served.file().await;
    let number = filed.complaint.unwrap().number;
    let reissue = async |request: v1::ReissueAccessCodeRequest, token: Option<String>| {
        let mut client = tracking(&served).await;
        let request = match token {
            Some(token) => authorized(request, &token),
            None => bare(request),
        };
        Ok::<_, Status>(client.reissue_access_code(request).await?.into_inner().access_code)
    };
    let by_code = v1::ReissueAccessCodeRequest {
        request_id: id(),
        number: number.clone(),
        proof: shows(&filed.access_code),
    };
    let second = reissue(by_code.clone(), None).await.unwrap();
    assert_ne!(second, filed.access_code);
    assert_eq!(reissue(by_code.clone(), None).await.unwrap(), second, "the same request again");
    let late = v1::ReissueAccessCodeRequest { request_id: id(), ..by_code.clone() };
    assert_eq!(why(reissue(late, None).await), (Code::NotFound, "TRACKING_NOT_FOUND".to_owned()));
    assert!(track(&served, &number, &filed.access_code).await.is_err());
    assert!(track(&served, &number, &second).await.unwrap().reporter.is_some());

    let proof = Some(v1::ReporterProof { channel_reference: "wa-17".to_owned(), ..Default::default() });
    let by_channel = |proof| v1::ReissueAccessCodeRequest { request_id: id(), number: number.clone(), proof };
    for token in [None, Some(served.token("other channel", 0, &[]))] {
        let refused = reissue(by_channel(proof.clone()), token).await;
        assert_eq!(why(refused), (Code::NotFound, "TRACKING_NOT_FOUND".to_owned()));
    }
    let third = reissue(by_channel(proof), Some(served.channel_token())).await.unwrap();
    assert!(track(&served, &number, &third).await.unwrap().reporter.is_some());
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_shows_where_it_stands_then_the_steps_for_citizens_and_resumes() {
    let served = Served::start().await;
    let filed = served.file().await;
    let complaint = filed.complaint.unwrap();
    let watch = async |resume_token: &str| {
        let request = v1::WatchTrackingRequest {
            number: complaint.number.clone(),
            access_code: String::new(),
            resume_token: resume_token.to_owned(),
        };
        tracking(&served).await.watch_tracking(bare(request)).await.unwrap().into_inner()
    };
    let mut stream = watch("").await;
    let first = stream.message().await.unwrap().unwrap();
    let Some(Update::Complaint(seen)) = first.update else { panic!("not the state: {first:?}") };
    assert_eq!((seen.state(), seen.text.as_str()), (ComplaintState::Submitted, ""));
    note(&served, &complaint.name, false).await;
    served.accept(&complaint.name).await.unwrap();
    let second = stream.message().await.unwrap().unwrap();
    let Some(Update::Step(step)) = &second.update else { panic!("not a step: {second:?}") };
    assert_eq!((step.version, step.command()), (3, ComplaintCommand::Accept));
    assert_eq!(step.text_id, "Laporan Anda sedang ditangani.");
    drop(stream);
    served.submit(&complaint.name).await.unwrap();
    let mut resumed = watch(&second.resume_token).await;
    let third = resumed.message().await.unwrap().unwrap();
    let Some(Update::Step(step)) = &third.update else { panic!("not a step: {third:?}") };
    assert_eq!((step.version, step.command()), (4, ComplaintCommand::SubmitFollowUp));
    served.shutdown.cancel();
    let ended = resumed.message().await.unwrap_err();
    assert_eq!((ended.code(), reason(&ended).as_str()), (Code::Unavailable, "DRAINING"));
    served.finish().await;
}
