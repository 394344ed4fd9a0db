//! Batches.

use proto::training::v1;
use uuid::Uuid;

use super::time;
use crate::domain::{Batch, BatchId, BatchName, ProgrammeId};

/// A batch as the contract shows it.
pub(crate) fn shown(batch: &Batch) -> v1::Batch {
    v1::Batch {
        name: batch.name().to_string(),
        start_date: batch.days.start.to_string(),
        end_date: batch.days.end.to_string(),
        capacity: batch.capacity,
        enrolled: batch.enrolled,
        waitlisted: batch.waitlisted,
        create_time: time(batch.created_at),
        update_time: time(batch.updated_at),
        etag: batch.etag(),
    }
}

/// The batch of a name.
pub(crate) fn id(name: &str) -> BatchName {
    let nil = BatchName { programme: ProgrammeId(Uuid::nil()), batch: BatchId(Uuid::nil()) };
    BatchName::parse(name).unwrap_or(nil)
}
