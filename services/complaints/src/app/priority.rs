//! Raising a report's priority once enough citizens stand behind it.

use jiff::Timestamp;
use sqlx::PgConnection;

use super::{Failure, commands::Changes, schedule::Schedule};
use crate::{
    domain::{Act, By, Complaint, Due, Priority, Texts},
    store,
};

/// So many citizens make a report urgent.
const RAISED_BY: i64 = 10;

/// Makes a report urgent if so many support it, or what is handled under it, and it is not yet. The caller holds its row.
pub(super) async fn raise(
    connection: &mut PgConnection,
    changes: &mut Changes,
    complaint: &mut Complaint,
    now: Timestamp,
) -> Result<(), Failure> {
    if complaint.priority == Priority::High || !complaint.state().is_open() {
        return Ok(());
    }
    let (_, citizens) = store::supporter::group(connection, complaint.id).await?;
    if citizens < RAISED_BY {
        return Ok(());
    }
    let whose = (complaint.category.as_str(), Priority::High);
    let schedule = Schedule::of(connection, whose, complaint.filing.filed_at).await?;
    let terms = schedule.terms;
    let ends = [
        (Due::Accept, terms.accept),
        (Due::Answer, terms.answer),
        (Due::RedFlag, terms.red_flag),
        (Due::Finish, terms.finish),
    ];
    let ends = ends.map(|(due, term)| (due, schedule.end(now, term))).into();
    let step = complaint.tell(Act::RaisePriority { ends }, By::system(), now, Texts::default())?;
    changes.write(connection, complaint, &step).await
}
