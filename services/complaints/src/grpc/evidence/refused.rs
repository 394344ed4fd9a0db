//! Why evidence is not taken or not given, as the caller is told.

use kit::status::Answer;
use pictures::Refused;
use proto::complaints::v1::ErrorReason;
use tonic::Code;

use super::super::status::own;
use crate::app::Trouble;

/// The answer to trouble with evidence.
pub(in crate::grpc) fn trouble(trouble: Trouble) -> Answer {
    match trouble {
        Trouble::Busy => own(
            Code::ResourceExhausted,
            ErrorReason::UploadsBusy,
            "too many uploads are under way in this process; try again",
        )
        .retry(),
        Trouble::Content(refused) => content(refused),
        Trouble::FromFuture => field(
            ErrorReason::CapturedInFuture,
            "the picture says that it was taken more than 24 hours from now",
            "Waktu pengambilan foto berada di masa depan.",
        ),
        Trouble::TooMuch => own(
            Code::FailedPrecondition,
            ErrorReason::TooMuchEvidence,
            "the report has 50 pieces of evidence already",
        ),
        Trouble::NoPublicCopy => own(
            Code::FailedPrecondition,
            ErrorReason::NoPublicCopy,
            "there is no copy without metadata of this content; officials may ask for the original",
        ),
        Trouble::OriginalSealed => own(
            Code::PermissionDenied,
            ErrorReason::OriginalSealed,
            "the reporter's original is for the reporter alone, and a follow-up's for officials",
        ),
        Trouble::Answered => {
            own(Code::FailedPrecondition, ErrorReason::FindingAnswered, "the finding has its answer")
        }
    }
}

fn content(refused: Refused) -> Answer {
    match refused {
        Refused::Unknown => field(
            ErrorReason::ContentUnknown,
            "the content is none of JPEG, PNG, WebP, PDF and MP4, whatever its name says",
            "Jenis berkas tidak didukung.",
        ),
        Refused::Broken => {
            field(ErrorReason::ContentBroken, "the content can't be read to its end", "Berkas rusak.")
        }
        Refused::TooManyPixels { width, height } => {
            let why = format!("the picture has {width} × {height} pixels, more than 64 million");
            field(ErrorReason::TooManyPixels, &why, "Ukuran gambar terlalu besar.")
        }
    }
}

fn field(reason: ErrorReason, why: &str, indonesian: &str) -> Answer {
    own(Code::InvalidArgument, reason, format!("chunk: {why}")).field("chunk", why).indonesian(indonesian)
}
