//! MP4 files: boxes in boxes. The copy without metadata keeps every box in its place, since tables in the file point by
//! offset, and makes those that may say who, where or with what into empty ones.

/// Boxes that hold other boxes on the way to metadata.
const HOLDERS: [&[u8; 4]; 4] = [b"moov", b"trak", b"mdia", b"minf"];
/// Boxes that hold metadata.
const METADATA: [&[u8; 4]; 4] = [b"udta", b"meta", b"uuid", b"XMP_"];
/// The type of a box that means nothing.
const FREE: &[u8; 4] = b"free";
/// Boxes in boxes go so deep.
const DEEPEST: usize = 6;
/// Boxes looked at.
const MOST_BOXES: usize = 100_000;

/// The file with its metadata blanked; `None` where its boxes don't add up, or none holds a film.
pub(crate) fn without_metadata(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut copy = bytes.to_vec();
    let mut left = MOST_BOXES;
    let has_film = blank(&mut copy, DEEPEST, &mut left)?;
    has_film.then_some(copy)
}

/// Blanks the metadata among the boxes of a content; whether there was a `moov` among them.
fn blank(content: &mut [u8], deep: usize, left: &mut usize) -> Option<bool> {
    let (mut at, mut has_film) = (0, false);
    while at < content.len() {
        *left = left.checked_sub(1)?;
        let (head, end) = extent(content, at)?;
        let name: [u8; 4] = content.get(at + 4..at + 8)?.try_into().ok()?;
        if METADATA.contains(&&name) {
            content[at + 4..at + 8].copy_from_slice(FREE);
            content[head..end].fill(0);
        } else if HOLDERS.contains(&&name) {
            has_film |= &name == b"moov";
            blank(&mut content[head..end], deep.checked_sub(1)?, left)?;
        }
        at = end;
    }
    Some(has_film)
}

/// Where the content of the box that begins here begins and ends.
fn extent(content: &[u8], at: usize) -> Option<(usize, usize)> {
    let size = u32::from_be_bytes(content.get(at..at + 4)?.try_into().ok()?);
    let (head, size) = match size {
        // To the end.
        0 => (at + 8, content.len() - at),
        1 => {
            let size = u64::from_be_bytes(content.get(at + 8..at + 16)?.try_into().ok()?);
            (at + 16, usize::try_from(size).ok()?)
        }
        size => (at + 8, usize::try_from(size).ok()?),
    };
    let end = at.checked_add(size)?;
    (head <= end && end <= content.len()).then_some((head, end))
}
