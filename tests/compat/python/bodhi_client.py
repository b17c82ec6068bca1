"""Drives the vendor's own bodhi-sdk in one of several ways and prints what it told."""

import asyncio
import json
import os
import sys

from bodhi import BodhiClient, LiveTranscriptionEvents, TranscriptionConfig

EVENTS: list[tuple[str, str]] = []


def note(name):
    async def listener(*payload):
        text = getattr(payload[0], "text", None) if payload else ""
        EVENTS.append((name, str(payload[0]) if payload and text is None else text))

    return listener


async def stream(client, config):
    """Stream in pieces of 20 ms, in bursts."""
    await client.start_connection(config=config)
    with open(os.environ["WAV"], "rb") as file:
        audio = file.read()[44:]
    for at in range(0, len(audio), 320):
        await client.send_audio_stream(audio[at : at + 320])
        if at % 3200 == 0:
            await asyncio.sleep(0.02)
    await client.close_connection()


async def local_file(client, config):
    """Let it read the file itself."""
    await client.transcribe_local_file(os.environ["WAV"], config=config)


async def main():
    client = BodhiClient(
        api_key=os.environ["API_KEY"], customer_id=os.environ["CUSTOMER_ID"], uri=os.environ["BODHI_URL"]
    )
    for event in ("Transcript", "UtteranceEnd", "SpeechStarted", "Error", "Close"):
        client.on(getattr(LiveTranscriptionEvents, event), note(event))
    config = TranscriptionConfig(
        model=os.environ["MODEL"], sample_rate=8000, aux=True, parse_number=True, transaction_id=None
    )
    raised = None
    try:
        await {"stream": stream, "file": local_file}[sys.argv[1]](client, config)
    except (Exception, asyncio.CancelledError) as error:
        raised = type(error).__name__
    print("RESULT " + json.dumps({"events": EVENTS, "raised": raised}))


asyncio.run(main())
