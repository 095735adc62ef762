"""Makes the five sounds of the till: sine tones with soft edges, 44.1 kHz, 16 bit, mono, at most 0.25 s of tone each.

Run it in this folder: `python generate.py`. The tones are chosen so that errors are lower and longer than good news.
"""

import math
import struct
import wave
from pathlib import Path

RATE_HZ = 44_100
LEVEL = 0.5  # 6 dB below full scale
EDGE_S = 0.005  # fade in and out, or the loudspeaker clicks

# name → (frequency in Hz, 0 = silence; duration in ms) one after the other
SOUNDS = {
    "scan": [(1760, 60)],
    "unknown": [(220, 90), (0, 40), (220, 90)],
    "duplicate": [(880, 50), (0, 40), (880, 50)],
    "receipt": [(1047, 90), (1568, 140)],
    "person": [(392, 250)],
}


def tone(frequency_hz: int, duration_ms: int) -> list[int]:
    """Samples of one tone."""
    count = RATE_HZ * duration_ms // 1000
    edge = int(RATE_HZ * EDGE_S)
    samples = []
    for n in range(count):
        fade = min(1.0, n / edge, (count - n) / edge)
        samples.append(int(32767 * LEVEL * fade * math.sin(2 * math.pi * frequency_hz * n / RATE_HZ)))
    return samples


def main() -> None:
    """Writes the WAV files beside this script."""
    for name, tones in SOUNDS.items():
        samples = [sample for each in tones for sample in tone(*each)]
        with wave.open(str(Path(__file__).with_name(f"{name}.wav")), "wb") as file:
            file.setparams((1, 2, RATE_HZ, len(samples), "NONE", "not compressed"))
            file.writeframes(struct.pack(f"<{len(samples)}h", *samples))


if __name__ == "__main__":
    main()
