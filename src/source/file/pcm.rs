//! Sound out of files, as interleaved samples, exactly as many as were meant: what encoders put before and after is cut.

use std::fs::File;
use std::path::Path;

use symphonia::core::audio::GenericAudioBufferRef;
use symphonia::core::codecs::audio::well_known::CODEC_ID_AAC;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, SeekMode, SeekTo, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;
use symphonia::core::units::{Duration, Time, Timestamp as Ticks};

use super::error::Fault;
use super::mp4::{Codec, Track};
use super::read_at;

/// So many damaged packets in a row end the attempt. Fewer are left out, and silent.
const MAX_DAMAGED: u32 = 50;

/// A stream of sound that can be started again.
pub(super) trait Pcm: Send {
    /// Sample rate in Hz and channels.
    fn format(&self) -> (u32, u16);

    /// Frames of silence before the first.
    fn delay(&self) -> i64;

    /// Appends the next interleaved samples, perhaps none. `false` at the end.
    fn read(&mut self, samples: &mut Vec<f32>) -> Result<bool, Fault>;

    /// Goes back to the first sample.
    fn rewind(&mut self) -> Result<(), Fault>;
}

/// AAC in a movie.
struct AacTrack {
    file: File,
    track: Track,
    decoder: Box<dyn AudioDecoder>,
    rate: u32,
    channels: u16,
    next: usize,
    damaged: u32,
    /// Frames that came out of the decoder in this round.
    decoded: i64,
    packet: Vec<u8>,
    buffer: Vec<f32>,
}

/// Makes the AAC of `track` in `file` ready.
pub(super) fn open_track(track: Track, file: File) -> Result<Box<dyn Pcm>, Fault> {
    let Codec::Aac(codec) = &track.codec else {
        return Err(Fault::NothingToPlay);
    };
    let position = track.samples.first().map_or(0, |sample| sample.position);
    let mut parameters = AudioCodecParameters::new();
    parameters
        .for_codec(CODEC_ID_AAC)
        .with_sample_rate(codec.sample_rate)
        .with_extra_data(codec.config.clone().into_boxed_slice());
    let decoder = symphonia::default::get_codecs()
        .make_audio_decoder(&parameters, &AudioDecoderOptions::default())
        .map_err(|error| Fault::unsupported(position, format!("this AAC ({} channels): {error}", codec.channels)))?;
    let known = decoder.codec_params();
    let rate = known.sample_rate.unwrap_or(codec.sample_rate);
    let channels = known
        .channels
        .as_ref()
        .map_or(usize::from(codec.channels), symphonia::core::audio::Channels::count);
    Ok(Box::new(AacTrack {
        file,
        decoder,
        rate,
        channels: u16::try_from(channels).unwrap_or(u16::MAX),
        track,
        next: 0,
        damaged: 0,
        decoded: 0,
        packet: Vec::new(),
        buffer: Vec::new(),
    }))
}

impl AacTrack {
    /// Ticks of the track as frames.
    fn frames(&self, ticks: i64) -> i64 {
        let wide = i128::from(ticks) * i128::from(self.rate) / i128::from(self.track.timescale);
        i64::try_from(wide).unwrap_or(i64::MAX / 4)
    }
}

impl Pcm for AacTrack {
    fn format(&self) -> (u32, u16) {
        (self.rate, self.channels)
    }

    fn delay(&self) -> i64 {
        self.frames(self.track.delay)
    }

    fn read(&mut self, samples: &mut Vec<f32>) -> Result<bool, Fault> {
        let first = self.frames(self.track.starts_at);
        let last = first.saturating_add(self.frames(self.track.duration - self.track.delay));
        let Some(sample) = self.track.samples.get(self.next).copied() else {
            return Ok(false);
        };
        if self.decoded >= last {
            return Ok(false);
        }
        read_at(&self.file, sample.position, sample.size as usize, &mut self.packet)?;
        let duration = self.frames(i64::from(sample.duration));
        let packet = Packet::new(
            0,
            Ticks::new(sample.decode_time),
            Duration::new(u64::from(sample.duration)),
            self.packet.as_slice(),
        );
        let channels = usize::from(self.channels);
        match self.decoder.decode(&packet) {
            Ok(sound) => {
                copy_out(&sound, &mut self.buffer);
                self.damaged = 0;
            }
            Err(error) if self.damaged >= MAX_DAMAGED => {
                return Err(Fault::Sample {
                    track: "sound",
                    sample: self.next as u64,
                    position: sample.position,
                    what: error.to_string(),
                });
            }
            Err(error) => {
                tracing::debug!(sample = self.next, position = sample.position, %error, "sound left out");
                self.damaged += 1;
                self.buffer.clear();
                self.buffer
                    .resize(usize::try_from(duration).unwrap_or(0).min(8_192) * channels, 0.0);
            }
        }
        self.next += 1;
        let frames = (self.buffer.len() / channels) as i64;
        // Priming lies before `first`, padding after `last`.
        let from = (first - self.decoded).clamp(0, frames) as usize;
        let until = (last - self.decoded).clamp(0, frames) as usize;
        self.decoded += frames;
        if from < until {
            samples.extend_from_slice(&self.buffer[from * channels..until * channels]);
        }
        Ok(true)
    }

