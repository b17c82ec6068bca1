"""Sentences that mean a tracker's vocabulary in other words, and ones that only look like it.

Written for Earful. CALIBRATION chooses the threshold; HELD_OUT and SECOND, other trackers and other words,
are reported. SECOND, THIRD and FOURTH were each written before what is told of it was learnt; their "-" lines
are hard: opposites, the same words about other things.
`+` says what the tracker asks for without its words, `=` says its words in some inflection, `-` does neither,
though it is about the same things.
"""

__all__ = ["CALIBRATION", "FOURTH", "HELD_OUT", "SECOND", "THIRD"]

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

SECOND = """\
# Contract renewal: renew the contract / extend our agreement / sign up for another year
+ We would like to stay with you for twelve more months.
+ Could we keep going on the same terms after December?
+ Let's carry on with this arrangement next year.
+ We have decided to continue as your customer.
= They renewed their contract in March.
= I want to extend our agreement by six months.
- The contract was sent to the wrong address.
- We signed the guest book at the museum.
- The extension of the building will be ready next year.
- We have agreed on the colour.
- We are not going to carry on with you.
- It took another year to finish the bridge.
# Late payment: the invoice is overdue / you haven't paid yet / payment is late
+ We are still missing the money for last month.
+ Our records show an open balance from June.
+ The amount should have reached us two weeks ago.
+ There is an outstanding bill on your account.
= Your invoice is overdue since Monday.
= The payments were late three times.
- Thank you for paying so quickly.
- The invoice has our new address on it.
- Payment is due at the end of the month.
- I was late for the meeting.
- Everything on your account has been settled.
- We pay our people on the last day of the month.
# Data security: is our data safe / encryption / data breach
+ Who can read the information that we upload?
+ What do you do to keep hackers out?
+ How do you protect our customers' details?
+ Somebody stole the records of four thousand people.
= Do you offer encryption for backups?
= They had two data breaches last year.
- The data is in the second column.
- Drive safely.
- The security guard opens the gate at six.
- The details of the trip are in the mail.
- He broke the record for the long jump.
- The upload takes about a minute.
# Hiring: we are hiring / looking for new people / open position
+ We need two more developers on the team.
+ Do you know anybody who would like to work for us?
+ There is a vacancy in the sales department.
+ We want to recruit a designer before the summer.
= We have three open positions in Leeds.
= They are looking for new people in the kitchen.
- We had to let two developers go.
- The hire car was dirty.
- The window was in the open position.
- I am looking for my glasses.
- New people came to the talk, which was nice.
- The team works well together.
# Delay: behind schedule / we need more time / push back the deadline
+ We won't be able to finish by Friday.
+ It is going to take two weeks longer than planned.
+ Could we move the launch to a later date?
+ The project is slipping.
= We are two weeks behind schedule.
= They pushed back the deadline again.
- We are ahead of the plan.
- Everything was finished on time.
- The schedule hangs on the wall.
- We could launch a week earlier.
- He pushed the door open.
- I have plenty of time today.
# Praise for a colleague: great job / well done / you did excellent work
+ I was really impressed by what you put together.
+ That presentation was outstanding, congratulations.
+ Hats off to you for pulling that through.
+ You handled that brilliantly.
= Great job on the report, Maria.
= Well done, everybody.
- I am looking for a new job.
- I like my steak well done.
- The work starts at nine.
- You did not do what we had agreed.
- The presentation is on the second slide.
- That was a poor piece of work.
# Noise: too loud / noisy neighbours / I can't sleep because of the noise
+ The music upstairs keeps me awake at night.
+ The people next door were shouting until four in the morning.
+ The drilling outside is unbearable.
+ There was a party in the next room and we hardly got any rest.
= It is too loud in the office.
= We have noisy neighbours.
- It is a very quiet street.
- I slept like a baby.
- The neighbours brought us a cake.
- She reads aloud to the children.
- The rest of the party arrives at eight.
- I listen to music on the train.
# Warranty: is it under warranty / guarantee / who pays for the repair
+ Am I covered if it breaks within a year?
+ Will you fix it for free?
+ It stopped working after two months, do I have to pay for a new part?
+ How long do you stand behind this machine?
= The guarantee runs out in May.
= Is it still under warranty?
- The repair shop closes at six.
- We can't guarantee that it won't rain.
- The part of the manager was played by Ann.
- I paid for the dinner.
- It breaks my heart to see her go.
- The machine makes good coffee.
# Allergies: allergic to / I can't eat / food intolerance
+ Peanuts make my throat swell up.
+ My daughter gets a rash from milk.
+ I have to stay away from gluten.
+ Shellfish doesn't agree with me.
= He is allergic to penicillin.
= I can't eat nuts.
- I love peanuts.
- We have milk and sugar.
- We don't agree on the price.
- He eats at noon.
- The food was wonderful.
- She stays away from home for weeks.
# Remote work: work from home / remote work / hybrid working
+ I only come to the office on Tuesdays.
+ Can I do this job from Spain?
+ Most of the team dial in from their living rooms.
+ Nobody has a fixed desk here, people log in from wherever they are.
= She works from home on Mondays.
= Remote work is fine with us.
- The remote control needs a battery.
- Everybody has to be in the office every day.
- The office in Spain opens in June.
- The living room is on the first floor.
- He left home at seven.
- The hybrid car uses less fuel.
# Wrong item: you sent the wrong item / this is not what I ordered / wrong size
+ I asked for a blue one and got a green one.
+ There is somebody else's stuff in my box.
+ The shoes that came are two numbers too big.
+ I received a toaster instead of a kettle.
= They sent the wrong items twice.
= You gave me the wrong size.
- I got exactly what I wanted.
- The blue one suits you.
- I ordered a coffee and a cake.
- You have the wrong number.
- The size of the room is fine.
- My box is on the top shelf.
# Bad connection: you are breaking up / I can't hear you / your line is bad
+ Every second word gets lost.
+ You sound as if you were under water.
+ Could you repeat that, your voice was gone for a moment?
+ There is a terrible echo on this call.
= I can't hear you any more.
= You were breaking up a bit.
- I can hear you loud and clear.
- They are breaking up after ten years together.
- There was a long line at the bakery.
- Thanks, your call was a pleasure.
- The water in the pool is warm.
- I have heard nothing from him since May.
"""

