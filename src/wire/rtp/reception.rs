//! What reached a receiver: sequence numbers, loss, jitter (RFC 3550 §6.4.1, appendices A.1, A.3 and A.8), and the sender's
//! clock as its reports tell it.

use super::ntp::to_compact;
use super::{NtpTime, ReportBlock, SenderReport};
use crate::media::{TimeDelta, Timestamp};

/// A jump ahead by less is loss; one by more is a sender that started anew (appendix A.1: MAX_DROPOUT).
const MAX_LOSS: u16 = 3000;

/// A step back by no more is a late or repeated packet (appendix A.1: MAX_MISORDER).
const MAX_LATE: u16 = 100;

/// Times further apart than this are of two clocks, where a sender's sequence jumped.
const MAX_PAUSE_SECONDS: i64 = 60;

/// What became of a track's packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReceiveStats {
    /// Packets that came in, late and repeated ones too.
    pub received: u64,
    /// Packets that never came.
    pub lost: u64,
    /// Packets that came late or again, and were not used.
    pub late: u64,
    /// Packets that were not understood.
    pub broken: u64,
    /// The highest sequence number, with how often it wrapped around above it.
    pub highest_sequence: u32,
    /// Mean deviation of what lies between packets.
    pub jitter: TimeDelta,
    /// Access units that were handed out.
    pub units: u64,
    /// Access units that were left out: damaged, or before the first IDR or the next one after damage.
    pub left_out: u64,
}

/// Where a packet stands in its track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// The one that was due.
    Next,
    /// That many are missing before it.
    After(u16),
    /// Of a sender that started anew: nothing before it belongs to it.
    Anew,
    /// Late, repeated, or the first sign of a jump: not to be used.
    Unused,
}

/// The sequence and the clock of one sender.
#[derive(Debug)]
pub(super) struct Reception {
    clock_rate: u32,
    source: Option<Source>,
    /// Of sources before this one.
    past_lost: u64,
    received: u64,
    late: u64,
    /// Smoothed, in sixteenths of a tick (appendix A.8).
    jitter: i64,
    clock: Option<SenderClock>,
    /// A report that came before the first packet of its track, as senders may do.
    early: Option<(SenderReport, Timestamp)>,
    /// What the last receiver report said: expected and lost.
    reported: (u64, u64),
}

#[derive(Debug)]
struct Source {
    ssrc: u32,
    first: i64,
    /// The highest sequence number, unwrapped.
    highest: i64,
    /// Packets that were due and came, late ones as well.
    arrived: u64,
    /// The packet that would confirm a jump.
    after_jump: Option<u16>,
    /// Unwrapped time of the newest packet, and what lies between it and the packet's own number.
    timestamp: i64,
    shift: i64,
    /// How far its arrival lay off it, in ticks.
    transit: i64,
}

impl Source {
    /// The time without wrap-around of a number near the newest packet.
    fn unwrap(&self, timestamp: u32) -> i64 {
        let newest = (self.timestamp - self.shift) as u32;
        self.timestamp + i64::from(timestamp.wrapping_sub(newest) as i32)
    }
}

/// A sender report and when it came.
#[derive(Clone, Copy, Debug)]
struct SenderClock {
    report: SenderReport,
    /// The report's RTP time, unwrapped.
    timestamp: i64,
    came_at: Timestamp,
}

impl Reception {
    pub(super) fn new(clock_rate: u32) -> Self {
        Self {
            clock_rate,
            source: None,
            past_lost: 0,
            received: 0,
            late: 0,
            jitter: 0,
            clock: None,
            early: None,
            reported: (0, 0),
        }
    }

    /// Takes note of a packet, and tells its place and its time without wrap-around.
    ///
    /// The time of a new source goes on from where the one before stopped: its own numbers bear no relation to that.
    pub(super) fn receive(&mut self, ssrc: u32, sequence: u16, timestamp: u32, at: Timestamp) -> (Arrival, i64) {
        self.received += 1;
        let arrival_ticks = at.to_rate(self.clock_rate);
        let Some(source) = self.source.as_mut().filter(|source| source.ssrc == ssrc) else {
            return (Arrival::Anew, self.start(ssrc, sequence, timestamp, arrival_ticks));
        };
        let step = sequence.wrapping_sub(source.highest as u16);
        let arrival = match step {
            0 => Arrival::Unused,
            1 => Arrival::Next,
            2..=MAX_LOSS => Arrival::After(step - 1),
            _ if step > u16::MAX - MAX_LATE => {
                source.arrived += 1;
                Arrival::Unused
            }
            // Two in a row make a jump believed.
            _ if source.after_jump == Some(sequence) => {
                return (Arrival::Anew, self.start(ssrc, sequence, timestamp, arrival_ticks));
            }
            _ => {
                source.after_jump = Some(sequence.wrapping_add(1));
                Arrival::Unused
            }
        };
        if arrival == Arrival::Unused {
            self.late += 1;
            return (arrival, source.timestamp);
        }
        source.after_jump = None;
        source.highest += i64::from(step);
        source.arrived += 1;
        source.timestamp = source.unwrap(timestamp);
        let transit = arrival_ticks - source.timestamp;
        self.jitter += (transit - source.transit).abs() - ((self.jitter + 8) >> 4);
        source.transit = transit;
        (arrival, source.timestamp)
    }

