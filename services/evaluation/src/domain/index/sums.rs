//! Running sums of a survey: all that an index and its interval need, and nothing about a person.
//! Adding answers one by one or merging parts gives the same sums in any order.

mod parts;

use super::answer::{Answer, Given};
use super::norm::{Norm, NormId};

/// Sums of one element over respondents `r`, with `m` = items `r` answered for it (0 if blank) and
/// `s` = sum of their scores. With one item per element `respondents = n = n_sq` and `n_sum = sum`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ElementSums {
    /// Respondents who answered at least one of its items.
    pub respondents: u64,
    /// Σ m, items answered.
    pub n: u64,
    /// Σ s, sum of scores.
    pub sum: u64,
    /// Σ m².
    pub n_sq: u64,
    /// Σ m·s.
    pub n_sum: u64,
    /// Σ s².
    pub sum_sq: u64,
}

/// Sums of products of two elements `x` and `y`, `x` before `y` in the norm. The two mixed ones are
/// there for blanks: they are the sum of one element over those who also answered the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PairSums {
    /// Σ m_x·m_y, with one item per element: respondents who answered both.
    pub n_xy: u64,
    /// Σ s_x·m_y.
    pub sum_x_n_y: u64,
    /// Σ m_x·s_y.
    pub n_x_sum_y: u64,
    /// Σ s_x·s_y.
    pub sum_xy: u64,
}

/// Sums of a set of answers under one norm.
///
/// What is enough: the index needs `n` and `sum` per element. Its linearised residual for one
/// respondent is 25 · Σ_i w_i (s_i − R_i m_i) / n_i with R_i = sum_i / n_i; the squares of these
/// add up over respondents from Σ s_i s_j, Σ s_i m_j, Σ m_i s_j and Σ m_i m_j of every pair
/// (and of every element with itself), so no answer has to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningSums {
    norm: NormId,
    respondents: u64,
    elements: Vec<ElementSums>,
    /// (0,1), (0,2) … (0,k−1), (1,2) … in the norm's order.
    pairs: Vec<PairSums>,
}

/// Why sums can't be taken or joined.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SumsError {
    /// The answer or the other sums belong to another norm or version.
    #[error("the sums belong to another norm")]
    OtherNorm,
    /// A sum would exceed 63 bits.
    #[error("the sums exceed 63 bits")]
    Overflow,
    /// A stored code is not in the norm, is there twice, or is missing.
    #[error("sums of {0} are unknown, double or missing")]
    Element(String),
    /// There are more or fewer stored integers than the norm's elements and pairs need.
    #[error("{found} stored integers, not {expected}")]
    PartCount {
        /// Integers that the norm needs.
        expected: usize,
        /// Integers that were stored.
        found: usize,
    },
    /// A stored integer is negative.
    #[error("a stored sum is negative")]
    Negative,
    /// Stored sums of an element or a pair that no set of answers can have.
    #[error("sums of {0} contradict each other")]
    Contradiction(String),
}

impl RunningSums {
    /// The sums of no answers.
    pub fn new(norm: &Norm) -> Self {
        let count = norm.elements().len();
        Self {
            norm: norm.id().clone(),
            respondents: 0,
            elements: vec![ElementSums::default(); count],
            pairs: vec![PairSums::default(); count * (count - 1) / 2],
        }
    }

    /// Counts one answer.
    ///
    /// # Errors
    /// [`SumsError::OtherNorm`] or [`SumsError::Overflow`]; the sums then stay as they were.
    pub fn add(&mut self, answer: &Answer) -> Result<(), SumsError> {
        if *answer.norm() != self.norm {
            return Err(SumsError::OtherNorm);
        }
        self.join(&Self::of_one(answer))
    }

    /// Adds the sums of other answers; no answer may be in both.
    ///
    /// # Errors
    /// As [`RunningSums::add`].
    pub fn merge(&mut self, other: &Self) -> Result<(), SumsError> {
        if other.norm != self.norm {
            return Err(SumsError::OtherNorm);
        }
        self.join(other)
    }

    /// The norm the answers were given under.
    pub fn norm(&self) -> &NormId {
        &self.norm
    }

    /// Respondents who answered at least one item of any element.
    pub fn respondents(&self) -> u64 {
        self.respondents
    }

    /// Sums per element, in the norm's order.
    pub fn elements(&self) -> &[ElementSums] {
        &self.elements
    }

    /// Sums of the pair of elements at positions `x < y` of the norm.
    ///
    /// # Panics
    /// If the positions are not in that order or outside the norm.
    pub fn pair(&self, x: usize, y: usize) -> &PairSums {
        &self.pairs[pair_position(self.elements.len(), x, y)]
    }

    fn of_one(answer: &Answer) -> Self {
        let given = answer.given();
        let pairs = given
            .iter()
            .enumerate()
            .flat_map(|(position, x)| given[position + 1..].iter().map(move |y| PairSums::of_one(*x, *y)));
        Self {
            norm: answer.norm().clone(),
            respondents: 1,
            elements: given.iter().map(|given| ElementSums::of_one(*given)).collect(),
            pairs: pairs.collect(),
        }
    }

    fn join(&mut self, other: &Self) -> Result<(), SumsError> {
        let respondents = plus(self.respondents, other.respondents)?;
        let elements: Result<_, _> =
            self.elements.iter().zip(&other.elements).map(|(a, b)| a.joined(b)).collect();
        let pairs: Result<_, _> = self.pairs.iter().zip(&other.pairs).map(|(a, b)| a.joined(b)).collect();
        (self.elements, self.pairs) = (elements?, pairs?);
        self.respondents = respondents;
        Ok(())
    }
}

impl ElementSums {
    fn of_one(Given { items, sum }: Given) -> Self {
        Self {
            respondents: u64::from(items > 0),
            n: items,
            sum,
            n_sq: items * items,
            n_sum: items * sum,
            sum_sq: sum * sum,
        }
    }

    fn joined(&self, other: &Self) -> Result<Self, SumsError> {
        Ok(Self {
            respondents: plus(self.respondents, other.respondents)?,
            n: plus(self.n, other.n)?,
            sum: plus(self.sum, other.sum)?,
            n_sq: plus(self.n_sq, other.n_sq)?,
            n_sum: plus(self.n_sum, other.n_sum)?,
            sum_sq: plus(self.sum_sq, other.sum_sq)?,
        })
    }
}

impl PairSums {
    fn of_one(x: Given, y: Given) -> Self {
        Self {
            n_xy: x.items * y.items,
            sum_x_n_y: x.sum * y.items,
            n_x_sum_y: x.items * y.sum,
            sum_xy: x.sum * y.sum,
        }
    }

    fn joined(&self, other: &Self) -> Result<Self, SumsError> {
        Ok(Self {
            n_xy: plus(self.n_xy, other.n_xy)?,
            sum_x_n_y: plus(self.sum_x_n_y, other.sum_x_n_y)?,
            n_x_sum_y: plus(self.n_x_sum_y, other.n_x_sum_y)?,
            sum_xy: plus(self.sum_xy, other.sum_xy)?,
        })
    }
}

/// Bounded by 63 bits, so that every sum can be stored as a signed integer.
fn plus(a: u64, b: u64) -> Result<u64, SumsError> {
    let sum = a.checked_add(b).ok_or(SumsError::Overflow)?;
    i64::try_from(sum).map_err(|_| SumsError::Overflow)?;
    Ok(sum)
}

fn pair_position(count: usize, x: usize, y: usize) -> usize {
    assert!(x < y && y < count, "a pair names two elements in the norm's order");
    x * (2 * count - x - 1) / 2 + (y - x - 1)
}
