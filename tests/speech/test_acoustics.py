"""What the acoustic model makes of sound, beside what PocketSphinx itself makes of it with the same files."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pocketsphinx import Decoder

from earful.speech.acoustics import STATES, AcousticModel, load_model
from earful.speech.cepstra import features
from earful.speech.types import Samples

RATE = 16_000
SENONES = 5126
TEXT = "it was the epoch of belief"


@pytest.fixture(scope="module")
def clause(two_cities: Samples) -> Samples:
    """ "It was the epoch of belief," with a pause after it."""
    return two_cities[int(8.6 * RATE) : int(10.75 * RATE)]


@pytest.fixture(scope="module")
def theirs(clause: Samples, tmp_path_factory: pytest.TempPathFactory) -> tuple[NDArray, NDArray]:
    """What PocketSphinx notes of the clause: cepstra [frames, 13] and costs of senones [frames, senones]."""
    folder = tmp_path_factory.mktemp("log")
    decoder = Decoder(
        samprate=RATE,
        lm=None,
        loglevel="FATAL",
        compallsen=True,
        mfclogdir=str(folder),
        senlogdir=str(folder),
    )
    decoder.set_align_text(TEXT)
    decoder.start_utt()
    decoder.process_raw((clause * 32767).astype("<i2").tobytes(), full_utt=True)
    decoder.end_utt()
    cepstra = np.frombuffer(next(folder.glob("*.mfc")).read_bytes()[4:], ">f4").reshape(-1, 13)
    log = next(folder.glob("*.sen")).read_bytes()
    rows = np.frombuffer(log[log.index(b"endhdr\n") + 11 :], "<i2").reshape(-1, SENONES + 1)
    return cepstra, rows[:, 1:]


@pytest.fixture(scope="module")
def model() -> AcousticModel:
    return load_model()


def test_cepstra_are_those_of_pocketsphinx(clause: Samples, theirs: tuple[NDArray, NDArray]) -> None:
    """But for the noise, which is taken off in another way and is faint here."""
    cepstra = theirs[0] - theirs[0].mean(axis=0)
    ours = features(clause)[:, 0]
    assert len(ours) == len(cepstra)
    for at in range(13):
        assert np.corrcoef(ours[:, at], cepstra[:, at])[0, 1] > 0.85


def test_slope_and_curvature_are_differences_between_frames(clause: Samples) -> None:
    """Over four frames, and of slopes two frames apart."""
    plain, slope, curvature = features(clause).swapaxes(0, 1)
    assert slope[9] == pytest.approx(plain[11] - plain[7], abs=1e-4)
    assert curvature[9] == pytest.approx(slope[10] - slope[8], abs=1e-4)


def test_scores_of_all_senones_are_those_of_pocketsphinx(
    clause: Samples, theirs: tuple[NDArray, NDArray], model: AcousticModel
) -> None:
    """It counts only the four best Gaussians of each mixture, and in coarser steps."""
    heard = features(clause)
    ours = -model.scores(heard, np.arange(SENONES))
    costs = theirs[1].astype(np.float32)
    loud = slice(30, 100)
    ours -= ours.min(axis=1, keepdims=True)
    costs = costs - costs.min(axis=1, keepdims=True)
    assert np.corrcoef(ours[loud].ravel(), costs[loud].ravel())[0, 1] > 0.85


def test_what_is_asked_for_changes_no_score(clause: Samples, model: AcousticModel) -> None:
    """Few senones or many, in any order; one frame, or an odd number of them."""
    heard = features(clause)
    every = model.scores(heard, np.arange(SENONES))
    some = np.array([4000, 17, 4001, 5125])
    assert model.scores(heard, some) == pytest.approx(every[:, some], abs=1e-3)
    assert model.scores(heard[:1], some) == pytest.approx(every[:1, some], abs=1e-3)
    assert model.scores(heard[:129], some)[:128] == pytest.approx(every[:128, some], abs=1e-3)


def test_a_phone_sounds_otherwise_beside_others(model: AcousticModel) -> None:
    """In other contexts and other places of a word; where nothing is known of a context, like near ones."""
    t, s, ow, silence = (model.phone(name) for name in ("T", "S", "OW", "SIL"))
    inside, begins = model.states(t, s, ow), model.states(t, s, ow, first=True)
    assert len(inside) == STATES
    assert inside != model.states(t, ow, s)
    assert begins != model.alone(t)
    noise = model.phone("+NSN+")
    assert all(0 <= senone < SENONES for senone in model.states(t, noise, noise, first=True, last=True))
    assert model.alone(silence) != model.alone(t)


@pytest.mark.parametrize("count", [0, 100, 159, 160, 409, 410, 411, 16_000])
def test_every_hundredth_of_a_second_has_a_frame(count: int) -> None:
    """The last is filled up; what is shorter than one has none."""
    found = features(np.random.default_rng(1).normal(0, 0.1, count).astype(np.float32))
    assert found.shape[1:] == (3, 13)
    assert abs(len(found) - count // 160) <= 1
    assert np.isfinite(found).all()


def test_silence_has_finite_features() -> None:
    """Also where there is no power to take a logarithm of."""
    assert np.isfinite(features(np.zeros(8000, np.float32))).all()


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "mdef").write_bytes(b"text" + bytes(100))
    with pytest.raises(ValueError, match="three-state"):
        AcousticModel(tmp_path)
