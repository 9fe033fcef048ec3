import { expect, test } from "bun:test";
import fc from "fast-check";
import { AccessLog, type AccessRecord } from "../../src/log/access-log.ts";

const plain: AccessRecord = {
  remote: "192.0.2.1",
  user: undefined,
  method: "GET",
  target: "/v2/",
  status: 200,
  sizeBytes: 2,
  referrer: "",
  agent: "docker/28",
  durationMs: 0,
};

function written(access: Partial<AccessRecord>, timeMs = 0): string {
  const lines: string[] = [];
  new AccessLog({ write: (line) => void lines.push(line), now: () => timeMs }).record({ ...plain, ...access });
  return lines.join("");
}

/** What Apache's own readers of the combined format look for. */
const combined =
  /^(\S+) (\S+) (\S+) \[(\d{2}\/[A-Z][a-z]{2}\/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4})\] "(\S+) ((?:[^"\\]|\\.)*) (HTTP\/1\.1)" (\d{3}) (\d+|-) "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"\n$/;

test.each<[Partial<AccessRecord>, string]>([
  [{}, '192.0.2.1 - - [time] "GET /v2/ HTTP/1.1" 200 2 "" "docker/28"\n'],
  [{ remote: undefined }, '- - - [time] "GET /v2/ HTTP/1.1" 200 2 "" "docker/28"\n'],
  [{ user: "al ice" }, '192.0.2.1 - al\\x20ice [time] "GET /v2/ HTTP/1.1" 200 2 "" "docker/28"\n'],
  [{ sizeBytes: undefined }, '192.0.2.1 - - [time] "GET /v2/ HTTP/1.1" 200 - "" "docker/28"\n'],
  [{ agent: 'a"b\\c' }, '192.0.2.1 - - [time] "GET /v2/ HTTP/1.1" 200 2 "" "a\\"b\\\\c"\n'],
  [{ agent: "a\n\u001b\u00ff" }, '192.0.2.1 - - [time] "GET /v2/ HTTP/1.1" 200 2 "" "a\\x0a\\x1b\\xff"\n'],
  [{ referrer: "\u202e" }, '192.0.2.1 - - [time] "GET /v2/ HTTP/1.1" 200 2 "\\u202e" "docker/28"\n'],
])("the line of %p", (access, want) => {
  expect(written(access).replace(/\[.*?\]/, "[time]")).toBe(want);
});

test("the time is that of the request's beginning, in local time", () => {
  const time = new Date(2026, 10, 8, 9, 7, 5).getTime();
  expect(combined.exec(written({ durationMs: 1500 }, time + 1500))?.[4]).toMatch(/^08\/Nov\/2026:09:07:05 [+-]\d{4}$/);
});

test("whatever strangers write, a line is one line of printable ASCII that readers of the format can take apart", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: "grapheme" }),
    fc.string({ unit: "grapheme-ascii" }),
  );
  fc.assert(
    fc.property(text, text, text, text, (target, referrer, agent, user) => {
      const line = written({ target: `/${target}`, referrer, agent, user });
      return combined.test(line) && /^[ -~]*\n$/.test(line);
    }),
  );
});
