"""The vendor's microphone loop, its PyAudio replaced by a recording that ends with Ctrl-C."""

import sys
import time
import types

from redirect import CREDENTIALS, finish, speech

import symbl

blocks = speech()


class Stream:
    """As much of PyAudio's stream as the vendor's package uses."""

    def read(self, frames, exception_on_overflow=True):
        time.sleep(0.05)
        try:
            return next(blocks)
        except StopIteration:
            raise KeyboardInterrupt from None

    def close(self):
        pass


fake = types.ModuleType("pyaudio")
fake.paInt16 = 8
fake.PyAudio = lambda: types.SimpleNamespace(open=lambda **options: Stream(), terminate=lambda: None)
sys.modules["pyaudio"] = fake

connection = symbl.Streaming.start_connection(
    credentials=CREDENTIALS, config={"speechRecognition": {"sampleRateHertz": 16000}}
)
connection.send_audio_from_mic()
messages = connection.conversation.get_messages()
finish({"messages": [message.text for message in messages.messages]})
