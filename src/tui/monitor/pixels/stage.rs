//! Which pictures stand on the terminal as pixels, and where: what must be written so that it shows those of now.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use ratatui::layout::Rect;

use super::passthrough::{Passage, pass_through, place};
use super::patch::PixelPicture;

/// Behind a multiplexer, after so many pictures of a monitor one is written whole: tmux loses what it should pass through while
/// it is about to draw a window anew, and nobody tells.
const WHOLE_EVERY: u64 = 64;

/// The pictures of the monitors `K` as they stand on the terminal.
#[derive(Debug)]
pub struct Stage<K> {
    standing: HashMap<K, (Rect, Arc<PixelPicture>)>,
    passage: Passage,
    out: Vec<u8>,
    largest: usize,
}

impl<K: Clone + Eq + Hash> Stage<K> {
    /// An empty one, on a terminal behind this.
    #[must_use]
    pub fn new(passage: Passage) -> Self {
        Self {
            standing: HashMap::new(),
            passage,
            out: Vec::new(),
            largest: 0,
        }
    }

    /// Pictures go this way from now on.
    pub fn set_passage(&mut self, passage: Passage) {
        self.passage = passage;
    }

    /// What has to be written before the cells: images that the terminal shows wherever their placeholders are. `pictures` are
    /// all that are drawn, also those that something covers.
    pub fn before_cells<'a>(&mut self, pictures: impl IntoIterator<Item = (&'a K, &'a Arc<PixelPicture>)>) -> &[u8]
    where
        K: 'a,
    {
        self.begin();
        for (key, picture) in pictures {
            if picture.placeholders().is_none() {
                continue;
            }
            let before = self.standing.get(key).map(|(_, before)| before);
            if before.is_some_and(|before| Arc::ptr_eq(before, picture)) {
                continue;
            }
            let patches = picture.patches(base(before, picture, self.passage));
            let from = self.out.len();
            for (_, _, bytes) in patches.iter() {
                pass_through(bytes, self.passage, &mut self.out);
            }
            self.largest = self.largest.max(self.out.len() - from);
            picture.mark_shown();
            self.standing.insert(key.clone(), (Rect::ZERO, Arc::clone(picture)));
        }
        &self.out
    }

    /// What has to be written after the cells, so that exactly these `pictures` stand, each in its area.
    ///
    /// Give only those that nothing covers, and those with placeholders whatever covers them. The cursor is somewhere else then.
    pub fn after_cells(&mut self, pictures: impl IntoIterator<Item = (K, Rect, Arc<PixelPicture>)>) -> &[u8] {
        self.begin();
        let mut standing = HashMap::new();
        for (key, area, picture) in pictures {
            if picture.placeholders().is_some() {
                self.standing.remove(&key);
                standing.insert(key, (Rect::ZERO, picture));
                continue;
            }
            let before = match self.standing.remove(&key) {
                Some((was, before)) if was == area => Some(before),
                Some((_, before)) => {
                    pass_through(before.remove(), self.passage, &mut self.out);
                    None
                }
                None => None,
            };
            if !before.as_ref().is_some_and(|before| Arc::ptr_eq(before, &picture)) {
                let from = self.out.len();
                let base = base(before.as_ref(), &picture, self.passage);
                for (column, row, bytes) in picture.patches(base).iter() {
                    place(bytes, (area.x + column, area.y + row), self.passage, &mut self.out);
                }
                self.largest = self.largest.max(self.out.len() - from);
                picture.mark_shown();
            }
            standing.insert(key, (area, picture));
        }
        for (_, (_, gone)) in std::mem::replace(&mut self.standing, standing) {
            pass_through(gone.remove(), self.passage, &mut self.out);
        }
        &self.out
    }

    /// What has to be written so that none stands: what was drawn is not to be relied on.
    pub fn clear(&mut self) -> &[u8] {
        self.begin();
        for (_, (_, gone)) in self.standing.drain() {
            pass_through(gone.remove(), self.passage, &mut self.out);
        }
        &self.out
    }

    /// The picture of a monitor that stands on the terminal.
    #[must_use]
    pub fn standing(&self, key: &K) -> Option<&Arc<PixelPicture>> {
        self.standing.get(key).map(|(_, picture)| picture)
    }

    /// Bytes of the largest picture that the last call wrote.
    #[must_use]
    pub fn largest(&self) -> usize {
        self.largest
    }

    fn begin(&mut self) {
        self.out.clear();
        self.largest = 0;
    }
}

/// The picture that a new one may build on.
fn base(before: Option<&Arc<PixelPicture>>, picture: &PixelPicture, passage: Passage) -> Option<u64> {
    let before = before?.serial();
    let is_due = passage != Passage::None && before / WHOLE_EVERY != picture.serial() / WHOLE_EVERY;
    (!is_due).then_some(before)
}

