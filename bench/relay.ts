// bun bench/relay.ts <port of the upstream> <bytes per second>: a link of that speed before a server on this machine.
// Prints the port that it listens on.
const [target = "", speed = ""] = process.argv.slice(2);
const bytesPerSecond = Number(speed);
/** How much may go at once. */
const burstBytes = 256 * 1024;

const relay = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  idleTimeout: 255,
  fetch: async (request) => {
    const url = new URL(request.url);
    url.port = target;
    const answer = await fetch(url, { method: request.method, headers: request.headers, decompress: false });
    // A file between the two would be faster than the link.
    return new Response(answer.body === null ? null : pace(answer.body), {
      status: answer.status,
      headers: answer.headers,
    });
  },
});

let freeAtMs = 0;

/** One link for all: what goes now makes everybody else wait. */
async function* pace(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    const now = performance.now();
    freeAtMs = Math.max(freeAtMs, now - (burstBytes / bytesPerSecond) * 1000) + (chunk.length / bytesPerSecond) * 1000;
    if (freeAtMs > now + 1) await Bun.sleep(freeAtMs - now);
    yield chunk;
  }
}

console.log(relay.port);
