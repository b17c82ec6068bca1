"""Things people say in business talk, made by rule, and pairs of a question and what was said instead."""

import itertools

import numpy as np
from numpy.typing import NDArray

__all__ = ["PARAPHRASES", "sentences"]

_WHO = (
    "our supplier",
    "the customer in Leeds",
    "my manager",
    "the whole team",
    "Priya",
    "the legal department",
    "a new intern",
    "the landlord",
    "our main competitor",
    "the night shift",
    "the auditor",
    "the printing company",
    "the school",
    "Doctor Ellis",
    "the warehouse",
    "the bank",
)
_DID = (
    "asked about",
    "forgot",
    "wants to cancel",
    "is very happy with",
    "complained about",
    "will pay for",
    "cannot find",
    "has already signed",
    "would like to see",
    "is waiting for",
    "sent back",
    "explained",
    "changed",
    "ordered more of",
    "lost",
    "needs help with",
)
_WHAT = (
    "the contract",
    "the blue paint",
    "the training course",
    "last month's invoice",
    "the delivery van",
    "the new website",
    "the insurance papers",
    "the coffee machine",
    "the holiday plan",
    "the test results",
    "the keys to the office",
    "the marketing budget",
    "the software update",
    "the garden furniture",
    "the interview questions",
    "the safety rules",
    "the broken window",
    "the flight to Oslo",
)
_WHEN = (
    "yesterday",
    "before the meeting",
    "again",
    "on Thursday",
    "at the end of the year",
    "for the third time",
    "without telling anybody",
    "during the call",
)


def sentences(count: int, draw: np.random.Generator) -> list[str]:
    """Return that many different sentences."""
    every = list(itertools.product(_WHO, _DID, _WHAT, _WHEN))
    picked: NDArray[np.int64] = draw.choice(len(every), size=count, replace=False)
    return [f"{' '.join(every[at])}." for at in picked]


PARAPHRASES = (
    ("the apartment gets more expensive", "The landlord raises our rent by ten percent."),
    ("slow shipping makes buyers unhappy", "People keep complaining that their parcels arrive too late."),
    ("where shall we eat", "Let us try the noodle place around the corner for lunch."),
    ("copying our data failed", "The database backup did not finish last night."),
    ("who takes care of the children", "My sister can look after the kids on Friday evening."),
    ("we have to save money", "Spending must go down by a fifth before summer."),
    ("he is leaving the company", "Marco handed in his resignation this morning."),
    ("the car would not start", "This morning the engine was dead and I took the bus."),
    ("how do I reset my password", "I cannot log in any more because I no longer know my passphrase."),
    ("is there a cheaper offer", "Could you come down a little with the price?"),
    ("she is ill", "Hanna has a fever and stays in bed today."),
    ("the meeting is postponed", "Let us move our appointment to next week."),
    ("money back", "We will refund the full amount to your card."),
    ("nobody told us about the change", "We only learned of the new schedule from the newspaper."),
    ("it is too noisy here", "With the drilling next door I can hardly hear you."),
    ("hiring more people", "We are going to recruit four engineers this quarter."),
    ("the screen is cracked", "My phone fell down the stairs and the display broke."),
    ("bad weather stopped the work", "Because of the storm the roofers went home."),
    ("learning a foreign language", "I take Spanish lessons every Tuesday."),
    ("when do you open", "At what time can I come to the shop in the morning?"),
    ("we won the deal", "The client picked us over the two other bidders."),
    ("the network is down", "None of the computers on this floor can reach the internet."),
    ("a sore tooth", "I need to see the dentist, it hurts when I chew."),
    ("moving to a bigger place", "We rent a larger office across the river from May."),
    ("the food allergy of the boy", "Tom must not eat any nuts, he gets a rash."),
    ("cutting the trees", "The gardener trims the hedge and fells the old oak."),
    ("the bill has a mistake", "You charged us twice for the same item."),
    ("an accident at work", "One of the welders burned his hand in the hall."),
    ("the train was delayed", "I sat on the platform for an hour before it came."),
    ("they do not trust us", "The board has doubts whether we can keep our promises."),
    ("thank you for the help", "I am really grateful for what you did."),
    ("proof of identity", "Please bring your passport or driving licence."),
    ("growth of sales", "Revenue went up by thirty percent since January."),
    ("teaching new colleagues", "I show the beginners how the register works."),
    ("environmental protection", "From now on we use only recycled packaging."),
    ("a party for the boss", "We celebrate Linda's fiftieth birthday in the canteen."),
    ("the heating is broken", "It is freezing in the flat, the boiler went out."),
    ("breach of confidentiality", "Somebody leaked the drawings to the press."),
    ("the software is slow", "It takes a minute until the page has loaded."),
    ("working from home", "On Mondays I do my job from the kitchen table."),
)
