//! AAC in, samples out: the decoder of every source whose sound comes as access units.

use symphonia::core::codecs::audio::well_known::CODEC_ID_AAC;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::packet::Packet;
use symphonia::core::units::{Duration, Timestamp as Ticks};

/// A decoder for one stream of AAC.
pub(super) struct AacDecoder(Box<dyn AudioDecoder>);

impl AacDecoder {
    /// A decoder for what `config` (an AudioSpecificConfig) describes, at `sample_rate` Hz.
    ///
    /// # Errors
    /// Why this AAC is not played, in words.
    pub(super) fn new(config: &[u8], sample_rate: u32) -> Result<Self, String> {
        let mut codec = AudioCodecParameters::new();
        codec
            .for_codec(CODEC_ID_AAC)
            .with_sample_rate(sample_rate)
            .with_extra_data(config.to_vec().into_boxed_slice());
        symphonia::default::get_codecs()
            .make_audio_decoder(&codec, &AudioDecoderOptions::default())
            .map(Self)
            .map_err(|error| error.to_string())
    }

    /// Decodes one raw data block into `samples` (interleaved, what was in there is gone). Returns sample rate and channels.
    ///
    /// # Errors
    /// What is wrong with the block, in words. The next one may be fine.
    pub(super) fn decode(&mut self, block: &[u8], samples: &mut Vec<f32>) -> Result<(u32, usize), String> {
        samples.clear();
        let packet = Packet::new(0, Ticks::ZERO, Duration::new(1_024), block);
        let sound = self.0.decode(&packet).map_err(|error| error.to_string())?;
        sound.copy_to_vec_interleaved(samples);
        Ok((sound.spec().rate(), sound.spec().channels().count()))
    }
}
