//! What the schema itself keeps, whoever writes to it.

use super::*;

async fn violated(connection: &mut PgConnection, statement: &'static str) -> String {
    let error = sqlx::query(statement).execute(connection).await.unwrap_err();
    let database = error.as_database_error().unwrap();
    database.constraint().or(database.code().as_deref()).unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_role_of_the_service_rewrites_or_deletes_what_was_known() {
    let served = Served::start().await;
    let (seat, person) = (served.seat("31.74", "Lurah").await, served.person(1).await);
    let request = to_assign((&seat, &person), AssignmentKind::Definitive, ("2026-01-05", ""));
    let name = served.assign(request).await.unwrap().name;
    let mut app = PgConnection::connect(&served.world.database_url(SERVICE, Role::App)).await.unwrap();
    let denied = "42501";
    for statement in [
        "DELETE FROM staff.assignment",
        "UPDATE staff.assignment SET valid = daterange('2026-01-06', NULL)",
        "UPDATE staff.assignment SET reason = 'x'",
        "DELETE FROM staff.person",
        "DELETE FROM staff.seat",
        "DELETE FROM staff.unit",
    ] {
        assert_eq!(violated(&mut app, statement).await, denied, "{statement}");
    }
    served.end(to_end(&name, "2026-02-01")).await.unwrap();
    let reopened = "UPDATE staff.assignment SET sys = tstzrange(lower(sys), NULL) WHERE NOT upper_inf(sys)";
    let moved = "UPDATE staff.assignment SET sys = tstzrange('2020-01-01', upper(sys))";
    for statement in [reopened, moved] {
        assert_eq!(violated(&mut app, statement).await, "assignment_only_closes", "{statement}");
    }
    let mut owner = PgConnection::connect(&served.world.database_url(SERVICE, Role::Owner)).await.unwrap();
    let rewritten = "UPDATE staff.assignment SET reason = 'x'";
    assert_eq!(violated(&mut owner, rewritten).await, "assignment_only_closes");
    app.close().await.unwrap();
    owner.close().await.unwrap();
    served.finish().await;
}
