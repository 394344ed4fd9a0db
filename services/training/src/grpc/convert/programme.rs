//! Programmes.

use proto::training::v1;
use uuid::Uuid;

use super::time;
use crate::domain::{Form, Programme, ProgrammeId, Syllabus};

/// A programme as the contract shows it.
pub(crate) fn shown(programme: &Programme) -> v1::Programme {
    v1::Programme {
        name: programme.id.to_string(),
        title: programme.syllabus.title.clone(),
        elements: programme.syllabus.elements.clone(),
        hours_jp: programme.syllabus.hours_jp,
        form: form(programme.syllabus.form).into(),
        create_time: time(programme.created_at),
        update_time: time(programme.updated_at),
        etag: programme.etag(),
    }
}

/// The programme of a name.
pub(crate) fn id(name: &str) -> ProgrammeId {
    ProgrammeId::parse(name).unwrap_or(ProgrammeId(Uuid::nil()))
}

/// What a programme is to offer; the contract's rules let no unset form pass.
pub(crate) fn syllabus(request: &v1::CreateProgrammeRequest) -> Option<Syllabus> {
    Some(Syllabus {
        title: request.title.clone(),
        elements: request.elements.clone(),
        hours_jp: request.hours_jp,
        form: match request.form() {
            v1::ProgrammeForm::Unspecified => return None,
            v1::ProgrammeForm::Classical => Form::Classical,
            v1::ProgrammeForm::ELearning => Form::ELearning,
            v1::ProgrammeForm::Coaching => Form::Coaching,
            v1::ProgrammeForm::Blended => Form::Blended,
        },
    })
}

fn form(form: Form) -> v1::ProgrammeForm {
    match form {
        Form::Classical => v1::ProgrammeForm::Classical,
        Form::ELearning => v1::ProgrammeForm::ELearning,
        Form::Coaching => v1::ProgrammeForm::Coaching,
        Form::Blended => v1::ProgrammeForm::Blended,
    }
}
