import { expect, test } from "bun:test";
import { formatTagPlace, parseTagPlace } from "../../../src/http/api/tag-place.ts";
import { tagged } from "../../registry/stocked.ts";

test.each([
  ["v1", { tag: tagged("v1"), value: 0 }],
  ["1700000000000.25/v1", { tag: tagged("v1"), value: 1_700_000_000_000.25 }],
])("a place is written and read: %p", (text, place) => {
  expect([formatTagPlace(place), parseTagPlace(text)]).toEqual([text, place]);
});

test.each(["", "/v1", "x/v1", "-1/v1", "1e9/v1", "Infinity/v1", "1/", "1/../x", "1/2/3", "<b>"])(
  "parseTagPlace(%p) is none",
  (text) => {
    expect(parseTagPlace(text)).toBeUndefined();
  },
);
