//! The messages of a `ReplayService`, as they are on the wire: those of every package are alike, and a consumer need not
//! know whose it reads.

use std::collections::HashMap;

/// `ListVersionsRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ListVersions {
    #[prost(string, tag = "1")]
    pub(super) aggregate_type: String,
}

/// `ListVersionsResponse`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Versions {
    #[prost(message, repeated, tag = "1")]
    pub(super) versions: Vec<Version>,
}

/// `AggregateVersion`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Version {
    #[prost(string, tag = "2")]
    pub(super) resource: String,
    #[prost(int64, tag = "3")]
    pub(super) epoch: i64,
    #[prost(int64, tag = "4")]
    pub(super) version: i64,
}

/// `ExportStateRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ExportState {
    #[prost(string, tag = "1")]
    pub(super) aggregate_type: String,
    #[prost(string, repeated, tag = "2")]
    pub(super) resources: Vec<String>,
}

/// `ExportStateResponse`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Told {
    #[prost(map = "string, string", tag = "2")]
    pub(super) headers: HashMap<String, String>,
    #[prost(bytes = "vec", tag = "3")]
    pub(super) payload: Vec<u8>,
}
