//! Units taken over from rows.

use uuid::Uuid;

use crate::domain::{
    Row, Unit, UnitId,
    import::{Refusal, take_over},
};

fn at(second: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_second(second).unwrap()
}

fn row(line: u64, code: &str, kind: &str, parent_code: &str) -> Row {
    Row {
        line,
        code: code.to_owned(),
        kind: kind.to_owned(),
        parent_code: parent_code.to_owned(),
        display_name: format!("Unit {code}"),
        area_codes: vec!["31.74".to_owned()],
    }
}

fn taken(stored: &[Unit], rows: &[Row], second: i64) -> Vec<Unit> {
    let mut next = u128::try_from(second).unwrap() * 1_000;
    take_over(stored, rows, at(second), |_| {
        next += 1;
        UnitId(Uuid::from_u128(next))
    })
    .unwrap()
}

fn three() -> Vec<Row> {
    vec![row(2, "31.74.01", "DISTRICT", "31.74"), row(3, "31.74", "CITY", "31"), row(4, "31", "PROVINCE", "")]
}

#[test]
fn units_come_after_the_one_above_them_whatever_the_order_of_the_rows() {
    let units = taken(&[], &three(), 1);
    let codes: Vec<_> = units.iter().map(|unit| unit.code.as_str()).collect();
    assert_eq!(codes, ["31", "31.74", "31.74.01"]);
    assert_eq!(units[0].parent, None);
    assert_eq!((units[1].parent, units[2].parent), (Some(units[0].id), Some(units[1].id)));
}

#[test]
fn the_same_rows_again_change_nothing() {
    let units = taken(&[], &three(), 1);
    assert_eq!(taken(&units, &three(), 2), []);
}

#[test]
fn only_what_changed_gets_a_new_version_and_it_keeps_its_id() {
    let units = taken(&[], &three(), 1);
    let mut rows = three();
    rows[1].display_name = "Kota".to_owned();
    rows.push(row(5, "dinas", "AGENCY", "31"));
    let changed = taken(&units, &rows, 2);
    assert_eq!(changed.len(), 2);
    assert_eq!((changed[0].id, changed[0].version), (units[1].id, 2));
    assert_eq!((changed[0].created_at, changed[0].updated_at), (at(1), at(2)));
    assert_eq!((changed[1].code.as_str(), changed[1].version), ("dinas", 1));
}

#[test]
fn a_parent_may_be_stored_and_not_in_the_rows() {
    let units = taken(&[], &three(), 1);
    let added = taken(&units, &[row(2, "31.75", "CITY", "31")], 2);
    assert_eq!(added[0].parent, Some(units[0].id));
}

#[test]
fn a_wrong_row_is_named_with_its_line() {
    let root = row(2, "31", "PROVINCE", "");
    let unnamed = Row { display_name: String::new(), ..row(3, "x", "CITY", "31") };
    let area = Row { area_codes: vec!["Gambir".to_owned()], ..row(3, "x", "CITY", "31") };
    let cases = [
        (row(3, "X", "CITY", "31"), Refusal::CodeMalformed("X".to_owned())),
        (row(3, "", "CITY", "31"), Refusal::CodeMalformed(String::new())),
        (unnamed, Refusal::NameMalformed(0)),
        (area, Refusal::AreaCodeMalformed("Gambir".to_owned())),
        (row(3, "x", "VILLAGE", "31"), Refusal::KindUnknown("VILLAGE".to_owned())),
        (row(3, "31", "CITY", ""), Refusal::CodeRepeated { code: "31".to_owned(), before: 2 }),
        (row(3, "x", "CITY", "32"), Refusal::ParentUnknown("32".to_owned())),
        (row(3, "x", "CITY", "x"), Refusal::NotATree("x".to_owned())),
    ];
    for (wrong, why) in cases {
        let refused = take_over(&[], &[root.clone(), wrong], at(1), |_| UnitId(Uuid::now_v7())).unwrap_err();
        assert_eq!((refused.line, refused.why), (3, why));
    }
}

#[test]
fn a_second_root_is_refused() {
    let units = taken(&[], &three(), 1);
    let refused =
        take_over(&units, &[row(2, "32", "PROVINCE", "")], at(2), |_| UnitId(Uuid::now_v7())).unwrap_err();
    assert_eq!((refused.line, refused.why), (2, Refusal::SecondRoot("32".to_owned())));
}

#[test]
fn a_unit_can_not_come_under_one_below_it() {
    let units = taken(&[], &three(), 1);
    let rows = [row(7, "31.74", "CITY", "31.74.01")];
    let refused = take_over(&units, &rows, at(2), |_| UnitId(Uuid::now_v7())).unwrap_err();
    assert_eq!((refused.line, refused.why), (7, Refusal::NotATree("31.74".to_owned())));
}
