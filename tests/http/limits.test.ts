// Each limit as a client meets it: the status, whether it is told when to come again, and the one line in the log.
import { describe, expect, test } from "bun:test";
import { dispatch } from "../../src/http/dispatch.ts";
import type { Limits } from "../../src/http/limits.ts";
import { digestOf, memoryRegistry, summarize, uploadId, utf8 } from "./memory-registry.ts";
import { openBody } from "./open-body.ts";

const uploads = "/v2/a/blobs/uploads/";
const session = (count: number) => `${uploads}${uploadId(count)}`;
const whole = (text: string) => `${uploads}?digest=${digestOf(text)}`;
const told = ["retry-after", "connection"];
const limited = (limits: Partial<Limits>) => memoryRegistry({ limits });

describe("headersize", () => {
  test.each([
    ["within", 900, [200, null, null, "{}"]],
    ["above", 1100, [431, null, "close", "SIZE_INVALID"]],
  ])("%s: %p bytes where 1024 are allowed", async (_, sizeBytes, want) => {
    const { ask, log } = limited({ maxHeadBytes: 1024 });
    const answer = await ask("GET", "/v2/", { headers: { "x-long": "x".repeat(sizeBytes) } });
    expect([await summarize(answer, ...told), log.length]).toEqual([want, 1]);
  });
});

test("manifestsize: a larger one is refused", async () => {
  const { ask, log } = limited({ maxManifestBytes: 10 });
  const answer = await ask("PUT", "/v2/a/manifests/v1", { body: "01234567890" });
  expect([await summarize(answer, ...told), log.map(({ msg }) => msg)]).toEqual([
    [413, null, null, "SIZE_INVALID"],
    ["request refused"],
  ]);
});

describe("blobsize", () => {
  const tooLarge = [413, null, "close", "SIZE_INVALID"];

  test("a blob of exactly the size is taken, in one piece and in several", async () => {
    const { ask } = limited({ maxBlobBytes: 10 });
    const one = await ask("POST", whole("0123456789"), { body: "0123456789" });
    await ask("POST", uploads);
    await ask("PATCH", session(2), { body: "01234" });
    const other = await ask("PUT", `${session(2)}?digest=${digestOf("0123456789")}`, { body: "56789" });
    expect([one.status, other.status]).toEqual([201, 201]);
  });

  test.each([
    ["with a length", "01234567890", { "Content-Length": "11" }],
    ["without a length", "01234567890", {}],
  ])("a larger blob in one piece is refused, %s", async (_, body, headers: Record<string, string>) => {
    const { ask, log } = limited({ maxBlobBytes: 10 });
    const answer = await ask("POST", whole(body), { body, headers });
    expect([await summarize(answer, ...told), log.map(({ msg }) => msg)]).toEqual([tooLarge, ["request refused"]]);
  });

  test("the pieces of a session count together", async () => {
    const { ask } = limited({ maxBlobBytes: 10 });
    await ask("POST", uploads);
    await ask("PATCH", session(1), { body: "012345" });
    const text = "56789";
    const announced = await ask("PATCH", session(1), { body: text, headers: { "Content-Length": "5" } });
    const streamed = await ask("PUT", `${session(1)}?digest=${digestOf("012345")}`, { body: text });
    expect([await summarize(announced, ...told), await summarize(streamed, ...told)]).toEqual([tooLarge, tooLarge]);
  });
});

test("bodyrate: an upload that drips is ended, and what came is kept", async () => {
  const { ask, log } = limited({ bytesPerSecond: 1e9, blobWindowMs: 20 });
  await ask("POST", uploads);
  const body = openBody();
  const patched = ask("PATCH", session(1), { body: body.stream });
  body.send("012");
  const dripping = setInterval(() => body.send("x"), 5);
  const answer = await summarize(await patched, ...told);
  clearInterval(dripping);
  const kept = await ask("GET", session(1));
  expect([answer, log[1]?.reason, kept.headers.get("range")]).toEqual([
    [408, null, "close", "BLOB_UPLOAD_INVALID"],
    "the body arrives at less than 1000000000 bytes a second; send it again, faster",
    expect.stringMatching(/^0-[1-9]/),
  ]);
});

