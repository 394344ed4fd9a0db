//! Figures counted from reports as the newest fact of each shows them. Percentiles are the nearest rank's value, so
//! always one that was measured; means are rounded once, half up.

use jiff::{SignedDuration, Timestamp};

/// A report as its newest fact shows it.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(crate) filed_at: Timestamp,
    pub(crate) first_accepted_at: Option<Timestamp>,
    pub(crate) resolved_at: Option<Timestamp>,
    pub(crate) reopened_at: Option<Timestamp>,
    pub(crate) closed_at: Option<Timestamp>,
    pub(crate) confirmed: bool,
    pub(crate) rating: Option<i16>,
}

/// What became of a period's reports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    pub(crate) filed: i64,
    pub(crate) accepted: i64,
    pub(crate) resolved: i64,
    pub(crate) reopened: i64,
    pub(crate) confirmed: i64,
    pub(crate) closed: i64,
    pub(crate) ratings: i64,
    pub(crate) rating_sum: i64,
    pub(crate) median_to_accept: Option<SignedDuration>,
    pub(crate) median_to_resolve: Option<SignedDuration>,
    pub(crate) p90_to_resolve: Option<SignedDuration>,
}

impl Report {
    /// When it was resolved, if it was not reopened since.
    fn stays_resolved_at(&self) -> Option<Timestamp> {
        self.resolved_at.filter(|resolved| self.reopened_at.is_none_or(|reopened| reopened < *resolved))
    }
}

impl Figures {
    /// The mean rating in hundredths, rounded half up; none where nobody rated.
    pub(crate) fn rating_mean_hundredths(&self) -> Option<i64> {
        (self.ratings > 0).then(|| (self.rating_sum * 200 + self.ratings) / (self.ratings * 2))
    }
}

/// Counts reports, in any order.
pub(crate) fn count(reports: &[Report]) -> Figures {
    let mut figures = Figures::default();
    let (mut to_accept, mut to_resolve) = (Vec::new(), Vec::new());
    for report in reports {
        figures.filed += 1;
        if let Some(accepted_at) = report.first_accepted_at {
            figures.accepted += 1;
            to_accept.push(accepted_at.duration_since(report.filed_at));
        }
        if let Some(resolved_at) = report.stays_resolved_at() {
            figures.resolved += 1;
            to_resolve.push(resolved_at.duration_since(report.filed_at));
        }
        figures.reopened += i64::from(report.reopened_at.is_some());
        figures.confirmed += i64::from(report.confirmed);
        figures.closed += i64::from(report.closed_at.is_some());
        if let Some(rating) = report.rating {
            figures.ratings += 1;
            figures.rating_sum += i64::from(rating);
        }
    }
    figures.median_to_accept = percentile(&mut to_accept, 50);
    figures.median_to_resolve = percentile(&mut to_resolve, 50);
    figures.p90_to_resolve = percentile(&mut to_resolve, 90);
    figures
}

/// The value of the nearest rank: the smallest that at least `percent` of the values do not exceed.
fn percentile(values: &mut [SignedDuration], percent: usize) -> Option<SignedDuration> {
    values.sort_unstable();
    let rank = (values.len() * percent).div_ceil(100);
    values.get(rank.checked_sub(1)?).copied()
}
