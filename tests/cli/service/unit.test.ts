import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { formatUnit, isOwnUnit, readCommand, type UnitFacts } from "../../../src/cli/service/unit.ts";

const packaged = readFileSync(join(import.meta.dir, "../../../packaging/registry.service"), "utf8");

const usual: UnitFacts = {
  isUser: false,
  command: ["/usr/local/bin/registry", "serve", "--data", "/var/lib/registry"],
  dataDirectory: "/var/lib/registry",
  isDataLinked: false,
  otherDirectories: [],
  hasLowPort: false,
  drainTimeoutMs: 30_000,
};

/** The lines that a unit has and the usual one has not. */
function newLines(facts: Partial<UnitFacts>): string[] {
  const lines = formatUnit(usual).split("\n");
  return formatUnit({ ...usual, ...facts })
    .split("\n")
    .filter((line) => !line.startsWith("#") && !lines.includes(line));
}

test("packaging/registry.service is the usual unit: `registry service install --print > packaging/registry.service`", () => {
  expect(packaged).toBe(formatUnit(usual));
});

test.each<[string, Partial<UnitFacts>, readonly string[]]>([
  [
    "data elsewhere",
    { dataDirectory: "/srv/my data", command: ["/opt/r/registry", "serve", "--data", "/srv/my data"] },
    [
      'ExecStart=/opt/r/registry serve --data "/srv/my data"',
      'ReadWritePaths="/srv/my data"',
      "WorkingDirectory=/srv/my data",
    ],
  ],
  ["data behind a link", { isDataLinked: true }, ["ReadWritePaths=/var/lib/registry"]],
  ["a log elsewhere", { otherDirectories: ["/var/log/registry"] }, ["ReadWritePaths=/var/log/registry"]],
  [
    "a low port",
    { hasLowPort: true },
    ["CapabilityBoundingSet=CAP_NET_BIND_SERVICE", "AmbientCapabilities=CAP_NET_BIND_SERVICE", "PrivateUsers=no"],
  ],
  ["a long drain", { drainTimeoutMs: 300_001 }, ["TimeoutStopSec=331s"]],
  ["a user's service", { isUser: true }, ["WantedBy=default.target"]],
])("formatUnit() with %s", (_, facts, want) => {
  expect(newLines(facts)).toEqual([...want]);
});

test("a user's unit has nothing that needs the rights of root", () => {
  const text = formatUnit({ ...usual, isUser: true });
  expect(text).not.toMatch(/^(?:User|Group|StateDirectory|Protect\w+|Private\w+|Capability\w+|ReadWritePaths)=/m);
});

test("isOwnUnit() knows its own, and nothing else", () => {
  expect([packaged, formatUnit({ ...usual, isUser: true }), "", `\n${packaged}`, "[Unit]\n"].map(isOwnUnit)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});

test.each([
  [packaged, usual.command],
  ["ExecStart=/r serve\nExecStart=/r serve\n", undefined],
  ["ExecStart=/bin/sh -c 'registry serve'\n", undefined],
  ["", undefined],
])("readCommand() finds the one command %#", (text, want) => {
  expect(readCommand(text)).toEqual(want);
});