THIRD = """\
# Discount wanted: give us a discount / lower the price / a better deal
+ Is there anything you can do on the number for a two year commitment?
+ Could you come down a little, we're quite far apart on the cost.
+ What if we took fifty of them, would you knock something off?
+ If you could meet us halfway on the fee, we'd sign today.
+ My boss says it has to be ten percent less or it's a no.
+ I was hoping you'd throw in the installation for free.
- The discount was already taken off on the last invoice.
- We're fine with what it costs, that was never the question.
- You're giving it away at that price, honestly.
- They lowered the shelf in aisle three last week.
- Deal, let's start on Monday then.
- Our margins got a bit better in spring.
# Legal threat: take legal action / speak to my lawyer / sue you
+ You'll be hearing from our solicitors.
+ I'm happy to let a judge decide on that.
+ If it isn't settled by Friday I'm going to court.
+ My attorney will be in touch, I've got nothing more to say.
+ We're prepared to file a claim against the company.
+ I know my rights and I'll take this all the way to the tribunal.
- Our lawyer is on holiday, so the contract will be signed next week.
- Let's take some action on the leaking roof.
- It's perfectly legal to record with consent.
- She studied law in Leiden and now she teaches.
- We settled it between us over a coffee.
- I played squash with Sue on Sunday.
# Not the one who decides: need my manager's approval / not my decision / have to ask my boss
+ I'd love to, but I can't sign off on that myself.
+ That would have to go up to the board first.
+ You'd better talk to Priya, she holds the purse strings.
+ I'm only collecting quotes, somebody above me picks one.
+ Let me run it past my director and come back to you.
+ Anything over five thousand goes through the committee.
- I approved it this morning, so you can go ahead.
- It's my call in the end, nobody else's.
- My manager asked me how the holidays were.
- We made the decision in January, the building is sold.
- Ask your boss for a day off if you're tired.
- The approval rating of the new office is pretty high.
# Wants training: train the team / show us how to use it / an onboarding session
+ Nobody here has a clue which button does what.
+ Would somebody come by and walk the new starters through it?
+ Do you run any courses for people who've never seen the tool?
+ Half of us are lost in there, a workshop would help.
+ We'd want a couple of hours with an instructor before we go live.
+ Is there a tutorial, or a webinar maybe, that I can send round?
- My train was late and I missed the first half of the session.
- The team knows it inside out, they've worked with it for years.
- I use it every day to log my hours.
- He's in training for the marathon in April.
- Show us the invoice, please.
- We don't need any help with the software, thanks.
# Long on hold: waiting on hold / nobody answers the phone / stuck in the queue
+ I've been listening to that music for forty minutes.
+ It rang and rang, and then it just cut me off.
+ Every time I call you I spend half my lunch break before a human comes on.
+ I was number twenty three in line and then you closed.
+ It takes ages to get through to any of you people.
+ Third time I try today, and only ever the machine.
- You picked up straight away, that was quick.
- Let's put the project on hold until spring.
- The queue at the bakery was out of the door.
- He answered every question about the phone patiently.
- Hold the door for me, would you?
- I'm waiting for the kettle to boil.
# Wants the bigger plan: upgrade our plan / move to a higher tier / add more users
+ We've outgrown the starter package, what comes after it?
+ Five more people joined, they all need to get in as well.
+ What would it cost to go from basic to premium?
+ We keep hitting the limit, so I'd like the next size up.
+ Could you switch us over to the enterprise version?
+ Ten seats won't do any more, we'd want twenty.
- We'd rather go down to the small plan, half the seats are empty.
- The plan for Tuesday is to paint the upper floor.
- They upgraded the trains on that line with new seats.
- Users complain that there are more adverts now.
- The premium tier is far too much for the two of us, we'll stay where we are.
- She moved to a higher floor because of the view.
# Overcharged: charged twice / the bill is too high / a wrong amount
+ There's a fee on here that I never agreed to.
+ You took eighty out of my account and it should have been forty.
+ The same payment went out again on the fourth.
+ I'm looking at the statement and it doesn't add up.
+ Why am I paying for the sports channels, I never ordered them.
+ Last month it was thirty, and now all of a sudden it's seventy.
- The bill was exactly what you told me, so no complaints.
- I charged the phone twice and the battery is still flat.
- Bill is taller than his brother.
- The amount of snow this year was ridiculous.
- We got charged half of what we'd expected, lovely.
- Could you send the invoice to the new address?
# Leaving the job: hand in my notice / quit my job / leave the company
+ Friday is my last day here.
+ I've accepted an offer from somebody else, so I'll be off in June.
+ Tomas told HR that he's going.
+ I can't do this any longer, I'm resigning.
+ She's decided to retire at the end of the year.
+ He walked out yesterday and said he won't come back.
- I'm staying, they gave me the raise after all.
- Did you notice the new sign at the job centre?
- She started with us in March and likes it a lot.
- I left the company car at the garage.
- Quit the program and open it again.
- We'd like to hand over the keys on Friday.
# Slow software: the system is slow / takes forever to load / the app is lagging
+ I click on save and then I can go and make a coffee.
+ Since the update everything crawls.
+ That little wheel just spins and spins.
+ The dashboard needs a good two minutes before it shows anything.
+ It freezes for half a minute whenever I open a ticket.
+ Could we do something about the response times, it's unbearable.
- It's much snappier than the old one, nobody complains.
- The loading bay is blocked by a van.
- We're a slow team on Mondays, to be honest.
- It took forever to get the forms signed.
- The system of payments is different in Brazil.
- Click on the app and choose your language.
# Somebody was hurt: got injured / had an accident / hurt himself
+ He slipped on the wet floor and broke his wrist.
+ A box came down on her foot, she's at the hospital now.
+ I cut my hand on the slicer and needed six stitches.
+ We had to call an ambulance for one of the drivers.
+ My mother fell down the stairs, nothing's broken, luckily, but she's badly bruised.
+ The forklift ran over his toes.
- Not a single incident on the site this year.
- I deleted the folder by accident.
- It hurt to see the shop close down.
- Luckily nobody was harmed, the wall came down at night.
- The insurance covers accidents abroad.
- They cut the budget again.
# New address: moved house / change my address / a new address
+ We don't live on Park Lane any longer.
+ From the first of May please post everything to my sister's.
+ You've still got my old flat in your records.
+ The office relocated to the harbour in autumn.
+ I just got the keys, so from next week I'll be at number nine.
+ My letters keep going to where I used to live.
- We've been in the same house for thirty years.
- He addressed the audience in French.
- Could you change the colour of the house on the drawing?
- The address is the same as last time.
- I'd never want to move away from here.
- They moved the meeting to the big room.
# Sold out: out of stock / sold out / no longer available
+ The shelf where it used to be has been empty for weeks.
+ We've got none left in blue, I'm afraid.
+ They told me the factory stopped making them.
+ The last one went this morning.
+ When will you be getting some more in?
+ I tried three shops and nobody has one.
- There are plenty of them in the warehouse.
- He sold out his shares in the company.
- The stock market had a bad day.
- I'm available again from Thursday.
- We've got it in every size, come by any time.
- Take the cups out of the box, please.
"""

