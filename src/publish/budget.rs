//! What destinations will take of the uplink, known before going live: media, and what each protocol puts around it.

use super::Scheme;

/// What one TCP segment carries, and what it costs to carry it: headers of TCP with timestamps, of IPv4.
const SEGMENT: f64 = 1448.0;
const SEGMENT_HEADERS: f64 = 52.0;

/// A TLS record around each write (RFC 8446 §5.2), and the most that it holds.
const TLS_RECORD: f64 = 22.0;
const TLS_MOST: f64 = 16_384.0;

/// RTMP: a message header, and a byte for each further chunk of 4096.
const RTMP_MESSAGE: f64 = 12.0;
const RTMP_CHUNK: f64 = 4096.0;

/// RTP: 12 bytes of header and 2 of the fragment, for each 1400 of payload; before that a length of RFC 4571, or RTSP's four.
const RTP_PAYLOAD: f64 = 1400.0;
const RTP_HEADERS: f64 = 14.0;

/// A WebSocket frame around each access unit.
const WEBSOCKET_FRAME: f64 = 8.0;

/// Packets of AAC in a second, of 1024 samples; Opus has 50.
const SOUND_PACKETS: f64 = 48.0;

/// Of an uplink, no more than this should be meant for media: what is measured is an average, and pictures are not.
const COMFORTABLE: f64 = 0.8;

/// One destination's share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Uplink {
    /// What is spoken with it.
    pub scheme: Scheme,
    /// Pictures, in kbit/s; 0 for none.
    pub video_kbps: u32,
    /// Pictures in a second.
    pub frames_per_second: f64,
    /// Sound, in kbit/s; 0 for none.
    pub audio_kbps: u32,
}

/// The sum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// Media alone, in kbit/s.
    pub media_kbps: u32,
    /// With all that is around it, in kbit/s.
    pub total_kbps: u32,
    /// The same for each destination, in the order given.
    pub each_kbps: Vec<u32>,
}

/// What these destinations will take together, once all of them are live.
#[must_use]
pub fn budget(destinations: &[Uplink]) -> Budget {
    let each_kbps: Vec<u32> = destinations
        .iter()
        .map(|uplink| uplink.total_kbps().ceil() as u32)
        .collect();
    let media = destinations
        .iter()
        .map(|uplink| uplink.video_kbps.saturating_add(uplink.audio_kbps));
    Budget {
        media_kbps: media.fold(0, u32::saturating_add),
        total_kbps: each_kbps.iter().copied().fold(0, u32::saturating_add),
        each_kbps,
    }
}

impl Budget {
    /// Whether an uplink of so many kbit/s leaves too little room: a fifth of it should stay free.
    #[must_use]
    pub fn is_tight(&self, uplink_kbps: u32) -> bool {
        f64::from(self.total_kbps) > COMFORTABLE * f64::from(uplink_kbps)
    }
}

impl Uplink {
    /// In kbit/s, down to the IP headers.
    fn total_kbps(&self) -> f64 {
        let video = self.stream_bytes(self.video_kbps, self.frames_per_second);
        let sound = self.stream_bytes(self.audio_kbps, SOUND_PACKETS);
        let on_ip = |bytes: f64| bytes * (1.0 + SEGMENT_HEADERS / SEGMENT);
        on_ip(video + sound) * 8.0 / 1000.0
    }

    /// Bytes of the connection in a second, for a track of `units` in a second.
    fn stream_bytes(&self, kbps: u32, units: f64) -> f64 {
        if kbps == 0 {
            return 0.0;
        }
        let media = f64::from(kbps) * 125.0;
        let units = units.max(1.0);
        let unit = media / units;
        let packets = (unit / RTP_PAYLOAD).ceil();
        let around = match self.scheme {
            Scheme::Rtmp | Scheme::Rtmps => RTMP_MESSAGE + (unit / RTMP_CHUNK).floor(),
            Scheme::RtpTcp => packets * (RTP_HEADERS + 2.0),
            Scheme::Ws | Scheme::Wss => packets * (RTP_HEADERS + 2.0) + WEBSOCKET_FRAME,
            Scheme::RtspWs | Scheme::RtspWss => packets * (RTP_HEADERS + 4.0) + WEBSOCKET_FRAME,
        };
        let tls = if self.scheme.is_tls() {
            ((unit + around) / TLS_MOST).ceil() * TLS_RECORD
        } else {
            0.0
        };
        units * (unit + around + tls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uplink(scheme: Scheme) -> Uplink {
        Uplink {
            scheme,
            video_kbps: 6000,
            frames_per_second: 30.0,
            audio_kbps: 160,
        }
    }

    #[test]
    fn every_protocol_costs_a_few_percent_and_they_keep_their_order() {
        use Scheme::{Rtmp, Rtmps, RtpTcp, RtspWs, RtspWss, Ws, Wss};
        let cost = |scheme| budget(&[uplink(scheme)]).total_kbps;
        for scheme in [Rtmp, Rtmps, RtpTcp, Ws, Wss, RtspWs, RtspWss] {
            let share = f64::from(cost(scheme)) / 6160.0;
            assert!((1.03..1.09).contains(&share), "{scheme:?}: {share}");
        }
        assert!(
            cost(Rtmp) < cost(RtpTcp) && cost(RtpTcp) < cost(Ws) && cost(Ws) < cost(Wss) && cost(Wss) < cost(RtspWss)
        );
    }

    #[test]
    fn destinations_add_up_and_a_fifth_stays_free() {
        let sum = budget(&[uplink(Scheme::Rtmp), uplink(Scheme::Wss), uplink(Scheme::Ws)]);
        assert_eq!(sum.media_kbps, 3 * 6160);
        assert_eq!(sum.total_kbps, sum.each_kbps.iter().sum::<u32>());
        assert!(sum.is_tight(20_000) && !sum.is_tight(25_000));
        assert_eq!(budget(&[]), Budget::default());
        assert!(!Budget::default().is_tight(0));
        let silent = Uplink {
            audio_kbps: 0,
            ..uplink(Scheme::Ws)
        };
        assert!(budget(&[silent]).total_kbps < budget(&[uplink(Scheme::Ws)]).total_kbps);
        let huge = Uplink {
            video_kbps: u32::MAX,
            ..uplink(Scheme::Ws)
        };
        assert_eq!(budget(&[huge, huge]).total_kbps, u32::MAX);
    }
}
