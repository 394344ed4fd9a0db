//! Where reports are, and the boundaries of the kelurahan. A set of boundaries is added and read, never changed.

use kit::stored::ToStored;
use sqlx::PgConnection;

use super::routing::SetBy;
use crate::domain::{
    ComplaintId,
    place::{Boundary, Point, Polygon, Ring},
};

/// Boundaries that a set has at most.
const MOST_BOUNDARIES: i64 = 5_000;

/// Keeps where a report is.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    complaint: ComplaintId,
    (point, asset): (Option<Point>, &str),
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO complaints.complaint_place (complaint, latitude, longitude, asset) VALUES ($1, $2, $3, $4)",
        complaint.0,
        point.map(Point::latitude),
        point.map(Point::longitude),
        asset
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Where a report is, and what sort of asset it is about, where the reporter said.
pub(crate) async fn get(
    connection: &mut PgConnection,
    complaint: ComplaintId,
) -> Result<(Option<Point>, String), sqlx::Error> {
    let row = sqlx::query!(
        "SELECT latitude, longitude, asset FROM complaints.complaint_place WHERE complaint = $1",
        complaint.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map_or_else(Default::default, |row| {
        let point = row.latitude.zip(row.longitude);
        (point.and_then(|(latitude, longitude)| Point::try_new(latitude, longitude)), row.asset)
    }))
}

/// What is kept of an import beside the boundaries.
#[derive(Debug)]
pub(crate) struct Import {
    pub(crate) version: i64,
    pub(crate) by: SetBy,
    pub(crate) sha256: [u8; 32],
    pub(crate) positions: usize,
}

/// Adds a set of boundaries and puts it in force. The caller holds the state's lock.
pub(crate) async fn replace_boundaries(
    connection: &mut PgConnection,
    import: &Import,
    boundaries: &[Boundary],
) -> Result<(), sqlx::Error> {
    let unwritable = |error: serde_json::Error| sqlx::Error::Encode(error.into());
    sqlx::query!(
        "INSERT INTO complaints.boundary_set (version, subject, person, imported_at, sha256, positions)
         VALUES ($1, $2, $3, $4, $5, $6)",
        import.version,
        import.by.subject,
        import.by.person,
        import.by.at.stored(),
        &import.sha256[..],
        i32::try_from(import.positions).unwrap_or(i32::MAX)
    )
    .execute(&mut *connection)
    .await?;
    for boundary in boundaries {
        let polygons: Vec<&Vec<Ring>> = boundary.polygons.iter().map(|polygon| &polygon.0).collect();
        sqlx::query!(
            "INSERT INTO complaints.boundary (version, kelurahan_code, polygons) VALUES ($1, $2, $3::text::jsonb)",
            import.version,
            boundary.kelurahan_code,
            serde_json::to_string(&polygons).map_err(unwritable)?
        )
        .execute(&mut *connection)
        .await?;
    }
    sqlx::query!("UPDATE complaints.routing_state SET boundaries_version = $1", import.version)
        .execute(connection)
        .await?;
    Ok(())
}

/// All boundaries of a set; none of version 0.
pub(crate) async fn boundaries(
    connection: &mut PgConnection,
    version: i64,
) -> Result<Vec<Boundary>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT kelurahan_code, polygons::text AS "polygons!" FROM complaints.boundary WHERE version = $1
           ORDER BY kelurahan_code LIMIT $2"#,
        version,
        MOST_BOUNDARIES
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let polygons: Vec<Vec<Ring>> =
                serde_json::from_str(&row.polygons).map_err(|error| sqlx::Error::Decode(error.into()))?;
            let polygons = polygons.into_iter().map(Polygon).collect();
            Ok(Boundary { kelurahan_code: row.kelurahan_code, polygons })
        })
        .collect()
}

/// Of codes of kelurahan, those that no unit serves, at most `limit`.
pub(crate) async fn unserved(
    connection: &mut PgConnection,
    codes: &[String],
    limit: i64,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT asked.area AS "area!" FROM unnest($1::text[]) AS asked (area)
           WHERE NOT EXISTS (SELECT FROM complaints.unit WHERE area_codes @> ARRAY[asked.area])
           ORDER BY asked.area LIMIT $2"#,
        codes,
        limit
    )
    .fetch_all(connection)
    .await
}