FOURTH = """\
# Power cut: the electricity is out / no power / blackout / power failure
+ The whole street has been dark since about seven, even the traffic lights are off.
+ Everything in the office just went off at once, screens, coffee machine, the lot.
+ yeah we're sitting here with candles, they say the grid is being repaired
+ Nothing will switch on over here, not a single socket is working in the building.
+ So the freezers stopped overnight because there was no current, and we had to throw the stock away.
- I think he has far too much power in that committee.
- The solar panels have been running without a hitch all summer.
- My electricity bill came to ninety pounds.
- I had a blackout after the fall and woke up in the ambulance.
- They've put a new socket in behind the desk for us.
- We've got all the lights back on, thanks, it was only the fuse.
- He's out of the office until Thursday.
# Ordered twice: duplicate order / same order placed twice / order went through two times
+ I must have clicked the button again because now I've got two confirmations for one chair.
+ There's a second one on my account that I never meant to buy, same items, same minute.
+ we only wanted one pallet but it looks like my colleague had already put it in yesterday
+ Could you delete one of them, it's identical to the one from this morning.
+ Two of the same jackets turned up, and I definitely asked for a single one.
- I've ordered from you twice before and it was always fine.
- Let's order two of them then, one for each room.
- The order of the slides should be changed.
- He had to tell them twice before they listened.
- My first order was in May and the next in June.
- I only see one order here, so that's all right.
- Can I order the same one again, please?
# Short of staff: we are understaffed / not enough people / short-handed / need more hands
+ There are two of us doing what five did last year.
+ With Jo on leave and nobody hired for nights, I honestly don't know who will run the ward.
+ we had to close the second counter because there was no one to stand behind it
+ Half the shifts in July are still empty on the rota.
+ If one more person calls in sick, we can't open on Saturday.
- We're fully crewed for the summer, for once.
- There were far too many people at the reception.
- Could you hand me the stapler?
- The staff canteen has a new menu.
- I need more time to read it.
- He shook hands with everybody in the team.
- People are short with each other lately.
# Repeat prescription: needs a new prescription / ran out of tablets / refill my medication
+ I've got two pills left and the pharmacy says they can't give me any more without a slip.
+ Could the doctor put me down for the usual ones again, same as every quarter?
+ my mother's inhaler is nearly empty and she'll need another one by the weekend
+ Can I get the blood pressure ones again without coming in?
+ The bottle's empty, and I was told to ask you to send it over to the chemist.
- We ran out of table space, so some had to stand.
- I don't need the tablets any longer, the doctor took me off them.
- She prescribed a lot of rest and no screens.
- Refill the water in the conference room, please.
- I still have plenty of the cream left.
- The new tablets are great for drawing.
- Is there a chemist round the corner?
# Money not received: the transfer has not arrived / payment not received / still waiting for the money
+ You said the deposit would be back within five days, it's day nine and my balance hasn't moved.
+ I've checked with the bank and there's nothing from you.
+ our accountant is asking where the fee for June is because she can't see it anywhere
+ According to your side it was sent on the third, but it never showed up here.
+ I did the work in spring and I've not seen a penny since.
- The payment came in this morning, thank you.
- I'm waiting for the bus outside the bank.
- He has more money than he can spend.
- We transferred her to the Leeds office.
- I received the parcel, but there was nothing to pay.
- The package still hasn't arrived.
- Shall I wait for you at the entrance?
# Keeps the old version: doesn't want to update / stay on the old version / no upgrade for us
+ It does what we need as it is, so please leave it alone.
+ Every time we install the newest one something falls over, so we're sitting this one out.
+ I turned off the automatic thing because I like how it looked before
+ We're going to hold on to release four until the end of next year.
+ The finance team would rather carry on with what they have than learn new screens.
- We moved to the latest release over the weekend.
- I'll give you an update on Friday.
- My version of the story is different.
- How do I get the new one on my laptop?
- That's an old photo of our house.
- She stayed with an old friend in Rome.
- We upgraded everybody and nobody complained.
# Being taken over: merger / bought by another company / the company is being sold / acquisition
+ Word is that the Danes want to swallow us whole.
+ From January we'll belong to a group in Ohio.
+ so the owners are talking to somebody who would take the whole business off their hands
+ The two firms will become one in spring, with a single board.
+ An investor has got his hands on seventy percent of the shares, so he'll be running things.
- We bought some chairs from another company.
- Who is taking over your clients while you're away?
- Those two lanes merge just after the bridge.
- The acquisition of language in children is a wonder.
- She sold her old company car to a neighbour.
- We're staying independent, and there are no talks with anybody.
- The company sells tiles and paint.
# Double booked: two meetings at the same time / calendar clash / already have something then
+ Hm, at ten I'm supposed to be with the auditors, so I can't be in both rooms.
+ That slot's gone, I've got the dentist right in the middle of it.
+ it looks like somebody put the board call on top of our one to one
+ I can't split myself in half, either the workshop or the interview has to move.
+ Both couples were given the garden room for the fourteenth.
- I'm free all afternoon, pick any hour.
- We had two meetings on it last month.
- Those colours clash horribly.
- Put it in the calendar, please.
- I've already read the book.
- At the same time, we should look at the cost.
- The meeting room has two doors.
# Customs trouble: stuck in customs / held at the border / import duties / customs paperwork
+ They won't let the container out of the port until we hand in another form.
+ I had to pay the courier forty euros in tax before he'd hand it over.
+ the lorry's been standing in Dover for three days because some declaration is missing
+ Since they left the union every shipment costs us a fifth more in charges and a week in forms.
+ The tariff code on the invoice was wrong, so the officers opened all the crates.
- It's our custom to meet on Mondays.
- The parcel is stuck in my letter box.
- We crossed the border without even noticing.
- It all came through within a day, and there was nothing to pay.
- The paperwork for the course is on your desk.
- Her passport has a nice border around the photo.
- We make everything here, so nothing has to be shipped in.
# Minimum quantity: minimum order / smallest amount you sell / how few can I buy
+ I'd only need a dozen, would you even bother with that?
+ Is there a bottom limit or could we start with one box?
+ they told us anything under five hundred pieces isn't worth setting up the machine for
+ We're a tiny café, we can't take a whole pallet.
+ Do I have to take the pack of fifty, or can you split it?
- The most we can store is ten thousand.
- It was the smallest room I've ever slept in.
- Order whatever you like, I'm paying.
- There were few people in the shop.
- The minimum wage went up in April.
- We'll need a lot more than last time.
- You can buy them at the station.
# Loyalty points: loyalty programme / reward points / bonus card / collect points
+ I've been swiping that green thing at the till for years, what do I get for it?
+ How much is left on there, and can I use it towards the flight?
+ it says my hundred and twenty have expired although I shopped last week
+ Does the tenth coffee still come free?
+ I forgot to show it at the checkout, can you put the purchase on it afterwards?
- There are three points on the agenda.
- He's very loyal to his team.
- Collect the cards at the end of the game.
- I don't see the point of it.
- The annual bonus was paid in March.
- You get a stamp in your passport at the airport.
- She was rewarded for her courage.
# Typing error: spelling mistake / typo / my name is spelt wrong / misprint
+ There's an e missing in the headline.
+ It says Jonhson on the badge, that should be the other way round.
+ whoever made the flyer wrote public without the l and now we have two thousand of them
+ The contract has me down as Philipp with one p too few.
+ Page three reads teh instead of the, could somebody fix that before it goes out?
- I proofread it twice and couldn't find a thing.
- It was a mistake to hire him.
- I can type with ten fingers.
- How is your name spelt?
- The printer is out of ink.
- It's the wrong number, sorry.
- A dry spell in August ruined the corn.
# Green credentials: environmentally friendly / sustainable / carbon footprint / how green is it
+ Our buyers ask how much CO2 goes into each bottle.
+ Is the wrapping something I can put on the compost?
+ we'd only go with someone who runs the plant on wind or sun
+ How far does the timber travel, and do you plant new trees for it?
+ Can the thing be taken apart at the end and the metal used again?
- The walls are painted green.
- He left muddy footprints all over the hall.
- The environment in the team is friendly.
- It uses more fuel than my old lorry.
- We can't sustain this speed for ever.
- The climate in Lisbon suits me.
- Cut the grass before it rains.
# Under audit: the auditors are here / failed the inspection / findings of the audit / inspector came
+ Two people from the tax office are going through our books this week.
+ They gave us a red mark for the fridge temperatures and they'll be back in thirty days.
+ the lady from the health department wasn't happy with the kitchen at all
+ We need to have all the records ready, they want to look at every receipt since 2020.
+ They found eleven things that don't meet the standard, and three of them are serious.
- We inspected the goods ourselves.
- She failed her driving test.
- The auditorium holds nine hundred people.
- I found my glasses under the desk.
- Check the tyres before you leave.
- He plays an inspector in that series.
- Nobody has ever looked at our books.
"""
