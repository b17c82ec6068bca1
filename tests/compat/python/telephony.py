"""A telephone call with the vendor's package: heard, stopped as documented, and read back."""

import json
import os

from redirect import CREDENTIALS, finish

import symbl

connection = symbl.Telephony.start_sip(
    uri=os.environ["PHONE"], credentials=CREDENTIALS, data={"session": {"name": "Reading"}}
)
heard, transcripts = [], []


def message(event):
    """It gets the text as it came."""
    assert isinstance(event, str)
    heard.extend(one["payload"]["content"] for one in json.loads(event)["messages"])
    if "worst of times" in " ".join(heard).lower():
        connection.stop()


connection.subscribe({"message_response": message, "transcript_response": transcripts.append})
stopped = symbl.Telephony.stop(connection.connectionId)

finish(
    {
        "urls": [connection.eventUrl, connection.resultWebSocketUrl],
        "connection_id": connection.connectionId,
        "transcripts": [json.loads(text) for text in transcripts],
        "heard": heard,
        "same": stopped.conversation_id == connection.conversation.get_conversation_id(),
        "messages": [one["text"] for one in connection.conversation.get_messages().to_dict()["messages"]],
        "conversation": connection.conversation.get_conversation().to_dict(),
    }
)
