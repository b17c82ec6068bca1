"""The telephone line of the word-error evaluation."""

from pathlib import Path

import numpy as np
from evals.wer.items import Item
from evals.wer.telephone import over_telephone, through_mulaw

from earful.audio.decoders import open_stream_decoder
from tests.dialects.twilio.frames import mulaw
from tests.support.telephone import read_speech, write_wav


def test_the_line_gives_what_a_standard_decoder_makes_of_standard_code() -> None:
    pcm = read_speech(8000, 3.0)
    samples = np.frombuffer(pcm, "<i2").astype(np.float32) / 32768
    coded = open_stream_decoder("MULAW", 16_000).feed(mulaw(pcm))
    assert np.abs(through_mulaw(samples)[: coded.size] / 32768 - coded).max() < 2e-4


def test_a_recording_comes_out_at_8_khz_and_as_long_as_it_was(tmp_path: Path) -> None:
    source = write_wav(tmp_path / "wide.wav", read_speech(48_000, 2.0), 48_000)
    item = over_telephone(Item("one", "clean", source, 2.0, "text"), tmp_path)
    assert item.path.name == "one.wav"
    assert abs(item.samples().size - 32_000) < 200
    spectrum = np.abs(np.fft.rfft(item.samples()))
    hertz = np.fft.rfftfreq(item.samples().size, 1 / 16_000)
    assert spectrum[hertz > 4200].max() < 0.01 * spectrum.max()
