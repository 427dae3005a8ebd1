//! Reports between the ends of a connection (RFC 3550 §6): the sender's clock, and what reached the receiver.

use rtcp_types::{
    Bye, Compound, Packet, ReceiverReport, RtcpPacketWriter, RtcpPacketWriterExt, Sdes, SdesChunk, SdesItem,
    SenderReport as Sender,
};

use super::ntp::from_compact;
use super::{NtpTime, RtpError};
use crate::media::TimeDelta;

/// One thing that a compound packet says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rtcp {
    /// What time it is at a sender.
    SenderReport(SenderReport),
    /// What a receiver got of one of our tracks.
    Report(ReportBlock),
    /// The name that the tracks of one sender share.
    Cname {
        /// The track.
        ssrc: u32,
        /// Its name.
        cname: String,
    },
    /// A track ends.
    Bye {
        /// The track.
        ssrc: u32,
    },
}

/// The clock of a sender, and how much it has sent (§6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenderReport {
    /// Of the sender.
    pub ssrc: u32,
    /// On the wall.
    pub ntp: NtpTime,
    /// The same moment in RTP time.
    pub timestamp: u32,
    /// Packets until now, wrapping.
    pub packets: u32,
    /// Bytes of payload until now, wrapping.
    pub octets: u32,
}

/// What reached a receiver (§6.4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReportBlock {
    /// Of the track that it is about.
    pub ssrc: u32,
    /// Packets lost since the report before, in 256ths.
    pub fraction_lost: u8,
    /// Packets lost since the start; negative where there were more duplicates.
    pub lost: i32,
    /// The highest sequence number, with how often it wrapped around above it.
    pub highest_sequence: u32,
    /// Mean deviation of what lies between packets, in RTP time.
    pub jitter: u32,
    /// The middle bits of the last sender report that came; 0 for none yet.
    pub last_sender_report: u32,
    /// How long ago that was, in 65 536ths of a second.
    pub delay: u32,
}

impl ReportBlock {
    /// The share of packets that was lost since the report before.
    #[must_use]
    pub fn loss_share(&self) -> f64 {
        f64::from(self.fraction_lost) / 256.0
    }

    /// The jitter of a track whose clock has `clock_rate` ticks in a second.
    #[must_use]
    pub fn jitter(&self, clock_rate: u32) -> TimeDelta {
        TimeDelta::from_rate(i64::from(self.jitter), clock_rate)
    }

    /// The way there and back, where the block came at `now` on the clock by which the sender reports were written. `None`
    /// before the first of them came back, and where the numbers do not fit together.
    #[must_use]
    pub fn round_trip(&self, now: NtpTime) -> Option<TimeDelta> {
        if self.last_sender_report == 0 {
            return None;
        }
        let way = now
            .compact()
            .wrapping_sub(self.last_sender_report)
            .wrapping_sub(self.delay);
        // Half the range back: the other side's clock ran faster than ours within this round trip.
        (way < 1 << 31).then(|| from_compact(way))
    }
}

/// Whether a packet is RTCP: where both kinds share a connection, the second byte tells (RFC 5761 §4).
#[must_use]
pub fn is_rtcp(packet: &[u8]) -> bool {
    packet.get(1).is_some_and(|kind| (192..=223).contains(kind))
}

/// What a compound packet says. Kinds that this crate has no use for are passed over; broken parts end it.
///
/// # Errors
/// Where the lengths inside do not add up.
pub fn parse_rtcp(bytes: &[u8]) -> Result<impl Iterator<Item = Rtcp> + '_, RtpError> {
    let mut said = Vec::new();
    for packet in Compound::parse(bytes)?.map_while(Result::ok) {
        match packet {
            Packet::Sr(report) => {
                said.push(Rtcp::SenderReport(SenderReport {
                    ssrc: report.ssrc(),
                    ntp: NtpTime::from_bits(report.ntp_timestamp()),
                    timestamp: report.rtp_timestamp(),
                    packets: report.packet_count(),
                    octets: report.octet_count(),
                }));
                said.extend(report.report_blocks().map(|block| Rtcp::Report(read_block(&block))));
            }
            Packet::Rr(report) => said.extend(report.report_blocks().map(|block| Rtcp::Report(read_block(&block)))),
            Packet::Sdes(sdes) => said.extend(sdes.chunks().filter_map(read_cname)),
            Packet::Bye(bye) => said.extend(bye.ssrcs().map(|ssrc| Rtcp::Bye { ssrc })),
            _ => {}
        }
    }
    Ok(said.into_iter())
}

