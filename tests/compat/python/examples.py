"""Every example of the vendor's repository `symblai/symbl-python-sdk` that needs no telephone, in our words.

`python examples.py` with `BASE`, `APP_ID`, `APP_SECRET`, `SPEECH`, `AUDIO`, `VIDEO` and `WEB` set. Runs with
the vendor's package (`CLIENT=vendor`, which `redirect` points at the server) and with ours (`CLIENT=ours`,
pointed by the `symbl.conf` of the working directory alone). One function for each file, named after it.
"""

import json
import multiprocessing
import multiprocessing.connection
import os
import sys
import threading
import time
import traceback
import types

VENDOR = os.environ["CLIENT"] == "vendor"
if VENDOR:
    import redirect  # noqa: F401 (points the package at the server)

import symbl  # noqa: E402

if VENDOR:
    from symbl.jobs_api import Job

    # It sleeps 30 s before it asks how a job stands; here half a second is enough.
    Job.time.sleep = lambda seconds, sleep=time.sleep: sleep(min(seconds, 0.5))
    with open("symbl.conf") as conf:
        assert "app_id" in conf.read()

AUDIO, VIDEO, WEB = os.environ["AUDIO"], os.environ["VIDEO"], os.environ["WEB"]
ITEMS = [
    {
        "payload": {"content": "Could you send the revised quote by Friday?"},
        "from": {"userId": "ines@example.com", "name": "Ines"},
        "duration": {"startTime": "2026-03-02T09:00:00.01Z", "endTime": "2026-03-02T09:00:03.99Z"},
    },
    {
        "payload": {"content": "Yes, I will email the quote to you tomorrow morning."},
        "from": {"userId": "tomasz@example.com", "name": "Tomasz"},
        "duration": {"startTime": "2026-03-02T09:00:04.99Z", "endTime": "2026-03-02T09:00:08.99Z"},
    },
]
FURTHER = {
    "detectEntities": "true",
    "enableAllTrackers": "true",
    "entities": [{"customType": "paper", "text": "revised quote"}],
    "trackers": [{"name": "price", "vocabulary": ["quote", "invoice"]}],
}
SPOKEN = {
    **FURTHER,
    "name": "Moving",
    "enableSpeakerDiarization": "true",
    "diarizationSpeakerCount": "2",
    "channelMetadata": [
        {"channel": 1, "speaker": {"name": "Rosa", "email": "rosa@example.com"}},
        {"channel": 2, "speaker": {"name": "Max", "email": "max@example.com"}},
    ],
}
WRITTEN_OUT = {
    "contentType": "text/markdown",
    "createParagraphs": "true",
    "phrases": {"highlightOnlyInsightKeyPhrases": "true", "highlightAllKeyPhrases": "true"},
    "showSpeakerSeparation": "true",
}


def texts(conversation):
    """What was said, by the means that the examples use."""
    return [message.text for message in conversation.get_messages().messages]


def text(**more):
    return symbl.Text.process(payload={"name": "Quote", "messages": ITEMS, **more})


def microphone():
    """In place of the microphone: the speech, then Ctrl-C."""
    with open(os.environ["SPEECH"], "rb") as file:
        pcm = file.read()
    blocks = [pcm[at : at + 8192] for at in range(0, len(pcm), 8192)]

    def read():
        time.sleep(0.05)
        if not blocks:
            raise KeyboardInterrupt
        return blocks.pop(0)

    if VENDOR:
        stream = types.SimpleNamespace(read=lambda frames, **_: read(), close=lambda: None)
        device = types.ModuleType("pyaudio")
        device.paInt16 = 8
        device.PyAudio = lambda: types.SimpleNamespace(open=lambda **_: stream, terminate=lambda: None)
        sys.modules["pyaudio"] = device
    else:

        class Stream:
            def __init__(self, **_):
                pass

            def __enter__(self):
                return self

            def __exit__(self, *_):
                pass

            def read(self, frames):
                return read(), False

        device = types.ModuleType("sounddevice")
        device.RawInputStream, device.PortAudioError = Stream, OSError
        sys.modules["sounddevice"] = device


def streamed(**more):
    """An event handler, a start, the microphone until Ctrl-C: the beginning of each streaming example."""
    microphone()
    seen = []
    connection = symbl.Streaming.start_connection(
        insight_types=["question", "action_item"],
        speaker={"userId": "rosa@example.com", "name": "Rosa"},
        config={"speechRecognition": {"sampleRateHertz": 16000}},
        **more,
    )
    connection.subscribe(
        {
            "message": lambda response: seen.append("message"),
            "message_response": lambda response: seen.append("message_response"),
            "tracker_response": lambda response: seen.append("tracker_response"),
        }
    )
    connection.send_audio_from_mic()
    return connection, seen


