"""Indian scripts in Latin letters, as people type them."""

import unicodedata

import pytest

from earful.speech.transliteration import to_latin

HINDI = """
मुझे mujhe|अपना apna|खाता khata|देखना dekhna|है hai|हैं hain|में men|मैं main|आपका apka|भुगतान bhugtan|मिल mil
गया gaya|नमस्ते namaste|आप ap|कैसे kaise|ब्याज byaj|दर dar|किस्त kist|लड़का ladka|ज़रूर zarur|फ़ोन fon
समझना samajhna|बचपन bachpan|करवाना karvana|जानवर janvar|सरकार sarkar|भारत bharat|नमकीन namkin|कमल kamal
बैंक baink|डॉक्टर doktar|करोड़ karod|हज़ार hazar|लाख lakh|पैसा paisa|नंबर nambar|संपर्क sampark|ज्ञान gyan
मित्र mitra|सत्य satya|कृपया kripya|हाँ han|नहीं nahin|क्या kya|कितना kitna|तारीख tarikh|अच्छा achchha
बहुत bahut|धन्यवाद dhanyavad|परेशानी pareshani|कार्ड kard|ग्राहक grahak|सेवा seva|केंद्र kendra|जमा jama
निकालना nikalna|रहते rahte|कहा kaha|वापस vapas|अगले agle|महीने mahine|पिछले pichhle|उसका uska|किसान kisan|न na
"""
PAIRS = [tuple(pair.split()) for line in HINDI.split("\n") for pair in line.split("|") if pair]


@pytest.mark.parametrize(("word", "typed"), PAIRS)
def test_hindi_is_written_as_it_is_spoken(word: str, typed: str) -> None:
    assert to_latin(word) == typed


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("मला माझे खाते", "mala majhe khate"),
        ("আমার অ্যাকাউন্ট কেমন আছে", "amar ekaunt keman achhe"),
        ("বড় ব্যাংক", "bad bank"),
        ("મારે મારું ખાતું જોવું છે", "mare marun khatun jovun chhe"),
        ("ਮੇਰਾ ਖਾਤਾ ਕਿੰਨਾ ਹੈ", "mera khata kinna hai"),
        ("ମୋର ଖାତା କେତେ ବଡ଼", "mora khata kete bada"),
        ("ನನ್ನ ಖಾತೆ ಎಷ್ಟು ಹಣ", "nanna khate eshtu hana"),
        ("എന്റെ അക്കൗണ്ട് അവൻ മലയാളം", "enre akkaunt avan malayalam"),
        ("என் கணக்கு எவ்வளவு வணக்கம் தமிழ்", "en kanakku evvalavu vanakkam tamizh"),
        ("నా ఖాతా చూడాలి", "na khata chudali"),
    ],
)
def test_every_language_that_bodhi_names_is_written(text: str, typed: str) -> None:
    assert to_latin(text) == typed


@pytest.mark.parametrize("text", ["", "My account, please.", "  two  blanks ", "€ 250 – naïve", "250"])
def test_what_is_in_no_indian_script_stays_as_it_is(text: str) -> None:
    assert to_latin(text) == text


def test_words_of_both_scripts_stand_beside_each_other() -> None:
    assert to_latin("मुझे loan चाहिए।  250 रु.") == "mujhe loan chahie.  250 ru."


def test_digits_of_the_script_become_digits() -> None:
    assert to_latin("१२३") == "123"


@pytest.mark.parametrize("block", range(0x0900, 0x0D80, 0x80))
def test_no_mark_without_a_letter_is_left(block: int) -> None:
    """Every character that the scripts have, assigned or not, comes out without a combining mark."""
    for point in range(block, block + 0x80):
        for text in (chr(point), "क" + chr(point)):
            written = to_latin(text)
            assert not any(unicodedata.category(c) in ("Mn", "Mc") for c in written), f"{point:x}"


@pytest.mark.parametrize("decomposed", ["\u0921\u093c", "\u09a1\u09bc", "\u0b21\u0b3c"])
def test_a_dotted_letter_in_two_parts_is_the_letter(decomposed: str) -> None:
    assert to_latin(decomposed).startswith("d")
