import { expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Glob } from "bun";
import { CommandError, type CommandIo, parseWords } from "../../../src/cli/command.ts";
import { trust, trustCommand } from "../../../src/cli/trust/trust.ts";
import { describeCertificate } from "../../../src/tls/describe.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { fakeIo } from "../fake-io.ts";
import { makeCertificates, serveAuthority } from "../registry-with-authority.ts";

const { ca, server } = await makeCertificates("localhost", "127.0.0.1");
const fingerprint = describeCertificate(ca.certificatePem)?.fingerprint ?? "";

/** A machine below a directory, with the given directories on it. */
function machine(root: string, ...directories: string[]) {
  for (const directory of directories) mkdirSync(join(root, directory), { recursive: true });
  const commands: string[] = [];
  const run = async (command: readonly string[]) => {
    commands.push(command.join(" "));
    return undefined;
  };
  const surroundings = { root, isRoot: true, run };
  return {
    commands,
    files: () => [...new Glob("**/*").scanSync({ cwd: root, dot: true })].sort(),
    /** Types the command and returns what it printed. */
    trust: async (words: readonly string[], overrides: Partial<CommandIo> = {}) => {
      const io = fakeIo({ env: { HOME: "/home/u" }, ...overrides });
      expect(await trust(parseWords(trustCommand, words), io, surroundings)).toBe(0);
      return io.output();
    },
  };
}

test("trust installs for every client on the machine, twice the same, and --remove takes it all away", async () => {
  using root = temporaryDirectory();
  await using listener = serveAuthority(() => ca.certificatePem, server);
  const host = `127.0.0.1:${listener.port}`;
  const { trust, files } = machine(root.path, "etc/docker", "etc/containerd", "etc/containers");
  const output = await trust([host, "--fingerprint", fingerprint.toLowerCase().replaceAll(":", "")]);
  const installed = files();
  const again = await trust([host]);
  await trust([host, "--remove"]);
  expect([output.includes(fingerprint), output.includes("For docker, containerd, podman:")]).toEqual([true, true]);
  expect([installed, again.includes("write "), files()]).toEqual([
    [
      `etc/containerd/certs.d/${host}/ca.crt`,
      `etc/containerd/certs.d/${host}/hosts.toml`,
      `etc/containers/certs.d/${host}/ca.crt`,
      `etc/docker/certs.d/${host}/ca.crt`,
    ],
    false,
    [],
  ]);
});

test("trust --for system runs the system's own tool, also to remove", async () => {
  using root = temporaryDirectory();
  await using listener = serveAuthority(() => ca.certificatePem, server);
  const host = `localhost:${listener.port}`;
  const { trust, files, commands } = machine(root.path, "usr/local/share/ca-certificates");
  await trust([host, "--for", "system", "--yes"]);
  const installed = files();
  await trust([host, "--remove"]);
  expect([installed, files(), commands]).toEqual([
    [`usr/local/share/ca-certificates/registry-localhost_${listener.port}.crt`],
    [],
    ["update-ca-certificates", "update-ca-certificates"],
  ]);
});

test("trust writes what curl accepts", async () => {
  using root = temporaryDirectory();
  await using listener = serveAuthority(() => ca.certificatePem, server);
  const host = `localhost:${listener.port}`;
  await machine(root.path).trust([host, "--for", "docker", "--yes"]);
  const text = await Bun.file(join(root.path, "etc/docker/certs.d", host, "ca.crt")).text();
  const answer = await fetch(`https://${host}/v2/`, { tls: { ca: text } });
  expect(await answer.text()).toBe("{}");
});

test("trust --dry-run prints the plan and changes nothing, without asking", async () => {
  using root = temporaryDirectory();
  await using listener = serveAuthority(() => ca.certificatePem, server);
  const host = `127.0.0.1:${listener.port}`;
  const { trust, files } = machine(root.path, "etc/docker");
  const output = await trust([host, "--dry-run"]);
  expect([output.includes(`write /etc/docker/certs.d/${host}/ca.crt`), files()]).toEqual([true, []]);
});

test.each([
  ["y", true],
  ["YES ", true],
  ["", false],
  ["no", false],
])("trust asks on a terminal, and %p means %p", async (answer, isInstalled) => {
  using root = temporaryDirectory();
  await using listener = serveAuthority(() => ca.certificatePem, server);
  const { trust, files } = machine(root.path, "etc/docker");
  const words = [`127.0.0.1:${listener.port}`];
  const terminal = { isTerminal: true, ask: async () => answer };
  const failure = await trust(words, terminal).then(
    () => "",
    (error: unknown) => String(error),
  );
  expect([failure, files().length]).toEqual(isInstalled ? ["", 1] : ["Error: nothing was changed", 0]);
});