# -- example/Async_API ----------------------------------------------------------------------------


def process_text():
    conversation = symbl.Text.process(
        payload={
            "name": "Quote",
            "features": {"featureList": ["insights", "callScore"]},
            "metadata": {"salesStage": "qualification", "prospectName": "Harbour Cafe"},
            **FURTHER,
            "messages": ITEMS,
        }
    )
    trackers = [tracker.name for tracker in conversation.get_trackers()]
    return [texts(conversation), conversation.get_call_score_status().status, trackers]


def append_text():
    first = text()
    again = symbl.Text.append(
        payload={"name": "Quote, continued", "messages": ITEMS[1:]},
        conversation_id=first.get_conversation_id(),
    )
    return [texts(again), again.get_conversation().name]


def process_audio_file():
    conversation = symbl.Audio.process_file(file_path=AUDIO, parameters=SPOKEN)
    return [texts(conversation), [member.name for member in conversation.get_members().members]]


def append_audio_file():
    first = text()
    return texts(symbl.Audio.append_file(file_path=AUDIO, conversation_id=first.get_conversation_id()))


def process_audio_url():
    return texts(symbl.Audio.process_url(payload={"url": WEB + "/speech.wav", **SPOKEN}))


def append_audio_url():
    payload = {"url": WEB + "/speech.wav"}
    return texts(symbl.Audio.append_url(payload=payload, conversation_id=text().get_conversation_id()))


def process_video_file():
    return texts(symbl.Video.process_file(file_path=VIDEO))


def append_video_file():
    return texts(symbl.Video.append_file(file_path=VIDEO, conversation_id=text().get_conversation_id()))


def process_video_url():
    return texts(symbl.Video.process_url(payload={"url": WEB + "/speech.mp4"}))


def append_video_url():
    payload = {"url": WEB + "/speech.mp4"}
    return texts(symbl.Video.append_url(payload=payload, conversation_id=text().get_conversation_id()))


# -- example/Conversation_APIs ----------------------------------------------------------------------


def conversation_class():
    id_ = int(text(**FURTHER).get_conversation_id())
    answers = {
        name: str(getattr(symbl.Conversations, f"get_{name}")(id_))
        for name in (
            "messages",
            "conversation",
            "action_items",
            "follow_ups",
            "members",
            "topics",
            "questions",
            "analytics",
            "trackers",
            "entities",
        )
    }
    return sorted(name for name, answer in answers.items() if "is either invalid" in answer) or "all"


def delete_api_async():
    conversation = text(**FURTHER)
    deleted = conversation.delete_conversation()
    return [str(deleted), str(conversation.get_messages())]


def delete_api_conversationApi():  # noqa: N802 (the file's name)
    id_ = text().get_conversation_id()
    return [str(symbl.Conversations.delete_conversation(id_)), str(symbl.Conversations.get_messages(id_))]


def delete_api_streaming():
    connection, seen = streamed()
    return [str(connection.conversation.delete_conversation()), sorted(set(seen))]


def formatted_transcript_ConversationApi():  # noqa: N802 (the file's name)
    id_ = text().get_conversation_id()
    return str(symbl.Conversations.get_formatted_transcript(parameters=WRITTEN_OUT, conversation_id=id_))


def formatted_transcript_api_async():
    return str(text(detectPhrases=True).get_formatted_transcript(parameters=WRITTEN_OUT))


def formatted_transcript_api_streaming():
    connection, _ = streamed()
    return str(connection.conversation.get_formatted_transcript(parameters=WRITTEN_OUT))


def put_apis_example():
    conversation = text()
    id_ = conversation.get_members().members[0].id
    told = conversation.put_members(id_, parameters={"id": id_, "name": "Inês", "email": "i@example.com"})
    events = conversation.put_speakers_events(parameters=spoke("Mara", 52, 15, "Luis", 0, 4))
    return [str(told), str(events), [member.name for member in conversation.get_members().members]]


def put_members():
    id_ = text().get_conversation_id()
    member = symbl.Conversations.get_members(id_).members[0].id
    told = symbl.Conversations.put_members(
        id_, member, parameters={"id": member, "email": "i@example.com", "name": "Inês"}
    )
    return [str(told), [one.name for one in symbl.Conversations.get_members(id_).members]]


