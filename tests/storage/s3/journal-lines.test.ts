import { expect, test } from "bun:test";
import { formatSegment, parseSegment } from "../../../src/storage/s3/journal-lines.ts";
import { bytesOf } from "./bucket.ts";

const head = { holder: "a", version: 3, appendedMs: 17 };
const waiting = ["0123456789ab", "ba9876543210"];

test("a segment is read as it was written", () => {
  const records = [
    { index: 0, waiting, text: '{"a":"ü \u2028"}' },
    { index: 12, waiting: ["0123456789ab"], text: "{}" },
  ];
  expect(parseSegment(formatSegment(head, records))).toEqual({ head, records });
  expect(new TextDecoder().decode(formatSegment(head, records)).split("\n")[2]).toBe("12 0123456789ab {}");
});

test("what is no record is passed over", () => {
  const text = `${JSON.stringify(head)}\n1 0123456789ab {}\n2 nobody {}\nx\n\n3 0123456789ab,ba {}\n`;
  expect(parseSegment(bytesOf(text))?.records).toEqual([{ index: 1, waiting: ["0123456789ab"], text: "{}" }]);
});

test.each(["", "{", "[]", '{"holder":1,"version":1,"appendedMs":1}', "\u0000"])("%p is no segment", (text) => {
  expect(parseSegment(bytesOf(text))).toBeUndefined();
});
