import { expect, test } from "bun:test";
import { parseListenAddress } from "../../src/config/listen-address.ts";

test.each([
  [":5000", { hostname: undefined, port: 5000 }],
  [":0", { hostname: undefined, port: 0 }],
  ["0.0.0.0:5000", { hostname: "0.0.0.0", port: 5000 }],
  ["[::1]:5000", { hostname: "::1", port: 5000 }],
  ["[::]:65535", { hostname: "::", port: 65535 }],
  ["localhost:5000", { hostname: "localhost", port: 5000 }],
  ["registry.example.com:443", { hostname: "registry.example.com", port: 443 }],
  ["5000", undefined],
  ["", undefined],
  ["localhost", undefined],
  [":65536", undefined],
  [":-1", undefined],
  [":http", undefined],
  ["::1:5000", undefined],
  ["[localhost]:5000", undefined],
  ["[::1]", undefined],
  ["a b:5000", undefined],
  ["http://localhost:5000", undefined],
  ["-a:5000", undefined],
  [`${"a".repeat(254)}:5000`, undefined],
])("parseListenAddress(%p)", (text, want) => {
  expect(parseListenAddress(text)).toEqual(want);
});
