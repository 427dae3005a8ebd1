//! The thread that prepares pictures, so that keys never wait behind one.
//!
//! Per monitor there is one place for a picture that waits: a newer one replaces it, and that is counted. A result that
//! is older than the arrangement of the screen is dropped, and a result that looks like what is on screen is not reported at all.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use super::pixels::{PixelEncoder, PixelTerminal, ink};
use super::{CellEncoder, CellPicture, Picture, Prepared, Renderer, Thrift};
use crate::control::protocol::MonitorTarget;
use crate::studio::model::FaceMark;

/// What a monitor on screen needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// What it shows.
    pub target: MonitorTarget,
    /// How it is drawn.
    pub renderer: Renderer,
    /// Columns and rows that it covers.
    pub cells: (u16, u16),
    /// Pixels, from [`Renderer::picture_size`].
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// The worker thread and its hand-over places.
pub struct Monitors {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    work: Condvar,
}

/// A picture with the faces in it.
type Marked = (Picture, Vec<FaceMark>);

#[derive(Default)]
struct State {
    slots: HashMap<MonitorTarget, Slot>,
    waiting: Vec<(MonitorTarget, Marked)>,
    ready: Vec<(MonitorTarget, Prepared)>,
    /// Counts arrangements: what was shown before one may have been wiped off the screen by it.
    arrangement: u64,
    terminal: PixelTerminal,
    thrift: Thrift,
    superseded: u64,
    is_over: bool,
}

