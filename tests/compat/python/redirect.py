"""Points the vendor's published `symbl` package at the server in `BASE`, which it has no setting for.

Runs in .venv-vendor; imported before `symbl`.
"""

import json
import os
import sys
import threading
import time

import symbl_rest

BASE = os.environ["BASE"]
CREDENTIALS = {"app_id": os.environ["APP_ID"], "app_secret": os.environ["APP_SECRET"]}

configuration = symbl_rest.Configuration()
configuration.host = BASE
symbl_rest.Configuration.set_default(configuration)

import symbl  # noqa: E402, F401 (its API objects copy the configuration when they are made)

WS = "ws" + BASE.removeprefix("http")
streaming = sys.modules["symbl.streaming_api.StreamingApi"]
streaming.SYMBL_STREAMING_API_FORMAT = WS + "/v1/realtime/insights/{}?source=python_sdk"
sys.modules["symbl.Connection"].SYMBL_WEBSOCKET_BASE_PATH = WS + "/session/subscribe/"


def speech():
    """Blocks of 4 096 samples, as the vendor's microphone loop sends them."""
    with open(os.environ["SPEECH"], "rb") as file:
        while block := file.read(8192):
            yield block


def finish(result):
    """Hand the result to the test."""
    print("RESULT " + json.dumps(result, default=str), flush=True)


def start_on_thread(self, target, *args):
    """Start a reader that does not keep the program from ending; the next line looks at its socket."""
    thread = threading.Thread(target=target, args=args, daemon=True)
    self.threads.append(thread)
    thread.start()
    reader = getattr(target, "__self__", None)
    while hasattr(reader, "sock") and reader.sock is None and thread.is_alive():
        time.sleep(0.01)


def stop_all_threads(self):
    """Wait for the readers, but not for ever."""
    for thread in self.threads:
        thread.join(3)


Reader = sys.modules["symbl.utils.Threads"].Thread
# After Ctrl-C the package closes its socket under the thread that reads it and waits for that thread without
# end; now and then the thread does not wake.
Reader.start_on_thread, Reader.stop_all_threads = start_on_thread, stop_all_threads
