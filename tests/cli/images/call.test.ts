import { expect, test } from "bun:test";
import { explainRefusal, operandOf, readCall } from "../../../src/cli/images/call.ts";
import { type ErrorCode, RegistryError } from "../../../src/oci/errors.ts";
import { fakeIo } from "../fake-io.ts";

test.each([
  [[], {}, [], []],
  [["app"], {}, [], ["app"]],
  [["config.yml", "app"], {}, ["config.yml"], ["app"]],
  [["/etc/r.yaml"], {}, ["/etc/r.yaml"], []],
  [["a.yml"], { config: ["b.yml"] }, ["b.yml"], ["a.yml"]],
])("of %j with flags %j the configuration is %j, the references are %j", (positionals, flags, config, operands) => {
  const call = readCall({ positionals, flags }, fakeIo());
  expect([call.words.positionals, call.operands]).toEqual([config, operands]);
});

test("what cannot be parsed is wrong usage", () => {
  expect(operandOf({ value: 1 })).toBe(1);
  expect(() => operandOf({ problem: "no" })).toThrow("no");
});

const nas = { host: "nas", hasUser: true };

test.each([
  ["MANIFEST_UNKNOWN", "gone", undefined, "gone"],
  ["UPSTREAM_DENIED", "x", nas, "nas refuses: the user who is logged in may not, or there is no such repository"],
  [
    "UPSTREAM_DENIED",
    "x",
    { ...nas, hasUser: false },
    "nas refuses: nobody is logged in (`docker login nas` or `podman login nas`), or there is no such repository",
  ],
  ["UPSTREAM_DENIED", "the token server x refuses the credentials", nas, "the token server x refuses the credentials"],
  [
    "UPSTREAM_UNREACHABLE",
    "nas cannot be reached: its certificate is not trusted (set ca for this upstream)",
    nas,
    "nas cannot be reached: its certificate is not trusted; `registry trust nas` installs its authority",
  ],
  [
    "UPSTREAM_UNREACHABLE",
    "nas does not speak TLS; where it serves plain HTTP, write http://nas",
    nas,
    "nas does not speak TLS; if it is meant to serve plain HTTP, give --plain-http",
  ],
  ["UPSTREAM_TIMEOUT", "nas does not answer in time", nas, "nas does not answer in time"],
] as const)("explainRefusal() of %s %p", (code, message, asked, want) => {
  expect(explainRefusal(new RegistryError(code as ErrorCode, { message }), asked)).toBe(want);
});
