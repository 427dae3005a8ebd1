#!/bin/sh
# The same minute of stereo sound through rigcast's mixer and through ffmpeg's filters, one after the other on this
# machine: denoise (both run RNNoise with the same weights), +12 dB, limiter. Prints CPU seconds for 60 s of sound.
#
#   benches/peers/sound_ffmpeg.sh
#
# Needs ffmpeg and python3. Further arguments for cargo: CARGO_ARGS.
set -eu
cd "$(dirname "$0")/../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
model="$folder/model.rnnn"

cargo metadata --format-version 1 | python3 benches/peers/rnnoise_model.py > "$model"

# As the bench: a voice of eight harmonics with noise, two channels with different noise.
ffmpeg -v error -nostdin -y -f lavfi -i "aevalsrc=exprs=\
0.1*(sin(942*t)+sin(1885*t)/2+sin(2827*t)/3+sin(3770*t)/4)+0.0125*(random(0)-0.5)|\
0.1*(sin(942*t)+sin(1885*t)/2+sin(2827*t)/3+sin(3770*t)/4)+0.0125*(random(1)-0.5):s=48000:d=60" \
    -c:a pcm_f32le "$folder/minute.wav"

cpu_seconds() { # filter
    for _ in 1 2 3; do
        ffmpeg -hide_banner -nostdin -benchmark -threads 1 -filter_threads 1 -i "$folder/minute.wav" \
            -af "$1" -f null - 2>&1 | sed -n 's/.*utime=\([0-9.]*\)s stime=\([0-9.]*\)s.*/\1 \2/p' | tail -n 1
    done | awk '{ sum = $1 + $2; if (NR == 1 || sum < best) best = sum } END { printf "%.3f s\n", best }'
}

limit="volume=12dB,alimiter=limit=0.891:attack=5:release=100:level=false"
echo "ffmpeg  reading alone:          $(cpu_seconds anull)"
echo "ffmpeg  volume, alimiter:       $(cpu_seconds "$limit")"
# alimiter sees sample peaks only; at four times the rate it sees what a true-peak limiter sees.
echo "ffmpeg  the same on true peaks: $(cpu_seconds "aresample=192000,$limit,aresample=48000")"
echo "ffmpeg  arnndn, volume, alimiter: $(cpu_seconds "arnndn=m=$model,$limit")"
# criterion reads the wall clock. For one busy thread that is its CPU time only where the machine has a core to spare:
# on a loaded machine it reads too high, and the comparison is unfair to rigcast.
echo "rigcast (wall clock of one thread; load average before: $(cut -d ' ' -f 1 /proc/loadavg)):"
# shellcheck disable=SC2086 # several arguments are meant
cargo bench ${CARGO_ARGS:-} --bench sound -- "60 s" 2>/dev/null | grep -A1 "60 s"