#[cfg(test)]
mod tests {
    use super::super::super::Picture;
    use super::super::{Keeps, KittyEncoder, SixelEncoder, Thrift};
    use super::*;

    fn grey(value: u8) -> Picture {
        Picture::new(40, 36, vec![value; 40 * 36 * 3]).unwrap()
    }

    #[test]
    fn a_picture_is_written_once_updated_and_moved() {
        let mut encoder = SixelEncoder::new(Keeps::Pixels, 256, 20);
        let mut half = grey(90);
        half.rgb[..40 * 3 * 6].fill(200);
        let first = Arc::new(encoder.encode(&half, Thrift::new(0)).unwrap());
        let mut stage = Stage::new(Passage::None);
        let (here, there) = (Rect::new(3, 2, 4, 1), Rect::new(3, 5, 4, 1));
        let full = stage.after_cells([("program", here, Arc::clone(&first))]).to_vec();
        assert!(full.starts_with(b"\x1b[3;4H\x1bP") && full.len() == stage.largest());
        assert!(stage.after_cells([("program", here, Arc::clone(&first))]).is_empty());
        assert_eq!(stage.largest(), 0);
        half.rgb[40 * 3 * 30..].fill(200);
        let second = Arc::new(encoder.encode(&half, Thrift::new(0)).unwrap());
        let update = stage.after_cells([("program", here, Arc::clone(&second))]).to_vec();
        assert!(!update.is_empty() && update.len() * 4 < full.len() * 3);
        // What was covered comes back whole, and so does what moved or was cleared away.
        for covered in [true, false] {
            if covered {
                assert!(stage.after_cells([]).is_empty());
            } else {
                assert!(stage.clear().is_empty());
            }
            let again = stage.after_cells([("program", here, Arc::clone(&second))]).to_vec();
            assert!(again.len() > update.len());
        }
        let moved = stage.after_cells([("program", there, second)]);
        assert!(moved.starts_with(b"\x1b[6;4H") && moved.len() > update.len());
    }

    #[test]
    fn behind_a_multiplexer_a_whole_picture_comes_now_and_then() {
        for (passage, expected) in [(Passage::None, 1), (Passage::Tmux { column: 0, row: 0 }, 3)] {
            let mut encoder = SixelEncoder::new(Keeps::Pixels, 256, 20);
            let mut stage = Stage::new(passage);
            let mut wholes = 0;
            for at in 0..150 {
                let rgb = (0..40 * 36 * 3).map(|at| (at * 7 % 251) as u8).collect();
                let mut picture = Picture::new(40, 36, rgb).unwrap();
                picture.rgb[40 * 3 * 18..40 * 3 * 24].fill(if at % 2 == 0 { 200 } else { 150 });
                let sixels = Arc::new(encoder.encode(&picture, Thrift::new(0)).unwrap());
                let whole = sixels.patches(None).len();
                let written = stage.after_cells([((), Rect::new(0, 0, 4, 1), sixels)]);
                wholes += usize::from(written.len() >= whole);
            }
            assert!((expected..=expected + 1).contains(&wholes), "{passage:?}: {wholes}");
        }
    }

    #[test]
    fn images_are_forgotten_when_their_monitor_goes() {
        let mut stage = Stage::new(Passage::None);
        let area = Rect::new(0, 0, 4, 2);
        let picture = Arc::new(
            KittyEncoder::new((4, 2), 1, 0, false)
                .encode(&grey(9), Thrift::new(0))
                .unwrap(),
        );
        for is_clear in [false, true] {
            assert!(!stage.after_cells([("a", area, Arc::clone(&picture))]).is_empty());
            let gone = if is_clear { stage.clear() } else { stage.after_cells([]) };
            assert_eq!(gone, picture.remove());
            assert!(stage.after_cells([]).is_empty());
        }
    }

    #[test]
    fn virtual_images_go_ahead_of_the_cells_and_through_the_multiplexer() {
        let mut stage = Stage::new(Passage::Tmux { column: 0, row: 0 });
        let picture = Arc::new(
            KittyEncoder::new((4, 2), 1, 0, true)
                .encode(&grey(9), Thrift::new(0))
                .unwrap(),
        );
        let pictures = [("a", Arc::clone(&picture))];
        assert!(
            stage
                .before_cells(pictures.iter().map(|(key, picture)| (key, picture)))
                .starts_with(b"\x1bPtmux;")
        );
        assert!(
            stage
                .after_cells([("a", Rect::new(0, 0, 4, 2), Arc::clone(&picture))])
                .is_empty()
        );
        assert!(
            stage
                .before_cells(pictures.iter().map(|(key, picture)| (key, picture)))
                .is_empty()
        );
        assert!(stage.after_cells([]).starts_with(b"\x1bPtmux;\x1b\x1b_Ga=d"));
    }
}
