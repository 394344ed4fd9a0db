//! Text for people: columns as wide as what stands in them, times, and nothing that could move the cursor.

use std::io::{self, Write};

use jiff::Timestamp;

/// Between two columns.
const GAP: &str = "  ";

/// Prints rows under their heads; the last column is not filled up.
pub(crate) fn print<const N: usize>(
    out: &mut impl Write,
    heads: [&str; N],
    rows: &[[String; N]],
) -> io::Result<()> {
    let rows: Vec<[String; N]> = std::iter::once(heads.map(str::to_owned))
        .chain(rows.iter().map(|row| row.clone().map(plain)))
        .collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(width).collect();
    for row in &rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        let line = cells.collect::<Vec<_>>().join(GAP);
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// A text on one line, without control characters; a dash where it is empty.
pub(crate) fn plain(text: impl AsRef<str>) -> String {
    let text = text.as_ref();
    if text.is_empty() {
        return "-".to_owned();
    }
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// A time, to the second; empty where there is none.
pub(crate) fn time(time: Option<&prost_types::Timestamp>) -> String {
    time.and_then(|time| Timestamp::from_second(time.seconds).ok())
        .map(|time| time.to_string())
        .unwrap_or_default()
}

/// The last part of an enum's name in the contract.
pub(crate) fn word(name: &str, prefix: &str) -> String {
    name.trim_start_matches(prefix).to_owned()
}
