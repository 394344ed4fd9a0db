//! NIPs and rank classes.

use jiff::civil::date;

use crate::domain::{EducationLevel, EmploymentType, Nip, NipPart, Profile, RankClass, Refusal};

fn parsed(text: &str, employment: EmploymentType) -> Result<Nip, Refusal> {
    Nip::parse(text, employment, date(2026, 11, 24))
}

#[test]
fn each_wrong_part_of_a_nip_is_named() {
    use EmploymentType::{Cpns, Pns, Pppk};
    let cases = [
        ("198609262015051001", Pns, None),
        ("198609262015051001", Cpns, None),
        ("198609262015052999", Pppk, None),
        ("200002292022121001", Pns, None),
        ("", Pns, Some(NipPart::Length)),
        ("19860926201505100", Pns, Some(NipPart::Length)),
        ("1986092620150510011", Pns, Some(NipPart::Length)),
        ("19860926 201505100", Pns, Some(NipPart::Digits)),
        ("19860926201505100x", Pns, Some(NipPart::Digits)),
        ("19860926201505100\u{0661}", Pns, Some(NipPart::Digits)),
        ("198613262015051001", Pns, Some(NipPart::BirthDate)),
        ("198609312015051001", Pns, Some(NipPart::BirthDate)),
        ("190002292015051001", Pns, Some(NipPart::BirthDate)),
        ("000009262015051001", Pns, Some(NipPart::BirthDate)),
        ("189912312015051001", Pns, Some(NipPart::BirthDate)),
        ("202611252015051001", Pns, Some(NipPart::BirthDate)),
        ("198609262015131001", Pns, Some(NipPart::AppointmentMonth)),
        ("198609262015001001", Cpns, Some(NipPart::AppointmentMonth)),
        ("198609260000051001", Cpns, Some(NipPart::AppointmentMonth)),
        ("198609262021211001", Pppk, None),
        ("198609262015050001", Pns, Some(NipPart::Sex)),
        ("198609262021213001", Pppk, Some(NipPart::Sex)),
    ];
    for (text, employment, wrong) in cases {
        let refusal = parsed(text, employment).err();
        assert_eq!(refusal, wrong.map(Refusal::Nip), "{text} {employment:?}");
    }
}

#[test]
fn what_digits_9_to_14_are_is_known_for_pppk_too() {
    assert!(!parsed("198609262021211001", EmploymentType::Pppk).unwrap().has_appointment_month());
    assert!(parsed("198609262021121001", EmploymentType::Pppk).unwrap().has_appointment_month());
}

#[test]
fn a_nip_and_a_name_do_not_show_themselves() {
    let profile = Profile::try_new(
        ("198609262015051001", "Siti".to_owned()),
        (EmploymentType::Pns, "III/a"),
        EducationLevel::Bachelor,
        date(2026, 11, 24),
    )
    .unwrap();
    let shown = format!("{profile:?} {:?}", profile.nip);
    assert!(!shown.contains("1986") && !shown.contains("Siti"), "{shown}");
}

#[test]
fn a_rank_class_is_one_of_its_employment_type() {
    use EmploymentType::{Cpns, Pns, Pppk};
    let cases = [
        ("I/a", Pns, true),
        ("IV/e", Pns, true),
        ("III/a", Cpns, true),
        ("III/e", Pns, false),
        ("V/a", Pns, false),
        ("IX", Pns, false),
        ("I", Pppk, true),
        ("XVII", Pppk, true),
        ("XVIII", Pppk, false),
        ("III/a", Pppk, false),
        ("", Pppk, false),
    ];
    for (text, employment, known) in cases {
        assert_eq!(RankClass::parse(text, employment).is_ok(), known, "{text} {employment:?}");
    }
}
