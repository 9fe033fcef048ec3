import { expect, test } from "bun:test";
import { formatChanges, formatInstalled, listIgnoredVariables } from "../../../src/cli/service/report.ts";
import type { ServiceFacts } from "../../../src/cli/service/service-facts.ts";
import { describeCertificate } from "../../../src/tls/describe.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { makeCertificates } from "../registry-with-authority.ts";
import { fakeMachine } from "./fake-machine.ts";

const request = {
  verb: "install" as const,
  isUser: false,
  isPrint: false,
  isForced: false,
  serving: { positionals: [], flags: {} },
};
const served: ServiceFacts = {
  isUser: false,
  command: ["/usr/local/bin/registry", "serve"],
  dataDirectory: "/srv/x",
  isDataLinked: false,
  otherDirectories: [],
  hasLowPort: false,
  drainTimeoutMs: 0,
  port: 5000,
  bucket: undefined,
  authorityPath: "/srv/x/tls/ca.crt",
};

test.each([
  [undefined, "a\n", ""],
  ["a\nb\n\nc\n", "a\n\nc\nd\n", "  - b\n  + d\n"],
  ["a\n", "a\n", ""],
  ["\u001b[2J\n", "", "  - \\u{1b}[2J\n"],
])("formatChanges(%j, %j)", (before, after, want) => {
  expect(formatChanges(before, after)).toBe(want);
});

test.each([
  [
    { REGISTRY_A: "1", REGISTRY_B: "", OTHER: "1" },
    false,
    [
      "the service does not get REGISTRY_A of this shell: set them with `sudo systemctl edit registry`, as Environment=, or secrets in a file for EnvironmentFile=",
    ],
  ],
  [{ REGISTRY_A: "1" }, true, ["systemctl --user edit registry"]],
  [{}, false, []],
])("listIgnoredVariables(%j)", (env, isUser, want) => {
  expect(listIgnoredVariables(env, { ...request, isUser })).toEqual(want.map((text) => expect.stringContaining(text)));
});

test("formatInstalled() tells where everything is, and what clients compare", async () => {
  using root = temporaryDirectory();
  const { machine, place } = fakeMachine(root.path);
  const { ca } = await makeCertificates("localhost");
  place("srv/x/tls/ca.crt", ca.certificatePem);
  expect(await formatInstalled(request, served, machine)).toBe(`
The registry serves port 5000 as the user registry; it starts with the machine.

  status    systemctl status registry
  log       sudo journalctl -u registry -f
  data      /srv/x
  CA        /srv/x/tls/ca.crt
  SHA-256   ${describeCertificate(ca.certificatePem)?.fingerprint}
  clients   sudo registry trust box:5000
  settings  sudo systemctl edit registry, then sudo systemctl restart registry
  remove    sudo registry service uninstall
`);
});

test.each([
  ["", "it ends with this user's last session, unless you type `sudo loginctl enable-linger $(id -un)`"],
  ["yes\n", "it starts with the machine"],
])("formatInstalled() for a user whose Linger is %j", async (stdout, want) => {
  using root = temporaryDirectory();
  const { machine } = fakeMachine(root.path, { results: { loginctl: { stdout } } });
  const text = await formatInstalled({ ...request, isUser: true }, { ...served, bucket: "b" }, machine);
  expect([text, text, text]).toEqual([
    expect.stringContaining(`as this user; ${want}.`),
    expect.stringContaining("the bucket b\n"),
    expect.stringContaining("  remove    registry service uninstall --user\n"),
  ]);
});
