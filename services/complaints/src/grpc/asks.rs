//! Each command's request as what it asks of a report.

use kit::{status, validate::Checked};
use proto::complaints::v1;
use tonic::Status;

use super::{
    convert::{complaint_id, proof, unit_id},
    status::DOMAIN,
    words,
};
use crate::{app::Wish, domain::Texts};

/// A request that is a command on one report.
pub(super) trait Asks: Checked + Send + 'static {
    /// What it is answered with.
    type Answer: Send;
    /// The RPC's name.
    const RPC: &'static str;
    /// The caller's own id, the report's name, and the etag last seen.
    fn head(&self) -> (&str, &str, &str);
    /// What is asked, and what is written beside it.
    fn asked(self) -> Result<(Wish, Texts), Status>;
    /// The answer.
    fn answer(complaint: v1::Complaint) -> Self::Answer;
}

macro_rules! asks {
    ($($rpc:literal: $request:ident => $response:ident, |$it:ident| $asked:expr;)+) => {
        $(
            impl Asks for v1::$request {
                type Answer = v1::$response;
                const RPC: &'static str = $rpc;

                fn head(&self) -> (&str, &str, &str) {
                    (&self.request_id, &self.name, &self.etag)
                }

                fn asked(self) -> Result<(Wish, Texts), Status> {
                    let $it = self;
                    Ok($asked)
                }

                fn answer(complaint: v1::Complaint) -> v1::$response {
                    v1::$response { complaint: Some(complaint) }
                }
            }
        )+
    };
}

asks! {
    "AcceptComplaint": AcceptComplaintRequest => AcceptComplaintResponse, |_it| {
        (Wish::Accept, Texts::default())
    };
    "TransferComplaint": TransferComplaintRequest => TransferComplaintResponse, |it| {
        let reason = words::to_transfer_reason(it.reason()).ok_or_else(|| unsaid("reason"))?;
        (Wish::Transfer { to: unit_id(&it.unit), reason }, officials(it.public_text, it.internal_note))
    };
    "DisposeComplaint": DisposeComplaintRequest => DisposeComplaintResponse, |it| {
        (Wish::Dispose { to: unit_id(&it.unit) }, officials(it.public_text, it.internal_note))
    };
    "RecategorizeComplaint": RecategorizeComplaintRequest => RecategorizeComplaintResponse, |it| {
        let category = it.category.trim_start_matches("categories/").to_owned();
        (Wish::Recategorize { category }, officials(it.public_text, it.internal_note))
    };
    "SetEstimate": SetEstimateRequest => SetEstimateResponse, |it| {
        let finish = it.finish_date.parse().map_err(|_| {
            status::invalid_field("finish_date", "must be a day as YYYY-MM-DD").status(DOMAIN)
        })?;
        (Wish::SetEstimate { finish }, officials(it.public_text, it.internal_note))
    };
    "RequestInformation": RequestInformationRequest => RequestInformationResponse, |it| {
        let question = it.question.clone();
        (Wish::RequestInformation { question }, officials(it.question, it.internal_note))
    };
    "ProvideInformation": ProvideInformationRequest => ProvideInformationResponse, |it| {
        (Wish::ProvideInformation { proof: proof(it.reporter) }, reporters(it.answer))
    };
    "SubmitFollowUp": SubmitFollowUpRequest => SubmitFollowUpResponse, |it| {
        let proposed = words::to_outcome(it.proposed_outcome()).ok_or_else(|| unsaid("proposed_outcome"))?;
        (Wish::SubmitFollowUp { proposed }, officials(it.public_text, String::new()))
    };
    "ApproveFollowUp": ApproveFollowUpRequest => ApproveFollowUpResponse, |it| {
        (Wish::ApproveFollowUp, officials(it.public_text, String::new()))
    };
    "RejectFollowUp": RejectFollowUpRequest => RejectFollowUpResponse, |it| {
        (Wish::RejectFollowUp, officials(it.public_text, it.internal_note))
    };
    "ConfirmResolution": ConfirmResolutionRequest => ConfirmResolutionResponse, |it| {
        let rating = i16::try_from(it.rating)
            .map_err(|_| status::invalid_field("rating", "must be 1 to 5").status(DOMAIN))?;
        (Wish::ConfirmResolution { proof: proof(it.reporter), rating }, reporters(it.comment))
    };
    "ReopenComplaint": ReopenComplaintRequest => ReopenComplaintResponse, |it| {
        (Wish::Reopen { proof: proof(it.reporter) }, reporters(it.reason))
    };
    "RejectComplaint": RejectComplaintRequest => RejectComplaintResponse, |it| {
        let reason = words::to_reject_reason(it.reason()).ok_or_else(|| unsaid("reason"))?;
        (Wish::Reject { reason }, officials(it.public_text, it.internal_note))
    };
    "AppealRejection": AppealRejectionRequest => AppealRejectionResponse, |it| {
        (Wish::AppealRejection { proof: proof(it.reporter) }, reporters(it.reason))
    };
    "MergeComplaint": MergeComplaintRequest => MergeComplaintResponse, |it| {
        (Wish::Merge { into: complaint_id(&it.into) }, officials(it.public_text, it.internal_note))
    };
    "UnmergeComplaint": UnmergeComplaintRequest => UnmergeComplaintResponse, |it| {
        (Wish::Unmerge, officials(it.public_text, it.internal_note))
    };
    "WithdrawComplaint": WithdrawComplaintRequest => WithdrawComplaintResponse, |it| {
        (Wish::Withdraw { proof: proof(it.reporter) }, reporters(it.reason))
    };
    "AddNote": AddNoteRequest => AddNoteResponse, |it| {
        let releases_words = it.release_reporter_words;
        (Wish::AddNote { releases_words }, officials(String::new(), it.internal_note))
    };
}

/// What officials write.
pub(super) fn officials(public: String, internal: String) -> Texts {
    Texts { public, internal, reporter: String::new() }
}

fn reporters(reporter: String) -> Texts {
    Texts { reporter, ..Texts::default() }
}

pub(super) fn unsaid(field: &str) -> Status {
    status::invalid_field(field, "must be said").status(DOMAIN)
}
