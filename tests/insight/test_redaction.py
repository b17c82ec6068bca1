"""Personal data, written and read out, found, named and masked."""

from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earful.conversation.types import Redaction
from earful.insight.redaction import apply, find_personal_data

NOW = datetime(2024, 5, 14, 10)


def _found(text: str, before: str = "", names: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    return [(item.type, item.text) for item in find_personal_data(text, NOW, before=before, names=names)]


@pytest.mark.parametrize(
    ("text", "kind", "span"),
    [
        ("Card 4111 1111 1111 1111 please.", "CREDIT_CARD_NUMBER", "4111 1111 1111 1111"),
        (
            "it's four one one one, one one one one, one one one one, one one one one",
            "CREDIT_CARD_NUMBER",
            "four one one one, one one one one, one one one one, one one one one",
        ),
        ("The security code is 317.", "CREDIT_CARD_CVV", "317"),
        ("the c v v is nine double two", "CREDIT_CARD_CVV", "nine double two"),
        ("It expires 09/27.", "CREDIT_CARD_EXPIRATION", "09/27"),
        ("My pin is 4419.", "CREDIT_CARD_PIN", "4419"),
        ("IBAN DE89 3704 0044 0532 0130 00", "IBAN_CODE", "DE89 3704 0044 0532 0130 00"),
        ("The SWIFT code is DEUTDEFF.", "SWIFT_CODE", "DEUTDEFF"),
        ("The routing number is 021000021.", "US_BANK_ROUTING_NUMBER", "021000021"),
        ("My account number is 000123456789.", "US_BANK_ACCOUNT_NUMBER", "000123456789"),
        ("My social is 219-09-9999.", "SSN", "219-09-9999"),
        (
            "my social is two one nine oh nine nine nine nine nine",
            "SSN",
            "two one nine oh nine nine nine nine nine",
        ),
        ("Call (555) 014-7729.", "PHONE_NUMBER", "(555) 014-7729"),
        (
            "call me at five five five double one two three four five six",
            "PHONE_NUMBER",
            "five five five double one two three four five six",
        ),
        ("It's maria.lopez@example.com.", "EMAIL_ADDRESS", "maria.lopez@example.com"),
        ("it's maria dot lopez at gmail dot com", "EMAIL_ADDRESS", "maria dot lopez at gmail dot com"),
        (
            "j o h n underscore smith at outlook dot com",
            "EMAIL_ADDRESS",
            "j o h n underscore smith at outlook dot com",
        ),
        ("Look at www.greenfield.org.", "DOMAIN_NAME", "www.greenfield.org"),
        ("it is greenfield dot org", "DOMAIN_NAME", "greenfield dot org"),
        ("She is 47 years old.", "AGE", "47"),
        ("I am forty seven.", "AGE", "forty seven"),
        ("I was born on 3 October 1982.", "DATE_OF_BIRTH", "3 October 1982"),
        ("We signed on June 12th.", "DATE", "June 12th"),
        ("I live at 12 Oak Street.", "ADDRESS", "12 Oak Street"),
        (
            "Send it to 4410 West Elm Avenue, Springfield, IL 62704.",
            "ADDRESS",
            "4410 West Elm Avenue, Springfield, IL 62704",
        ),
        ("My passport is X4729013.", "PASSPORT_NUMBER", "X4729013"),
        ("driver's license number D 4 4 1 2 9 0 7 7", "DRIVERS_LICENSE", "D 4 4 1 2 9 0 7 7"),
        ("My name is Miriam Okafor.", "PERSON_NAME", "Miriam Okafor"),
        ("Please ask Mr. Feldman.", "PERSON_NAME", "Feldman"),
        ("The server is 192.168.10.12.", "IP_ADDRESS", "192.168.10.12"),
    ],
)
def test_each_category_is_found(text: str, kind: str, span: str) -> None:
    """Every category of the reference, whole and under its own name."""
    assert (kind, span) in _found(text)


@pytest.mark.parametrize(
    "text",
    [
        "We have twenty five people in three rooms.",
        "It costs four hundred and fifty dollars a month.",
        "Revenue grew by twelve percent to $5,000,000.",
        "I think one of the two options is better.",
        "We need two hours at least.",
        "That is okay with me.",
        "It took three years.",
        "I am on my way home.",
        "",
    ],
)
def test_harmless_numbers_stay(text: str) -> None:
    """Counts, amounts and durations are nobody's secret."""
    assert _found(text) == []


def test_the_question_before_tells_what_a_number_is() -> None:
    """Who is asked for the security code answers with it."""
    assert _found("Three one seven.", before="And what is the security code on the back?") == [
        ("CREDIT_CARD_CVV", "Three one seven")
    ]


def test_people_of_the_conversation_are_known() -> None:
    """A member's name is masked, the first name alone too."""
    assert _found("Xyla knows.", names=("Xyla Brenk",)) == [("PERSON_NAME", "Xyla")]


def test_a_birth_year_is_not_taken_for_a_social_security_number() -> None:
    """Digits of a date belong to the date, whatever number was spoken of before."""
    found = _found(
        "My social is two one nine, oh nine, nine nine nine nine and I was born on 3 October 1982."
    )
    assert [kind for kind, _ in found] == ["SSN", "DATE_OF_BIRTH"]


def test_spoken_values_are_written_out() -> None:
    """The value is what the words spell."""
    (email,) = find_personal_data("john dot smith at gmail dot com", NOW)
    assert email.value == "john.smith@gmail.com"
    (card,) = find_personal_data("four double one one one one one one one one one one one one one one", NOW)
    assert card.value == "4111111111111111"


TEXT = "Call 555-014-7729 or write to ana@example.com."


@pytest.mark.parametrize(
    ("how", "text", "types"),
    [
        (Redaction(), TEXT, []),
        (Redaction(identify=True), TEXT, ["PHONE_NUMBER", "EMAIL_ADDRESS"]),
        (Redaction(redact=True), "Call **** or write to ****.", []),
        (
            Redaction(identify=True, redact=True, mask="[X]"),
            "Call [X] or write to [X].",
            ["PHONE_NUMBER", "EMAIL_ADDRESS"],
        ),
    ],
)
def test_identify_and_redact_are_independent(how: Redaction, text: str, types: list[str]) -> None:
    """The four combinations of the two flags."""
    shown, entities = apply(TEXT, find_personal_data(TEXT, NOW), how)
    assert shown == text
    assert [entity.type for entity in entities] == types


def test_offsets_point_into_the_masked_text() -> None:
    """An entity's offset is where its mask begins; its text is what was said."""
    shown, entities = apply(TEXT, find_personal_data(TEXT, NOW), Redaction(True, True))
    assert [shown[entity.offset : entity.offset + 4] for entity in entities] == ["****", "****"]
    assert entities[0].text == "555-014-7729"


@given(st.text())
def test_no_text_breaks_the_finder(text: str) -> None:
    """Findings are in order, apart, and say the text at their place."""
    found = find_personal_data(text, NOW)
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert all(text[item.start : item.end] == item.text for item in found)


_PARTS = [
    "my",
    "card",
    "number",
    "is",
    "four",
    "double",
    "five",
    "oh",
    "at",
    "dot",
    "com",
    "john",
    "born",
    "March",
    "3rd",
    "12",
    "Oak",
    "Street",
    "-",
    ",",
]


@given(st.lists(st.sampled_from(_PARTS), max_size=20))
def test_masking_leaves_nothing_that_was_found(parts: list[str]) -> None:
    """After masking, no digits of what was found are left at their place."""
    text = " ".join(parts)
    found = find_personal_data(text, NOW)
    shown, _ = apply(text, found, Redaction(redact=True))
    assert shown.count("****") == len(found)


@pytest.mark.parametrize(
    ("text", "before", "kind", "span"),
    [
        ("my card number is four one one one", "", "CREDIT_CARD_NUMBER", "four one one one"),
        ("two two two two", "my card number is four one one one", "CREDIT_CARD_NUMBER", "two two two two"),
        ("and then 4444.", "my card number is 4111", "CREDIT_CARD_NUMBER", "4444"),
        ("four one one one", "", "CREDIT_CARD_NUMBER", "four one one one"),
        ("two one nine", "What is your social security number?", "SSN", "two one nine"),
        ("my last name is B as in boy R O W N", "", "PERSON_NAME", "B as in boy R O W N"),
        ("S M I T H", "How do you spell that?", "PERSON_NAME", "S M I T H"),
        (
            "my birthday is oh four twenty two eighty two",
            "",
            "DATE_OF_BIRTH",
            "oh four twenty two eighty two",
        ),
        ("it expires oh nine twenty seven", "", "CREDIT_CARD_EXPIRATION", "oh nine twenty seven"),
        ("the swift code is D E U T D E F F", "", "SWIFT_CODE", "D E U T D E F F"),
    ],
)
def test_parts_of_numbers_and_spelt_words_are_found(text: str, before: str, kind: str, span: str) -> None:
    """What is read out in groups, over several messages, is personal data in each of them."""
    assert (kind, span) in _found(text, before)


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("We have four people.", "my card number one"),
        ("2019.", "When was that?"),
        ("one two three", ""),
        ("They sell in the U S and use an A T M.", ""),
        ("It costs four hundred dollars for ten users.", ""),
    ],
)
def test_counts_and_years_are_not_parts_of_numbers(text: str, before: str) -> None:
    assert _found(text, before) == []


