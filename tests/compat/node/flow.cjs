// What the Node programs share: settings, speech at a pace, a line that can be cut, the result for the test.
const fs = require("fs");
const net = require("net");

const { BASE, APP_ID, APP_SECRET, SPEECH } = process.env;
const PACE_MS = 30; // a tenth of a second of speech every 30 ms

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function token() {
  const answer = await fetch(`${BASE}/oauth2/token:generate`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ type: "application", appId: APP_ID, appSecret: APP_SECRET }),
  });
  return (await answer.json()).accessToken;
}

async function speak(send, from = 0, to = 1) {
  const pcm = fs.readFileSync(SPEECH);
  const at = (part) => Math.floor((pcm.length * part) / 3200) * 3200;
  for (let i = at(from); i < at(to); i += 3200) {
    send(pcm.subarray(i, i + 3200));
    await sleep(PACE_MS);
  }
}

async function until(condition, ms = 30000) {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(50)) if (condition()) return;
  throw new Error(`not within ${ms} ms: ${condition}`);
}

// A proxy in front of the server whose connections can be cut without a goodbye.
async function cuttable() {
  const target = new URL(BASE);
  const open = new Set();
  const proxy = net.createServer((near) => {
    const far = net.connect(Number(target.port), target.hostname);
    for (const [a, b] of [[near, far], [far, near]]) {
      open.add(a);
      a.pipe(b);
      a.on("error", () => b.destroy());
      a.on("close", () => (open.delete(a), b.destroy()));
    }
  });
  await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  return {
    base: `http://127.0.0.1:${proxy.address().port}`,
    cut: () => open.forEach((socket) => socket.resetAndDestroy?.() ?? socket.destroy()),
    close: () => (proxy.close(), open.forEach((socket) => socket.destroy())),
  };
}

function finish(result) {
  process.stdout.write(`\nRESULT ${JSON.stringify(result)}\n`, () => process.exit(0));
}

function run(main) {
  main().then(finish, (error) => {
    console.error(error);
    process.exit(1);
  });
}

module.exports = { BASE, APP_ID, APP_SECRET, token, sleep, speak, until, cuttable, run };