impl Shared {
    /// The state; a panic elsewhere while it was held leaves plain data that is still usable.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Monitors {
    /// Starts the thread. `wake` is called from it when there is something to [`take`](Self::take).
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn start(wake: impl Fn() + Send + 'static) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("monitors".into())
            .spawn(move || work(&theirs, &wake))?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Tells which monitors there are now. Pictures that wait for a monitor that is gone are dropped.
    pub fn arrange(&self, slots: &[Slot]) {
        let mut state = self.shared.state();
        state.arrangement += 1;
        state.ready.clear();
        state.slots = slots.iter().map(|slot| (slot.target.clone(), slot.clone())).collect();
        let State { slots, waiting, .. } = &mut *state;
        waiting.retain(|(target, _)| slots.contains_key(target));
    }

    /// Tells what the terminal makes of pixels.
    pub fn set_terminal(&self, terminal: PixelTerminal) {
        self.shared.state().terminal = terminal;
    }

    /// Tells how much pictures may lose to save bytes.
    pub fn set_thrift(&self, thrift: Thrift) {
        self.shared.state().thrift = thrift;
    }

    /// Hands over a picture with the faces in it; one that still waits for the same monitor is replaced.
    pub fn show(&self, target: MonitorTarget, picture: Picture, marks: Vec<FaceMark>) {
        let picture = (picture, marks);
        let mut state = self.shared.state();
        if let Some(place) = state.waiting.iter_mut().find(|(waiting, _)| *waiting == target) {
            place.1 = picture;
            state.superseded += 1;
        } else {
            state.waiting.push((target, picture));
        }
        self.shared.work.notify_one();
    }

    /// What became ready since the last call, at most one per monitor.
    #[must_use]
    pub fn take(&self) -> Vec<(MonitorTarget, Prepared)> {
        let mut state = self.shared.state();
        if !state.ready.is_empty() && !state.waiting.is_empty() {
            self.shared.work.notify_one();
        }
        std::mem::take(&mut state.ready)
    }

    /// Pictures that were replaced by newer ones before they were prepared.
    #[must_use]
    pub fn superseded(&self) -> u64 {
        self.shared.state().superseded
    }
}

impl Drop for Monitors {
    fn drop(&mut self) {
        self.shared.state().is_over = true;
        self.shared.work.notify_one();
        if let Some(thread) = self.thread.take() {
            // A worker that panicked has nothing left to say that the panic hook did not.
            let _ = thread.join();
        }
    }
}

fn work(shared: &Shared, wake: &dyn Fn()) {
    let mut artist = Artist::default();
    loop {
        let (slot, picture, arrangement, terminal, thrift) = {
            let mut state = shared.state();
            loop {
                if state.is_over {
                    return;
                }
                // What is ready and not taken yet is on its way to the screen: the next picture is drawn from there.
                let is_due =
                    |(target, _): &(MonitorTarget, Marked)| !state.ready.iter().any(|(ready, _)| ready == target);
                let Some(at) = state.waiting.iter().position(is_due) else {
                    state = shared.work.wait(state).unwrap_or_else(PoisonError::into_inner);
                    continue;
                };
                let (target, picture) = state.waiting.remove(at);
                if let Some(slot) = state.slots.get(&target) {
                    break (slot.clone(), picture, state.arrangement, state.terminal, state.thrift);
                }
            }
        };
        artist.follow(arrangement, &terminal);
        artist.thrift = thrift;
        let Some(prepared) = artist.prepare(&slot, picture.0, picture.1) else {
            continue;
        };
        let mut state = shared.state();
        if state.arrangement != arrangement {
            continue;
        }
        state.ready.push((slot.target, prepared));
        drop(state);
        wake();
    }
}

/// Draws pictures and remembers what each monitor shows.
#[derive(Default)]
struct Artist {
    terminal: PixelTerminal,
    thrift: Thrift,
    arrangement: u64,
    shown: HashMap<MonitorTarget, (Slot, Shown)>,
    /// One per monitor of cells: each knows what its own shows.
    cells: HashMap<MonitorTarget, CellEncoder>,
    /// Numbers of monitors, for those that show pixels.
    numbers: Vec<MonitorTarget>,
}

enum Shown {
    Cells(Arc<CellPicture>, Arc<[FaceMark]>),
    Pixels(Box<PixelEncoder>),
}

impl Artist {
    /// The picture for its monitor; `None` where it would look like the one before.
    fn prepare(&mut self, slot: &Slot, mut picture: Picture, marks: Vec<FaceMark>) -> Option<Prepared> {
        let (width, height) = (slot.width as usize, slot.height as usize);
        if (picture.width(), picture.height()) != (width, height) {
            picture = picture.resized(width, height);
        }
        if slot.renderer.is_pixels() {
            ink::draw(&mut picture, &marks);
            return self.prepare_pixels(slot, &picture);
        }
        let before = self
            .shown
            .get(&slot.target)
            .filter(|(was, _)| was == slot)
            .map(|(_, shown)| shown);
        let (shown, prepared) = match slot.renderer {
            Renderer::Off | Renderer::Sixel | Renderer::Kitty | Renderer::Iterm => return None,
            Renderer::Cells(glyphs, palette) => {
                let encoder = match self.cells.get_mut(&slot.target) {
                    Some(encoder) if encoder.kind() == (glyphs, palette) => encoder,
                    _ => self
                        .cells
                        .entry(slot.target.clone())
                        .insert_entry(CellEncoder::new(glyphs, palette))
                        .into_mut(),
                };
                let before = match before {
                    Some(Shown::Cells(cells, marks)) => Some((cells, marks)),
                    Some(Shown::Pixels(_)) | None => None,
                };
                if before.is_none() {
                    encoder.forget();
                }
                let cells = match (encoder.encode(&picture, self.thrift), before) {
                    (Some(cells), _) => Arc::new(cells),
                    (None, Some((_, marks_before))) if **marks_before == marks => return None,
                    (None, Some((cells, _))) => Arc::clone(cells),
                    // What is encoded from nothing always has cells.
                    (None, None) => return None,
                };
                let marks = Arc::from(marks);
                (
                    Shown::Cells(Arc::clone(&cells), Arc::clone(&marks)),
                    Prepared::Cells(cells, marks),
                )
            }
        };
        self.shown.insert(slot.target.clone(), (slot.clone(), shown));
        Some(prepared)
    }

    /// The picture as pixels, by the encoder of its monitor.
    fn prepare_pixels(&mut self, slot: &Slot, picture: &Picture) -> Option<Prepared> {
        let is_same = matches!(self.shown.get(&slot.target), Some((was, Shown::Pixels(_))) if was == slot);
        if !is_same {
            let number = self
                .numbers
                .iter()
                .position(|known| *known == slot.target)
                .unwrap_or_else(|| {
                    self.numbers.push(slot.target.clone());
                    self.numbers.len() - 1
                });
            let encoder = match slot.renderer {
                Renderer::Kitty => PixelEncoder::kitty(&self.terminal, slot.cells, number as u8),
                Renderer::Iterm => PixelEncoder::iterm(slot.cells),
                _ => PixelEncoder::sixel(&self.terminal),
            };
            self.shown
                .insert(slot.target.clone(), (slot.clone(), Shown::Pixels(Box::new(encoder))));
        }
        match self.shown.get_mut(&slot.target) {
            Some((_, Shown::Pixels(encoder))) => {
                let picture = encoder.encode(picture, self.thrift)?;
                Some(Prepared::Pixels(Arc::new(picture)))
            }
            _ => None,
        }
    }

