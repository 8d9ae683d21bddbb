//! Text that is quick to make and hard to compress. `cases/answers.py` makes the same.

/// Longer than the 32 KiB in which deflate looks for repetitions (RFC 1951, 2), so that repeating it hides from that.
const BLOCK_BYTES: usize = 64 * 1024;

/// Each stands for six bits, and is one byte in JSON.
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// In the program, so that no invocation and no INIT makes it.
static BLOCK: [u8; BLOCK_BYTES] = block();

/// Drawn by the generator "Xorshift RNGs" (Marsaglia, 2003; 13, 17, 5).
const fn block() -> [u8; BLOCK_BYTES] {
    let mut block = [0; BLOCK_BYTES];
    let mut state: u32 = 1;
    let mut n = 0;
    while n < BLOCK_BYTES {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        block[n] = LETTERS[(state >> 26) as usize];
        n += 1;
    }
    block
}

/// The first `bytes` of it.
pub(crate) fn text(bytes: usize) -> String {
    let mut text = Vec::with_capacity(bytes);
    while text.len() < bytes {
        let left = bytes - text.len();
        text.extend_from_slice(&BLOCK[..left.min(BLOCK_BYTES)]);
    }
    String::from_utf8(text).expect("every letter is ASCII")
}
