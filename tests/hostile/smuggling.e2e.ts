// Requests hidden in others, sent to the registry itself and through nginx and HAProxy, which share connections to it: none
// takes effect, and every caller gets the answer to its own request.
import { describe, expect, test } from "bun:test";
import net from "node:net";
import { requireProgram, waitUntil } from "../e2e/program.ts";
import { type HostileSite, openHostileSite } from "./guarded.ts";
import { type FrontProxy, type proxies, startProxy } from "./proxies.ts";
import { carriers } from "./smuggled.ts";

const patienceMs = 400;
const batch = 12;

/** The bytes on a connection of their own, and what came until the other side was done, or for a while. */
function sendFor(port: number, bytes: string, isDone: (text: string) => boolean, ms: number): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let text = "";
  const socket = net.connect({ host: "127.0.0.1", port }, () => void socket.write(bytes, "latin1"));
  const finish = () => {
    clearTimeout(timer);
    socket.destroy();
    resolve(text);
  };
  const timer = setTimeout(finish, ms);
  socket.on("data", (data) => {
    text += data.toString("latin1");
    if (isDone(text)) finish();
  });
  socket.on("error", () => undefined);
  socket.on("close", finish);
  return promise;
}

/** Asks for a name that nobody else asks for; undefined where the answer is about it. */
async function probe(port: number, name: string): Promise<string | undefined> {
  const request = `GET /v2/${name}/tags/list HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
  const text = await sendFor(port, request, () => false, 30_000);
  const isOwn = text.startsWith("HTTP/1.1 404 ") && text.includes(`"${name}"`) && text.split("HTTP/1.1 ").length === 2;
  return isOwn ? undefined : `${name}: ${text.slice(0, 300)}`;
}

/** Sends every carrier, callers with honest requests beside it; what went wrong. */
async function attack(site: HostileSite, port: number): Promise<readonly string[]> {
  const wrong: (string | undefined)[] = [];
  for (let first = 0; first < carriers.length; first += batch) {
    const sent = carriers.slice(first, first + batch).map(async ({ bytes }, index) => {
      const hidden = `POST /v2/marker-${first + index}/blobs/uploads/ HTTP/1.1\r\nHost: localhost\r\n\r\n`;
      await sendFor(port, bytes(hidden), () => false, patienceMs);
    });
    const probes = Array.from({ length: batch }, (_, index) => probe(port, `beside-${first}-${index}`));
    await Promise.all(sent);
    wrong.push(...(await Promise.all(probes)));
    for (let index = 0; index < 3; index += 1) wrong.push(await probe(port, `after-${first}-${index}`));
  }
  const taken = [...site.registry.stderr().matchAll(/ url=\S*\/v2\/marker-(\d+)\/\S* /g)];
  const effects = new Set(taken.map(([, index]) => `took effect: ${carriers[Number(index)]?.name}`));
  return [...wrong.filter((each) => each !== undefined), ...effects];
}

const fronts = (["nginx", "haproxy"] as const).filter((name) =>
  requireProgram(name, name === "nginx" ? "nginx-light" : name),
);

describe("a request hidden in another", () => {
  test("takes no effect at the registry itself", async () => {
    await using site = await openHostileSite(false);
    expect(await attack(site, site.registry.port)).toEqual([]);
  });

  test.each(fronts)("takes no effect behind %s", async (name: keyof typeof proxies) => {
    await using site = await openHostileSite(false);
    await using proxy: FrontProxy = await startProxy(name, site.registry.port);
    expect(await attack(site, proxy.port)).toEqual([]);
    // The proof can fail: the registry would do what the proxy lets through, and the log would show it.
    await sendFor(
      site.registry.port,
      "POST /v2/marker-0/blobs/uploads/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
      () => false,
      30_000,
    );
    await waitUntil("the log tells of it", () => / url=\S*\/v2\/marker-0\/\S* /.test(site.registry.stderr()));
  });
});
