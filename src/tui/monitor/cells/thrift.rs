//! How many bytes a picture is worth.

/// How thrifty a picture is with bytes: how large an error must be before a cell is sent anew, and how far a colour may lie
/// from the wanted one where that saves bytes. 0 is the best picture, 3 the fewest bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Thrift(u8);

impl Thrift {
    /// The best picture.
    pub const LEAST: Self = Self(0);
    /// The fewest bytes.
    pub const MOST: Self = Self(3);

    /// The level, at most 3.
    #[must_use]
    pub const fn new(level: u8) -> Self {
        Self(if level < Self::MOST.0 { level } else { Self::MOST.0 })
    }

    /// 0 to 3.
    #[must_use]
    pub const fn level(self) -> u8 {
        self.0
    }

    /// Squared error, per subpixel and channel, that one byte has to take away for one picture to be worth sending.
    pub(super) const fn price(self) -> f32 {
        [0.1, 1.0, 4.0, 16.0][self.0 as usize]
    }

    /// Squared error per subpixel and channel that nobody sees, however long it stands.
    pub(super) const fn unseen(self) -> f32 {
        [0.5, 2.0, 4.0, 9.0][self.0 as usize]
    }
}
