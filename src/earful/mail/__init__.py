"""Mails about conversations: a summary to people who took part, or the address of one that began.

`SummaryMail` is the way in. A mail is kept in the database when it is asked for, and sent by a task of
its own when the conversation has ended, however often the mail server or this one has to come back.
"""

from earful.mail.service import MailRefused, SummaryMail

__all__ = ["MailRefused", "SummaryMail"]
