//! From the channels of a device to the two of a strip.
//!
//! A device says where each of its channels sits, and their order is its own, so the way down to stereo is made from those
//! places and not from their number: centre to both sides and what is behind to its side at -3 dB, as in ITU-R BS.775;
//! the effects channel is left out. Inputs without a place, as sound cards for studios have them, are heard in the
//! middle, all with the same share of the power. Channels that are picked are taken as they are.

use super::error::MicrophoneError;

/// Where a channel is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// On the left, as it is.
    Left,
    /// On the right, as it is.
    Right,
    /// On the left, 3 dB lower: behind, at the side, above.
    FarLeft,
    /// On the right, 3 dB lower.
    FarRight,
    /// On both sides, 3 dB lower.
    Centre,
    /// On both sides: one of so many inputs that are nowhere in the room.
    Input,
    /// Nowhere: deep effects.
    Nowhere,
}

/// The channels that devices have at most: PulseAudio's limit.
pub(super) const MOST_CHANNELS: usize = 32;

/// How the channels of one device become stereo.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mix {
    channels: usize,
    /// Channel, and how much of it goes to the left and to the right.
    taps: Vec<(usize, f32, f32)>,
}

impl Mix {
    /// The way for a device whose channels sit at `places`, of which `picked` (counted from 1) are heard; all, where it is empty.
    ///
    /// # Errors
    /// A channel that the device does not have.
    pub(super) fn new(places: &[Place], picked: &[u16]) -> Result<Self, MicrophoneError> {
        const FAR: f32 = std::f32::consts::FRAC_1_SQRT_2;
        let channels = places.len();
        let at = |channel: u16| match usize::from(channel).checked_sub(1) {
            Some(at) if at < channels => Ok(at),
            _ => Err(MicrophoneError::NoChannel { channel, channels }),
        };
        let taps = match picked {
            [] => {
                let inputs = places.iter().filter(|place| **place == Place::Input).count();
                let share = 1.0 / (inputs.max(1) as f32).sqrt();
                let gains = places.iter().map(|place| match place {
                    Place::Left => (1.0, 0.0),
                    Place::Right => (0.0, 1.0),
                    Place::FarLeft => (FAR, 0.0),
                    Place::FarRight => (0.0, FAR),
                    Place::Centre => (FAR, FAR),
                    Place::Input => (share, share),
                    Place::Nowhere => (0.0, 0.0),
                });
                gains.enumerate().map(|(at, (left, right))| (at, left, right)).collect()
            }
            [one] => vec![(at(*one)?, 1.0, 1.0)],
            [left, right, ..] => vec![(at(*left)?, 1.0, 0.0), (at(*right)?, 0.0, 1.0)],
        };
        Ok(Self { channels, taps })
    }

    /// Channels of the device.
    pub(super) fn channels(&self) -> usize {
        self.channels
    }

    /// Mixes whole frames of the device, interleaved, into `stereo`, whose content is replaced. What is no number is silence: one
    /// of them would stay in every filter behind.
    pub(super) fn apply(&self, frames: &[f32], stereo: &mut Vec<f32>) {
        stereo.clear();
        stereo.extend(frames.chunks_exact(self.channels.max(1)).flat_map(|frame| {
            let mut pair = [0.0_f32; 2];
            for (at, left, right) in &self.taps {
                let sample = frame
                    .get(*at)
                    .copied()
                    .filter(|sample| sample.is_finite())
                    .unwrap_or(0.0);
                pair[0] += left * sample;
                pair[1] += right * sample;
            }
            pair
        }));
    }
}

/// Places of channels that nobody says anything about, by their number: as ALSA has them.
pub(super) fn usual_places(channels: usize) -> Vec<Place> {
    use Place::{Centre, FarLeft, FarRight, Input, Left, Nowhere, Right};
    match channels {
        2 => vec![Left, Right],
        3 => vec![Left, Right, Nowhere],
        4 => vec![Left, Right, FarLeft, FarRight],
        5 => vec![Left, Right, FarLeft, FarRight, Centre],
        6 => vec![Left, Right, FarLeft, FarRight, Centre, Nowhere],
        8 => vec![Left, Right, FarLeft, FarRight, Centre, Nowhere, FarLeft, FarRight],
        _ => vec![Input; channels],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mixed(places: &[Place], picked: &[u16], frame: &[f32]) -> Vec<f32> {
        let mut stereo = vec![9.0; 7];
        Mix::new(places, picked).unwrap().apply(frame, &mut stereo);
        stereo
    }

    #[test]
    fn channels_go_where_they_sit() {
        let half = std::f32::consts::FRAC_1_SQRT_2;
        let surround = usual_places(6);
        for (frame, wanted) in [
            ([1.0, 0.0, 0.0, 0.0, 0.0, 0.0], [1.0, 0.0]),
            ([0.0, 1.0, 0.0, 0.0, 0.0, 0.0], [0.0, 1.0]),
            ([0.0, 0.0, 1.0, 0.0, 0.0, 0.0], [half, 0.0]),
            ([0.0, 0.0, 0.0, 1.0, 0.0, 0.0], [0.0, half]),
            ([0.0, 0.0, 0.0, 0.0, 1.0, 0.0], [half, half]),
            ([0.0, 0.0, 0.0, 0.0, 0.0, 1.0], [0.0, 0.0]),
        ] {
            assert_eq!(mixed(&surround, &[], &frame), wanted);
        }
        assert_eq!(mixed(&usual_places(1), &[], &[0.5]), [0.5, 0.5]);
        // Sixteen inputs of a desk: as loud together as one would be, if they have nothing in common.
        assert_eq!(mixed(&usual_places(16), &[], &[0.1; 16]).len(), 2);
        assert!((mixed(&usual_places(16), &[], &[0.1; 16])[0] - 0.4).abs() < 1e-6);
    }

    #[test]
    fn picked_channels_are_heard_alone() {
        let places = usual_places(8);
        let frame = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8];
        assert_eq!(mixed(&places, &[6], &frame), [0.6, 0.6]);
        assert_eq!(mixed(&places, &[8, 3], &frame), [0.8, 0.3]);
        let error = Mix::new(&places, &[9]).unwrap_err();
        assert_eq!(error.to_string(), "channel 9 is asked for, and the input has 8");
        assert!(Mix::new(&places, &[0]).is_err());
    }

    #[test]
    fn what_is_no_number_is_silence() {
        assert_eq!(
            mixed(&usual_places(2), &[], &[f32::NAN, f32::INFINITY, 0.5, -0.5]),
            [0.0, 0.0, 0.5, -0.5]
        );
    }

    proptest! {
        #[test]
        fn every_number_of_channels_gives_stereo(channels in 1_usize..=MOST_CHANNELS, frames in 0_usize..20) {
            let stereo = mixed(&usual_places(channels), &[], &vec![0.5; channels * frames]);
            prop_assert_eq!(stereo.len(), frames * 2);
            prop_assert!(stereo.iter().all(|sample| sample.abs() <= 4.0));
        }
    }
}
