"""Personal data said in hard ways: with pauses, in groups with answers between, spelt, half said.

Written by hand; personal words stand in brackets, "|" parts the messages. `FIRST` was worked on: before that,
315 of 428 personal words were masked. `LATER` was written afterwards and run before it was looked at (233 of
245); three of the five lines with a word left were mended then. `NOTHING` holds none.
"""

__all__ = ["FIRST", "LATER", "NOTHING"]

FIRST = tuple(
    """\
my email is [jay double you smith eight two at proton mail dot com]
it's [mary, that's m a r y, underscore jones, at hotmail dot com]
so that's [k as in kilo, o'connor at yahoo dot co dot uk]
you can email [t.brown@] | [fastmail.com] if that's easier
[sales underscore team at big shop dot store] is the one we use
it is [john] at, uh, [gmail dot com]
[dave dot o dot reilly at gmail]
The number is [oh seven seven double oh, nine hundred, one two three].
it's [four four seven seven double oh nine double oh one two three]
yeah it's [six one seven] | okay | [five five five] | mhm | [oh one nine eight]
area code [four one five], then [five five five], [twenty three seventy one]
plus [one, eight hundred, five five five, oh one oh one]
you can text me, [nine one seven five five five oh one double three]
Card number [fifty five twenty, thirty three hundred, ninety one twelve, oh four sixty seven]
it's [four five three two] | [one one one one] | yes | [two two two two] | [three three three three]
[three seven one four, four nine six three five three, nine eight four three one] it's an amex
expiry is [november twenty twenty seven]
it expires [oh three slash twenty nine]
the three digits are [zero four two]
security code? | [seven seven eight]
what's your pin? | it's [one two three four]
my social security number is [one two three] | [four five] | [six seven eight nine]
social is [one twenty three, forty five, sixty seven eighty nine]
last four are [nine oh oh two]
sort code [twenty dash fourteen dash fifty three], account number [one three eight seven double two oh four]
account ending in [four four one two]
my date of birth is the [ninth of the sixth nineteen eighty eight]
born [oh six fourteen eighty three]
D O B [seven four sixty one]
I'm [fifty two] and my husband is [fifty five]
she just turned [eighteen] last week
I live at [flat four, twenty two Baker Street, London NW1 6XE]
the address is [one hundred and sixteen Riverside Drive, apartment nine C]
my postcode is [S W one A one double A]
zip code [oh two one three nine]
we're at [nine nine nine South Harbor Boulevard], suite two
my name is [Oluwaseun Adeyemi], that's [O L U W A S E U N]
it's [Kowalczyk], [K O W A L C Z Y K]
this is [dr. priya natarajan] calling
i'm [thandiwe mokoena] from accounts
may i speak with [mister henry ellison] please
license number is [W double one four six two]
my passport is [five three one, triple oh, four two six]
IP is [one ninety two dot one sixty eight dot four dot twelve]
policy number [A B seven seven one nine two four]
my IBAN is [G B two nine, N W B K, six oh one six, one three three one, nine two six eight one nine]
member I D [eight eight four, two two one, nine oh three]
my medicare number is [one E G four T E five M K seven three]
user name is [blue falcon ninety nine] and the password is [hunter two exclamation mark]
my tax I D is [nine one two, seventy, one two three four]
it's [double oh four four, two oh, seven nine four six, oh nine five eight]
my VIN is [one H G C M eight two six three three A double oh four three five two]""".splitlines()
)
LATER = tuple(
    """\
yeah my email would be [peter dash novak seven at outlook dot com]
that's [lisa at, er, the green kitchen dot co dot uk]
it's [c h r i s dot w at yahoo]
my work address is [helpdesk underscore two at north wind systems dot tech]
[anna.svensson@] | [telia.se]
phone is [double three, four eight, nine one, seven oh, six two]
my mobile's [oh four one two, three four five, six seven eight]
okay so it's [two one two] | right | [eight six seven] | yep | [five three oh nine]
call my wife on [eight one eight, five five five, oh one seventy two]
the card is [sixty eleven, double oh double nine, ninety one thirty, nine four two four]
[six oh one one] | [triple oh nine] | uh huh | [nine one three nine] | [four two four oh]
and the three digit code on the back is [eight one six]
card expires in [august twenty eight]
my pin was [seven oh seven oh] but I changed it
soc is [four five six] | [seven eight] | [nine one two three]
last four of the social [eight eight one oh]
routing is [one two one, oh oh oh, three five eight]
savings account [six five five one, double two, nine four]
I was born on the [twenty second of november nineteen sixty four]
birth date [eleven twenty two sixty four]
my daughter is [seven] years old and my mum is [eighty one]
send it to [eighteen forty five Maple Grove Lane, Portland, Oregon]
we live at [two hundred and seven West Twenty Third Street]
zip is [nine seven two oh one]
my name is [Anneliese Vandenberghe], [A N N E L I E S E]
this is [kwame asante] speaking
surname [Przybylski], that's [P as in peter, R, Z, Y, B, Y, L, S, K, I]
driver's license is [S five three oh, four six oh, double eight]
passport number [G B four nine two double one oh]
server is at [ten dot zero dot zero dot one twenty seven]
medicaid I D [two two four, oh nine one, A B]""".splitlines()
)
NOTHING = tuple(
    """\
we have twenty five people and three rooms on two floors
it costs four hundred and fifty dollars for ten users a month
the meeting is from nine to five with one break at twelve thirty
chapter four section two paragraph nine
I called you two or three times at the office
flight BA two one four leaves at gate twenty two
we sold one two maybe three hundred units
the ratio is five to one and that's fine
take the second left then the first right
press one for sales, two for support, three for billing""".splitlines()
)
