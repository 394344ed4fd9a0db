//! What is sealed opens in its own place alone, under any of the master keys, and not at all once it was changed.

use uuid::Uuid;

use super::*;

const REPORT: ComplaintId = ComplaintId(Uuid::from_u128(1));
const OTHER: ComplaintId = ComplaintId(Uuid::from_u128(2));

fn keys(ids: &[&str]) -> MasterKeys {
    let line = |id: &&str| format!("{id} {}\n", format!("{:02x}", id.len()).repeat(32));
    MasterKeys::try_new(&ids.iter().map(line).collect::<String>()).unwrap()
}

fn text(complaint: ComplaintId, field: &str) -> Context<'_> {
    Context { table: "complaint", complaint, field }
}

#[test]
fn what_is_sealed_opens_in_its_own_place_alone() {
    let (key, wrapped) = keys(&["a"]).generate(REPORT);
    let sealed = key.seal(text(REPORT, "text"), b"Lubang di jalan");
    let key = keys(&["a"]).unwrap(REPORT, &wrapped.bytes).unwrap();
    assert_eq!(key.open_text(text(REPORT, "text"), &sealed).unwrap(), "Lubang di jalan");
    for elsewhere in [text(OTHER, "text"), text(REPORT, "comment")] {
        assert_eq!(key.open(elsewhere, &sealed), Err(SealBroken::Forged));
    }
    assert_eq!(keys(&["a"]).unwrap(OTHER, &wrapped.bytes).err(), Some(SealBroken::Forged));
}

#[test]
fn no_byte_can_be_changed() {
    let (key, wrapped) = keys(&["a"]).generate(REPORT);
    let sealed = key.seal(text(REPORT, "text"), b"x");
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert_eq!(key.open(text(REPORT, "text"), &changed), Err(SealBroken::Forged), "byte {at}");
    }
    for at in 0..wrapped.bytes.len() {
        let mut changed = wrapped.bytes.clone();
        changed[at] ^= 1;
        assert!(keys(&["a"]).unwrap(REPORT, &changed).is_err(), "byte {at}");
    }
    assert_eq!(key.open(text(REPORT, "text"), b"short"), Err(SealBroken::Forged));
}

#[test]
fn the_same_text_is_never_sealed_the_same() {
    let (key, _) = keys(&["a"]).generate(REPORT);
    assert_ne!(key.seal(text(REPORT, "text"), b"x"), key.seal(text(REPORT, "text"), b"x"));
}

#[test]
fn an_older_key_opens_and_the_current_one_wraps() {
    let (key, wrapped) = keys(&["old"]).generate(REPORT);
    let sealed = key.seal(text(REPORT, "text"), b"x");
    let both = keys(&["newer", "old"]);
    let again = both.rewrap(REPORT, &wrapped.bytes).unwrap();
    assert_eq!((wrapped.key_id.as_str(), again.key_id.as_str()), ("old", "newer"));
    let key = keys(&["newer"]).unwrap(REPORT, &again.bytes).unwrap();
    assert_eq!(key.open(text(REPORT, "text"), &sealed).unwrap(), b"x");
    let missing = keys(&["newer"]).unwrap(REPORT, &wrapped.bytes).err();
    assert_eq!(missing, Some(SealBroken::KeyUnknown("old".to_owned())));
}

#[test]
fn keys_that_are_none_are_refused() {
    let good = "5a".repeat(32);
    for bad in ["", "# nothing", "a", "a 5a", &format!("a {good}\na {good}"), &format!("a_b {good}")] {
        assert!(MasterKeys::try_new(bad).is_err(), "{bad}");
    }
    assert_eq!(MasterKeys::try_new(&format!("# new\n\nb {good}\na {good}\n")).unwrap().current(), "b");
}