test("uploads: what is too many is to come again, until a body has arrived", async () => {
  const { ask, log } = limited({ maxUploads: 1 });
  await ask("POST", uploads);
  await ask("POST", uploads);
  const body = openBody();
  const first = ask("PATCH", session(1), { body: body.stream });
  body.send("012");
  const busy = [
    await summarize(await ask("PATCH", session(2), { body: "012" }), ...told),
    await summarize(await ask("POST", whole("012"), { body: "012" }), ...told),
  ];
  body.end();
  await first;
  const after = await ask("PATCH", session(2), { body: "012" });
  const refused = [503, "5", "close", "UNAVAILABLE"];
  expect([busy, after.status, log[2]?.msg, log[2]?.reason]).toEqual([
    [refused, refused],
    202,
    "request refused",
    "too many uploads at once; try again: http.limits.uploads is 1",
  ]);
});

test("uploads: a session is finished without a slot where no body comes", async () => {
  const { ask } = limited({ maxUploads: 1 });
  await ask("POST", uploads);
  await ask("POST", uploads);
  await ask("PATCH", session(1), { body: "012" });
  const body = openBody();
  const other = ask("PATCH", session(2), { body: body.stream });
  body.send("012");
  const put = await ask("PUT", `${session(1)}?digest=${digestOf("012")}`);
  body.end();
  await other;
  expect(put.status).toBe(201);
});

describe("sessions", () => {
  test.each([
    ["finished", "PUT", `${session(1)}?digest=${digestOf("")}`],
    ["cancelled", "DELETE", session(1)],
  ])("one too many is to come again, until another is %s", async (_, method, target) => {
    const { ask, log } = limited({ maxSessions: 1 });
    await ask("POST", uploads);
    const refused = await ask("POST", uploads);
    await ask(method, target);
    const next = await ask("POST", uploads);
    expect([await summarize(refused, ...told), next.status, log[1]?.msg, log[1]?.reason]).toEqual([
      [429, "30", null, "TOOMANYREQUESTS"],
      202,
      "request refused",
      "too many uploads are open; finish or cancel some, and try again: http.limits.sessions is 1",
    ]);
  });

  test("callers without credentials count by the address that a trusted proxy tells", async () => {
    const { options } = memoryRegistry({ limits: { maxSessions: 1 }, isTrustedProxy: (peer) => peer === "192.0.2.1" });
    const start = async (peer: string, forwardedFor: string) => {
      const headers = { "X-Forwarded-For": forwardedFor };
      const request = new Request(`http://registry.test${uploads}`, { method: "POST", headers });
      return (await dispatch(request, options, { address: peer })).status;
    };
    expect([
      await start("192.0.2.1", "198.51.100.1"),
      await start("192.0.2.1", "198.51.100.1"),
      await start("192.0.2.1", "198.51.100.2"),
      await start("203.0.113.1", "198.51.100.3"),
      await start("203.0.113.1", "198.51.100.4"),
    ]).toEqual([202, 429, 202, 202, 429]);
  });

  test("one whose digest was wrong is over", async () => {
    const { ask } = limited({ maxSessions: 1 });
    await ask("POST", uploads);
    await ask("PUT", `${session(1)}?digest=${digestOf("other")}`, { body: utf8("012") });
    expect((await ask("POST", uploads)).status).toBe(202);
  });

  test("a mount that cannot be made opens one too", async () => {
    const { ask } = limited({ maxSessions: 1 });
    await ask("POST", uploads);
    expect((await ask("POST", `${uploads}?mount=${digestOf("no")}&from=b`)).status).toBe(429);
  });
});
