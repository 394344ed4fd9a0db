//! Which tokens count, and which do not.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{EncodingKey, Header};

use super::*;

struct Issuer {
    key: EncodingKey,
    file: PathBuf,
}

impl Issuer {
    /// A key, and the key set that its public half is in.
    fn new(id: &str) -> Self {
        let pair = Ed25519KeyPair::generate().unwrap();
        let public = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        let set = serde_json::json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": id, "x": public }] });
        let file = std::env::temp_dir().join(format!("prima-jwks-{}.json", Uuid::now_v7()));
        std::fs::write(&file, set.to_string()).unwrap();
        Self { key: EncodingKey::from_ed_der(pair.to_pkcs8v1().unwrap().as_ref()), file }
    }

    fn verifier(&self) -> Verifier {
        Verifier::try_new(self.file.clone(), "issuer", "prima").unwrap()
    }

    fn sign(&self, id: &str, claims: &Claims) -> String {
        let header = Header { kid: Some(id.to_owned()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, claims, &self.key).unwrap()
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.file);
    }
}

fn claims(seconds_left: i64) -> Claims {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    Claims {
        iss: "issuer".to_owned(),
        sub: "jaki".to_owned(),
        aud: "prima".to_owned(),
        exp: now.checked_add_signed(seconds_left).unwrap(),
        scope: "complaints.file complaints.read".to_owned(),
        prima_person: Some(format!("people/{}", Uuid::from_u128(1))),
        prima_units: vec![format!("units/{}", Uuid::from_u128(2))],
        act: Some(Actor { sub: "gateway".to_owned() }),
    }
}

#[test]
fn a_good_token_says_who_calls_for_whom() {
    let issuer = Issuer::new("a");
    let caller = issuer.verifier().verify(&issuer.sign("a", &claims(60))).unwrap();
    assert!(caller.may("complaints.file") && !caller.may("complaints"));
    assert_eq!(
        (caller.person, caller.units.as_slice()),
        (Some(Uuid::from_u128(1)), &[Uuid::from_u128(2)][..])
    );
    assert_eq!((caller.system(), caller.key().as_str()), ("gateway", "gateway for jaki"));
}

#[test]
fn an_expired_token_is_refused_but_for_the_leeway() {
    let issuer = Issuer::new("a");
    let verifier = issuer.verifier();
    assert!(verifier.verify(&issuer.sign("a", &claims(-10))).is_ok());
    assert_eq!(verifier.verify(&issuer.sign("a", &claims(-60))), Err(TokenRefused::Expired));
}

#[test]
fn a_token_of_another_key_issuer_or_audience_or_with_a_broken_name_is_refused() {
    let (issuer, other) = (Issuer::new("a"), Issuer::new("a"));
    let verifier = issuer.verifier();
    let refused = |token: &str| verifier.verify(token) == Err(TokenRefused::Invalid);
    assert!(refused(&other.sign("a", &claims(60))));
    assert!(refused(&issuer.sign("unknown", &claims(60))));
    assert!(refused(&issuer.sign("a", &Claims { iss: "else".to_owned(), ..claims(60) })));
    assert!(refused(&issuer.sign("a", &Claims { aud: "else".to_owned(), ..claims(60) })));
    assert!(refused(&issuer.sign("a", &Claims { prima_units: vec!["units/x".to_owned()], ..claims(60) })));
    assert!(refused("not.a.token"));
}
