import { expect, test } from "bun:test";
import type { TrustPlace } from "../../../src/cli/trust/places.ts";
import { findReplaced, formatStep, planRemoval, planTrust, type TrustStep } from "../../../src/cli/trust/plan.ts";
import { parseTrustTarget } from "../../../src/cli/trust/target.ts";

const caPem = "-----BEGIN CERTIFICATE-----\nAAAA\nBBBB\n-----END CERTIFICATE-----\n";
const otherPem = caPem.replace("AAAA", "CCCC");
const docker: TrustPlace = { client: "docker", directory: "/d", authorityPath: "/d/ca.crt" };
const containerd: TrustPlace = {
  client: "containerd",
  directory: "/c",
  authorityPath: "/c/ca.crt",
  hostsPath: "/c/hosts.toml",
};
const system: TrustPlace = { client: "system", directory: "/s", authorityPath: "/s/r.crt", command: ["update"] };
const everywhere = [docker, containerd, system];

type Files = Record<string, string>;

function plan(places: readonly TrustPlace[], files: Files): TrustStep[] {
  const target = parseTrustTarget("[::1]:5000");
  if (target === undefined) throw new TypeError("a target is none");
  return planTrust(places, { target, caPem, read: (path) => files[path] });
}

/** What lies there after the steps. */
function carryOut(steps: readonly TrustStep[], files: Files): Files {
  const after = { ...files };
  for (const step of steps) {
    if (step.kind === "write") after[step.path] = step.text;
    if (step.kind === "delete") delete after[step.path];
  }
  return after;
}

const kinds = (steps: readonly TrustStep[]) =>
  steps.map((step) => `${step.kind} ${"path" in step ? step.path : step.command.join(" ")}`);

const installed = carryOut(plan(everywhere, {}), {});

test.each([
  [
    "nothing is there",
    {},
    ["write /d/ca.crt", "write /c/ca.crt", "write /c/hosts.toml", "write /s/r.crt", "run update"],
  ],
  [
    "all is there",
    installed,
    ["keep /d/ca.crt", "keep /c/ca.crt", "keep /c/hosts.toml", "keep /s/r.crt", "run update"],
  ],
  [
    "the registry has a new CA",
    { "/d/ca.crt": installed["/d/ca.crt"]?.replace("AAAA", "CCCC") ?? "" },
    ["write /d/ca.crt", "write /c/ca.crt", "write /c/hosts.toml", "write /s/r.crt", "run update"],
  ],
  [
    "somebody put the same CA there, and hosts of their own",
    { "/d/ca.crt": caPem.replaceAll("\n", "\r\n"), "/c/hosts.toml": "server = 1" },
    ["keep /d/ca.crt", "write /c/ca.crt", "refuse /c/hosts.toml", "write /s/r.crt", "run update"],
  ],
  [
    "somebody put other CAs there",
    { "/d/ca.crt": otherPem, "/c/ca.crt": caPem + otherPem, "/s/r.crt": otherPem },
    ["refuse /d/ca.crt", "refuse /c/ca.crt", "write /c/hosts.toml", "refuse /s/r.crt"],
  ],
])("planTrust() where %s", (_what, files: Files, want) => {
  expect(kinds(plan(everywhere, files))).toEqual(want);
});

test("planTrust() tells containerd which CA is behind which host", () => {
  expect(installed["/c/hosts.toml"]).toBe(
    '# Written by `registry trust`, which takes it away again with --remove.\nserver = "https://[::1]:5000"\n\n[host."https://[::1]:5000"]\n  ca = "/c/ca.crt"\n',
  );
});

test("planTrust() shows the lines that a foreign hosts.toml needs", () => {
  const step = plan([containerd], { "/c/hosts.toml": "" }).find(({ kind }) => kind === "refuse");
  expect(step === undefined ? "" : formatStep(step)).toBe(
    'cannot write /c/hosts.toml: it was not written by registry trust; to keep it, add these lines to it:\n    server = "https://[::1]:5000"\n\n    [host."https://[::1]:5000"]\n      ca = "/c/ca.crt"',
  );
});

test.each([
  ["nothing is there", {}, []],
  ["the same CA is there", installed, []],
  ["somebody else's file is there", { "/d/ca.crt": otherPem }, []],
  [
    "an earlier run trusted another one",
    { "/d/ca.crt": installed["/d/ca.crt"]?.replace("AAAA", "CCCC") ?? "", "/c/ca.crt": installed["/c/ca.crt"] ?? "" },
    [installed["/d/ca.crt"]?.replace("AAAA", "CCCC")],
  ],
])("findReplaced() where %s", (_what, files: Files, want) => {
  expect(findReplaced(everywhere, { caPem, read: (path) => files[path] })).toEqual(want as string[]);
});

test("planRemoval() undoes planTrust(), and leaves what others wrote", () => {
  const foreign = { "/c/hosts.toml": "server = 1" };
  const read = (path: string) => ({ ...installed, ...foreign })[path];
  const steps = planRemoval(everywhere, read);
  expect([kinds(steps), kinds(planRemoval(everywhere, () => undefined))]).toEqual([
    [
      "delete /d/ca.crt",
      "deleteEmptyDirectory /d",
      "delete /c/ca.crt",
      "keep /c/hosts.toml",
      "deleteEmptyDirectory /c",
      "delete /s/r.crt",
      "run update",
    ],
    [],
  ]);
});

test("formatStep() is one line for each kind of step", () => {
  const steps: TrustStep[] = [
    { kind: "write", path: "/a", text: "" },
    { kind: "delete", path: "/a" },
    { kind: "deleteEmptyDirectory", path: "/a" },
    { kind: "run", command: ["a", "b"] },
    { kind: "keep", path: "/a", reason: "why" },
  ];
  expect(steps.map(formatStep)).toEqual([
    "write /a",
    "remove /a",
    "remove /a if it is empty",
    "run a b",
    "leave /a: why",
  ]);
});