test.each([
  ["no terminal, no fingerprint", [], "give it with --fingerprint, or give --yes"],
  ["another fingerprint", ["--fingerprint", "00".repeat(32)], "has another fingerprint"],
  ["another fingerprint, in spite of --yes", ["--yes", "--fingerprint", "00".repeat(32)], "has another fingerprint"],
  ["a system that is not known", ["--for", "system", "--yes"], "this system's certificate store is not one we know"],
])("trust changes nothing with %s", async (_what, words, message) => {
  using root = temporaryDirectory();
  await using listener = serveAuthority(() => ca.certificatePem, server);
  const { trust, files } = machine(root.path, "etc/docker");
  const failure = trust([`127.0.0.1:${listener.port}`, ...words]);
  await expect(failure).rejects.toThrow(CommandError);
  await expect(failure).rejects.toThrow(message);
  expect(files()).toEqual([]);
});

test("trust does not replace a CA that was trusted before because of a bare --yes", async () => {
  using root = temporaryDirectory();
  await using listener = serveAuthority(() => ca.certificatePem, server);
  const host = `127.0.0.1:${listener.port}`;
  const { trust } = machine(root.path, "etc/docker");
  const path = join(root.path, `etc/docker/certs.d/${host}/ca.crt`);
  await trust([host, "--yes"]);
  const { ca: earlier } = await makeCertificates("127.0.0.1");
  const before = readFileSync(path, "utf8").replace(ca.certificatePem, earlier.certificatePem);
  writeFileSync(path, before);
  await expect(trust([host, "--yes"])).rejects.toThrow("--yes does not replace a CA that was trusted before");
  const questions: string[] = [];
  const ask = async (question: string) => {
    questions.push(question);
    return "no";
  };
  await expect(trust([host, "--yes"], { isTerminal: true, ask })).rejects.toThrow("nothing was changed");
  expect([readFileSync(path, "utf8"), questions]).toEqual([
    before,
    ["Trust the new CA in place of the old one? [y/N] "],
  ]);
  const output = await trust([host, "--fingerprint", fingerprint]);
  const trusted = describeCertificate(earlier.certificatePem)?.fingerprint;
  expect(output).toContain(`  trusted now  ${trusted}\n  offered      ${fingerprint}\n`);
  expect(readFileSync(path, "utf8")).toContain(ca.certificatePem);
});

test("trust refuses a certificate that is not for the name", async () => {
  using root = temporaryDirectory();
  const elsewhere = await makeCertificates("registry.example.org");
  await using listener = serveAuthority(() => elsewhere.ca.certificatePem, elsewhere.server);
  const { trust } = machine(root.path, "etc/docker");
  await expect(trust([`127.0.0.1:${listener.port}`, "--yes"])).rejects.toThrow(
    "the certificate is for registry.example.org and not for 127.0.0.1",
  );
});

test("trust fails, but does the rest, where a hosts.toml is somebody else's", async () => {
  using root = temporaryDirectory();
  await using listener = serveAuthority(() => ca.certificatePem, server);
  const host = `127.0.0.1:${listener.port}`;
  const { trust } = machine(root.path, `etc/containerd/certs.d/${host}`, "etc/docker");
  const hosts = join(root.path, `etc/containerd/certs.d/${host}/hosts.toml`);
  writeFileSync(hosts, "mine");
  await expect(trust([host, "--yes"])).rejects.toThrow("hosts.toml: it was not written by registry trust");
  const isInstalled = await Bun.file(join(root.path, `etc/docker/certs.d/${host}/ca.crt`)).exists();
  expect([await Bun.file(hosts).text(), isInstalled]).toEqual(["mine", true]);
});

test("trust on a machine without clients says what to do", async () => {
  using root = temporaryDirectory();
  await expect(machine(root.path).trust(["a:5000"])).rejects.toThrow("say what to set up with --for");
});

test("trust --remove of what was never installed says so", async () => {
  using root = temporaryDirectory();
  expect(await machine(root.path, "etc/docker").trust(["a:5000", "--remove"])).toBe(
    "nothing is installed for a:5000\n",
  );
});
