//! Which moment of the show leaves when: a piecewise linear map between the time of the content and the time at which it goes out.
//!
//! The way out is cut into blocks of 10 ms, and each block has a tempo: how much content leaves in it. Content never goes back,
//! and each moment of it leaves once or, where a jump left it out, never. Tempos are whole flicks per block (4 % of a block is
//! 282 240 of them), so a course has no rounding that could add up.

use std::collections::VecDeque;

use crate::media::{AudioBlock, TimeDelta, Timestamp};

/// Flicks in a block.
const BLOCK: i64 = 7_056_000;

/// Pieces that are remembered: the newest ones, of which the ways out need a second.
const PIECES: usize = 128;

/// How much content leaves in 10 ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tempo(i64);

impl Tempo {
    /// None: a slate is shown and the hold grows by all of the time.
    pub const SLATE: Self = Self(0);
    /// As it came in.
    pub const STEADY: Self = Self(BLOCK);

    /// So many hundredths of the tempo at which it came in.
    #[must_use]
    pub const fn percent(percent: i64) -> Self {
        Self(BLOCK * percent / 100)
    }

    /// The tempo at which the hold grows by `growth` in a block, or shrinks where that is negative; never backwards.
    #[must_use]
    pub fn growing_by(growth: TimeDelta) -> Self {
        Self(count(AudioBlock::duration() - growth).max(0))
    }

    /// How much content leaves in a block.
    #[must_use]
    pub fn per_block(self) -> TimeDelta {
        flicks(self.0)
    }

    /// Whether content leaves at all.
    #[must_use]
    pub const fn is_slate(self) -> bool {
        self.0 == 0
    }
}

/// What happens at a moment of the way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The content that leaves there.
    pub content: Timestamp,
    /// At which tempo.
    pub tempo: Tempo,
}

/// When a moment of the content leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// Then.
    At(Timestamp),
    /// Not before this: it is not decided yet.
    NotBefore(Timestamp),
    /// Never: a jump left it out.
    Skipped,
}

#[derive(Clone, Copy, Debug)]
struct Piece {
    out: Timestamp,
    content: Timestamp,
    tempo: Tempo,
}

impl Piece {
    fn content_at(&self, out: Timestamp) -> Timestamp {
        self.content + scaled(out - self.out, self.tempo.0, BLOCK)
    }

    fn out_of(&self, content: Timestamp) -> Timestamp {
        self.out + scaled(content - self.content, BLOCK, self.tempo.0.max(1))
    }
}

fn scaled(delta: TimeDelta, num: i64, den: i64) -> TimeDelta {
    let wide = i128::from(count(delta)) * i128::from(num);
    flicks(i64::try_from(wide.div_euclid(i128::from(den))).unwrap_or(i64::MAX))
}

fn flicks(count: i64) -> TimeDelta {
    Timestamp::from_flicks(count).since_zero()
}

fn count(delta: TimeDelta) -> i64 {
    (Timestamp::ZERO + delta).to_flicks()
}

/// The way out, as far as it is decided.
#[derive(Clone, Debug)]
pub struct Course {
    /// Oldest first, never empty.
    pieces: VecDeque<Piece>,
    /// Up to where it is decided.
    end: Timestamp,
}

impl Course {
    /// A course on which `content` is the first that leaves, at `out`; nothing is decided yet.
    #[must_use]
    pub fn new(out: Timestamp, content: Timestamp) -> Self {
        let mut pieces = VecDeque::with_capacity(PIECES);
        pieces.push_back(Piece {
            out,
            content,
            tempo: Tempo::STEADY,
        });
        Self { pieces, end: out }
    }

    /// The course without a hold: everything leaves as it comes, now and for ever.
    #[must_use]
    pub fn straight() -> Self {
        Self {
            end: Timestamp::from_flicks(i64::MAX),
            ..Self::new(Timestamp::ZERO, Timestamp::ZERO)
        }
    }

    /// Whether from `out` on nothing is held, as far as it is decided.
    #[must_use]
    pub fn is_straight_from(&self, out: Timestamp) -> bool {
        let (last, place) = (self.last(), self.at(out));
        last.out <= out && last.tempo == Tempo::STEADY && place.content == out
    }

    /// Up to where it is decided.
    #[must_use]
    pub const fn end(&self) -> Timestamp {
        self.end
    }

    /// The content that leaves where the decided part ends.
    #[must_use]
    pub fn content_end(&self) -> Timestamp {
        self.last().content_at(self.end)
    }

    /// How long the hold is where the decided part ends.
    #[must_use]
    pub fn hold_at_end(&self) -> TimeDelta {
        self.end - self.content_end()
    }

    /// Decides one block more.
    pub fn extend(&mut self, tempo: Tempo) {
        self.append(tempo, self.content_end());
        self.end += AudioBlock::duration();
    }

    /// Content goes on from `content` where the decided part ends; what is before it never leaves. There is no way back.
    pub fn jump(&mut self, content: Timestamp) {
        let content = content.max(self.content_end());
        self.append(Tempo::STEADY, content);
    }

    fn append(&mut self, tempo: Tempo, content: Timestamp) {
        let (end, last) = (self.end, *self.last());
        if last.out == end {
            // Nothing of the last piece has been used.
            self.pieces.pop_back();
        } else if last.tempo == tempo && last.content_at(end) == content {
            return;
        }
        if self.pieces.len() >= PIECES {
            self.pieces.pop_front();
        }
        self.pieces.push_back(Piece {
            out: end,
            content,
            tempo,
        });
    }

    /// What leaves at `out`. Before the first remembered piece and after the end they go on as they were.
    #[must_use]
    pub fn at(&self, out: Timestamp) -> Place {
        let next = self.pieces.partition_point(|piece| piece.out <= out);
        let piece = &self.pieces[next.saturating_sub(1)];
        Place {
            content: piece.content_at(out),
            tempo: piece.tempo,
        }
    }

    /// When `content` leaves.
    #[must_use]
    pub fn passage(&self, content: Timestamp) -> Passage {
        // Content at which a slate begins leaves when it is over: of pieces that begin with it, the last counts.
        let next = self.pieces.partition_point(|piece| piece.content <= content);
        let piece = &self.pieces[next.saturating_sub(1)];
        let limit = self.pieces.get(next).map_or(self.end, |next| next.out);
        let out = if piece.tempo.is_slate() {
            limit
        } else {
            piece.out_of(content)
        };
        if out < limit {
            Passage::At(out)
        } else if next < self.pieces.len() {
            Passage::Skipped
        } else {
            Passage::NotBefore(out)
        }
    }

    fn last(&self) -> &Piece {
        &self.pieces[self.pieces.len() - 1]
    }
}

#[cfg(test)]
#[path = "course_tests.rs"]
mod tests;
