import { expect, test } from "bun:test";
import { steerNoMore, steerTo, steerToLater } from "../../../src/app/listening/steer-connections.ts";

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

test("one of several listeners gets all new connections, until the system chooses again", async () => {
  const all = [listen(0, "0")];
  const port = all[0]?.port ?? 0;
  for (const name of ["1", "2", "3"]) all.push(listen(port, name));
  const steered = [steerTo(port, 2), await answersOf(port)];
  // The last one gets the number of one that closes, and the one that is chosen keeps its own.
  await all[0]?.close();
  const later = await answersOf(port);
  const freely = [steerNoMore(port), (await answersOf(port)).length > 1];
  for (const each of all) await each.close();
  expect([steered, later, freely]).toEqual([[true, ["2"]], ["2"], [true, true]]);
});

test("a port on which nothing listens cannot be steered", () => {
  expect([steerToLater(1), steerNoMore(1)]).toEqual([false, false]);
});
