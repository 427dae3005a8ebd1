#!/bin/sh
# The same minute of sound through ffmpeg's filters (highpass, arnndn, agate, bass, equalizer twice, treble, acompressor,
# volume, alimiter) and through a strip of rigcast that is set alike, in turns on this machine. Both run RNNoise with the same
# weights. Prints medians of CPU seconds and their ratio; mono and stereo.
#
#   benches/peers/sound_ffmpeg.sh
#
# Needs ffmpeg and python3. Further arguments for cargo: CARGO_ARGS.
set -eu
cd "$(dirname "$0")/../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cargo metadata --format-version 1 | python3 benches/peers/rnnoise_model.py > "$folder/model.rnnn"

# As in the bench: a voice of harmonics in syllables and pauses, and a room, which is not the same left and right: every
# channel's random(0) begins alike, so one of them takes two numbers where the other takes one.
voice="0.2*(sin(942*t)+sin(1885*t)/2+sin(2827*t)/3+sin(3770*t)/4)*pow(sin(12.57*t),2)*lt(mod(t,1.5),1.05)"
room="0.025*(random(0)-0.5)"
make() { # file, expressions
    ffmpeg -v error -nostdin -y -f lavfi -i "aevalsrc=exprs='$2':s=48000:d=60" -c:a pcm_f32le "$folder/$1.wav"
}
make mono "$voice+$room"
make stereo "$voice+$room|$voice+0.018*(random(0)-random(0))"

# shellcheck disable=SC2086 # several arguments are meant
cargo bench ${CARGO_ARGS:-} --bench sound -- peer ffmpeg "$folder"