def put_speaker_events_async():
    id_ = text().get_conversation_id()
    told = symbl.Conversations.put_speakers_events(id_, spoke("Mara", 0, 4, "Luis", 5, 9))
    return [str(told), [one.name for one in symbl.Conversations.get_members(id_).members]]


def put_speaker_events_streaming():
    connection, _ = streamed()
    id_ = connection.conversation.get_conversation_id()
    told = symbl.Conversations.put_speakers_events(id_, spoke("Mara", 0, 30))
    return [str(told), [one.name for one in symbl.Conversations.get_members(id_).members]]


def spoke(*given):
    """Speaker events of (name, start, stop) each; a stop before its start is the examples' own mistake."""
    events = []
    for at in range(0, len(given), 3):
        name, start, stop = given[at : at + 3]
        user = {"id": name.lower(), "name": name, "email": f"{name.lower()}@example.com"}
        for kind, seconds in (("started_speaking", start), ("stopped_speaking", stop)):
            offset = {"seconds": seconds, "nanos": 0 if seconds == 0 else 50000000}
            events.append({"type": kind, "user": user, "offset": offset})
    return {"speakerEvents": events}


# -- example/Streaming_API and example/use_cases ------------------------------------------------------


def streaming():
    connection, seen = streamed(trackers=[{"name": "place", "vocabulary": ["warehouse", "hello"]}])
    return [sorted(set(seen)), texts(connection.conversation)]


def NonBlockingCallsExample():  # noqa: N802 (the file's name)
    done = threading.Event()
    told = []

    def success(conversation):
        told.append(texts(conversation))
        done.set()

    def error(conversation):
        told.append(str(conversation.get_job_status()))
        done.set()

    symbl.Audio.process_file(file_path=AUDIO, wait=False).on_complete(success).on_error(error)
    told.append("went on")
    done.wait(120)
    return told


def PrettyPrintTranscription():  # noqa: N802 (the file's name)
    response = symbl.Audio.process_file(file_path=AUDIO).get_messages()
    return [one.text for one in response.messages]


def SpeechToTextOfDirectoryOfAudioFiles():  # noqa: N802 (the file's name)
    written = []
    done = threading.Barrier(3)

    def save(path):
        def saved(conversation):
            with open(os.path.basename(path) + ".txt", "w+") as file:
                file.write(str(conversation.get_messages()))
            with open(file.name) as file:
                written.append("warehouse" in file.read().lower())
            done.wait(120)

        return saved

    for path in (AUDIO, VIDEO):
        symbl.Audio.process_file(file_path=path, wait=False).on_complete(save(path))
    done.wait(120)
    return written


EXAMPLES = (
    process_text,
    append_text,
    process_audio_file,
    append_audio_file,
    process_audio_url,
    append_audio_url,
    process_video_file,
    append_video_file,
    process_video_url,
    append_video_url,
    conversation_class,
    delete_api_async,
    delete_api_conversationApi,
    delete_api_streaming,
    formatted_transcript_ConversationApi,
    formatted_transcript_api_async,
    formatted_transcript_api_streaming,
    put_apis_example,
    put_members,
    put_speaker_events_async,
    put_speaker_events_streaming,
    streaming,
    NonBlockingCallsExample,
    PrettyPrintTranscription,
    SpeechToTextOfDirectoryOfAudioFiles,
)


AT_ONCE, SECONDS = 4, 60.0


def main():
    """Run each in a process of its own, four at a time; what fails or does not end says so in its result.

    After Ctrl-C the vendor's package may wait for its own threads without end, so a process is left when its
    example has given its result.
    """
    context = multiprocessing.get_context("fork")
    waiting, running, results = list(EXAMPLES), {}, {}
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            example = waiting.pop(0)
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(target=run, args=(example, theirs))
            process.start()
            theirs.close()
            running[ours] = example.__name__, process, time.monotonic() + SECONDS
        for pipe in multiprocessing.connection.wait(list(running), timeout=1.0):
            name, process, _ = running.pop(pipe)
            try:
                results[name] = pipe.recv()
            except EOFError:
                results[name] = "ended without a result"
            process.join()
        for pipe, (name, process, until) in list(running.items()):
            if time.monotonic() > until:
                del running[pipe]
                results[name] = f"no result within {SECONDS:.0f} s"
                process.kill()
                process.join()
    print("RESULT " + json.dumps(results, default=str), flush=True)


def run(example, pipe):
    """Run one example in this process, and leave it."""
    try:
        result = example()
    except BaseException:
        result = traceback.format_exc()
    pipe.send(result)
    os._exit(0)


if __name__ == "__main__":
    main()
