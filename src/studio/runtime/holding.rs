//! The hold of a running studio: what its threads share, and the thread that lets pictures out.
//!
//! ```text
//! sound thread ─▶ sound encoder's thread: SoundAir ─ draws ─▶ Course ◀─ reads ─ thread "hold": each line's PictureHold ─▶ Outlet
//!                      └─ reads edits                                             ▲ packets, configurations, reels
//! core task ─ set, dump, edit, cover ─▶ Holding                    encoder threads┘
//! ```
//!
//! While nothing is held the sound goes through untouched, packets go from the encoder's thread to the outlet, and the thread
//! sleeps. A line goes over into the hold with the first packet after that is wanted, and out of it when the hold is none and
//! nothing waits any more: each under the lock of its line, so that no packet overtakes another.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::air::FaceWatch;
use super::gate::Gate;
use super::outlet::{LINES, Outlet};
use crate::clock::Clock;
use crate::hold::{
    Course, Edit, EditKind, EditList, HoldPhase, HoldState, LEAD_BLOCKS, Leaving, Pace, PictureHold, Place, Plan, Reel,
    SoundHold, Tempo,
};
use crate::media::{AudioBlock, FrameRate, Packet, TimeDelta, Timestamp, TrackKind, VideoConfig};

/// Edits of dumps have numbers from here on; those of callers are below.
const DUMPS: u64 = 1 << 63;

/// Blocks between two looks at the levels: 100 ms.
const LEVELS_EVERY: i64 = 10;

/// How much longer a picture may be shown before a slate begins, so that it begins at an IDR and costs no picture.
const WAIT_FOR_IDR_MS: i64 = 2500;

/// What the slate says.
pub const SLATE_TITLE: &str = "stand by";

/// The hold, shared by all threads.
pub struct Holding {
    clock: Clock,
    /// Whether there is a hold, or one to be.
    is_on: AtomicBool,
    /// Whether there are edits, which hold for sound that is not held, too.
    is_edited: AtomicBool,
    /// The hold is none and stays so: lines may go out of it.
    is_over: AtomicBool,
    state: Mutex<State>,
    course: Mutex<Option<Course>>,
    lines: [Line; LINES],
    exit_gate: Arc<Gate>,
    title: Mutex<Arc<str>>,
    /// Something has come in since the thread looked.
    news: Mutex<bool>,
    wake: Condvar,
}

struct State {
    plan: Plan,
    /// The show begins with a hold.
    is_first: bool,
    edits: EditList,
    dumps: u64,
    shown: HoldState,
}

/// The pictures of one line.
struct Line {
    /// Packets go to the outlet without being held.
    is_direct: AtomicBool,
    /// When the last packet went that way, in flicks; `i64::MIN` is never.
    last_direct: AtomicI64,
    has_reel: AtomicBool,
    is_idr_wanted: AtomicBool,
    pictures: Mutex<PictureHold>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Default for Holding {
    fn default() -> Self {
        Self::new(Clock::start(), FrameRate::whole(30), TimeDelta::ZERO)
    }
}

impl Holding {
    /// A hold that is `target` from the first block of the show on, by the studio's clock, for a program of that rate.
    #[must_use]
    pub fn new(clock: Clock, frame_rate: FrameRate, target: TimeDelta) -> Self {
        let plan = Plan::new(target, Pace::Slate);
        let is_on = plan.target() > TimeDelta::ZERO;
        Self {
            clock,
            is_on: AtomicBool::new(is_on),
            is_edited: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
            state: Mutex::new(State {
                plan,
                is_first: is_on,
                edits: EditList::default(),
                dumps: 0,
                shown: HoldState::default(),
            }),
            course: Mutex::new(None),
            lines: std::array::from_fn(|_| Line {
                is_direct: AtomicBool::new(true),
                last_direct: AtomicI64::new(i64::MIN),
                has_reel: AtomicBool::new(false),
                is_idr_wanted: AtomicBool::new(false),
                pictures: Mutex::new(PictureHold::new(frame_rate.frame_duration())),
            }),
            exit_gate: Arc::new(Gate::default()),
            title: Mutex::new(SLATE_TITLE.into()),
            news: Mutex::new(false),
            wake: Condvar::new(),
        }
    }

    // What is asked for from outside.

