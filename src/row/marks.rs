//! Where quotes, backslashes and control characters stand: one bit a byte, so that the end of a
//! string is found without looking at what is inside it.

use wide::u8x16;

/// Bytes that share a word of bits.
const BLOCK: usize = 64;

/// The bits of one text.
#[derive(Debug, Default)]
pub struct Marks {
    blocks: Vec<u64>,
}

impl Marks {
    /// Marks the bytes of a text whose length is a multiple of 64.
    pub fn read(&mut self, bytes: &[u8]) {
        let (blocks, rest) = bytes.as_chunks::<BLOCK>();
        debug_assert!(rest.is_empty(), "texts are padded to whole blocks");
        self.blocks.clear();
        self.blocks.extend(blocks.iter().map(marked));
        // Behind the end everything is marked, so that every search ends.
        self.blocks.extend([u64::MAX; 2]);
    }

    /// The first marked byte at `at` or behind it; the text's end where there is none.
    ///
    /// Looks at 64 bytes at once, wherever they begin: whether a short text crosses a block can't
    /// be predicted, and so is no branch.
    #[inline]
    pub fn next(&self, at: usize) -> usize {
        let (block, bit) = (at / BLOCK, at % BLOCK);
        let Some([first, second]) = self.blocks.get(block..).and_then(|rest| rest.first_chunk())
        else {
            return at;
        };
        match (first >> bit) | (second << 1 << (BLOCK - 1 - bit)) {
            0 => self.next_from(block + 1, bit),
            bits => at + bits.trailing_zeros() as usize,
        }
    }

    /// The first marked byte from a bit of a block on.
    fn next_from(&self, first: usize, bit: usize) -> usize {
        let mut mask = u64::MAX << bit;
        for (index, bits) in self.blocks.iter().enumerate().skip(first) {
            if bits & mask != 0 {
                return index * BLOCK + (bits & mask).trailing_zeros() as usize;
            }
            mask = u64::MAX;
        }
        self.blocks.len() * BLOCK
    }
}

/// The bits of a block.
#[inline]
fn marked(block: &[u8; BLOCK]) -> u64 {
    let (parts, _) = block.as_chunks::<16>();
    let parts = parts.iter().enumerate();
    parts.fold(0, |bits, (index, part)| {
        bits | u64::from(marked_in(part)) << (index * 16)
    })
}

/// A bit for each byte that is a quote, a backslash, or one that JSON allows in no string.
#[inline]
pub(super) fn marked_in(part: &[u8; 16]) -> u32 {
    let bytes = u8x16::new(*part);
    // A quote (0x22) becomes 0x20, right behind the control characters; a blank (0x20) becomes
    // 0x22. So one comparison finds both.
    let turned = bytes ^ u8x16::splat(2);
    let marked =
        turned.min(u8x16::splat(0x20)).simd_eq(turned) | bytes.simd_eq(u8x16::splat(b'\\'));
    marked.to_bitmask()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_backslashes_and_controls_are_marked() {
        let mut bytes = [b'a'; 256];
        for (at, byte) in [(0, b'"'), (63, b'\\'), (64, 0x1f), (200, b'\n'), (255, 0)] {
            bytes[at] = byte;
        }
        for (at, byte) in [(1, b' '), (65, 0x7f), (66, 0x80), (67, 0xff)] {
            bytes[at] = byte;
        }
        let mut marks = Marks::default();
        marks.read(&bytes);
        let found: Vec<usize> = (0..bytes.len())
            .filter(|at| marks.next(*at) == *at)
            .collect();
        assert_eq!(found, [0, 63, 64, 200, 255]);
        assert_eq!(marks.next(1), 63);
        assert_eq!(marks.next(65), 200);
        assert_eq!(marks.next(256), 256);
    }
}
