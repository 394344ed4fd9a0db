//! The people and systems of the demonstration, and the units that it is about.

use anyhow::{Context, Result};
use proto::staff::v1::{ListUnitsRequest, Unit, UnitKind, unit_service_client::UnitServiceClient};
use tonic::transport::Channel;
use uuid::Uuid;

use crate::{
    calls::call,
    client::channel,
    stack::Stack,
    token::{Identity, all_scopes},
};

/// Calls under way at once.
pub(super) const AT_ONCE: usize = 16;
/// As many as a page can hold; nothing the demonstration lists has more.
pub(super) const PAGE: i32 = 1_000;

/// Whoever calls: a channel to each service, a token for each part played.
pub(super) struct Caller {
    pub(super) complaints: Channel,
    pub(super) staff: Channel,
    pub(super) training: Channel,
    pub(super) evaluation: Channel,
    /// A system through which citizens report.
    pub(super) channel: String,
    /// Does the work: takes reports up, keeps the register, runs surveys and batches.
    pub(super) officer: String,
    /// The second person, who finds it good.
    pub(super) validator: String,
    /// Only looks.
    pub(super) reader: String,
}

/// The units that the demonstration is about.
pub(super) struct Units {
    /// The root.
    pub(super) province: Unit,
    /// The kota and the kabupaten, by code.
    pub(super) cities: Vec<Unit>,
    /// The kecamatan, by code.
    pub(super) districts: Vec<Unit>,
    /// The codes of all kelurahan, sorted.
    pub(super) kelurahan: Vec<String>,
}

impl Caller {
    pub(super) async fn connect(stack: &Stack) -> Result<Self> {
        let staff = channel(&stack.service("staff")?.url()).await?;
        let token = |subject: &str, person: Option<u128>, units: Vec<String>| {
            stack.token(&Identity {
                subject: subject.to_owned(),
                scopes: all_scopes()?,
                units,
                person: person.map(|id| format!("people/{}", Uuid::from_u128(id))),
                actor: None,
            })
        };
        let looking = token("demo-looking", None, Vec::new())?;
        let province = listed(&staff, &looking, UnitKind::Province).await?;
        let province = province.into_iter().next().context("staff knows no province")?.name;
        Ok(Self {
            complaints: channel(&stack.service("complaints")?.url()).await?,
            staff,
            training: channel(&stack.service("training")?.url()).await?,
            evaluation: channel(&stack.service("evaluation")?.url()).await?,
            channel: token("demo-channel", None, Vec::new())?,
            officer: token("demo-officer", Some(1), vec![province.clone()])?,
            validator: token("demo-validator", Some(2), vec![province.clone()])?,
            reader: token("demo-reader", Some(3), vec![province])?,
        })
    }

    /// The tree, as far as the demonstration needs it.
    pub(super) async fn units(&self) -> Result<Units> {
        let of = |kind| listed(&self.staff, &self.reader, kind);
        let kelurahan: Vec<String> =
            of(UnitKind::Subdistrict).await?.into_iter().map(|unit| unit.code).collect();
        anyhow::ensure!(!kelurahan.is_empty(), "staff knows no kelurahan");
        Ok(Units {
            province: of(UnitKind::Province).await?.into_iter().next().context("staff knows no province")?,
            cities: of(UnitKind::City).await?,
            districts: of(UnitKind::District).await?,
            kelurahan,
        })
    }
}

/// Units of a kind, by code.
async fn listed(staff: &Channel, token: &str, kind: UnitKind) -> Result<Vec<Unit>> {
    let request = ListUnitsRequest { kind: kind.into(), page_size: PAGE, ..Default::default() };
    let answer = call(token, &request, |request| {
        let mut staff = UnitServiceClient::new(staff.clone());
        async move { staff.list_units(request).await }
    })
    .await?;
    Ok(answer.units)
}

/// The same for the same number, so that a repeated call is answered again, not done again; its own for each caller and
/// RPC.
pub(super) fn request_id(number: u64) -> String {
    Uuid::from_u64_pair(0x7000, 0x8000_0000_0000_0000 | number).to_string()
}
