import { expect, test } from "bun:test";
import { parseTime, readImageConfig } from "../../src/transfer/image-config.ts";

test("readImageConfig() leaves out what is not as it should be", () => {
  const nothing = {
    platform: undefined,
    createdMs: undefined,
    user: undefined,
    workingDirectory: undefined,
    entrypoint: [],
    command: [],
    environment: [],
    ports: [],
    volumes: [],
    labels: {},
    history: [],
  };
  for (const value of [undefined, null, [], "text", { config: 1, history: {} }, { config: { Env: "x", Labels: [] } }]) {
    expect(readImageConfig(value)).toEqual(nothing);
  }
  const odd = {
    config: { Cmd: ["a", 1], Labels: { a: "b", c: 1 }, Volumes: { "/v": {} } },
    history: [1, {}, { empty_layer: true }],
  };
  expect(readImageConfig(odd)).toEqual({
    ...nothing,
    command: ["a"],
    labels: { a: "b" },
    volumes: ["/v"],
    history: [""],
  });
});

test.each([
  ["2020-01-02T03:04:05.123456789Z", Date.UTC(2020, 0, 2, 3, 4, 5, 123)],
  ["0001-01-01T00:00:00Z", undefined],
  ["yesterday", undefined],
  ["2".repeat(100), undefined],
  [5, undefined],
])("parseTime(%p)", (text, want) => {
  expect(parseTime(text)).toBe(want as number);
});