    fn rewind(&mut self) -> Result<(), Fault> {
        self.next = 0;
        self.decoded = 0;
        self.decoder.reset();
        Ok(())
    }
}

/// WAV, FLAC, MP3 or OGG.
struct SoundFile {
    format: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    track: u32,
    rate: u32,
    channels: u16,
    packets: u64,
    damaged: u32,
    buffer: Vec<f32>,
}

/// Makes a sound file ready: finds out what it is from its content, and from its name where that helps.
pub(super) fn open_sound_file(file: File, path: &Path) -> Result<Box<dyn Pcm>, Fault> {
    let mut hint = Hint::new();
    if let Some(extension) = path.extension().and_then(|extension| extension.to_str()) {
        hint.with_extension(extension);
    }
    let stream = MediaSourceStream::new(Box::new(file), MediaSourceStreamOptions::default());
    let format = symphonia::default::get_probe()
        .probe(&hint, stream, FormatOptions::default(), MetadataOptions::default())
        .map_err(|error| Fault::Unrecognised(error.to_string()))?;
    let track = format.default_track(TrackType::Audio).ok_or(Fault::NothingToPlay)?;
    let parameters = track
        .codec_params
        .as_ref()
        .and_then(symphonia::core::codecs::CodecParameters::audio)
        .ok_or(Fault::NothingToPlay)?;
    let decoder = symphonia::default::get_codecs()
        .make_audio_decoder(parameters, &AudioDecoderOptions::default())
        .map_err(|error| Fault::unsupported(0, error.to_string()))?;
    let mut sound = SoundFile {
        track: track.id,
        rate: parameters.sample_rate.unwrap_or(0),
        channels: parameters
            .channels
            .as_ref()
            .map_or(0, symphonia::core::audio::Channels::count) as u16,
        decoder,
        format,
        packets: 0,
        damaged: 0,
        buffer: Vec::new(),
    };
    if sound.rate == 0 || sound.channels == 0 {
        // Only the first packet tells.
        let mut samples = Vec::new();
        while samples.is_empty() && sound.read(&mut samples)? {}
        sound.rewind()?;
    }
    Ok(Box::new(sound))
}

impl Pcm for SoundFile {
    fn format(&self) -> (u32, u16) {
        (self.rate, self.channels)
    }

    fn delay(&self) -> i64 {
        0
    }

    fn read(&mut self, samples: &mut Vec<f32>) -> Result<bool, Fault> {
        let packet = match self.format.next_packet() {
            Ok(Some(packet)) => packet,
            // A file that was cut off ends where it ends.
            Ok(None) => return Ok(false),
            Err(Error::IoError(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(false),
            Err(error) => return Err(self.fault(&error)),
        };
        self.packets += 1;
        if packet.track_id != self.track {
            return Ok(true);
        }
        match self.decoder.decode(&packet) {
            Ok(sound) => {
                let spec = sound.spec();
                let (rate, channels) = (spec.rate(), spec.channels().count() as u16);
                copy_out(&sound, &mut self.buffer);
                if self.rate == 0 || self.channels == 0 {
                    (self.rate, self.channels) = (rate, channels);
                }
                // A stream that changes its shape midway is not followed.
                if (rate, channels) == (self.rate, self.channels) {
                    samples.extend_from_slice(&self.buffer);
                }
                self.damaged = 0;
            }
            Err(Error::DecodeError(_) | Error::IoError(_)) if self.damaged < MAX_DAMAGED => self.damaged += 1,
            Err(error) => return Err(self.fault(&error)),
        }
        Ok(true)
    }

    fn rewind(&mut self) -> Result<(), Fault> {
        self.packets = 0;
        let to = SeekTo::Time {
            time: Time::ZERO,
            track_id: Some(self.track),
        };
        if let Err(error) = self.format.seek(SeekMode::Accurate, to) {
            return Err(self.fault(&error));
        }
        self.decoder.reset();
        Ok(())
    }
}

impl SoundFile {
    fn fault(&self, error: &Error) -> Fault {
        Fault::Sample {
            track: "sound",
            sample: self.packets,
            position: 0,
            what: error.to_string(),
        }
    }
}

fn copy_out(sound: &GenericAudioBufferRef<'_>, buffer: &mut Vec<f32>) {
    sound.copy_to_vec_interleaved(buffer);
}
