"""The examples of the vendor's repository `symblai/symbl-python-sdk` that make a call, in our words.

`python telephone_examples.py` with `BASE`, `APP_ID`, `APP_SECRET`, `PHONE` (an address) and `NUMBER` set.
Runs with the vendor's package (`CLIENT=vendor`) and with ours (`CLIENT=ours`), as `examples.py` does. One
function for each file, named after it.
"""

import json
import os
import traceback

VENDOR = os.environ["CLIENT"] == "vendor"
if VENDOR:
    import redirect  # noqa: F401 (points the package at the server)

import symbl  # noqa: E402

WRITTEN_OUT = {
    "contentType": "text/markdown",
    "createParagraphs": "true",
    "phrases": {"highlightOnlyInsightKeyPhrases": "true", "highlightAllKeyPhrases": "true"},
    "showSpeakerSeparation": "true",
}


def by_number():
    """Join a meeting by its telephone number, and have the summary mailed."""
    meeting, passcode, email = "47", "08", "rosa@example.net"
    return symbl.Telephony.start_pstn(
        phone_number=os.environ["NUMBER"],
        dtmf=f",,{meeting}#,,{passcode}#",
        actions=[{"invokeOn": "stop", "name": "sendSummaryEmail", "parameters": {"emails": [email]}}],
    )


def by_address():
    return symbl.Telephony.start_sip(uri=os.environ["PHONE"])


def hear(connection):
    """Listen until the call is over; what kinds of events there were."""
    seen = []

    def taken(event):
        seen.append((json.loads(event) if isinstance(event, str) else event)["type"])

    connection.subscribe({"transcript_response": taken, "message_response": taken})
    return sorted(set(seen))


def read(connection):
    """Everything that the examples ask a conversation."""
    talk = connection.conversation
    said = [message.text for message in talk.get_messages().messages]
    others = (
        talk.get_action_items,
        talk.get_follow_ups,
        talk.get_members,
        talk.get_topics,
        talk.get_questions,
    )
    return [said, [getter() is not None for getter in others]]


def telephony_pstn():
    connection = by_number()
    return [hear(connection), *read(connection)]


def telephony_sip():
    connection = by_address()
    return [hear(connection), *read(connection)]


def delete_api_telephony_pstn():
    connection = by_number()
    return [hear(connection), str(connection.conversation.delete_conversation())]


def delete_api_telephony_sip():
    connection = by_address()
    return [hear(connection), str(connection.conversation.delete_conversation())]


def formatted_transcript_api_telephony_pstn():
    connection = by_number()
    return [hear(connection), str(connection.conversation.get_formatted_transcript(parameters=WRITTEN_OUT))]


def formatted_transcript_api_telephony_sip():
    connection = by_address()
    return [hear(connection), str(connection.conversation.get_formatted_transcript(parameters=WRITTEN_OUT))]


EXAMPLES = (
    telephony_pstn,
    telephony_sip,
    delete_api_telephony_pstn,
    delete_api_telephony_sip,
    formatted_transcript_api_telephony_pstn,
    formatted_transcript_api_telephony_sip,
)

if __name__ == "__main__":
    results = {}
    for example in EXAMPLES:
        try:
            results[example.__name__] = example()
        except Exception:
            results[example.__name__] = traceback.format_exc()
    print("RESULT " + json.dumps(results, default=str), flush=True)
