//! Running sums as plain integers, for storage, and back: what was stored is checked once, here.
//! Elements are read by code, never by position.

use super::super::norm::Norm;
use super::{ElementSums, PairSums, RunningSums, SumsError, pair_position};

const SUMS_PER_ELEMENT: usize = 6;
const SUMS_PER_PAIR: usize = 4;

impl RunningSums {
    /// All sums as plain integers, 0 or more, in this order: respondents; for each element of the
    /// norm respondents, n, sum, n_sq, n_sum, sum_sq; for each pair (0,1), (0,2) … (0,k−1), (1,2) …
    /// n_xy, sum_x_n_y, n_x_sum_y, sum_xy.
    ///
    /// With k elements 1 + 6 k + 2 k (k − 1) integers, 199 for the nine of 2017. Store the elements'
    /// codes beside them: [`RunningSums::from_parts`] reads by code.
    pub fn to_parts(&self) -> Vec<i64> {
        let elements = self.elements.iter().copied().flat_map(ElementSums::to_parts);
        let pairs = self.pairs.iter().copied().flat_map(PairSums::to_parts);
        std::iter::once(self.respondents)
            .chain(elements)
            .chain(pairs)
            .map(|sum| i64::try_from(sum).expect("every sum was checked to fit 63 bits"))
            .collect()
    }

    /// Sums read back from what [`RunningSums::to_parts`] gave. `codes` are the elements in the
    /// order in which the parts were written, each of the norm's exactly once; the norm may have
    /// them in another order by now.
    ///
    /// # Errors
    /// [`SumsError::Element`], [`SumsError::PartCount`], [`SumsError::Negative`] and
    /// [`SumsError::Contradiction`].
    pub fn from_parts<'a>(
        norm: &Norm,
        codes: impl IntoIterator<Item = &'a str>,
        parts: &[i64],
    ) -> Result<Self, SumsError> {
        let positions = positions_of(norm, codes)?;
        let mut sums = Self::new(norm);
        let (count, found) = (positions.len(), parts.len());
        let expected = 1 + SUMS_PER_ELEMENT * count + SUMS_PER_PAIR * sums.pairs.len();
        if found != expected {
            return Err(SumsError::PartCount { expected, found });
        }
        let parts: Result<Vec<u64>, _> = parts.iter().map(|part| u64::try_from(*part)).collect();
        let parts = parts.map_err(|_| SumsError::Negative)?;
        sums.respondents = parts[0];
        let (elements, pairs) = parts[1..].split_at(SUMS_PER_ELEMENT * count);
        let (elements, _) = elements.as_chunks::<SUMS_PER_ELEMENT>();
        for (position, parts) in positions.iter().zip(elements) {
            sums.elements[*position] = ElementSums::from_parts(parts);
        }
        let (pairs, _) = pairs.as_chunks::<SUMS_PER_PAIR>();
        let mut pairs = pairs.iter().map(PairSums::from_parts);
        for (written, first) in positions.iter().enumerate() {
            for (second, pair) in positions[written + 1..].iter().zip(&mut pairs) {
                let (x, y, pair) =
                    if first < second { (*first, *second, pair) } else { (*second, *first, pair.swapped()) };
                sums.pairs[pair_position(count, x, y)] = pair;
            }
        }
        sums.check(norm)?;
        Ok(sums)
    }

    /// What holds for every set of answers; not enough to prove that there is one.
    fn check(&self, norm: &Norm) -> Result<(), SumsError> {
        let code = |position: usize| norm.elements()[position].code.clone();
        for (position, element) in self.elements.iter().enumerate() {
            if !element.is_possible(self.respondents) {
                return Err(SumsError::Contradiction(code(position)));
            }
        }
        for (x, first) in self.elements.iter().enumerate() {
            for (y, second) in self.elements.iter().enumerate().skip(x + 1) {
                if !self.pair(x, y).is_possible(first, second) {
                    let pair = format!("{} with {}", code(x), code(y));
                    return Err(SumsError::Contradiction(pair));
                }
            }
        }
        Ok(())
    }
}

impl ElementSums {
    fn to_parts(self) -> [u64; SUMS_PER_ELEMENT] {
        [self.respondents, self.n, self.sum, self.n_sq, self.n_sum, self.sum_sq]
    }

    fn from_parts(&[respondents, n, sum, n_sq, n_sum, sum_sq]: &[u64; SUMS_PER_ELEMENT]) -> Self {
        Self { respondents, n, sum, n_sq, n_sum, sum_sq }
    }

    /// Bounds that hold for every set of answers: 1 <= score <= 4 for every item.
    fn is_possible(&self, respondents: u64) -> bool {
        self.respondents <= respondents
            && self.respondents <= self.n
            && self.n <= self.n_sq
            && (self.respondents == 0) == (self.n == 0)
            && within(self.n, self.sum, 4)
            && within(self.n_sq, self.n_sum, 4)
            && within(self.n_sq, self.sum_sq, 16)
    }
}

impl PairSums {
    fn to_parts(self) -> [u64; SUMS_PER_PAIR] {
        [self.n_xy, self.sum_x_n_y, self.n_x_sum_y, self.sum_xy]
    }

    fn from_parts(&[n_xy, sum_x_n_y, n_x_sum_y, sum_xy]: &[u64; SUMS_PER_PAIR]) -> Self {
        Self { n_xy, sum_x_n_y, n_x_sum_y, sum_xy }
    }

    fn swapped(self) -> Self {
        Self { sum_x_n_y: self.n_x_sum_y, n_x_sum_y: self.sum_x_n_y, ..self }
    }

    /// The bounds of the scores again, and Cauchy and Schwarz's for the items.
    fn is_possible(&self, x: &ElementSums, y: &ElementSums) -> bool {
        let square = u128::from(self.n_xy) * u128::from(self.n_xy);
        square <= u128::from(x.n_sq) * u128::from(y.n_sq)
            && within(self.n_xy, self.sum_x_n_y, 4)
            && within(self.n_xy, self.n_x_sum_y, 4)
            && within(self.n_xy, self.sum_xy, 16)
    }
}

/// Where the norm has the elements; each of its elements exactly once.
fn positions_of<'a>(norm: &Norm, codes: impl IntoIterator<Item = &'a str>) -> Result<Vec<usize>, SumsError> {
    let mut seen = vec![false; norm.elements().len()];
    let mut positions = Vec::with_capacity(seen.len());
    for code in codes {
        let error = || SumsError::Element(code.to_owned());
        let position = norm.position(code).ok_or_else(error)?;
        if std::mem::replace(&mut seen[position], true) {
            return Err(error());
        }
        positions.push(position);
    }
    match seen.iter().position(|seen| !seen) {
        Some(missing) => Err(SumsError::Element(norm.elements()[missing].code.clone())),
        None => Ok(positions),
    }
}

fn within(low: u64, value: u64, factor: u64) -> bool {
    low <= value && u128::from(value) <= u128::from(low) * u128::from(factor)
}
