"""Live decoders: real speech in every encoding, cut anywhere, broken in every way."""

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earful.audio.decoders import ENCODINGS, StreamDecoder, open_stream_decoder
from earful.audio.types import BrokenAudio, UnsupportedEncoding, UnsupportedSampleRate
from tests.audio.conftest import as_float, encode, likeness


def cut(data: bytes, size: int) -> list[bytes]:
    """Return `data` in chunks of `size` bytes."""
    return [data[i : i + size] for i in range(0, len(data), size)]


def decode(decoder: StreamDecoder, chunks: list[bytes]) -> tuple[np.ndarray, list[str]]:
    """Feed everything; return what was heard and what was complained of."""
    parts, complaints = [], []
    for call in [*(lambda c=c: decoder.feed(c) for c in chunks), decoder.flush]:
        try:
            parts.append(call())
        except BrokenAudio as error:
            parts.append(error.samples)
            complaints.append(str(error))
    return np.concatenate(parts), complaints


@pytest.mark.parametrize(
    ("encoding", "codec", "container", "rate", "closeness"),
    [
        ("LINEAR16", "pcm_s16le", "s16le", 8_000, 0.99),
        ("LINEAR16", "pcm_s16le", "s16le", 16_000, 0.99999),
        ("LINEAR16", "pcm_s16le", "s16le", 44_100, 0.999),
        ("linear16", "pcm_s16le", "wav", 48_000, 0.999),
        ("MULAW", "pcm_mulaw", "mulaw", 8_000, 0.99),
        ("mulaw", "pcm_mulaw", "mulaw", 16_000, 0.995),
        ("ALAW", "pcm_alaw", "alaw", 8_000, 0.99),
        ("FLAC", "flac", "flac", 16_000, 0.99999),
        ("flac", "flac", "flac", 48_000, 0.999),
        ("OPUS", "libopus", "ogg", 48_000, 0.99),
    ],
)
@pytest.mark.parametrize("chunk", [320, 8_192])
def test_speech_survives_every_encoding(speech, encoding, codec, container, rate, closeness, chunk):
    """What was said is what is heard, whatever it travelled in and however it was cut."""
    data, _ = encode(speech, codec, container, rate=rate)
    heard, complaints = decode(open_stream_decoder(encoding, rate), cut(data, chunk))
    assert complaints == []
    assert heard.dtype == np.float32
    assert abs(len(heard) - len(speech)) <= 1_000
    assert likeness(heard, as_float(speech)) > closeness


@pytest.mark.parametrize("declared", [8_000, 16_000.0, 44_100, 48_000])
def test_bare_opus_packets_are_decoded_whatever_rate_was_declared(speech, declared):
    """The Web SDK sends one bare packet a message, always 48 kHz."""
    _, packets = encode(speech, "libopus", "ogg", rate=48_000)
    heard, complaints = decode(open_stream_decoder("opus", declared), packets)
    assert complaints == []
    assert likeness(heard, as_float(speech)) > 0.99


def test_stereo_is_mixed_to_mono(speech):
    """With two declared channels the samples are interleaved; both are heard."""
    left, right = speech, np.zeros_like(speech)
    interleaved = np.stack([left, right], axis=1).tobytes()
    heard, _ = decode(open_stream_decoder("LINEAR16", 16_000, 2), cut(interleaved, 333))
    np.testing.assert_allclose(heard, as_float(speech) / 2, atol=1e-6)


def test_stereo_flac_is_mixed_by_its_own_header(speech):
    """A FLAC stream says itself how many channels it has."""
    data, _ = encode(np.stack([speech, speech]), "flac", "flac", layout="stereo")
    heard, complaints = decode(open_stream_decoder("FLAC", 16_000), cut(data, 640))
    assert complaints == []
    np.testing.assert_allclose(heard, as_float(speech), atol=1e-4)


def test_flac_goes_by_its_own_rate_not_the_declared_one(speech):
    """A client that declares 16 kHz and sends 48 kHz is understood all the same."""
    data, _ = encode(speech, "flac", "flac", rate=48_000)
    heard, _ = decode(open_stream_decoder("FLAC", 16_000), cut(data, 640))
    assert abs(len(heard) - len(speech)) <= 1_000


def test_flac_comes_out_as_it_goes_in(speech):
    """No more than two frames (4608 samples each at 16 kHz) wait inside the decoder."""
    data, _ = encode(speech, "flac", "flac")
    decoder = open_stream_decoder("FLAC", 16_000)
    heard = sum(decoder.feed(chunk).size for chunk in cut(data, 320))
    assert heard >= len(speech) - 2 * 4_608


