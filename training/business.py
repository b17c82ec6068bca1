"""Business talk put together from parts that the project wrote: promises, requests, and what only sounds so.

None of it is in `evals/insight/business_calls.jsonl`.
"""

import random
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .examples import Example

__all__ = ["business_examples"]

_TASKS = """send you the updated proposal|send over the slides|email the signed agreement|draft the statement of work|check the stock levels|look into the billing error
update the forecast sheet|book the training room|order two more laptops|fix the broken link|review the pull request|call the landlord|talk to the design team about the icons
set up a demo account|prepare the agenda|finish the risk assessment|get the numbers from accounting|upload the recordings|share the onboarding guide|reset the password
schedule a follow-up with the vendor|cancel the old subscription|print the badges|test the new headset|write the release notes|rename the folders|translate the brochure
open a ticket for the printer|move the deadline in the plan|confirm the venue|pick up the samples from the lab|invite the auditors|clean up the backlog|file the expense report
add the missing columns|send the purchase order to the supplier|follow up with the recruiter|get three quotes for the carpet|collect feedback from the pilot users
present the budget to the board|change the delivery address|renew the domain|compare both offers|document the workaround|give the contractor access|approve the leave requests
put the figures on one page|work on the user interface|come up with a few names for the product|find out who owns the contract|have a look at the error log|do a market survey
take care of the hotel rooms|reach out to the press contact|ask legal about the clause|double check the invoice|make a list of open issues|bring the prototype to the next meeting""".replace("\n", "|").split("|")
_WHEN = "||by Friday|tomorrow|this afternoon|next week|by the end of the month|before the meeting|on Monday morning|tonight|as soon as possible|by noon|later today|first thing tomorrow|in the next two days|when I'm back at my desk|after this call|before we launch".split("|")
_NAMES = "Anna Ben Carla David Elif Farid Gina Hugo Irina Jonas Kemal Laura Mateo Nina Oskar Paula Quentin Ruth Samir Tessa Umar Vera Wes Yara Zoltan".split()
_PROMISE = """I'll {t} {w}|I will {t} {w}|Okay, I'm going to {t} {w}|Yeah I can {t} {w}|Let me {t} {w}|I'm gonna {t} {w}|Sure, I'll {t} and let you know|I'll go ahead and {t} {w}
We'll {t} {w}|We need to {t} {w}|We should {t} {w}|Then we have to {t} {w}|Let's {t} {w}|I have to {t} {w}|My next step is to {t} {w}|I still need to {t} {w}|so what I'll do is {t} {w}
right I'll {t} then|I promise to {t} {w}|we agreed that I will {t} {w}|the plan is to {t} {w}|I've got to {t} {w}|uh I I'll {t} {w} you know""".replace("\n", "|").split("|")
_REQUEST = """Can you {t} {w}?|Could you please {t} {w}?|Please {t} {w}|{n}, can you {t} {w}?|{n} will {t} {w}|{n} is going to {t} {w}|I need you to {t} {w}|Would you mind asking {n} to {t} {w}?|{n}, please {t} {w}
You need to {t} {w}|Don't forget to {t} {w}|Make sure you {t} {w}|{n} should {t} {w}|So {n} you'll {t} {w}|You are going to {t} {w}|{n}, you will {t}, and we'll look at it {w}|Somebody has to {t} {w}|the action for {n} is to {t} {w}
if you could {t} {w} that would be great|{n} has to {t} {w}|can somebody {t} {w}|I'd like you to {t} {w}|you two will {t} together {w}|could I ask you to {t} {w}""".replace("\n", "|").split("|")
_NOT = """We used to {t} every month|I would {t} if I had the time|Did anyone {t} last week?|Last year they asked us to {t}|If we {t} it will only get worse|I don't think we have to {t}|She said nobody had to {t}|You can {t} in the settings, it's easy
Who is going to {t}?|Why would we {t}?|We never {t} here|I already managed to {t}|It takes forever to {t}|Usually people {t} on their own|Imagine you had to {t} every day|They could {t} but they won't|I was supposed to {t} but it's done now
When you {t} you get a message|The hard part was to {t}|Nobody should have to {t}|The system will {t} by itself|How long does it take to {t}?|I won't {t}|we can't {t} with this budget|I wish somebody would {t}|what happens when they {t}
they were happy that we could {t}|I remember when I had to {t}|You'd think they would {t}|it would be nice to {t} one day|is it hard to {t}?|do we really need to {t}?""".replace("\n", "|").split("|")
_PLAIN_NOT = """I'll tell you a secret, that went better than I thought|I'll be honest, the first version was slow|Let me think about that for a second|Let me see|We'll see how it goes|I'm going to be brief|You'll see the button on the right
I can hear you now|I will never understand this printer|Let's see|Let's say it costs a hundred|let's move on|I have to say I like it|I need a coffee|You should have seen his face|I'll admit it was my fault|You will love this|we can hear you fine
It's going to rain all week|It will be fine|That should work|I'll start with the history of the project|let me share my screen|I can see your screen|I'll stop there for questions|I'll hand it over to the next speaker|We will get to that in a minute
I have to go now|See you tomorrow|Thank you everybody|You have to admit it looks good|that will depend on the price|I must have missed that|they will probably say no|Our customers need reliable service|The market is going to grow next year|I want to thank everyone for coming
you can say that again|I'm going to miss this office|let's get started|let's take a break|let's face it|we have to keep in mind that it's a prototype|I should mention that it's still a draft|you will notice that the line is flat|It needs to be light and easy to hold|the case should be made of plastic""".replace("\n", "|").split("|")
_BEFORE = "Okay.|Right.|What's next?|Who takes that one?|That's a good point.|The customer asked again yesterday.|So what do we do about it?|Mm-hmm.|I think that's all.|Yeah.|Anything else?|We were late last time.||".split("|")
_SMALL_TALK = "How are you?|How's it going today?|How are you doing this morning?|Did you have a nice weekend?|How was your flight?|You know what I mean?|Can you hear me okay?|Who knows?|What's up?|How's everybody doing?|Does that make sense?|Guess what?|Are you kidding?|Who cares anyway?|How have you been?|Isn't that something?|What can you do?|What else is new?".split("|")


def business_examples(chance: random.Random, count: int = 900) -> Iterator["Example"]:
    """Yield promises and requests, as many that are neither, and small talk, half of them in bare form."""
    from .examples import Example, bare

    for group, action in ((_PROMISE, 1.0), (_REQUEST, 1.0), (_NOT, 0.0), (_PLAIN_NOT, 0.0)):
        for _ in range(count):
            text = chance.choice(group).format(t=chance.choice(_TASKS), w=chance.choice(_WHEN), n=chance.choice(_NAMES))
            text = text.replace("  ", " ").replace(" ?", "?").strip()
            if not text.endswith("?"):
                text += "."
            before = chance.choice(_BEFORE)
            asks = 1.0 if text.endswith("?") else 0.0
            if chance.random() < 0.5:
                text, before = bare(text), bare(before)
            yield Example(text, before, chance.random() < 0.4, asks, action)
    for text in _SMALL_TALK * 12:
        yield Example(bare(text) if chance.random() < 0.5 else text, "", False, 0.0, 0.0)
