"""Recordings and texts through the vendor's package: sent, appended, waited for, told by callback."""

import os
import threading
import time

import redirect
from redirect import CREDENTIALS, finish

import symbl
from symbl.jobs_api import Job

# The package sleeps 30 s before it asks how a job stands; here a second is enough.
Job.time.sleep = lambda seconds, sleep=time.sleep: sleep(min(seconds, 1.0))

ITEM = {
    "duration": {"startTime": "2026-03-02T09:00:00.000Z", "endTime": "2026-03-02T09:00:04.000Z"},
    "payload": {"content": "Could you send the revised quote by Friday?", "contentType": "text/plain"},
    "from": {"name": "Ines", "userId": "ines@example.com"},
}
REPLY = {
    "payload": {"content": "Yes, I will email the quote to you tomorrow morning."},
    "from": {"name": "Tomasz", "userId": "tomasz@example.com"},
}


def messages(conversation):
    return [message.text for message in conversation.get_messages().messages]


text = symbl.Text.process(payload={"name": "Quote", "messages": [ITEM]}, credentials=CREDENTIALS)
symbl.Text.append(
    payload={"messages": [REPLY]}, conversation_id=text.get_conversation_id(), credentials=CREDENTIALS
)
audio = symbl.Audio.process_file(
    file_path=os.environ["RECORDING"],
    credentials=CREDENTIALS,
    parameters={
        "name": "Moving",
        "customVocabulary": ["warehouse", "loading dock"],
        "trackers": [{"name": "Place", "vocabulary": ["warehouse"]}],
        "detectPhrases": True,
        "enableSpeakerDiarization": "true",
        "diarizationSpeakerCount": "2",
    },
)
told = []
done = threading.Event()
broken = symbl.Video.process_file(
    file_path=os.environ["SPEECH"],  # raw samples: no video at all
    credentials=CREDENTIALS,
    wait=False,
).on_complete(lambda conversation: (told.append("complete"), done.set()))
broken.on_error(lambda conversation: (told.append("error"), done.set()))
done.wait(60)
refused = None
try:
    symbl.Audio.process_url(payload={"url": "file:///etc/passwd"}, credentials=CREDENTIALS)
except Exception as error:
    refused = getattr(error, "status", repr(error))

finish(
    {
        "base": redirect.BASE,
        "text": messages(text),
        "text_status": text.get_job_status(),
        "text_name": text.get_conversation().name,
        "text_members": [member.name for member in text.get_members().members],
        "text_questions": [question.text for question in text.get_questions().questions],
        "text_promises": [
            item.text for item in (*text.get_follow_ups().follow_ups, *text.get_action_items().action_items)
        ],
        "audio": messages(audio),
        "audio_status": audio.get_job_status(),
        "audio_members": [member.name for member in audio.get_members().members],
        "audio_trackers": [tracker.name for tracker in audio.get_trackers()],
        "audio_phrases": [p.text for m in audio.get_messages().messages for p in m.phrases or []],
        "told": told,
        "refused": refused,
    }
)