def test_a_partial_shows_no_digit_of_a_number_that_is_being_read_out() -> None:
    """Every beginning of the sentence is masked from the first digit on."""
    groups = (" ".join([digit] * 4) for digit in ("four", "two", "three", "nine"))
    said = f"my card number is {' '.join(groups)}".split()
    for end in range(5, len(said) + 1):
        text = " ".join(said[:end])
        found = find_personal_data(text, NOW, unfinished=True)
        masked, _ = apply(text, found, Redaction(redact=True))
        assert masked == "my card number is ****"


@pytest.mark.parametrize(
    ("text", "before", "span"),
    [
        ("my email is smith eight two at proton mail dot com", "", "smith eight two at proton mail dot com"),
        ("it's john at, uh, gmail dot com", "", "john at, uh, gmail dot com"),
        ("it's dave dot reilly at gmail", "", "dave dot reilly at gmail"),
        ("you can email t.brown@", "", "t.brown@"),
        ("that is orders at big shop dot store", "", "orders at big shop dot store"),
        ("six one seven", "", "six one seven"),
        ("five five five", "my number is six one seven. Okay.", "five five five"),
        ("the three digits are zero four two", "", "zero four two"),
        ("my account ending in four four one two", "", "four four one two"),
        (
            "thirty three hundred, ninety one twelve",
            "the card number is",
            "thirty three hundred, ninety one twelve",
        ),
        (
            "the ninth of the sixth nineteen eighty eight",
            "I was born on",
            "the ninth of the sixth nineteen eighty eight",
        ),
        ("my husband is fifty five.", "", "fifty five"),
        ("my postcode is S W one A one double A", "", "S W one A one double A"),
        (
            "flat four, twenty two Baker Street, London NW1 6XE",
            "",
            "flat four, twenty two Baker Street, London NW1 6XE",
        ),
        (
            "one ninety two dot one sixty eight dot four dot twelve",
            "",
            "one ninety two dot one sixty eight dot four dot twelve",
        ),
        ("the password is hunter two", "", "hunter two"),
        ("K as in kilo", "", "K as in kilo"),
        ("it expires in august twenty eight", "", "august twenty eight"),
    ],
)
def test_talk_says_personal_data_in_many_ways(text: str, before: str, span: str) -> None:
    """Fillers, groups, halves of addresses, numbers by hundreds: all of it is found."""
    assert span in [said for _, said in _found(text, before)]


