// What clients say when they meet the wrong kind of registry, as docs/troubleshooting.md lists it.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../temporary-directory.ts";
import { type StartedRegistry, startRegistry } from "./executable.ts";
import { must, requireProgram, run } from "./program.ts";

const page = readFileSync(join(import.meta.dir, "../../docs/troubleshooting.md"), "utf8");
const isPossible = [
  requireProgram("curl", "curl"),
  requireProgram("skopeo", "skopeo"),
  requireProgram("openssl", "openssl"),
].every(Boolean);

/** A client written in Go, as docker and containerd are: its words about a registry. */
async function askGo(host: string, ...flags: string[]): Promise<string> {
  return (await run(["skopeo", "list-tags", ...flags, `docker://${host}/app`])).stderr;
}

/** The words stand on the page, and the client says them. */
function expectSaid(said: string, words: string): void {
  expect(page).toContain(`\`${words}`);
  const [first = "", last = ""] = words.split("…");
  expect([said.includes(first), said.includes(last.split("…").at(-1) ?? "")]).toEqual([true, true]);
}

describe.skipIf(!isPossible)("docs/troubleshooting.md", () => {
  test("knows plain HTTP on the port of TLS, and TLS on the port of plain HTTP", async () => {
    await using tls = await startRegistry();
    expectSaid(
      (await run(["curl", "-sS", `http://127.0.0.1:${tls.port}/v2/`])).stderr,
      "curl: (52) Empty reply from server",
    );
    await using plain = await startRegistry({ args: ["--http"] });
    expectSaid(await askGo(hostOf(plain)), "http: server gave HTTP response to HTTPS client");
  });

  test("knows an authority that the client does not", async () => {
    await using registry = await startRegistry();
    expectSaid(await askGo(hostOf(registry)), "x509: certificate signed by unknown authority");
  });

  test.each([
    [["-addext", "subjectAltName=DNS:other.example"], "x509: certificate is valid for …, not …"],
    [[], "x509: certificate relies on legacy Common Name field, use SANs instead"],
  ])("knows a certificate made with %j", async (names, words) => {
    using directory = temporaryDirectory();
    const at = (name: string) => join(directory.path, name);
    const made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"];
    await must([...made, "-keyout", at("key"), "-out", at("ca.crt"), ...names]);
    const env = { REGISTRY_HTTP_TLS_CERTIFICATE: at("ca.crt"), REGISTRY_HTTP_TLS_KEY: at("key") };
    await using registry = await startRegistry({ env });
    expectSaid(await askGo(`localhost:${registry.port}`, "--cert-dir", directory.path), words);
  });

  test("knows a name that cannot be looked up", async () => {
    const said = await askGo("no-such-host.invalid:5000");
    expect(said).toMatch(/dial tcp: lookup .*: no such host/);
    expect(page).toContain("`dial tcp: lookup …: no such host`");
  });
});

function hostOf({ port }: StartedRegistry): string {
  return `127.0.0.1:${port}`;
}
