//! Reports about officials: the unit complained of and all below it can't see, answer, be handed or be merged them.

use proto::complaints::v1::{ComplaintState, TransferReason};
use tonic::Code;

use super::*;

async fn file_about(served: &Served, unit: Option<Uuid>) -> Result<v1::FileComplaintResponse, Status> {
    call!(
        served,
        file_complaint,
        served.channel_token(),
        FileComplaintRequest {
            request_id: id(),
            category: "categories/pungli".to_owned(),
            text: "Petugas meminta uang".to_owned(),
            kelurahan_code: KELURAHAN.to_owned(),
            unit_complained_of: unit.map(unit_name).unwrap_or_default(),
        }
    )
}

/// What every way to a report answers a caller.
async fn every_way(served: &Served, name: &str, token: &str) -> Vec<(&'static str, Status)> {
    let mut answers = Vec::new();
    macro_rules! tried {
        ($rpc:ident, $request:ident { $($field:ident: $value:expr),* $(,)? }) => {
            if let Err(status) = call!(served, $rpc, token, $request { name: name.to_owned(), $($field: $value),* }) {
                answers.push((stringify!($rpc), status));
            } else {
                panic!("{} let an official of the unit complained of in", stringify!($rpc));
            }
        };
    }
    let text = || "Teks".to_owned();
    let unit = || unit_name(served.kelurahan);
    tried!(get_complaint, GetComplaintRequest {});
    tried!(list_timeline, ListTimelineRequest {});
    tried!(watch_complaint, WatchComplaintRequest {});
    tried!(accept_complaint, AcceptComplaintRequest { request_id: id() });
    tried!(
        transfer_complaint,
        TransferComplaintRequest { request_id: id(), unit: unit(), reason: TransferReason::OtherArea.into() }
    );
    tried!(dispose_complaint, DisposeComplaintRequest { request_id: id(), unit: unit() });
    tried!(
        recategorize_complaint,
        RecategorizeComplaintRequest {
            request_id: id(),
            category: "categories/jalan".to_owned(),
            public_text: text()
        }
    );
    tried!(
        set_estimate,
        SetEstimateRequest { request_id: id(), finish_date: "2999-01-01".to_owned(), public_text: text() }
    );
    tried!(request_information, RequestInformationRequest { request_id: id(), question: text() });
    tried!(
        submit_follow_up,
        SubmitFollowUpRequest { request_id: id(), public_text: text(), proposed_outcome: 1 }
    );
    tried!(approve_follow_up, ApproveFollowUpRequest { request_id: id() });
    tried!(reject_follow_up, RejectFollowUpRequest { request_id: id(), public_text: text() });
    tried!(reject_complaint, RejectComplaintRequest { request_id: id(), reason: 1, public_text: text() });
    tried!(
        merge_complaint,
        MergeComplaintRequest { request_id: id(), into: format!("complaints/{}", Uuid::now_v7()) }
    );
    tried!(unmerge_complaint, UnmergeComplaintRequest { request_id: id() });
    tried!(add_note, AddNoteRequest { request_id: id(), internal_note: text() });
    tried!(support_complaint, SupportComplaintRequest { request_id: id(), channel_reference: text() });
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn it_goes_to_the_unit_above_and_nobody_complained_of_finds_it_on_any_way() {
    let served = Served::start().await;
    let complaint = file_about(&served, None).await.unwrap().complaint.unwrap();
    assert_eq!(complaint.responsible_unit, unit_name(served.province));
    assert_eq!(complaint.unit_complained_of, unit_name(served.kelurahan), "that which serves the place");
    let units = [
        vec![served.kelurahan],
        vec![served.section],
        // Units that a person has besides open no way around.
        vec![served.section, served.province],
    ];
    for units in units {
        let token = served.token("complained of", 6, &units);
        for (rpc, status) in every_way(&served, &complaint.name, &token).await {
            assert_eq!((status.code(), reason(&status).as_str()), (Code::NotFound, "NOT_FOUND"), "{rpc}");
        }
        let listed = call!(served, list_complaints, token, ListComplaintsRequest {}).unwrap();
        assert_eq!(listed.complaints, []);
        // Nor by the system of the channel that filed it.
        let behind = served.world.token(&Identity {
            subject: "complained of".to_owned(),
            scopes: all_scopes().unwrap(),
            units: units.iter().map(|unit| unit_name(*unit)).collect(),
            person: Some(format!("people/{}", Uuid::from_u128(6))),
            actor: Some("jaki".to_owned()),
        });
        assert_eq!(why(served.get(&complaint.name, &behind).await), (Code::NotFound, "NOT_FOUND".to_owned()));
        let listed = call!(served, list_complaints, behind, ListComplaintsRequest {}).unwrap();
        assert_eq!(listed.complaints, []);
    }
    let seen = served.get(&complaint.name, &served.validator()).await.unwrap();
    assert_eq!(seen.state(), ComplaintState::Submitted);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_not_handed_down_or_merged_into_the_unit_complained_of() {
    let served = Served::start().await;
    let name = file_about(&served, Some(served.kelurahan)).await.unwrap().complaint.unwrap().name;
    let above = served.token("above", 4, &[served.province]);
    for unit in [served.kelurahan, served.section] {
        let transfer = call!(
            served,
            transfer_complaint,
            above,
            TransferComplaintRequest {
                request_id: id(),
                name: name.clone(),
                unit: unit_name(unit),
                reason: TransferReason::OtherArea.into(),
            }
        );
        assert_eq!(why(transfer), (Code::FailedPrecondition, "TARGET_COMPLAINED_OF".to_owned()));
        let dispose = call!(
            served,
            dispose_complaint,
            above,
            DisposeComplaintRequest { request_id: id(), name: name.clone(), unit: unit_name(unit) }
        );
        assert_eq!(why(dispose), (Code::FailedPrecondition, "TARGET_COMPLAINED_OF".to_owned()));
    }
    let ordinary = served.file().await.complaint.unwrap().name;
    for (from, into) in [(&name, &ordinary), (&ordinary, &name)] {
        let merge = call!(
            served,
            merge_complaint,
            above,
            MergeComplaintRequest { request_id: id(), name: from.clone(), into: into.clone() }
        );
        assert_eq!(why(merge), (Code::FailedPrecondition, "MERGE_ABOUT_OFFICIALS".to_owned()));
    }
    // For who must not know of it, there is nothing to merge into.
    let merge = call!(
        served,
        merge_complaint,
        served.officer(),
        MergeComplaintRequest { request_id: id(), name: ordinary, into: name.clone() }
    );
    assert_eq!(why(merge), (Code::InvalidArgument, "MERGE_TARGET_NOT_FOUND".to_owned()));
    // Beside the unit complained of it may go.
    let dispose = call!(
        served,
        dispose_complaint,
        above,
        DisposeComplaintRequest { request_id: id(), name: name.clone(), unit: unit_name(served.agency) }
    );
    assert_eq!(dispose.unwrap().complaint.unwrap().state(), ComplaintState::Disposed);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn about_the_top_there_is_nobody_to_pass_it_to() {
    let served = Served::start().await;
    let refused = file_about(&served, Some(served.province)).await;
    assert_eq!(why(refused), (Code::FailedPrecondition, "NO_UNIT_ABOVE".to_owned()));
    served.finish().await;
}