    /// The hold is to be `target`, none to 30 s, come to by `pace`.
    pub fn set(&self, target: TimeDelta, pace: Pace) {
        let mut state = lock(&self.state);
        state.plan = Plan::new(target, pace);
        self.is_over.store(false, Ordering::Release);
        if state.plan.target() > TimeDelta::ZERO {
            self.is_on.store(true, Ordering::Release);
        }
        drop(state);
        if pace != Pace::Slow {
            self.want_idrs();
        }
        self.wake();
    }

    /// What is held of the last `last`, or all of it, does not go out: it is silent and a slate. Gives the stretch of the show.
    pub fn dump(&self, last: Option<TimeDelta>) -> (Timestamp, Timestamp) {
        let now = self.clock.now();
        let airing = self.now_at_exit().min(now);
        let from = last.map_or(airing, |last| airing.max(now - last));
        let id = {
            let mut state = lock(&self.state);
            state.dumps += 1;
            DUMPS + state.dumps
        };
        self.edit(Edit {
            id,
            from,
            until: now,
            kind: EditKind::Mute,
            strips: None,
        });
        self.cover(from, now);
        (from, now)
    }

    /// A span of the show is to be silent or bleeped, whether it is held or still to come. One of the same id is replaced.
    /// Ids are below 2⁶³.
    pub fn edit(&self, edit: Edit) {
        let mut state = lock(&self.state);
        state.edits.add(edit);
        self.is_edited.store(true, Ordering::Release);
    }

    /// The edit of that id ends at `until`.
    pub fn close(&self, id: u64, until: Timestamp) {
        lock(&self.state).edits.close(id, until);
    }

    /// Takes the edit of that id back; false where all of it has gone out.
    pub fn restore(&self, id: u64) -> bool {
        lock(&self.state).edits.restore(id)
    }

    /// Pictures of that stretch of the show that have not gone out are slate.
    pub fn cover(&self, from: Timestamp, until: Timestamp) {
        for line in self.lines.iter().filter(|line| !line.is_direct.load(Ordering::Acquire)) {
            lock(&line.pictures).cover(from, until);
        }
        self.want_idrs();
        self.wake();
    }

    /// What armed checks have to stamp before a picture goes out. For pictures alone, and of use while there is a hold that
    /// gives them the time.
    #[must_use]
    pub const fn exit_gate(&self) -> &Arc<Gate> {
        &self.exit_gate
    }

    /// The moment of the show that goes out now.
    #[must_use]
    pub fn now_at_exit(&self) -> Timestamp {
        if !self.is_active() {
            return self.clock.now();
        }
        lock(&self.state).shown.airing
    }

    /// What is held.
    #[must_use]
    pub fn state(&self) -> HoldState {
        let mut shown = {
            let state = lock(&self.state);
            HoldState {
                target: state.plan.target(),
                ..state.shown.clone()
            }
        };
        for line in &self.lines {
            let pictures = lock(&line.pictures);
            shown.bytes += pictures.bytes();
            shown.slates += pictures.slates();
        }
        if !self.is_active() {
            shown.airing = self.clock.now();
            shown.newest = shown.airing;
        }
        shown
    }

    /// What the slate says from the next reel on.
    pub fn set_title(&self, title: &str) {
        *lock(&self.title) = title.into();
    }

    // What the threads ask.

    /// Whether sound and pictures go through the hold.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.is_on.load(Ordering::Acquire) || self.exit_gate.is_armed(TrackKind::Video)
    }

    /// Whether sound must be looked at on its way out, held or not.
    #[must_use]
    pub fn is_sound_touched(&self) -> bool {
        self.is_active() || self.is_edited.load(Ordering::Acquire)
    }

    /// What the slate says.
    #[must_use]
    pub fn title(&self) -> Arc<str> {
        Arc::clone(&lock(&self.title))
    }

    /// Whether the encoder of `line` is to make a reel.
    #[must_use]
    pub fn wants_reel(&self, line: usize) -> bool {
        self.is_active() && !self.lines[line].has_reel.load(Ordering::Acquire)
    }

    /// The slate pictures of the configuration that `line` was given last.
    pub fn set_reel(&self, line: usize, reel: Reel) {
        let line = &self.lines[line];
        lock(&line.pictures).set_reel(reel);
        line.has_reel.store(true, Ordering::Release);
    }

    /// Whether an IDR of `line` was asked for since the last call.
    #[must_use]
    pub fn take_idr_wish(&self, line: usize) -> bool {
        self.lines[line].is_idr_wanted.swap(false, Ordering::Relaxed)
    }

    fn want_idrs(&self) {
        for line in &self.lines {
            line.is_idr_wanted.store(true, Ordering::Relaxed);
        }
    }

