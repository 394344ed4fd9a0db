//! Tokens as the services check them.

use kit::identity::{TokenRefused, Verifier};

use super::*;
use crate::scratch::Scratch;

#[test]
fn a_service_reads_from_a_token_what_was_put_into_it() {
    let scratch = Scratch::try_new("prima-test").unwrap();
    let file = scratch.path().join("jwks.json");
    let issuer = Issuer::try_new().unwrap();
    std::fs::write(&file, issuer.key_set()).unwrap();
    let verifier = Verifier::try_new(file, ISSUER, AUDIENCE).unwrap();
    let (person, unit) = (Uuid::new_v4(), Uuid::new_v4());
    let identity = Identity {
        subject: format!("people/{person}"),
        scopes: all_scopes().unwrap(),
        units: vec![format!("units/{unit}")],
        person: Some(format!("people/{person}")),
        actor: Some("jaki".to_owned()),
    };
    assert!(identity.scopes.contains(&"staff.read".to_owned()));

    // As `cargo dev token` does, which only has the private key.
    let issuer = Issuer::from_private_key(&issuer.private_key()).unwrap();
    let caller = verifier.verify(&issuer.token(&identity, LONGEST_LIFE).unwrap()).unwrap();
    assert!(identity.scopes.iter().all(|scope| caller.may(scope)));
    assert!(!caller.may("public"));
    assert_eq!((caller.person, caller.units.as_slice()), (Some(person), [unit].as_slice()));
    assert_eq!(caller.system(), "jaki");
    assert!(issuer.token(&identity, LONGEST_LIFE + Duration::from_secs(1)).is_err());

    let stranger = Issuer::try_new().unwrap().token(&identity, LONGEST_LIFE).unwrap();
    assert_eq!(verifier.verify(&stranger).unwrap_err(), TokenRefused::Invalid);
}

#[test]
fn a_private_key_is_not_shown() {
    let issuer = Issuer::try_new().unwrap();
    assert!(!format!("{issuer:?}").contains(&issuer.private_key()));
    assert!(Issuer::from_private_key("AAAA").is_err());
}
