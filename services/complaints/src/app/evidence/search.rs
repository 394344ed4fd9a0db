//! Whether a file, or nearly the same picture, was used before. Whoever searches holds the turn until it has added its own.

use pictures::Fingerprint;
use sqlx::PgConnection;

use crate::{app::Failure, domain::evidence::Seen, store};

/// What was used before.
pub(super) async fn seen(
    connection: &mut PgConnection,
    sha256: &[u8; 32],
    fingerprint: Option<&Fingerprint>,
) -> Result<Seen, Failure> {
    if let Some(other) = store::fingerprint::same_file(connection, sha256).await? {
        return Ok(Seen::File(other));
    }
    let Some(fingerprint) = fingerprint else { return Ok(Seen::Never) };
    let candidates = store::fingerprint::candidates(connection, &fingerprint.probes()).await?;
    let candidates = candidates.into_iter().map(|candidate| (candidate.evidence, candidate.hashes));
    let closest = pictures::closest(fingerprint, candidates);
    let mut descriptors = store::fingerprint::descriptors(connection, &closest).await?;
    descriptors.sort_by_key(|(evidence, _)| closest.iter().position(|close| close == evidence));
    let same = descriptors.into_iter().find(|(_, other)| pictures::is_same(fingerprint, other));
    Ok(same.map_or(Seen::Never, |(evidence, _)| Seen::Picture(evidence)))
}