    /// Takes a packet of `line`, from its encoder's thread; false where it is not to be held but handed out at once.
    pub fn put(&self, line: usize, packet: &Packet) -> bool {
        let line = &self.lines[line];
        if line.is_direct.load(Ordering::Acquire) && !self.is_active() {
            line.last_direct.store(packet.pts.to_flicks(), Ordering::Relaxed);
            return false;
        }
        let mut pictures = lock(&line.pictures);
        self.enter(line, &mut pictures);
        pictures.put(packet.clone());
        drop(pictures);
        self.wake();
        true
    }

    /// Takes what decoders of `line` need from its next packet on; false where they are to be told at once.
    pub fn configure(&self, line: usize, config: &VideoConfig) -> bool {
        let line = &self.lines[line];
        line.has_reel.store(false, Ordering::Release);
        let mut pictures = lock(&line.pictures);
        if line.is_direct.load(Ordering::Acquire) && !self.is_active() {
            // A reel of what was before is of no use to them.
            pictures.clear();
            return false;
        }
        self.enter(line, &mut pictures);
        pictures.configure(config.clone());
        drop(pictures);
        self.wake();
        true
    }

    fn enter(&self, line: &Line, pictures: &mut PictureHold) {
        // It stays on until this line is out of it again, whatever becomes of the check for whose sake it is.
        self.is_on.store(true, Ordering::Release);
        if line.is_direct.swap(false, Ordering::AcqRel) {
            let last = line.last_direct.load(Ordering::Relaxed);
            let last = (last != i64::MIN).then(|| Timestamp::from_flicks(last));
            pictures.enter(last.max(pictures.last()));
        }
    }

    /// Where the block that goes out at `out` is in the show; `edits` is filled with those that touch it. From the sound's way out,
    /// for each block once.
    pub fn advance(&self, out: Timestamp, held: &SoundHold, edits: &mut Vec<Edit>) -> Place {
        let idr = self.idr_for_slate();
        let mut state = lock(&self.state);
        let place = if self.is_active() {
            self.is_on.store(true, Ordering::Release);
            let mut course = lock(&self.course);
            let course = course.get_or_insert_with(|| {
                if state.is_first {
                    return first_course(out, state.plan.target());
                }
                let mut course = Course::new(out, out);
                // Pictures are on their way already: what changes does so later.
                for _ in 0..=LEAD_BLOCKS {
                    course.extend(Tempo::STEADY);
                }
                course
            });
            state.is_first = false;
            let plan = waiting(state.plan, course, idr);
            plan.extend(course, out, |content| held.is_pause(content));
            course.at(out)
        } else {
            Place {
                content: out,
                tempo: Tempo::STEADY,
            }
        };
        let (from, until) = SoundHold::reach(place);
        state.edits.find(from, until, edits);
        state.edits.forget_before(from);
        self.is_edited.store(!state.edits.is_empty(), Ordering::Release);
        let hold = out - place.content;
        state.shown.airing = place.content;
        state.shown.newest = out + AudioBlock::duration();
        state.shown.now = hold;
        state.shown.phase = state.plan.phase(hold);
        place
    }

    /// A block has gone out: what is shown of the sound. `silenced` are the blocks of the show that were
    /// silenced otherwise.
    pub fn went_out(&self, out: Timestamp, held: &SoundHold, silenced: u64) {
        let mut state = lock(&self.state);
        state.shown.silenced = held.edited() + silenced;
        state.shown.bytes = held.bytes();
        if AudioBlock::index_at(out) % LEVELS_EVERY == 0 {
            let shown = &mut state.shown;
            shown.levels_until = held.levels(shown.airing, &mut shown.levels);
        }
        let is_straight = {
            let course = lock(&self.course);
            course.as_ref().is_none_or(|course| course.is_straight_from(out))
        };
        let next = out + AudioBlock::duration();
        let is_over = state.plan.target() == TimeDelta::ZERO
            && is_straight
            && held.is_at(next)
            && !self.exit_gate.is_armed(TrackKind::Video);
        let was_over = self.is_over.swap(is_over, Ordering::AcqRel);
        if is_over && self.lines.iter().all(|line| line.is_direct.load(Ordering::Acquire)) {
            self.is_on.store(false, Ordering::Release);
            *lock(&self.course) = None;
            if state.edits.is_empty() {
                let shown = &mut state.shown;
                shown.levels.clear();
                (shown.bytes, shown.phase) = (0, HoldPhase::Off);
            }
        }
        drop(state);
        if is_over != was_over {
            self.wake();
        }
    }

