//! A quarter of the demonstration: its reports filed, taken up, followed up, validated and confirmed, with days of
//! business time between.

use std::{fmt, sync::Mutex, sync::PoisonError, time::SystemTime};

use anyhow::{Context, Result};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp, civil::Date};

use super::{
    caller::{AT_ONCE, Caller},
    ledger::Ledger,
    plan::{Fate, Plan, Report},
    reports::Filed,
};
use crate::{clock::DevelopmentClock, stack::Say};

const HOUR: u64 = 3_600;

/// A quarter of a year, in Asia/Jakarta.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quarter {
    year: i16,
    number: i8,
}

impl fmt::Display for Quarter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-Q{}", self.year, self.number)
    }
}

impl Quarter {
    fn of(day: Date) -> Self {
        Self { year: day.year(), number: (day.month() - 1) / 3 + 1 }
    }

    pub(super) fn next(self) -> Self {
        if self.number == 4 {
            Self { year: self.year + 1, number: 1 }
        } else {
            Self { number: self.number + 1, ..self }
        }
    }

    pub(super) fn first_day(self) -> Result<Date> {
        Ok(Date::new(self.year, self.number * 3 - 2, 1)?)
    }

    /// The morning of its third day: far enough from its borders for a few days of work.
    fn morning(self) -> Result<Timestamp> {
        let day = self.first_day()?.checked_add(jiff::Span::new().days(2))?;
        Ok(kit::clock::jakarta().to_timestamp(day.at(8, 0, 0, 0))?)
    }
}

/// Moves the clock to the next quarter that has not begun yet.
pub(super) async fn begin(
    (ledger, clock): (&Ledger, &DevelopmentClock),
    before: Option<Quarter>,
) -> Result<Quarter> {
    let now = business_now(clock)?;
    let quarter = before.unwrap_or_else(|| Quarter::of(kit::clock::jakarta_day(now))).next();
    let ahead: SignedDuration = quarter.morning()?.duration_since(now);
    clock.shift(u64::try_from(ahead.as_secs()).context("the quarter has begun before")?).await?;
    ledger.settled(clock).await?;
    Ok(quarter)
}

pub(super) fn business_now(clock: &DevelopmentClock) -> Result<Timestamp> {
    let offset = SignedDuration::from_secs(i64::try_from(clock.offset()?)?);
    Ok(Timestamp::try_from(SystemTime::now())?.checked_add(offset)?)
}

/// Leads the quarter's reports through their life, step by step.
pub(super) async fn live(
    caller: &Caller,
    (ledger, clock): (&Ledger, &DevelopmentClock),
    plan: &Plan,
    say: &Say,
) -> Result<()> {
    let filed: Mutex<Vec<(usize, Filed)>> = Mutex::default();
    stream::iter(plan.reports.iter().enumerate().map(Ok::<_, anyhow::Error>))
        .try_for_each_concurrent(AT_ONCE, |(position, report)| {
            let filed = &filed;
            async move {
                let done = caller.file(report).await?;
                filed.lock().unwrap_or_else(PoisonError::into_inner).push((position, done));
                Ok(())
            }
        })
        .await?;
    let mut filed = filed.into_inner().unwrap_or_else(PoisonError::into_inner);
    filed.sort_by_key(|(position, _)| *position);
    let reports: Vec<(&Report, Filed)> =
        filed.into_iter().map(|(position, filed)| (&plan.reports[position], filed)).collect();

    for (step, hours, reach) in [
        (Step::Accept, 5, Fate::Accepted),
        (Step::SubmitFollowUp, 30, Fate::Resolved),
        (Step::ApproveFollowUp, 8, Fate::Resolved),
        (Step::Confirm, 26, Fate::Confirmed(0)),
    ] {
        clock.shift(hours * HOUR).await?;
        ledger.settled(clock).await?;
        let due: Vec<_> = reports.iter().filter(|(report, _)| report.fate >= reach).collect();
        say(&format!("  {step}: {}", due.len()));
        stream::iter(due)
            .map(|(report, filed)| step.on(caller, report, filed))
            .buffer_unordered(AT_ONCE)
            .try_collect::<Vec<()>>()
            .await?;
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Step {
    Accept,
    SubmitFollowUp,
    ApproveFollowUp,
    Confirm,
}

impl Step {
    async fn on(self, caller: &Caller, report: &Report, filed: &Filed) -> Result<()> {
        match self {
            Self::Accept => caller.accept(report, filed).await,
            Self::SubmitFollowUp => caller.submit_follow_up(report, filed).await,
            Self::ApproveFollowUp => caller.approve_follow_up(report, filed).await,
            Self::Confirm => caller.confirm(report, filed).await,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Accept => "taken up",
            Self::SubmitFollowUp => "followed up",
            Self::ApproveFollowUp => "validated",
            Self::Confirm => "confirmed by their reporters",
        })
    }
}