    /// Forgets what was shown when the monitors have been arranged anew.
    fn follow(&mut self, arrangement: u64, terminal: &PixelTerminal) {
        let is_other = std::mem::replace(&mut self.terminal, *terminal) != *terminal;
        if std::mem::replace(&mut self.arrangement, arrangement) != arrangement || is_other {
            self.shown.clear();
            self.cells.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Glyphs, Palette};
    use super::*;
    use std::sync::mpsc;

    const ASCII: Renderer = Renderer::Cells(Glyphs::Ascii, Palette::Mono);

    fn slot(target: MonitorTarget, renderer: Renderer) -> Slot {
        Slot {
            target,
            renderer,
            cells: (4, 2),
            width: 4,
            height: 4,
        }
    }

    fn face() -> FaceMark {
        FaceMark {
            track: 1,
            x: 0.5,
            y: 0.5,
            width: 0.5,
            height: 0.5,
            roll: 0.0,
            sight: crate::studio::model::Sight::Seen,
            is_hidden: true,
            open: crate::studio::model::Regions::NONE,
        }
    }

    fn grey(value: u8) -> Picture {
        Picture::new(4, 4, vec![value; 48]).unwrap()
    }

    #[test]
    fn a_picture_comes_back_ready_and_a_strange_monitor_stays_dark() {
        let (tell, told) = mpsc::channel();
        let monitors = Monitors::start(move || tell.send(()).unwrap()).unwrap();
        monitors.arrange(&[slot(MonitorTarget::Program, ASCII)]);
        monitors.show(MonitorTarget::Preview, grey(9), Vec::new());
        monitors.show(MonitorTarget::Program, grey(200), Vec::new());
        told.recv().unwrap();
        let ready = monitors.take();
        assert_eq!(ready.len(), 1);
        assert_eq!(ready[0].0, MonitorTarget::Program);
    }

    #[test]
    fn what_looks_the_same_is_not_drawn_again() {
        let mut artist = Artist::default();
        for renderer in [
            ASCII,
            Renderer::Sixel,
            Renderer::Kitty,
            Renderer::Iterm,
            Renderer::Cells(Glyphs::HalfBlocks, Palette::TrueColor),
        ] {
            let slot = slot(MonitorTarget::Program, renderer);
            assert!(artist.prepare(&slot, grey(100), Vec::new()).is_some());
            assert!(artist.prepare(&slot, grey(100), Vec::new()).is_none());
            assert!(artist.prepare(&slot, grey(200), Vec::new()).is_some());
            assert!(
                artist.prepare(&slot, grey(200), vec![face()]).is_some(),
                "a box is news"
            );
            assert!(artist.prepare(&slot, grey(200), vec![face()]).is_none());
        }
    }

    #[test]
    fn a_new_arrangement_draws_even_what_looks_the_same() {
        let mut artist = Artist::default();
        let slot = slot(MonitorTarget::Program, ASCII);
        assert!(artist.prepare(&slot, grey(100), Vec::new()).is_some());
        artist.follow(1, &PixelTerminal::default());
        assert!(artist.prepare(&slot, grey(100), Vec::new()).is_some());
    }

    #[test]
    fn a_picture_of_another_size_is_made_to_fit() {
        let mut artist = Artist::default();
        let picture = Picture::new(9, 2, vec![50; 54]).unwrap();
        let Some(Prepared::Cells(cells, _)) = artist.prepare(&slot(MonitorTarget::Preview, ASCII), picture, Vec::new())
        else {
            panic!("no cells");
        };
        assert_eq!(
            (cells.columns(), cells.rows()),
            (2, 1),
            "two by four pixels are a character"
        );
    }
}
