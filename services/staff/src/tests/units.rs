//! Units: imported, read, listed.

use proto::staff::{events::v1::UnitChanged, v1::UnitKind};

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_second_import_changes_nothing_and_a_changed_row_makes_one_version() {
    let world = World::new(&[(SERVICE, &MIGRATIONS)]).await;
    let first = import(&world, UNITS).await.unwrap();
    assert_eq!((first.rows, first.changed), (5, 5));
    assert_eq!(import(&world, UNITS).await.unwrap().changed, 0);
    let changed = UNITS.replace("Dinas,", "Dinas Bina Marga,31.74;31.75");
    assert_eq!(import(&world, &changed).await.unwrap().changed, 1);

    let mut superuser = PgConnection::connect(&world.superuser_url()).await.unwrap();
    let versions: Vec<(String, i64)> = sqlx::query_as("SELECT code, version FROM staff.unit ORDER BY code")
        .fetch_all(&mut superuser)
        .await
        .unwrap();
    let versions: Vec<(&str, i64)> =
        versions.iter().map(|(code, version)| (code.as_str(), *version)).collect();
    assert_eq!(versions, [("31", 1), ("31.74", 1), ("31.74.01", 1), ("dinas", 2), ("pln", 1)]);
    let (events, pending): (i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM staff.event_log WHERE subject ~ '^evt[.]staff[.]unit[.][0-9]+[.]changed$'),
                (SELECT count(*) FROM staff.outbox_pending)",
    )
    .fetch_one(&mut superuser)
    .await
    .unwrap();
    assert_eq!((events, pending), (6, 6));
    superuser.close().await.unwrap();
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_registers_filled_from_the_same_file_name_the_same_units() {
    let mut names: Vec<Vec<(String, uuid::Uuid)>> = Vec::new();
    for _ in 0..2 {
        let world = World::new(&[(SERVICE, &MIGRATIONS)]).await;
        import(&world, UNITS).await.unwrap();
        let mut superuser = PgConnection::connect(&world.superuser_url()).await.unwrap();
        let units = sqlx::query_as("SELECT code, id FROM staff.unit ORDER BY code");
        names.push(units.fetch_all(&mut superuser).await.unwrap());
        superuser.close().await.unwrap();
        world.finish().await;
    }
    assert_eq!(names[0], names[1]);
    assert_eq!(names[0][0], ("31".to_owned(), uuid::uuid!("38b28077-01ce-83b4-aac0-edb75727e335")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_row_is_named_and_nothing_is_stored() {
    let world = World::new(&[(SERVICE, &MIGRATIONS)]).await;
    let cases = [
        ("x,CITY,99,X,\n", "row at line 7: no unit has the parent's code \"99\""),
        ("x,VILLAGE,31,X,\n", "row at line 7: there is no kind \"VILLAGE\""),
        ("dinas,AGENCY,31,Dinas,\n", "row at line 7: the code \"dinas\" stands at line 5 already"),
    ];
    for (row, message) in cases {
        let refused = import(&world, &format!("{UNITS}{row}")).await.unwrap_err();
        assert_eq!(refused.to_string(), message);
    }
    assert!(
        import(&world, &format!("{UNITS}x,CITY,31\n")).await.unwrap_err().to_string().contains("line: 7")
    );
    assert_eq!(import(&world, UNITS).await.unwrap().changed, 5, "nothing was there");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_imports_at_once_end_as_one_after_the_other() {
    let world = World::new(&[(SERVICE, &MIGRATIONS)]).await;
    let (one, two) = tokio::join!(import(&world, UNITS), import(&world, UNITS));
    let mut changed = [one.unwrap().changed, two.unwrap().changed];
    changed.sort_unstable();
    assert_eq!(changed, [0, 5]);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn units_are_listed_by_code_page_by_page_and_filtered() {
    let served = Served::start().await;
    let mut client = served.units();
    let mut request = v1::ListUnitsRequest { page_size: 2, ..Default::default() };
    let mut codes = Vec::new();
    loop {
        let page = client.list_units(authorized(request.clone(), &served.token)).await.unwrap().into_inner();
        codes.extend(page.units.into_iter().map(|unit| unit.code));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    assert_eq!(codes, ["31", "31.74", "31.74.01", "dinas", "pln"]);

    let request = v1::ListUnitsRequest { kind: UnitKind::Agency.into(), ..Default::default() };
    let found = client.list_units(authorized(request, &served.token)).await.unwrap().into_inner().units;
    assert_eq!((found.len(), found[0].code.as_str()), (1, "dinas"));
    assert_eq!(found[0].parent, served.unit("31").await);
    let read = v1::GetUnitRequest { name: found[0].name.clone() };
    let read = client.get_unit(authorized(read, &served.token)).await.unwrap().into_inner().unit.unwrap();
    assert_eq!(read, found[0]);
    let told: Vec<UnitChanged> = served.told(&read.name).await;
    assert_eq!(told[0].unit.as_ref(), Some(&read));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_token_of_another_filter_and_an_unknown_unit_are_refused() {
    let served = Served::start().await;
    let mut client = served.units();
    let request = v1::ListUnitsRequest { page_size: 1, ..Default::default() };
    let page = client.list_units(authorized(request.clone(), &served.token)).await.unwrap().into_inner();
    let request =
        v1::ListUnitsRequest { page_token: page.next_page_token, kind: UnitKind::City.into(), ..request };
    let refused = client.list_units(authorized(request, &served.token)).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "PAGE_TOKEN_INVALID"));
    for name in [format!("units/{}", Uuid::now_v7()), format!("units/{}", "-".repeat(36))] {
        let request = v1::GetUnitRequest { name };
        let refused = client.get_unit(authorized(request, &served.token)).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "NOT_FOUND"));
    }
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_that_has_seats_does_not_become_external() {
    let served = Served::start().await;
    served.seat("dinas", "Kepala Dinas").await;
    let refused = import(&served.world, &UNITS.replace("dinas,AGENCY", "dinas,EXTERNAL")).await.unwrap_err();
    assert_eq!(refused.to_string(), "\"dinas\" has seats, which a unit of kind EXTERNAL can't have");
    assert_eq!(import(&served.world, UNITS).await.unwrap().changed, 0);
    served.finish().await;
}