fn read_block(block: &rtcp_types::ReportBlock<'_>) -> ReportBlock {
    ReportBlock {
        ssrc: block.ssrc(),
        fraction_lost: block.fraction_lost(),
        // 24 bits with a sign.
        lost: (block.cumulative_lost() << 8) as i32 >> 8,
        highest_sequence: block.extended_sequence_number(),
        jitter: block.interarrival_jitter(),
        last_sender_report: block.last_sender_report_timestamp(),
        delay: block.delay_since_last_sender_report_timestamp(),
    }
}

fn read_cname(chunk: &SdesChunk<'_>) -> Option<Rtcp> {
    let item = chunk.items().find(|item| item.type_() == SdesItem::CNAME)?;
    Some(Rtcp::Cname {
        ssrc: chunk.ssrc(),
        cname: String::from_utf8_lossy(item.value()).into_owned(),
    })
}

/// A sender report with a CNAME behind it.
pub(super) fn write_sender_report(report: &SenderReport, cname: &str, out: &mut Vec<u8>) {
    write(
        &Compound::builder()
            .add_packet(sender(report))
            .add_packet(sdes(report.ssrc, cname)),
        out,
    );
}

/// The same with a BYE.
pub(super) fn write_bye(report: &SenderReport, cname: &str, out: &mut Vec<u8>) {
    let compound = Compound::builder()
        .add_packet(sender(report))
        .add_packet(sdes(report.ssrc, cname))
        .add_packet(Bye::builder().add_source(report.ssrc));
    write(&compound, out);
}

/// Appends a receiver report of `ssrc` about other tracks, with a CNAME (§6.4.2). Not framed. Blocks beyond the 31 that one
/// report holds are left out.
pub fn write_receiver_report(ssrc: u32, cname: &str, blocks: &[ReportBlock], out: &mut Vec<u8>) {
    let mut report = ReceiverReport::builder(ssrc);
    for block in blocks.iter().take(31) {
        report = report.add_report_block(
            rtcp_types::ReportBlock::builder(block.ssrc)
                .fraction_lost(block.fraction_lost)
                .cumulative_lost(block.lost.clamp(-0x80_0000, 0x7F_FFFF) as u32 & 0xFF_FFFF)
                .extended_sequence_number(block.highest_sequence)
                .interarrival_jitter(block.jitter)
                .last_sender_report_timestamp(block.last_sender_report)
                .delay_since_last_sender_report_timestamp(block.delay),
        );
    }
    write(
        &Compound::builder().add_packet(report).add_packet(sdes(ssrc, cname)),
        out,
    );
}

fn sender(report: &SenderReport) -> rtcp_types::SenderReportBuilder {
    Sender::builder(report.ssrc)
        .ntp_timestamp(report.ntp.to_bits())
        .rtp_timestamp(report.timestamp)
        .packet_count(report.packets)
        .octet_count(report.octets)
}

fn sdes(ssrc: u32, cname: &str) -> rtcp_types::SdesBuilder<'_> {
    // An item holds 255 bytes, and is cut at a character.
    let end = (0..=cname.len().min(255))
        .rev()
        .find(|end| cname.is_char_boundary(*end));
    let item = SdesItem::builder(SdesItem::CNAME, &cname[..end.unwrap_or(0)]);
    Sdes::builder().add_chunk(SdesChunk::builder(ssrc).add_item(item))
}

fn write(compound: &rtcp_types::CompoundBuilder<'_>, out: &mut Vec<u8>) {
    let start = out.len();
    let Ok(size) = compound.calculate_size() else { return };
    out.resize(start + size, 0);
    if compound.write_into(&mut out[start..]).is_err() {
        out.truncate(start);
    }
}
