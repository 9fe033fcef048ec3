import { expect, test } from "bun:test";
import { steerToLater } from "../../../src/app/listening/steer-connections.ts";

function listen(port: number, name: string) {
  const server = Bun.serve({ hostname: "127.0.0.1", port, reusePort: true, fetch: () => new Response(name) });
  return { port: server.port ?? 0, close: () => server.stop(true) };
}

/** Who answered twenty new connections. */
async function answersOf(port: number): Promise<readonly string[]> {
  const names = new Set<string>();
  for (let count = 0; count < 20; count += 1) {
    const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { Connection: "close" } });
    names.add(await response.text());
  }
  return [...names];
}

test("the later of two listeners gets all new connections, also after the earlier one of a pair has closed", async () => {
  const first = listen(0, "first");
  const second = listen(first.port, "second");
  expect([steerToLater(first.port), await answersOf(first.port)]).toEqual([true, ["second"]]);
  await first.close();
  expect(await answersOf(first.port)).toEqual(["second"]);
  const third = listen(first.port, "third");
  expect([steerToLater(first.port), await answersOf(first.port)]).toEqual([true, ["third"]]);
  await Promise.all([second.close(), third.close()]);
});

test("a port on which nothing listens cannot be steered", () => {
  expect(steerToLater(1)).toBe(false);
});