    /// The first IDR of the source line that is still to go out, while a slate might begin before it.
    fn idr_for_slate(&self) -> Option<Timestamp> {
        let is_wanted = {
            let state = lock(&self.state);
            state.plan.phase(state.shown.now) == HoldPhase::Filling && state.shown.now > TimeDelta::ZERO
        };
        if !is_wanted {
            return None;
        }
        let content = lock(&self.course).as_ref().map(Course::content_end)?;
        lock(&self.lines[super::outlet::SOURCE].pictures).idr_from(content)
    }

    // The thread.

    /// Lets pictures out to `outlet` in their time, until `stop`; sleeps while there are none.
    pub fn run(&self, outlet: &Outlet, watch: &FaceWatch, stop: &AtomicBool) {
        let mut leaving = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            let now = self.clock.now() - watch.delay();
            let next = (0..LINES).filter_map(|line| self.let_out(line, now, outlet, &mut leaving));
            let next = next.min().map(|next| (next - now).to_duration());
            let mut news = lock(&self.news);
            if !*news {
                news = match next {
                    Some(wait) => {
                        let waited = self.wake.wait_timeout(news, wait);
                        waited.unwrap_or_else(PoisonError::into_inner).0
                    }
                    None => self.wake.wait(news).unwrap_or_else(PoisonError::into_inner),
                };
            }
            *news = false;
        }
    }

    /// Has the thread look again.
    pub fn wake(&self) {
        *lock(&self.news) = true;
        self.wake.notify_one();
    }

    /// Hands out what is due of `line` at `now` of the way out, and says when to look again.
    fn let_out(&self, at: usize, now: Timestamp, outlet: &Outlet, leaving: &mut Vec<Leaving>) -> Option<Timestamp> {
        let line = &self.lines[at];
        if line.is_direct.load(Ordering::Acquire) {
            return None;
        }
        let mut pictures = lock(&line.pictures);
        let next = {
            let course = lock(&self.course);
            let straight;
            let course = match (&*course, self.is_active()) {
                (Some(course), _) => course,
                // The first block of sound draws it.
                (None, true) => return Some(now + AudioBlock::duration()),
                (None, false) => {
                    straight = Course::straight();
                    &straight
                }
            };
            let is_cleared = |pts| self.exit_gate.is_cleared(TrackKind::Video, pts);
            pictures.poll(now, course, outlet.is_taken(at), &is_cleared, &mut |left| {
                leaving.push(left);
            })
        };
        if pictures.lacks_idr(now) {
            line.is_idr_wanted.store(true, Ordering::Relaxed);
        }
        // Under the lock of the line: what its encoder hands out itself afterwards comes later.
        for left in leaving.drain(..) {
            match left {
                Leaving::Config(config) if outlet.config(at).as_ref() == Some(&config) => {}
                Leaving::Config(config) => outlet.tell_config(at, &config),
                Leaving::Packet(packet) => outlet.hand_out_video(at, &packet),
            }
        }
        if self.is_over.load(Ordering::Acquire) && pictures.is_through(outlet.is_taken(at)) {
            let last = pictures.last().map_or(i64::MIN, Timestamp::to_flicks);
            line.last_direct.fetch_max(last, Ordering::Relaxed);
            line.is_direct.store(true, Ordering::Release);
            return None;
        }
        next
    }
}

/// The course of a show that begins with a hold at `out`. A picture may have been made a little before the first block of
/// sound, and is held as well.
fn first_course(out: Timestamp, target: TimeDelta) -> Course {
    Course::new(out, out - target.min(TimeDelta::from_millis(1000)))
}

/// `plan`, or one that stays as it is for the moment where a slate would begin in the middle of a GOP and the next IDR of the
/// source line, at `idr`, is near.
fn waiting(plan: Plan, course: &Course, idr: Option<Timestamp>) -> Plan {
    let hold = course.hold_at_end();
    let (content, block) = (course.content_end(), AudioBlock::duration());
    let here = Plan::new(hold, Pace::Slow);
    let is_begun = course.at(course.end() - block).tempo.is_slate();
    let is_near =
        idr.is_some_and(|idr| idr >= content + block && idr - content < TimeDelta::from_millis(WAIT_FOR_IDR_MS));
    if is_near && !is_begun && here.target() == hold && plan.phase(hold) == HoldPhase::Filling {
        here
    } else {
        plan
    }
}

#[cfg(test)]
#[path = "holding_tests.rs"]
mod tests;
