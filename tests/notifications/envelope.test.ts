import { expect, test } from "bun:test";
import { formatEnvelope, formatNotification } from "../../src/notifications/envelope.ts";
import { describeDeed } from "../../src/notifications/event.ts";
import { deeds, describer, digest, eventOf } from "./made-events.ts";

test("formatEnvelope() writes what Go's encoder writes with an indent of three spaces", () => {
  const line = JSON.stringify({ id: "<a>&\u2028", actor: {}, list: [], target: { size: 0 } });
  expect(formatEnvelope(line)).toBe(
    `{
   "events": [
      {
         "id": "\\u003ca\\u003e\\u0026\\u2028",
         "actor": {},
         "list": [],
         "target": {
            "size": 0
         }
      }
   ]
}`,
  );
});

test("formatNotification() keeps an event on one line", async () => {
  const [event] = await describeDeed(eventOf(deeds.manifestPushed), describer());
  if (event === undefined) throw new TypeError("no event");
  const line = formatNotification({ ...event, actor: { name: "a\nb" } });
  expect([line.includes("\n"), JSON.parse(line).target.digest, JSON.parse(line).actor.name]).toEqual([
    false,
    digest,
    "a\nb",
  ]);
});
