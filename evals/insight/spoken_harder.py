# ruff: noqa: E501  (a talk is one line)
"""Personal data said in harder ways: corrected, hesitated over, over two messages, beside plain numbers.

Written by hand before any finder was run on them. Personal words stand in brackets, words that may be masked
or not in braces (what stands between the parts of a number, a street's town), "|" parts the messages.
`NOT_PERSONAL` holds prices, counts, years and the like, which stay.
"""

__all__ = ["HARDER", "NOT_PERSONAL"]

HARDER = tuple(
    """\
my last name is spelled [m c a l l i s t e r]
yeah it's [bjornstad], [b j o r n s t a d]
that's [Siobhan], [S I O B H A N], and the surname's [Keoghane]
first name [Xiomara], that's with an [X]
it's spelt [D as in delta, E, L, A, C, R as in romeo, U, Z]
[t h u y] is the first name and [nguyen] the last
the name on the account is [Bartholomew Quigley]
you're speaking with [Rosalind] from the billing team
my husband's name is [Tendai Mukanya], he's on the policy too
put it under [Featherstone], please
so the email is [maria underscore lopez forty two at outlook dot com]
it's [the dash baking dash company at gmail dot com], all one word
all lower case, [green valley farm at yahoo dot co dot uk]
[first dot last at north bridge dot org], you know, with my name in it
my address is [r dot svensson at, um, bluewave dot io]
send that to [info at sign harbor lights dot net] please
[jane, no sorry, janet dot miller at icloud dot com]
e mail is [k w a m e] {no space} [b o a t e n g at gmail dot com]
it's [accounts payable at tri state plumbing dot biz]
my email is [t lopez ninety nine at] | [hotmail dot com]
[four one one one] um [one one one one] uh [one one one one] er [one one one one]
card number [five five oh one], {no sorry}, [four five oh one, two two three three, four four five five, six six seven seven]
it's [four nine two nine, one two three four] | {sorry go on} | [five six seven eight, nine oh one two]
my visa is [forty nine seventeen, oh oh one two, triple three four, five six seven eight]
the long number on the front's [five one oh five] {dot dot dot} [one oh five one] {okay} [oh five one oh] {and} [five one double oh]
the card ends in [eight eight two one]
C V V is [three] {um} [one] {uh} [nine]
the code on the back, let me see, [five five two]
it's good until [oh four twenty nine]
account number is [six oh two two], {wait no}, [six oh two three, eight one nine four]
my account is [seven seven one four] | {mhm} | [double three two oh]
sort code's [oh eight] {dash} [ninety two] {dash} [ninety nine]
the routing number, it's [oh two one] {pause} [triple oh] {pause} [oh two one]
IBAN is [D E eight nine, three seven oh four, double oh four four, oh five three two, oh one three oh, double oh]
[F R seven six, three double oh oh six, one two three four five, six seven eight nine oh, one eight nine] that's my iban
swift code [D E U T D E F F]
my social's [five two eight], {hang on}, [five two nine, eight one, double four three seven]
social security number [eight seven] | [oh nine] {sorry, start again,} [eight seven oh, oh nine, six six one two]
my passport number's [X five seven two, double one nine four]
passport, that would be [C zero one, X zero zero, T four seven]
driver's licence is [J O N E S, seven one oh, two three eight, A B nine C D]
the plate is [K L five nine, Y T R]
licence plate [seven A B C one two three]
my reg is [B D fifty one, S M R]
number plate's [echo foxtrot six eight, tango hotel uniform]
born on the [fourteenth of march nineteen seventy nine]
date of birth, [oh three] {slash} [fourteen] {slash} [seventy nine]
D O B is [second of the eleventh, two thousand and one]
my birthday is [September the ninth, nineteen ninety]
she was born in [nineteen fifty two], {on the} [third of July]
my boy's [nine years old] and he needs a referral
I'm [sixty seven], so I get the senior rate
we're at [forty one Cedar Hollow Road, Bristol B S six, five T N]
the address is [apartment three oh two, eleven hundred Lakeshore Drive]
I live on [Wilhelmina Street, number nineteen]
ship it to [P O box seven seven four, Cheyenne], Wyoming
our place is [six sixty six West Onion Avenue, unit B]
postcode [E H one, two N G]
the zip's [six oh six one four]
my number is [four one five], {uh}, [five five five], {no}, [five five six, oh one seven eight]
you can reach me at [oh two oh], [seven nine four six], [oh nine five eight]
call me on [plus four nine, one five one, two three four five, six seven eight nine]
cell is [three one two five five five] | [oh one] | [nine nine]
ring me on [oh seven nine double one, three two one, six five four], that's my mobile
the I P address is [one seven two dot sixteen dot two five four dot one]
it's pinging [ten dot twenty dot thirty dot forty] all day
my password is [sunflower underscore nineteen eighty four]
the pin for the card is [nine] [two] [seven] [seven]
my national insurance number is [Q Q one two, three four, five six, C]
N H S number [nine four three, four seven six, five nine one nine]
member number [W G H, four four one, two oh nine]
my website is [marigold dash interiors dot com]
tell [Anjali Deshpande] I called, she knows the account
and his mother's maiden name is [Oyelaran]""".splitlines()
)
NOT_PERSONAL = tuple(
    """\
the total comes to one thousand two hundred and forty nine dollars and fifty cents
we ordered three hundred and sixty of the large ones and ninety of the small
in twenty nineteen we had forty stores and now it's sixty two
it was nine ninety nine but it's on sale for seven fifty
revenue grew from four point two million to five point one million
we need four, five, maybe six people for the night shift
the part is two inches by four inches by eight feet
version two point three point one fixes that
it took one, two, three tries before it worked
bus forty two leaves every fifteen minutes
the score was three one at half time
I waited forty five minutes on hold and then another twenty
there were twelve hundred people and only eight hundred chairs
turn to page two hundred and six
the temperature went from ninety eight point six to a hundred and two
they gave us ten percent off the first six months
it's a three two one countdown and then we go live
the model is a nineteen sixty five mustang
the nineties were a good time for the company
two thirds of them said yes and one third said no
press star nine to speak to an agent
my order has twenty two items in it
we moved here in two thousand and eight
the speed limit is fifty five on that road
between five and six thousand units a month
the fan runs at eighteen hundred r p m
give it a seven or an eight out of ten
I have two kids and three dogs
we're open nine to five, Monday to Friday
it weighs one hundred and eighty five pounds
I'm at work until six
I'm fifty fifty on that one
he's number one in the region
I told you a hundred times at least
that's a dash of salt and a dot of butter""".splitlines()
)
