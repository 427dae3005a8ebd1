"""A controller made of simpleobsws, as it comes from PyPI: drives a studio and writes what it saw as JSON.

Usage: obs_simple.py PORT PASSWORD
"""

import asyncio
import json
import sys
import time

import simpleobsws
from simpleobsws import Request

# All usual events, meters, and inputs that come into sight or on program.
WANTED = (1 << 12) - 1 | 1 << 16 | 1 << 17 | 1 << 18


class Controller:
    def __init__(self, port, password):
        parameters = simpleobsws.IdentificationParameters(eventSubscriptions=WANTED)
        self.ws = simpleobsws.WebSocketClient(f"ws://127.0.0.1:{port}", password, parameters)
        self.events = []
        self.ws.register_event_callback(self.hear)

    async def hear(self, kind, data):
        self.events.append((time.monotonic(), kind, data))

    async def call(self, kind, data=None):
        answer = await self.ws.call(Request(kind, data))
        if not answer.ok():
            raise AssertionError(f"{kind}: {answer.requestStatus}")
        return answer.responseData

    async def refused(self, kind, data=None):
        answer = await self.ws.call(Request(kind, data))
        return answer.requestStatus.code

    async def until(self, kind, is_it=lambda data: True, limit=10.0):
        """Waits for an event and gives its data; those that came before count."""
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            for _, heard, data in self.events:
                if heard == kind and is_it(data):
                    return data
            await asyncio.sleep(0.02)
        raise AssertionError(f"no {kind}: {[heard for _, heard, _ in self.events if heard != 'InputVolumeMeters']}")


async def guess(port):
    stranger = Controller(port, "not the password")
    await stranger.ws.connect()
    assert not await stranger.ws.wait_until_identified(2)
    return stranger.ws.ws.close_code


async def main(port, password):
    saw = {"wrong_password": await guess(port)}
    deck = Controller(port, password)
    await deck.ws.connect()
    assert await deck.ws.wait_until_identified(10)
    saw["version"] = await deck.call("GetVersion")
    saw["scenes"] = await deck.call("GetSceneList")
    saw["inputs"] = await deck.call("GetInputList")
    saw["items"] = await deck.call("GetSceneItemList", {"sceneName": "warm"})

    await deck.call("SetCurrentProgramScene", {"sceneName": "cool"})
    saw["program"] = await deck.call("GetCurrentProgramScene")
    await deck.until("CurrentProgramSceneChanged", lambda data: data["sceneName"] == "cool")
    await deck.until("SceneTransitionStarted", lambda data: data["transitionName"] == "Fade")
    await deck.until("SceneTransitionEnded", lambda data: data["transitionName"] == "Fade")
    await deck.until("InputActiveStateChanged", lambda data: data["inputName"] == "blue" and data["videoActive"])

    await deck.call("SetInputMute", {"inputName": "tone", "inputMuted": True})
    await deck.until("InputMuteStateChanged", lambda data: data["inputName"] == "tone" and data["inputMuted"])
    saw["muted"] = await deck.call("GetInputMute", {"inputName": "tone"})
    await deck.call("SetInputVolume", {"inputName": "tone", "inputVolumeDb": -6.5})
    await deck.until("InputVolumeChanged", lambda data: abs(data["inputVolumeDb"] + 6.5) < 0.01)
    saw["volume"] = await deck.call("GetInputVolume", {"inputName": "tone"})
    saw["toggled"] = await deck.call("ToggleInputMute", {"inputName": "tone"})

    # Meters, as they are when the new gain has been heard for a while.
    await asyncio.sleep(1.5)
    meters = [(at, data) for at, kind, data in deck.events if kind == "InputVolumeMeters"]
    newest = meters[-21:]
    saw["meter_period_ms"] = (newest[-1][0] - newest[0][0]) * 1000 / (len(newest) - 1)
    saw["levels"] = {one["inputName"]: one["inputLevelsMul"] for one in newest[-1][1]["inputs"]}

    picture = {"sourceName": "cool", "imageFormat": "png", "imageWidth": 320}
    saw["screenshot"] = (await deck.call("GetSourceScreenshot", picture))["imageData"]
    saw["statuses"] = {
        "StopStream": await deck.refused("StopStream"),
        "SaveSourceScreenshot": await deck.refused("SaveSourceScreenshot", {"sourceName": "cool"}),
        "RemoveScene": await deck.refused("RemoveScene", {"sceneName": "warm"}),
        "SetCurrentProgramScene": await deck.refused("SetCurrentProgramScene", {"sceneName": "nowhere"}),
        "Sleep": await deck.refused("Sleep", {"sleepMillis": 1}),
    }
    began = time.monotonic()
    batch = await deck.ws.call_batch(
        [
            Request("SetCurrentPreviewScene", {"sceneName": "mixed"}),
            Request("Sleep", {"sleepMillis": 200}),
            Request("GetCurrentPreviewScene"),
            Request("SetCurrentPreviewScene", {"sceneName": "nowhere"}),
            Request("GetVersion"),
        ],
        halt_on_failure=True,
    )
    saw["batch"] = [(one.requestType, one.requestStatus.code, one.responseData) for one in batch]
    saw["batch_ms"] = (time.monotonic() - began) * 1000
    line = {"vendorName": "rigcast", "requestType": "command", "requestData": {"line": "gain tone -3"}}
    saw["vendor"] = await deck.call("CallVendorRequest", line)
    await deck.until("InputVolumeChanged", lambda data: abs(data["inputVolumeDb"] + 3) < 0.01)
    await deck.call("BroadcastCustomEvent", {"eventData": {"lamp": "red"}})
    saw["custom"] = await deck.until("CustomEvent")
    await deck.call("SetStudioModeEnabled", {"studioModeEnabled": False})
    await deck.until("StudioModeStateChanged", lambda data: not data["studioModeEnabled"])
    saw["statuses"]["TriggerStudioModeTransition"] = await deck.refused("TriggerStudioModeTransition")
    await deck.call("SetStudioModeEnabled", {"studioModeEnabled": True})
    saw["stream"] = await deck.call("GetStreamStatus")
    saw["stats"] = await deck.call("GetStats")
    await deck.ws.disconnect()
    print(json.dumps(saw))


asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
