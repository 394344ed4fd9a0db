//! Units of a running stack by their official codes, asked of the staff service.

use anyhow::{Context, Result};
use proto::staff::v1::unit_service_client::UnitServiceClient;
use proto::staff::v1::{ListUnitsRequest, Unit, UnitKind};

use crate::client::{authorized, channel};

/// The unit of this code, as `units/{unit}`.
///
/// # Errors
/// The staff service doesn't answer, or knows no such unit.
pub async fn by_code(staff: &str, token: &str, code: &str) -> Result<String> {
    let asked = ListUnitsRequest { code: code.to_owned(), ..ListUnitsRequest::default() };
    let unit = first(staff, token, asked).await?;
    Ok(unit.with_context(|| format!("the staff service knows no unit with the code {code:?}"))?.name)
}

/// The province, as `units/{unit}`, if there is one.
///
/// # Errors
/// The staff service doesn't answer.
pub async fn province(staff: &str, token: &str) -> Result<Option<String>> {
    let asked = ListUnitsRequest { kind: UnitKind::Province.into(), ..ListUnitsRequest::default() };
    Ok(first(staff, token, asked).await?.map(|unit| unit.name))
}

async fn first(staff: &str, token: &str, asked: ListUnitsRequest) -> Result<Option<Unit>> {
    let channel = channel(staff).await.context("the staff service doesn't answer")?;
    let answer = UnitServiceClient::new(channel).list_units(authorized(asked, token)).await;
    Ok(answer.context("the staff service lists no units")?.into_inner().units.into_iter().next())
}
