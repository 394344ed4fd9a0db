//! Business time: what rules, due dates and periods go by. The only reader of it. In production it is the system's time;
//! on a development stack a file shifts it. Machine time (deadlines, back-off, token expiry) never comes from here.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};

/// How often the development clock's file is read.
const FILE_POLL: Duration = Duration::from_millis(50);

/// The reader of business time. Clones share one offset.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    offset_seconds: Arc<AtomicI64>,
}

impl Clock {
    /// Business time now, to the microsecond, as Postgres stores it.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the time")]
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let machine = Timestamp::from_microsecond(Timestamp::now().as_microsecond())
            .expect("a time that was just read is in range");
        machine
            .checked_add(SignedDuration::from_secs(self.offset_seconds.load(Ordering::Relaxed)))
            .unwrap_or(machine)
    }

    /// Shifts business time to `offset_seconds` after the machine's; an offset before the present one is ignored, since
    /// business time never runs backwards.
    pub fn shift_to(&self, offset_seconds: i64) {
        self.offset_seconds.fetch_max(offset_seconds, Ordering::Relaxed);
    }

    /// Follows the offset, in whole seconds, written in `file`, for as long as the process lives. A file that is absent
    /// or unreadable changes nothing.
    pub async fn follow(self, file: PathBuf) {
        loop {
            self.read_offset(&file);
            tokio::time::sleep(FILE_POLL).await;
        }
    }

    /// Takes the offset in `file` over, if there is one.
    pub fn read_offset(&self, file: &std::path::Path) {
        if let Ok(text) = std::fs::read_to_string(file)
            && let Ok(seconds) = text.trim().parse()
        {
            self.shift_to(seconds);
        }
    }
}

/// The time zone of calendars, periods and working days: Asia/Jakarta (WIB), UTC+7 without daylight saving.
#[must_use]
pub fn jakarta() -> TimeZone {
    TimeZone::fixed(jiff::tz::offset(7))
}

/// The WIB calendar day that an instant falls on.
#[must_use]
pub fn jakarta_day(instant: Timestamp) -> Date {
    jakarta().to_datetime(instant).date()
}

/// An instant as the contract writes it.
#[must_use]
pub fn to_proto(instant: Timestamp) -> prost_types::Timestamp {
    let nanos = instant.subsec_nanosecond();
    let seconds = instant.as_second();
    // Before 1970 jiff's fraction is negative, the contract's never.
    if nanos < 0 {
        prost_types::Timestamp { seconds: seconds - 1, nanos: nanos + 1_000_000_000 }
    } else {
        prost_types::Timestamp { seconds, nanos }
    }
}

/// An instant that the contract wrote.
///
/// # Errors
/// It is out of range.
pub fn from_proto(instant: &prost_types::Timestamp) -> Result<Timestamp, jiff::Error> {
    Timestamp::new(instant.seconds, instant.nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn business_time_never_runs_backwards() {
        let clock = Clock::default();
        clock.shift_to(3600);
        let before = clock.now();
        clock.shift_to(0);
        assert!(clock.now() >= before);
    }

    #[test]
    fn a_day_in_jakarta_begins_at_17_00_utc() {
        let late = "2026-01-01T16:59:59Z".parse::<Timestamp>().unwrap();
        let early = "2026-01-01T17:00:00Z".parse::<Timestamp>().unwrap();
        assert_eq!(jakarta_day(late).to_string(), "2026-01-01");
        assert_eq!(jakarta_day(early).to_string(), "2026-01-02");
    }
}
