//! What citizens are told of a report, in Indonesian and English: of its state, and of each step that is for them. One
//! table, used wherever a citizen reads or is written to.

use super::{
    transitions::{Command, State},
    words::Outcome,
};

/// A sentence for a citizen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tidings {
    pub(crate) indonesian: &'static str,
    pub(crate) english: &'static str,
}

const fn say(indonesian: &'static str, english: &'static str) -> Tidings {
    Tidings { indonesian, english }
}

/// What is told of a step; nothing where it is the officials' own.
pub(crate) fn of_step(command: Command) -> Option<Tidings> {
    Some(match command {
        Command::File => say("Laporan Anda telah kami terima.", "Your report was received."),
        Command::Accept => say("Laporan Anda sedang ditangani.", "Your report is being handled."),
        Command::Transfer => say(
            "Laporan Anda diteruskan ke instansi lain yang berwenang.",
            "Your report was handed to another agency, whose duty it is.",
        ),
        Command::Dispose => say(
            "Laporan Anda diteruskan ke unit pelaksana di bawahnya.",
            "Your report was handed to the unit that will carry it out.",
        ),
        Command::Recategorize => {
            say("Kategori laporan Anda diubah.", "Your report was put into another category.")
        }
        Command::SetEstimate => say(
            "Perkiraan waktu penyelesaian laporan Anda ditetapkan.",
            "There is an estimate of when your report will be done.",
        ),
        Command::RequestInformation => say(
            "Petugas meminta keterangan tambahan dari Anda.",
            "The officer asks you for more information.",
        ),
        Command::ProvideInformation => {
            say("Keterangan Anda telah kami terima.", "Your information was received.")
        }
        Command::SubmitFollowUp => say(
            "Tindak lanjut telah dilaporkan dan sedang divalidasi.",
            "A follow-up was handed in and is being validated.",
        ),
        Command::ApproveFollowUp => say(
            "Laporan Anda dinyatakan selesai. Mohon konfirmasi dan penilaian Anda.",
            "Your report is resolved. Please confirm and rate it.",
        ),
        Command::RejectFollowUp => say(
            "Tindak lanjut belum memadai dan dikerjakan kembali.",
            "The follow-up was not good enough; the work goes on.",
        ),
        Command::ConfirmResolution => say(
            "Terima kasih atas konfirmasi Anda. Laporan ditutup.",
            "Thank you for confirming. The report is closed.",
        ),
        Command::Reopen => say("Laporan Anda dibuka kembali.", "Your report was reopened."),
        Command::Reject => say(
            "Laporan Anda tidak dapat ditindaklanjuti. Anda dapat mengajukan keberatan.",
            "Your report was not taken up. You may appeal.",
        ),
        Command::AppealRejection => say("Keberatan Anda telah kami terima.", "Your appeal was received."),
        Command::Merge => say(
            "Laporan Anda ditangani bersama laporan lain tentang hal yang sama.",
            "Your report is handled together with another one about the same matter.",
        ),
        Command::Unmerge => {
            say("Laporan Anda ditangani tersendiri kembali.", "Your report is handled by itself again.")
        }
        Command::CloseWithTarget => say(
            "Laporan yang menangani hal yang sama telah selesai. Laporan Anda ditutup.",
            "The report that your matter was handled under is done. Your report is closed.",
        ),
        Command::Withdraw => say("Laporan Anda telah ditarik kembali.", "Your report was taken back."),
        Command::AutoClose => say(
            "Laporan Anda ditutup karena tidak ada tanggapan dalam 10 hari kerja.",
            "Your report was closed, since nothing was heard for 10 working days.",
        ),
        Command::ExpireQuestion => say(
            "Pertanyaan petugas tidak terjawab; penanganan laporan Anda dilanjutkan.",
            "The officer's question stood unanswered; the work on your report goes on.",
        ),
        Command::EraseReporter => say("Data pribadi Anda telah dihapus.", "Your personal data was erased."),
        Command::RestrictReporter => say(
            "Pemrosesan data pribadi Anda dibatasi; data dihapus setelah pemeriksaan selesai.",
            "The use of your personal data is restricted; it is erased once an inquiry has ended.",
        ),
        Command::AddReporterEvidence => say("Bukti Anda telah kami terima.", "Your evidence was received."),
        Command::Support
        | Command::AddFollowUpEvidence
        | Command::AnswerFinding
        | Command::RaisePriority
        | Command::MoveWithTarget
        | Command::AddNote
        | Command::Warn
        | Command::Breach
        | Command::RaiseRedFlag => return None,
    })
}

/// What is told of where a report stands.
pub(crate) fn of_state(state: State, outcome: Option<Outcome>) -> Tidings {
    match state {
        State::Submitted => say("Menunggu ditangani.", "Waiting to be taken up."),
        State::Coordinating => say(
            "Dikoordinasikan dengan instansi lain.",
            "Handed to another agency, which has not accepted yet.",
        ),
        State::Disposed => say("Didisposisikan ke unit pelaksana.", "Handed down to the unit that will act."),
        State::InProgress => say("Sedang diproses.", "Being worked on."),
        State::NeedsReporter => {
            say("Menunggu keterangan dari pelapor.", "Waiting for the reporter's answer.")
        }
        State::AwaitingValidation => {
            say("Menunggu validasi tindak lanjut.", "The follow-up is being validated.")
        }
        State::Resolved => {
            say("Selesai; menunggu konfirmasi pelapor.", "Resolved; the reporter may confirm.")
        }
        State::Rejected => {
            say("Ditolak; pelapor dapat mengajukan keberatan.", "Rejected; the reporter may appeal.")
        }
        State::Merged => say("Digabung dengan laporan lain.", "Handled together with another report."),
        State::Closed => of_outcome(outcome),
    }
}

fn of_outcome(outcome: Option<Outcome>) -> Tidings {
    match outcome {
        Some(Outcome::Fixed) => say("Ditutup: sudah diperbaiki.", "Closed: fixed."),
        Some(Outcome::NoActionNeeded) => {
            say("Ditutup: tidak perlu tindakan.", "Closed: nothing had to be done.")
        }
        Some(Outcome::NotFixable) => say("Ditutup: tidak dapat diperbaiki.", "Closed: it can't be fixed."),
        Some(Outcome::Duplicate) => {
            say("Ditutup: ditangani dalam laporan lain.", "Closed: handled under another report.")
        }
        Some(Outcome::Invalid) => {
            say("Ditutup: tidak dapat ditindaklanjuti.", "Closed: the city can't act on it.")
        }
        Some(Outcome::Withdrawn) => {
            say("Ditutup: ditarik oleh pelapor.", "Closed: taken back by its reporter.")
        }
        None => say("Ditutup.", "Closed."),
    }
}
