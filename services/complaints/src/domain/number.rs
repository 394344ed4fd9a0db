//! What people read out: report numbers and access codes in Crockford's base 32 (no I, L, O, U).

/// The digits, then the five extra check symbols.
const SYMBOLS: &[u8; 37] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U";

/// A report's number from 40 random bits: `JKT-`, eight characters, a check character (the value modulo 37).
pub(crate) fn report_number(random: [u8; 5]) -> String {
    let value = random.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    let check = SYMBOLS[usize::try_from(value % 37).expect("less than 37")];
    format!("JKT-{}{}", crockford(&random), char::from(check))
}

/// Bytes as Crockford base 32; their bits must be a multiple of five.
pub(crate) fn crockford(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 8 / 5);
    let (mut buffer, mut bits) = (0_u32, 0);
    for byte in bytes {
        buffer = buffer << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            let digit = usize::try_from(buffer >> bits & 31).expect("five bits");
            text.push(char::from(SYMBOLS[digit]));
        }
    }
    text
}