@pytest.mark.parametrize(
    "text",
    [
        "the password is wrong",
        "have a look at acme tools",
        "V for volume",
        "one two three",
        "version three point two point one",
        "I work at Yahoo",
        "we sold thirty three hundred units",
    ],
)
def test_what_only_sounds_like_it_stays(text: str) -> None:
    assert _found(text, "") == []


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("that's Siobhan, S I O B H A N", "that's , "),
        ("so the email is maria underscore lopez forty two at outlook dot com", "so the email is "),
        ("all lower case, green valley farm at yahoo dot co dot uk", "all lower case, "),
        (
            "my number is four one five, uh, five five five, no, five five six, oh one seven eight",
            "my number is , no, ",
        ),
        ("the plate is K L five nine, Y T R", "the plate is "),
        (
            "my national insurance number is Q Q one two, three four, five six, C",
            "my national insurance number is ",
        ),
        ("ship it to P O box seven seven four, Cheyenne", "ship it to "),
        ("I live on Wilhelmina Street, number nineteen", "I live on "),
        ("the address is apartment three oh two, eleven hundred Lakeshore Drive", "the address is "),
        ("the code on the back, let me see, five five two", "the code on the back, let me see, "),
    ],
)
def test_corrections_letters_and_wider_words_are_masked_whole(text: str, left: str) -> None:
    """What was said wrong tells as much; a name is masked beside its letters."""
    shown = apply(text, find_personal_data(text, NOW), Redaction(redact=True, mask="#"))[0]
    assert shown.replace("#", "") == left