@given(st.lists(st.integers(1, 700), min_size=1, max_size=40))
@settings(deadline=None, max_examples=25)
@pytest.mark.parametrize(
    ("encoding", "codec", "container", "rate"),
    [
        ("LINEAR16", "pcm_s16le", "wav", 44_100),
        ("MULAW", "pcm_mulaw", "mulaw", 8_000),
        ("FLAC", "flac", "flac", 16_000),
        ("OPUS", "libopus", "ogg", 48_000),
    ],
)
def test_where_chunks_are_cut_makes_no_difference(speech, encoding, codec, container, rate, sizes):
    """Any splitting of the same bytes gives the same samples, to the last bit."""
    data, _ = encode(speech[:16_000], codec, container, rate=rate)
    whole, _ = decode(open_stream_decoder(encoding, rate), [data])
    chunks, at = [], 0
    for size in sizes:
        chunks.append(data[at : at + size])
        at += size
    heard, complaints = decode(open_stream_decoder(encoding, rate), [*chunks, data[at:]])
    assert complaints == []
    np.testing.assert_array_equal(heard, whole)


def test_an_odd_byte_is_kept_for_the_next_chunk(speech):
    """A sample cut in two by the network is put together again."""
    data = speech[:1_000].tobytes()
    decoder = open_stream_decoder("LINEAR16", 16_000)
    first = decoder.feed(data[:333])
    assert first.size == 166
    heard = np.concatenate([first, decoder.feed(data[333:])])
    np.testing.assert_array_equal(heard, as_float(speech[:1_000]))


def test_a_wav_header_is_not_heard(speech):
    """Whatever stands in front of the data chunk (here a LIST chunk too) is passed over."""
    data, _ = encode(speech, "pcm_s16le", "wav")
    assert b"LIST" in data[:100]
    heard, _ = decode(open_stream_decoder("LINEAR16", 16_000), cut(data, 7))
    np.testing.assert_array_equal(heard, as_float(speech))


def test_a_wav_header_overrides_the_declared_rate(speech):
    """A file streamed with the SDK's default of 44.1 kHz is heard at its true speed."""
    data, _ = encode(speech, "pcm_s16le", "wav", rate=16_000)
    heard, _ = decode(open_stream_decoder("LINEAR16", 44_100), cut(data, 8_192))
    np.testing.assert_array_equal(heard, as_float(speech))


def test_a_wav_header_of_another_format_is_refused(speech):
    """Eight-bit WAV is not LINEAR16, and the message says what it is."""
    data, _ = encode(speech, "pcm_u8", "wav")
    with pytest.raises(BrokenAudio, match="8 bits"):
        open_stream_decoder("LINEAR16", 16_000).feed(data[:1_000])


def test_samples_that_happen_to_spell_riff_are_heard():
    """Four bytes of chance do not make a header."""
    data = b"RIFF" + struct.pack("<10h", *range(10))
    heard, _ = decode(open_stream_decoder("LINEAR16", 16_000), cut(data, 3))
    assert heard.size == len(data) // 2


