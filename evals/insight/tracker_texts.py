"""Sentences that mean a tracker's vocabulary in other words, and ones that only look like it.

Written for Earful. CALIBRATION chooses the threshold; HELD_OUT, other trackers and other words, is reported.
`+` says what the tracker asks for without its words, `=` says its words in some inflection, `-` does neither,
though it is about the same things.
"""

__all__ = ["CALIBRATION", "HELD_OUT"]

CALIBRATION = """\
# Late delivery: delivery was late / still waiting for the order / it hasn't arrived
+ The parcel was supposed to be here on Monday and there is no sign of it.
+ We got the shipment three days after the promised date.
+ My package never showed up.
= Our deliveries were late twice this month.
= I am still waiting for the order.
- The delivery came on time, thank you.
- You can track the order on our website.
- I would like to place an order for Monday.
- The driver was very friendly.
- We are open until late on Thursdays.
# Cancellation: cancel my subscription / close my account / I want to leave
+ Please terminate the contract at the end of the month.
+ I don't want to be a customer of yours any more.
+ How do I get out of this plan?
= I was thinking of cancelling my subscription.
- I would like to upgrade my subscription.
- My account shows the wrong address.
- The meeting was cancelled because of the snow.
- I have to leave at five today.
- Can you open a second account for my wife?
# Competitor price: cheaper somewhere else / competitor offers a better price
+ Another company quoted us two hundred less.
+ Your rival would do the same job for half the money.
= It is cheaper somewhere else.
- Our price includes the installation.
- The competitor closed their office in Leeds.
- Could you send me your price list?
- The bigger box is better for us.
# Frustration: this is unacceptable / I am very disappointed / waste of my time
+ I'm really fed up with this.
+ I can't believe how badly you treat people.
+ That is simply not good enough.
= This is a complete waste of my time.
- I am very happy with how this went.
- That is an acceptable compromise for us.
- It takes time to learn the new system.
- We waste a lot of paper in the office.
# Password help: reset my password / cannot log in / locked out
+ The site says my credentials are wrong and I can't get into my profile.
+ I forgot the code for signing in.
= I got locked out again this morning.
- I changed my password last week and all is well.
- The door to the store room is open.
- We log every call in the system.
- Please sign the contract on page two.
# Budget: no budget for this / too expensive / cannot afford it
+ We simply don't have the money at the moment.
+ That costs far more than we can spend.
+ It is out of our price range.
= We have no budget for this until April.
- The budget was approved yesterday.
- It is cheaper than we expected.
- Our finance team will send the invoice.
- We could afford a second van now.
"""

HELD_OUT = """\
# Appointment: book an appointment / schedule a visit / when can you come
+ Could somebody stop by my place next week to take a look?
+ I need a slot to see the doctor.
+ Is there a time on Tuesday for me to come in?
= I'd like to book an appointment for my son.
= She scheduled a visit for Friday.
- I visited my sister in Leeds last summer.
- The book is on the kitchen table.
- My appointment yesterday went very well.
- The bus comes every ten minutes.
- We were disappointed by the hotel.
- What is the schedule of the ferry?
# Refund: I want my money back / refund the payment / return the product
+ Please reimburse me for what I paid.
+ I'd like to send this back and get the amount returned to my card.
+ When will you give me back the forty euros?
= Could you refund the payment, please?
= He returned the products last week.
- The payment went through without trouble.
- I would like to pay by card.
- I will be back in the office on Monday.
- The product is better than the one before.
- He got a return ticket to Bristol.
- We make good money with this shop.
# Internet outage: the internet is down / no connection / the wifi keeps dropping
+ We have been offline since this morning.
+ My router shows a red light and nothing loads.
+ I can't get online at all.
= Our internet was down the whole weekend.
= The wifi keeps dropping during calls.
- The internet is much faster since you changed the cable.
- I bought it on the internet.
- There is no connection between the two events.
- Prices keep dropping this year.
- Sit down, please.
- We missed our connection in Frankfurt.
# Supervisor: speak to your manager / let me talk to a supervisor / escalate this
+ Is there somebody above you that I can have on the line?
+ I want whoever is in charge.
+ Put me through to your boss.
= I would like to speak to your manager now.
= This has to be escalated.
- My manager approved the purchase.
- Our supervisor is on holiday this week.
- We talk to our customers every month.
- The escalator in the station is broken.
- She manages a team of nine people.
- I spoke to my neighbour about the fence.
# Happy customer: great service / you have been very helpful / I am very satisfied
+ I can't thank you enough, that was excellent support.
+ You solved it so quickly, brilliant.
+ I'm really pleased with how you handled this.
= That was great service, thank you.
= You've been very helpful today.
- The service of the lift is due in May.
- Nobody could help me with this.
- I am not satisfied with the answer.
- It was a great match on Saturday.
- We serve lunch from twelve to two.
- That was no help at all.
# Contract terms: how long is the contract / minimum term / notice period
+ For what length of time would we be committed?
+ How many months in advance do we have to tell you that we want to stop?
+ Are we bound for two years?
= What is the notice period?
= How long are your contracts?
- How long is the table?
- I noticed a scratch on the door.
- The contract is in your mailbox.
- The school term begins in September.
- We have worked together for a long period.
- Contact us at any time.
# Damaged goods: arrived broken / the box was damaged / it doesn't work
+ The screen was cracked when I unpacked it.
+ One of the legs was missing and the top had a dent.
+ It came in pieces.
= Two of the cups arrived broken.
= The boxes were damaged by rain.
- The box is too big for the shelf.
- I broke my arm in the spring.
- The new one works perfectly.
- He works from home on Fridays.
- We arrived at noon.
- The storm damaged the roof of the church.
# Next step: what happens next / send me a proposal / let's set up a trial
+ How do we go on from here?
+ Could you put an offer in writing for us?
+ We would like to test it with a few people first.
= So what happens next?
= Please send me a proposal by Friday.
- It happened last night around ten.
- He proposed to her in Paris.
- The trial of the former minister begins today.
- We live next to the school.
- The setup of the printer took an hour.
- Nothing like that ever happened here.
"""
