//! A survey norm as data: which elements it asks and how much each weighs.
//! Elements go by code, never by position: forms in use swap the last two.

use std::fmt;

use num_rational::BigRational;
use num_traits::{One, Signed};

/// Most elements a norm may have (2017 has 9, 2004 had 14).
pub const MOST_ELEMENTS: usize = 50;

/// Which norm, and which version of it, such as `skm-2017/1`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NormId {
    /// The norm's code, such as `skm-2017`.
    pub code: String,
    /// Its version as data, counted from 1; any change of elements or weights is a new one.
    pub version: u32,
}

impl fmt::Display for NormId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.code, self.version)
    }
}

/// One element (unsur) of a norm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// Its code, such as `U3`; what answers, sums and proofs are stored by.
    pub code: String,
    /// Its Indonesian name, such as `Waktu Penyelesaian`.
    pub name_id: String,
    /// Its exact weight, above 0; all weights of a norm add to 1.
    pub weight: BigRational,
}

/// A norm whose elements have distinct codes and whose weights add to exactly 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Norm {
    id: NormId,
    elements: Vec<Element>,
}

/// Why a norm is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NormError {
    /// A norm has 1 to [`MOST_ELEMENTS`] elements.
    #[error("a norm has 1 to {MOST_ELEMENTS} elements, not {0}")]
    ElementCount(usize),
    /// Two elements share a code.
    #[error("element {code} occurs twice")]
    ElementTwice {
        /// The shared code.
        code: String,
    },
    /// A weight is zero or negative.
    #[error("the weight of element {code} is not above 0")]
    WeightNotPositive {
        /// The element's code.
        code: String,
    },
    /// The weights don't add to exactly 1 (14 × 0.071 is 0.994, 9 × 0.111 is 0.999).
    #[error("the weights do not add to 1")]
    WeightsNotOne,
}

/// PermenPANRB 14/2017, chapter II: code and name of the nine elements.
const ELEMENTS_2017: [(&str, &str); 9] = [
    ("U1", "Persyaratan"),
    ("U2", "Sistem, Mekanisme, dan Prosedur"),
    ("U3", "Waktu Penyelesaian"),
    ("U4", "Biaya/Tarif"),
    ("U5", "Produk Spesifikasi Jenis Pelayanan"),
    ("U6", "Kompetensi Pelaksana"),
    ("U7", "Perilaku Pelaksana"),
    ("U8", "Penanganan Pengaduan, Saran, dan Masukan"),
    ("U9", "Sarana dan Prasarana"),
];

impl Norm {
    /// Checks and takes a norm; the elements' order is the order of its proofs.
    ///
    /// # Errors
    /// See [`NormError`].
    pub fn try_new(id: NormId, elements: Vec<Element>) -> Result<Self, NormError> {
        if elements.is_empty() || elements.len() > MOST_ELEMENTS {
            return Err(NormError::ElementCount(elements.len()));
        }
        for (position, element) in elements.iter().enumerate() {
            let code = || element.code.clone();
            if elements[..position].iter().any(|earlier| earlier.code == element.code) {
                return Err(NormError::ElementTwice { code: code() });
            }
            if !element.weight.is_positive() {
                return Err(NormError::WeightNotPositive { code: code() });
            }
        }
        let total: BigRational = elements.iter().map(|element| &element.weight).sum();
        if !total.is_one() {
            return Err(NormError::WeightsNotOne);
        }
        Ok(Self { id, elements })
    }

    /// The norm of 2017, `skm-2017`, version 1: U1 to U9, each weighing exactly 1/9.
    pub fn skm_2017() -> Self {
        let weight = BigRational::new(1.into(), ELEMENTS_2017.len().into());
        let elements = ELEMENTS_2017.map(|(code, name_id)| Element {
            code: code.to_owned(),
            name_id: name_id.to_owned(),
            weight: weight.clone(),
        });
        Self { id: NormId { code: "skm-2017".to_owned(), version: 1 }, elements: elements.into() }
    }

    /// Code and version.
    pub fn id(&self) -> &NormId {
        &self.id
    }

    /// The elements in the norm's order.
    pub fn elements(&self) -> &[Element] {
        &self.elements
    }

    /// Where an element stands in [`Norm::elements`].
    pub(super) fn position(&self, code: &str) -> Option<usize> {
        self.elements.iter().position(|element| element.code == code)
    }
}