@pytest.mark.parametrize(
    "text",
    [
        "in twenty nineteen we had forty stores",
        "the speed limit is fifty five on that road",
        "take two, no, three boxes",
    ],
)
def test_years_limits_and_corrected_counts_stay(text: str) -> None:
    assert find_personal_data(text, NOW) == []


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("it's 4500127734", "What's the order number?"),
        ("load number eight eight two oh three one", ""),
        ("I've opened ticket 5538127 for you", "the account number? Sure, 88 41 20 576."),
        ("Great, I can see 3 restarts and version 2.1.7", "the last four of your social? It's 4419."),
        ("It cost me 129.99", "my card number is on file"),
        ("The security code, the three digits on the back?", ""),
        ("Yes, within 48 hours.", "call me back"),
        ("we're open nine to five, Monday to Friday", ""),
        ("Usage went from 640 to 1,510", ""),
        ("the heat pump's nineteen years old", ""),
        ("Will somebody call me back?", ""),
    ],
)
def test_orders_prices_hours_and_machines_tell_nothing_of_a_person(text: str, before: str) -> None:
    assert _found(text, before) == []


@pytest.mark.parametrize(
    ("text", "before", "kind", "span"),
    [
        ("90210", "", "ADDRESS", "90210"),
        ("It was delivered to Portland, 97214", "", "ADDRESS", "97214"),
        ("it's fourteen Larch Close, and the bell is broken", "", "ADDRESS", "fourteen Larch Close"),
        ("they're six and nine", "I'm with my kids", "AGE", "nine"),
        (
            "yes it's seven seven two one",
            "Is the key code still the same?",
            "PERSONAL_DATA",
            "seven seven two one",
        ),
        (
            "it's K, seven, R, P, two, M",
            "What's the confirmation code?",
            "PERSONAL_DATA",
            "K, seven, R, P, two, M",
        ),
        ("I can offer you Tuesday at half past three", "", "DATE", "Tuesday"),
    ],
)
def test_codes_ages_and_days_are_found_and_no_more(text: str, before: str, kind: str, span: str) -> None:
    assert (kind, span) in _found(text, before)
