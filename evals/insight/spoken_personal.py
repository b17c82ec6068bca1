"""Personal data as it is read out on the phone, for this evaluation; `[...]` marks what must be masked."""

__all__ = ["SPOKEN"]

SPOKEN = tuple(
    """\
My card number is [four zero one two, eight eight eight eight, eight eight eight eight, one eight eight one].
It's a Visa, [five one zero five one zero five one zero five one zero five one zero zero].
The card is [4012 8888 8888 1881] and the security code is [three one seven].
the c v v is [nine double two]
It expires [09/27] and the pin is [four four one nine].
My social is [two one nine oh nine nine nine nine nine].
the last four of my social are [six six two one]
Sure, it's [five five five, oh one four, double seven two nine].
You can reach me at [five five five two three six seven one nine eight].
my number is [triple five two one nine, forty two, eighteen]
Call me on [plus four four twenty seven nine four six oh nine five eight] after six.
It's [maria dot lopez at gmail dot com].
My email is [j o h n underscore smith at outlook dot com], all lower case.
send it to [billing at north lake dot co dot uk] please
that's [anna at acme dash tools dot io]
Our website is [www dot greenfield dot org].
Please have a look at [acme tools dot com].
I was born on [the fourth of July nineteen eighty two].
My date of birth is [March 3rd, 1979].
I am [forty seven] years old and I live in a flat.
My wife is [thirty nine years old].
I live at [twelve Oak Street], second floor.
The address is [4410 West Elm Avenue, Springfield, IL 62704].
we moved to [one twenty five Mill Road] last year
The routing number is [zero two one zero zero zero zero two one].
My account number is [eight eight one two three four five six seven].
and the checking account is [000123456789]
My passport number is [X4729013].
it's a driver's license, number [D 4 4 1 2 9 0 7 7]
My name is [Miriam Okafor] and I'm calling about my bill.
Hi, this is [Jonathan] from the bank.
You are speaking with [Priya Raman].
Can I speak to [Mr. Feldman] please?
The claim was filed by [Susan Whitaker] on [June 12th].
IBAN is [DE89 3704 0044 0532 0130 00].
My zip code is [nine four one one zero].
We have twenty five people in the office and three meeting rooms.
It costs four hundred and fifty dollars a month for ten users.
The order number is ready and should be there in two weeks.
I think one of the two options is at least twice as good.
The meeting is at three thirty and we will need two hours.
Our revenue grew by twelve percent to five million dollars.""".splitlines()
)