def test_truncated_flac_keeps_what_was_decoded(speech):
    """The end is missing: an error says so, and everything before it was heard."""
    data, _ = encode(speech, "flac", "flac")
    heard, complaints = decode(open_stream_decoder("FLAC", 16_000), cut(data[: len(data) // 2], 640))
    assert complaints == ["the FLAC stream ends in the middle of a frame"]
    assert len(heard) > len(speech) // 4
    np.testing.assert_array_equal(heard, as_float(speech[: len(heard)]))


def test_flac_cut_inside_its_header_is_reported():
    """A stream that never got as far as audio does not end in silence about it."""
    _, complaints = decode(open_stream_decoder("FLAC", 16_000), [b"fLaC\x00\x00"])
    assert complaints == ["the FLAC stream ends before its first frame"]


def test_a_corrupt_flac_frame_costs_that_frame_only(speech):
    """After damage in the middle the stream is picked up again, and one error is told."""
    data = bytearray(encode(speech, "flac", "flac")[0])
    middle = len(data) // 2
    data[middle : middle + 40] = bytes(40)
    heard, complaints = decode(open_stream_decoder("FLAC", 16_000), cut(bytes(data), 640))
    assert complaints == ["part of the FLAC stream is corrupt and was left out"]
    assert len(heard) >= len(speech) - 2 * 4_608
    np.testing.assert_array_equal(heard[-8_000:], as_float(speech[-8_000:]))


def test_a_lost_piece_of_flac_is_resynchronised(speech):
    """Bytes missing in the middle do not spoil what comes after."""
    data = encode(speech, "flac", "flac")[0]
    middle = len(data) // 2
    heard, complaints = decode(
        open_stream_decoder("FLAC", 16_000), cut(data[:middle] + data[middle + 50 :], 640)
    )
    assert complaints
    np.testing.assert_array_equal(heard[-8_000:], as_float(speech[-8_000:]))


def test_a_flac_header_with_a_sample_rate_of_one_is_refused(speech):
    """A few bytes cannot be blown up to gigabytes of samples."""
    data = bytearray(encode(speech, "flac", "flac")[0])
    packed = int.from_bytes(data[18:26], "big") & ((1 << 44) - 1)
    data[18:26] = (1 << 44 | packed).to_bytes(8, "big")
    heard, complaints = decode(open_stream_decoder("FLAC", 16_000), cut(bytes(data), 640))
    assert complaints == ["the FLAC header gives a sample rate of 1 Hz"]
    assert heard.size == 0


def test_text_where_flac_should_be_is_refused_once():
    """The sender is told once, not for every chunk, and nothing is invented."""
    heard, complaints = decode(open_stream_decoder("FLAC", 16_000), [b"hello, this is not audio"] * 5)
    assert complaints == ["the stream does not begin with a FLAC header (fLaC)"]
    assert heard.size == 0


def test_garbage_among_opus_packets_costs_only_itself(speech):
    """A packet that is no packet is reported; the ones after it are heard."""
    _, packets = encode(speech, "libopus", "ogg", rate=48_000)
    decoder = open_stream_decoder("OPUS", 48_000)
    before = [decoder.feed(packet) for packet in packets[:50]]
    with pytest.raises(BrokenAudio, match="corrupt"):
        decoder.feed(b"\xff" + b"\x07" * 30)
    after = [decoder.feed(packet) for packet in packets[50:]]
    assert likeness(np.concatenate(before + after), as_float(speech)) > 0.95


def test_ogg_cut_in_the_middle_keeps_what_was_decoded(speech):
    """The last page is incomplete: an error says so after the rest was heard."""
    data, _ = encode(speech, "libopus", "ogg", rate=48_000)
    heard, complaints = decode(open_stream_decoder("OPUS", 48_000), cut(data[: len(data) - 500], 640))
    assert complaints == ["the Ogg stream ends in the middle of a page"]
    assert len(heard) > len(speech) // 2


def test_rubbish_between_ogg_pages_is_skipped_and_reported(speech):
    """The next page is found by its capture pattern."""
    data, _ = encode(speech, "libopus", "ogg", rate=48_000)
    second_audio_page = data.index(b"OggS", data.index(b"OpusTags") + 200)
    dirty = data[:second_audio_page] + b"rubbish" * 20 + data[second_audio_page:]
    clean, _ = decode(open_stream_decoder("OPUS", 48_000), [data])
    heard, complaints = decode(open_stream_decoder("OPUS", 48_000), cut(dirty, 640))
    assert complaints == ["part of the Opus stream is corrupt and was left out"]
    np.testing.assert_array_equal(heard, clean)


@given(st.lists(st.binary(max_size=300), max_size=8), st.sampled_from(ENCODINGS))
@settings(deadline=None, max_examples=150)
def test_no_bytes_raise_anything_but_broken_audio(chunks, encoding):
    """Whatever is sent, the decoder answers with finite samples or a BrokenAudio."""
    heard, _ = decode(open_stream_decoder(encoding, 16_000), chunks)
    assert np.isfinite(heard).all()


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("rate", [1, 0, -16_000, 4_000, 1_000_000, 16_000.5, float("nan")])
def test_impossible_rates_are_refused_by_name(encoding, rate):
    """The message names the encoding and the rates it can have."""
    with pytest.raises(UnsupportedSampleRate, match=encoding):
        open_stream_decoder(encoding, rate)


def test_flac_below_16_khz_is_refused():
    """The contract gives FLAC from 16 kHz up."""
    with pytest.raises(UnsupportedSampleRate, match="8000 is not supported for FLAC"):
        open_stream_decoder("FLAC", 8_000)


@pytest.mark.parametrize("encoding", ["", "SPEEX", "mp3", "x" * 10_000])
def test_unknown_encodings_are_refused_with_the_known_ones(encoding):
    """The message lists what would have worked and does not repeat a long name in full."""
    with pytest.raises(UnsupportedEncoding, match="LINEAR16, MULAW, ALAW, FLAC, OPUS") as caught:
        open_stream_decoder(encoding, 16_000)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("channels", [0, 9, -1])
def test_impossible_channel_counts_are_refused(channels):
    """One to eight channels can be mixed."""
    with pytest.raises(ValueError, match="channels"):
        open_stream_decoder("LINEAR16", 16_000, channels)


def test_webm_is_refused_by_name_and_once() -> None:
    """What a browser's MediaRecorder makes; in two chunks, for the first may be short."""
    decoder = open_stream_decoder("OPUS", 48_000)
    assert decoder.feed(b"\x1aE").size == 0
    with pytest.raises(BrokenAudio, match="WebM is not supported: send Ogg"):
        decoder.feed(b"\xdf\xa3\x01\x00\x00\x00")
    assert decoder.feed(b"\x1f\x43\xb6\x75" * 50).size == 0
