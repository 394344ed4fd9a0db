//! The satisfaction index (IKM) of PermenPANRB 14/2017: exact value, one rounding, grade, proof.
//! It works from running sums alone and never sees who answered; it never uses floats for a value.

pub mod answer;
pub mod interval;
pub mod norm;
pub mod sample;
pub mod sums;

use std::fmt;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{ToPrimitive, Zero};

use norm::Norm;
use sums::RunningSums;

/// Fewest respondents for a figure to be shown; under it the figure is suppressed (house rule).
pub const LEAST_RESPONDENTS_SHOWN: u64 = 10;
/// Fewest respondents for a figure to count towards a signal (house rule).
pub const LEAST_RESPONDENTS_SIGNAL: u64 = 30;

/// Whether a figure of so many respondents must not be shown.
pub fn is_suppressed(respondents: u64) -> bool {
    respondents < LEAST_RESPONDENTS_SHOWN
}

/// Whether a figure of so many respondents may count towards a signal.
pub fn may_signal(respondents: u64) -> bool {
    respondents >= LEAST_RESPONDENTS_SIGNAL
}

/// Quality of service by the index, PermenPANRB 14/2017, by lower bounds only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
    /// Under 65.00, "tidak baik".
    D,
    /// From 65.00, "kurang baik".
    C,
    /// From 76.61, "baik".
    B,
    /// From 88.31, "sangat baik".
    A,
}

impl Grade {
    /// The grade of a value already rounded to hundredths (8831 is 88.31).
    pub fn of_hundredths(hundredths: u32) -> Self {
        match hundredths {
            8831.. => Self::A,
            7661.. => Self::B,
            6500.. => Self::C,
            _ => Self::D,
        }
    }

    /// The letter that is published: A, B, C or D.
    pub fn letter(self) -> char {
        match self {
            Self::A => 'A',
            Self::B => 'B',
            Self::C => 'C',
            Self::D => 'D',
        }
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.letter())
    }
}

/// A value on the index's scale from 25 to 100: exact, and rounded once for print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Score {
    exact: BigRational,
    hundredths: u32,
}

impl Score {
    /// Rounds half up to two decimals, once. `exact` is an index or a mean of indices.
    fn new(exact: BigRational) -> Self {
        let hundredths = (exact.clone() * BigInt::from(100) + BigRational::new(1.into(), 2.into()))
            .floor()
            .to_integer()
            .to_u32()
            .expect("an index lies between 25 and 100");
        Self { exact, hundredths }
    }

    /// The value before rounding, 25 to 100.
    pub fn exact(&self) -> &BigRational {
        &self.exact
    }

    /// The value in hundredths, rounded half up, 2500 to 10000 (8831 is 88.31).
    pub fn rounded_hundredths(&self) -> u32 {
        self.hundredths
    }

    /// The grade of the rounded value, so 88.305 is 88.31 and A.
    pub fn grade(&self) -> Grade {
        Grade::of_hundredths(self.hundredths)
    }
}

/// The rounded value with two decimals, such as `88.31`.
impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimal = format!("{}.{:02}", self.hundredths / 100, self.hundredths % 100);
        f.pad(&decimal)
    }
}

/// One element's share of an index's proof: NRR = `sum / n`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElementProof {
    /// The element's code in the norm, such as `U3`.
    pub code: String,
    /// Items answered for this element over all respondents, at least 1.
    pub n: u64,
    /// Sum of their scores, `n` to `4 n`.
    pub sum: u64,
}

impl ElementProof {
    /// NRR, the element's exact mean score, 1 to 4.
    pub fn mean(&self) -> BigRational {
        BigRational::new(self.sum.into(), self.n.into())
    }
}

/// A published index: the score with all that is needed to recompute it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    score: Score,
    proof: Vec<ElementProof>,
    respondents: u64,
}

impl Index {
    /// Value, rounded value and grade.
    pub fn score(&self) -> &Score {
        &self.score
    }

    /// Items answered and their sum per element, in the norm's order.
    pub fn proof(&self) -> &[ElementProof] {
        &self.proof
    }

    /// Respondents who answered at least one item.
    pub fn respondents(&self) -> u64 {
        self.respondents
    }
}

/// The rounded value with two decimals, such as `88.31`.
impl fmt::Display for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.score.fmt(f)
    }
}

/// Why there is no index.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// Nobody answered an element; its weight is not given to the others (ELEMENT_UNANSWERED).
    #[error("element {code} has no answers")]
    ElementUnanswered {
        /// The first such element in the norm's order.
        code: String,
    },
    /// The sums were gathered under another norm or another version of it.
    #[error("the sums belong to another norm")]
    OtherNorm,
    /// There is nothing to take the mean or the merged sums of.
    #[error("there are no figures to aggregate")]
    NothingToAggregate,
    /// The sums to be merged exceed 63 bits, so they can't be real.
    #[error("the merged sums exceed 63 bits")]
    Overflow,
}

/// The index of running sums: IKM = 25 · Σ weight · NRR, exact until its only rounding.
///
/// # Errors
/// [`IndexError::ElementUnanswered`] if an element has no answer, [`IndexError::OtherNorm`] if
/// the sums were gathered under another norm. It does not suppress: see [`is_suppressed`].
pub fn index(norm: &Norm, sums: &RunningSums) -> Result<Index, IndexError> {
    if sums.norm() != norm.id() {
        return Err(IndexError::OtherNorm);
    }
    let mut total = BigRational::zero();
    let mut proof = Vec::with_capacity(norm.elements().len());
    for (element, sums) in norm.elements().iter().zip(sums.elements()) {
        let code = element.code.clone();
        if sums.n == 0 {
            return Err(IndexError::ElementUnanswered { code });
        }
        let share = ElementProof { code, n: sums.n, sum: sums.sum };
        total += &element.weight * share.mean();
        proof.push(share);
    }
    let score = Score::new(total * BigInt::from(25));
    Ok(Index { score, proof, respondents: sums.respondents() })
}

/// The unweighted mean of units' exact values (Jakarta's practice for the province), rounded once.
///
/// # Errors
/// [`IndexError::NothingToAggregate`] for an empty slice.
pub fn unweighted_mean(indices: &[Index]) -> Result<Score, IndexError> {
    if indices.is_empty() {
        return Err(IndexError::NothingToAggregate);
    }
    let total: BigRational = indices.iter().map(|index| index.score.exact()).sum();
    Ok(Score::new(total / BigInt::from(indices.len())))
}

/// The respondent-weighted index of several units: the index of their merged sums.
///
/// # Errors
/// As [`index`]; [`IndexError::NothingToAggregate`] for an empty slice.
pub fn pooled(norm: &Norm, units: &[RunningSums]) -> Result<Index, IndexError> {
    let (first, others) = units.split_first().ok_or(IndexError::NothingToAggregate)?;
    let mut merged = first.clone();
    for unit in others {
        merged.merge(unit).map_err(|error| match error {
            sums::SumsError::OtherNorm => IndexError::OtherNorm,
            _ => IndexError::Overflow,
        })?;
    }
    index(norm, &merged)
}

#[cfg(test)]
mod tests;
