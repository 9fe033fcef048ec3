import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ServiceHome } from "../../../src/cli/service/places.ts";
import { describeService } from "../../../src/cli/service/service-facts.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { fakeIo } from "../fake-io.ts";

const own: ServiceHome = { directory: "/home/u", configHome: "/home/u/.config", dataHome: "/home/u/.local/share" };
const executable = "/usr/local/bin/registry";
const isLink = (path: string) => path === "/srv/link";

type Flags = Readonly<Record<string, readonly string[]>>;

/** With flags alone. */
function describeFlags(flags: Flags, home?: ServiceHome) {
  const io = fakeIo({ env: { REGISTRY_HTTP_ADDR: ":1", HOME: "/root" } });
  return describeService({ positionals: [], flags }, { executable, home, io, isLink });
}

/** With a file, for a user: a temporary directory is none that a service of the machine reaches. */
async function describeFile(text: string) {
  using directory = temporaryDirectory();
  const path = join(directory.path, "config.yml");
  writeFileSync(path, `version: 0.1\n${text}`);
  return await describeService({ positionals: [path], flags: {} }, { executable, home: own, io: fakeIo(), isLink });
}

test("without anything said it serves the usual directory, whatever the variables of the shell say", async () => {
  expect(await describeFlags({})).toEqual({
    isUser: false,
    command: [executable, "serve", "--data", "/var/lib/registry"],
    dataDirectory: "/var/lib/registry",
    isDataLinked: false,
    otherDirectories: [],
    hasLowPort: false,
    drainTimeoutMs: 30_000,
    port: 5000,
    bucket: undefined,
    authorityPath: "/var/lib/registry/tls/ca.crt",
  });
});

test.each<[Flags, ServiceHome | undefined, object]>([
  [{}, own, { isUser: true, dataDirectory: "/home/u/.local/share/registry" }],
  [{ data: ["/srv/x"], addr: [":443"] }, undefined, { dataDirectory: "/srv/x", hasLowPort: true, port: 443 }],
  [{ data: ["/srv/link"] }, undefined, { isDataLinked: true }],
  [{ addr: [":0"] }, undefined, { hasLowPort: false }],
  [{ http: [""] }, undefined, { authorityPath: undefined }],
])("flags %j", async (flags, home, want) => {
  expect(await describeFlags(flags, home)).toMatchObject(want);
});

test.each([
  ["storage: {filesystem: {rootdirectory: /srv/x/}}", { dataDirectory: "/srv/x", authorityPath: undefined }],
  [
    "storage: {filesystem: {rootdirectory: /srv/x}}\nhttp: {draintimeout: 5m, debug: {addr: ':81'}, tls: {selfsigned: {}}}",
    { drainTimeoutMs: 300_000, hasLowPort: true, authorityPath: "/srv/x/tls/ca.crt" },
  ],
  [
    "storage: {filesystem: {rootdirectory: /srv/x}}\nlog: {audit: /var/log/r/audit.log}\nhttp: {tls: {selfsigned: {directory: /srv/x/y}}}",
    { otherDirectories: ["/var/log/r"], authorityPath: "/srv/x/y/ca.crt" },
  ],
  ["log: {audit: stdout}", { otherDirectories: [] }],
  [
    "storage: {s3: {bucket: b, region: r, scratch: /srv/s}}\nhttp: {tls: {selfsigned: {}}}",
    { bucket: "b", otherDirectories: ["/srv/s"], authorityPath: undefined },
  ],
])("a file with %j", async (text, want) => {
  expect(await describeFile(text)).toMatchObject(want);
});

test.each<[Flags, string]>([
  [{ data: ["/home/u/x"] }, "a service cannot reach /home/u/x: it sees no home directories; choose another directory"],
  [{ data: ["/srv/x\ny"] }, "cannot stand in a unit of systemd"],
  [{ addr: ["none"] }, "--addr"],
])("flags %j are refused", async (flags, want) => {
  expect(describeFlags(flags)).rejects.toThrow(want);
});

test("an executable that systemd cannot start is refused", () => {
  const options = { executable: "/home/$u/registry", home: own, io: fakeIo(), isLink };
  expect(describeService({ positionals: [], flags: {} }, options)).rejects.toThrow(
    "no executable with a $ in its path",
  );
});

test("a relative data directory in a file, and a file that a service cannot reach, are refused", async () => {
  expect(describeFile("storage: {filesystem: {rootdirectory: data}}")).rejects.toThrow("write the whole path");
  using directory = temporaryDirectory();
  const path = join(directory.path, "config.yml");
  writeFileSync(path, "version: 0.1\n");
  const io = fakeIo();
  const reached = describeService({ positionals: [path], flags: {} }, { executable, home: undefined, io, isLink });
  expect(reached).rejects.toThrow(
    `${path}: it has a /tmp of its own; copy it to /etc/registry, readable to the user registry but not to everybody if it has secrets`,
  );
});

test("what lies below another directory of the service is left to the service", async () => {
  const s3 = "{region: r, bucket: b, scratch: /srv/s, cache: {directory: /srv/s/cache, maxsize: 1GB}}";
  const { otherDirectories } = await describeFile(`storage: {s3: ${s3}}\nlog: {audit: /srv/sa/audit}`);
  expect(otherDirectories).toEqual(["/srv/sa", "/srv/s"]);
});
