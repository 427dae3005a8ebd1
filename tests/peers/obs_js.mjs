// A controller made of obs-websocket-js, as it comes from npm: drives a studio and writes what it saw as JSON.
//
// Usage: node obs_js.mjs FOLDER_OF_PACKAGES PORT PASSWORD
import { createRequire } from "node:module";
import { join } from "node:path";

const [folder, port, password] = process.argv.slice(2);
const require = createRequire(join(folder, "package.json"));
const json = require("obs-websocket-js/json");
const { OBSWebSocket: MessagePack } = require("obs-websocket-js/msgpack");
const { EventSubscription, OBSWebSocket: Json } = json;

const address = `ws://127.0.0.1:${port}`;
const saw = {};

/** Waits for an event that is as it should be. */
function until(obs, kind, isIt = () => true) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`no ${kind}`)), 10_000);
    const hear = (data) => {
      if (!isIt(data)) return;
      clearTimeout(late);
      obs.off(kind, hear);
      resolve(data ?? null);
    };
    obs.on(kind, hear);
  });
}

async function code(promise) {
  try {
    await promise;
    return 0;
  } catch (error) {
    return error.code;
  }
}

async function drive(obs) {
  const seen = {};
  seen.wrongPassword = await code(obs.connect(address, "not the password"));
  seen.noPassword = await code(obs.connect(address));
  seen.hello = await obs.connect(address, password, { eventSubscriptions: EventSubscription.All });
  seen.scenes = await obs.call("GetSceneList");
  for (const sceneName of ["cool", "warm"]) {
    const changed = until(obs, "CurrentProgramSceneChanged", (data) => data.sceneName === sceneName);
    await obs.call("SetCurrentProgramScene", { sceneName });
    await changed;
  }
  seen.program = await obs.call("GetCurrentProgramScene");
  const muted = until(obs, "InputMuteStateChanged", (data) => data.inputName === "tone" && data.inputMuted);
  await obs.call("SetInputMute", { inputName: "tone", inputMuted: true });
  await muted;
  const volume = until(obs, "InputVolumeChanged", (data) => Math.abs(data.inputVolumeMul - 0.5) < 0.001);
  await obs.call("SetInputVolume", { inputName: "tone", inputVolumeMul: 0.5 });
  await volume;
  await obs.call("SetInputVolume", { inputName: "tone", inputVolumeDb: 0 });
  await obs.call("SetInputMute", { inputName: "tone", inputMuted: false });
  await obs.reidentify({ eventSubscriptions: EventSubscription.InputVolumeMeters });
  for (let count = 0; count < 5; count += 1) {
    seen.levels = await until(obs, "InputVolumeMeters");
  }
  await obs.reidentify({ eventSubscriptions: EventSubscription.All });
  seen.results = await obs.callBatch(
    [
      { requestType: "GetVersion" },
      { requestType: "SetInputMute", requestData: { inputName: "nobody", inputMuted: true } },
      { requestType: "GetStats" },
    ],
    { haltOnFailure: false },
  );
  seen.unknown = await code(obs.call("CreateScene", { sceneName: "new" }));
  seen.picture = (
    await obs.call("GetSourceScreenshot", { sourceName: "red", imageFormat: "jpg", imageWidth: 160 })
  ).imageData;
  return seen;
}

const first = new Json();
saw.json = await drive(first);
await first.disconnect();
const second = new MessagePack();
saw.msgpack = await drive(second);
// The studio is ended now, and says so before it goes.
const exit = until(second, "ExitStarted");
const closed = until(second, "ConnectionClosed");
console.log(JSON.stringify(saw));
saw.exit = await exit;
console.log(JSON.stringify({ closed: (await closed).code }));