    fn start(&mut self, ssrc: u32, sequence: u16, timestamp: u32, arrival_ticks: i64) -> i64 {
        self.past_lost = self.lost();
        self.reported = (0, self.past_lost);
        self.clock = None;
        let (time, shift) = match &self.source {
            None => (i64::from(timestamp), 0),
            Some(old) => {
                let time = old.unwrap(timestamp);
                let is_same_clock = (time - old.timestamp).abs() < MAX_PAUSE_SECONDS * i64::from(self.clock_rate);
                if old.ssrc == ssrc && is_same_clock {
                    (time, old.shift)
                } else {
                    (old.timestamp, old.timestamp - i64::from(timestamp))
                }
            }
        };
        self.source = Some(Source {
            ssrc,
            first: i64::from(sequence),
            highest: i64::from(sequence),
            arrived: 1,
            after_jump: None,
            timestamp: time,
            shift,
            transit: arrival_ticks - time,
        });
        if let Some((report, came_at)) = self.early.take() {
            self.on_sender_report(&report, came_at);
        }
        time
    }

    fn expected(&self) -> u64 {
        self.source
            .as_ref()
            .map_or(0, |source| (source.highest - source.first + 1) as u64)
    }

    fn lost(&self) -> u64 {
        let arrived = self.source.as_ref().map_or(0, |source| source.arrived);
        self.past_lost + self.expected().saturating_sub(arrived)
    }

    /// The sender's clock.
    pub(super) fn on_sender_report(&mut self, report: &SenderReport, at: Timestamp) {
        let Some(source) = self.source.as_ref().filter(|source| source.ssrc == report.ssrc) else {
            self.early = Some((*report, at));
            return;
        };
        self.clock = Some(SenderClock {
            report: *report,
            timestamp: source.unwrap(report.timestamp),
            came_at: at,
        });
    }

    /// When, by the sender's wall clock, something of this time was shown or heard there.
    pub(super) fn wall_clock(&self, timestamp: i64) -> Option<NtpTime> {
        let clock = self.clock?;
        let since = TimeDelta::from_rate(timestamp - clock.timestamp, self.clock_rate);
        let bits = i128::from(clock.report.ntp.to_bits()) + ((i128::from(since.to_rate(1 << 20))) << 12);
        Some(NtpTime::from_bits(bits as u64))
    }

    /// What a receiver report says of this track; counts the time until the next one from here.
    pub(super) fn report(&mut self, now: Timestamp) -> Option<ReportBlock> {
        let source = self.source.as_ref()?;
        let (expected, lost) = (self.expected(), self.lost());
        let (expected_before, lost_before) = self.reported;
        let span = expected.saturating_sub(expected_before);
        let missing = lost.saturating_sub(lost_before);
        let (last_sender_report, delay) = self.clock.map_or((0, 0), |clock| {
            (clock.report.ntp.compact(), to_compact(now - clock.came_at))
        });
        let block = ReportBlock {
            ssrc: source.ssrc,
            fraction_lost: (missing.saturating_mul(256).checked_div(span).unwrap_or(0)).min(255) as u8,
            lost: (lost - self.past_lost).min(0x7F_FFFF) as i32,
            highest_sequence: source.highest as u32,
            jitter: (self.jitter >> 4) as u32,
            last_sender_report,
            delay,
        };
        self.reported = (expected, lost);
        Some(block)
    }

    /// The part of the statistics that is known here.
    pub(super) fn stats(&self) -> ReceiveStats {
        ReceiveStats {
            received: self.received,
            lost: self.lost(),
            late: self.late,
            highest_sequence: self.source.as_ref().map_or(0, |source| source.highest as u32),
            jitter: TimeDelta::from_rate(self.jitter >> 4, self.clock_rate),
            ..ReceiveStats::default()
        }
    }
}
