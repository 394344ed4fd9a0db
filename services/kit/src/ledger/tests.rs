//! The tree as RFC 6962 has it, its paths for every leaf of every size, and that a signed root can't be changed.

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::{Timestamp, civil::date};

use super::*;

fn hashes(count: u8) -> Vec<Hash> {
    (0..count).map(|number| tree::leaf(&[number])).collect()
}

/// The definition, word for word: the largest power of two below the size to the left.
fn defined(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => sha256(&[]),
        [one] => *one,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            sha256(&[&[1], &defined(left), &defined(right)])
        }
    }
}

#[test]
fn a_root_is_what_the_rfc_defines_and_each_leafs_path_leads_to_it_and_no_others() {
    for count in 0..=33 {
        let leaves = hashes(count);
        let tree = Tree::new(leaves.clone());
        assert_eq!(tree.root(), defined(&leaves), "{count} leaves");
        let size = u64::from(count);
        for (index, leaf) in (0..).zip(&leaves) {
            let path = tree.path(usize::try_from(index).unwrap());
            assert!(leads_to(&tree.root(), (*leaf, index, size), &path), "leaf {index} of {count}");
            for other in (0..size + 2).filter(|other| *other != index) {
                assert!(
                    !leads_to(&tree.root(), (*leaf, other, size), &path),
                    "{index} as {other} of {count}"
                );
            }
            for at in 0..path.len() {
                let mut bent = path.clone();
                bent[at][at] ^= 1;
                assert!(!leads_to(&tree.root(), (*leaf, index, size), &bent));
            }
        }
    }
}

#[test]
fn a_known_tree_has_its_known_root() {
    // RFC 6962's test vectors as its first log ships them.
    let leaves: [&[u8]; 2] = [b"", b"\0"];
    let root = Tree::new(leaves.map(tree::leaf).to_vec()).root();
    let hex: String = root.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
}

#[test]
fn a_signed_root_survives_its_file_and_no_change() {
    let pair = Ed25519KeyPair::generate().unwrap();
    let pkcs8 = pair.to_pkcs8v1().unwrap();
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(pkcs8.as_ref())
    );
    let key = SigningKey::from_pem(&pem).unwrap();
    let root = Root {
        service: "a".to_owned(),
        day: date(2026, 11, 24),
        size: 3,
        hash: [7; 32],
        previous: Some([8; 32]),
        created_at: Timestamp::from_second(1_800_000_000).unwrap(),
    };
    let signed = key.sign(root);
    let public = PublicKey::from_pem(&key.public_key().to_pem()).unwrap();
    let read = SignedRoot::from_json(&signed.to_json()).unwrap();
    assert_eq!(read, signed);
    assert!(public.signed(&read));
    let changes: [fn(&mut SignedRoot); 6] = [
        |signed| signed.root.size += 1,
        |signed| signed.root.hash[31] ^= 1,
        |signed| signed.root.previous = None,
        |signed| signed.root.day = date(2026, 11, 25),
        |signed| signed.root.service = "b".to_owned(),
        |signed| signed.signature[0] ^= 1,
    ];
    for change in changes {
        let mut changed = signed.clone();
        change(&mut changed);
        assert!(!public.signed(&changed), "{changed:?}");
    }
    assert!(SigningKey::from_pem("no key").is_err());
    assert!(PublicKey::from_pem(&pem).is_err());
}
