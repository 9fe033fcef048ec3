// The logs of the built executable: what a configuration asks for, what a signal changes, and what strangers write.
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { temporaryDirectory } from "../temporary-directory.ts";
import { startRegistry } from "./executable.ts";
import { waitUntil } from "./program.ts";

/** A file for a registry, with this section `log`. */
function fileWith(directory: string, log: string): string {
  const path = join(directory, "config.yml");
  writeFileSync(path, `version: 0.1\nlog: ${log}\nstorage: {filesystem: {rootdirectory: ${directory}/data}}\n`);
  return path;
}

const linesOf = (text: string) => text.split("\n").filter((line) => line !== "");

/** The access log stands among the lines of the start message. */
const accessLines = (stdout: string) => linesOf(stdout).filter((line) => / "\S+ .* HTTP\/1\.1" \d{3} /.test(line));

/** Sends bytes as they are, and waits for the head of an answer. */
function sendRaw(port: number, head: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect(port, "127.0.0.1", () => socket.write(Buffer.from(head, "latin1")));
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
    if (text.includes("\r\n\r\n")) socket.destroy();
  });
  socket.on("close", () => resolve(text));
  socket.on("error", reject);
  return promise;
}

test("with a file there are two logs, each with one line for a request, whatever a client sends", async () => {
  using directory = temporaryDirectory();
  const path = fileWith(directory.path, "{formatter: json, fields: {service: mirror}}");
  await using registry = await startRegistry({ command: ["serve", path] });
  await registry.fetch("/v2/?access_token=hunter2", { headers: { "X-Request-Id": "caller-1", "User-Agent": 'a"b' } });
  await registry.fetch("/v2/a/manifests/v1", { method: "HEAD" });
  const hostile = "GET /v2/\xff\x80/manifests/%0a?password=hunter2 HTTP/1.1\r\nHost: a\r\n";
  const answers = [
    await sendRaw(registry.port, `${hostile}User-Agent: \x9b31m\xe2\x80\xae\xc3(\r\nX-Request-Id: a\tb"\r\n\r\n`),
    await sendRaw(registry.port, "GET http://alice:hunter2@a/v2/ HTTP/1.1\r\nHost: a\r\nReferer: \xff\x01\r\n\r\n"),
  ];
  // A request with a control character may be refused before it is one.
  const count =
    2 + answers.filter((answer) => answer.includes("x-request-id") || answer.includes("X-Request-Id")).length;
  const requests = () => linesOf(registry.stderr()).filter((line) => line.includes('"msg":"request'));
  await waitUntil(
    "the lines are written",
    () => requests().length + accessLines(registry.stdout()).length >= 2 * count,
  );
  const parsed = requests().map((line) => JSON.parse(line) as Record<string, unknown>);
  expect([requests().length, accessLines(registry.stdout()).length]).toEqual([count, count]);
  expect(parsed.map(({ service }) => service)).toEqual(parsed.map(() => "mirror"));
  expect(parsed.slice(0, 2).map(({ id, status, msg }) => [id === "caller-1", status, msg])).toEqual([
    [true, 200, "request"],
    [false, 404, "request"],
  ]);
  expect(accessLines(registry.stdout())[0]).toMatch(
    /^127\.0\.0\.1 - - \[\d{2}\/\w{3}\/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4}\] "GET \/v2\/\?access_token=\*\*\* HTTP\/1\.1" 200 \S+ "" "a\\"b"$/,
  );
  const all = registry.stderr() + registry.stdout();
  expect(all).not.toContain("hunter2");
  expect([...accessLines(registry.stdout()), ...requests()].filter((line) => /[^\P{C}]/u.test(line))).toEqual([]);
});

test("the access log can be switched off, and is off without a file", async () => {
  using directory = temporaryDirectory();
  const path = fileWith(directory.path, "{accesslog: {disabled: true}}");
  for (const options of [{ command: ["serve", path] }, { args: ["--http"] }]) {
    await using registry = await startRegistry(options);
    await registry.fetch("/v2/");
    await waitUntil("the log has its line", () => registry.stderr().includes("msg=request "));
    expect(accessLines(registry.stdout())).toEqual([]);
  }
});

test("SIGHUP takes log.level over", async () => {
  using directory = temporaryDirectory();
  const path = fileWith(directory.path, "{level: error}");
  await using registry = await startRegistry({ command: ["serve", path] });
  await registry.fetch("/v2/?before");
  fileWith(directory.path, "{level: info}");
  process.kill(registry.pid, "SIGHUP");
  await waitUntil("requests are logged", async () => {
    await registry.fetch("/v2/?after");
    return registry.stderr().includes("?after");
  });
  expect(registry.stderr()).not.toContain("?before");
});

test("readers that read nothing, or are gone, hold up no request", async () => {
  using directory = temporaryDirectory();
  const path = fileWith(directory.path, "{level: info}");
  const port = await freePort();
  const command = `"$0" serve ${path} --data ${directory.path}/data --addr 127.0.0.1:${port}`;
  const { executable } = await import("./executable.ts");
  for (const reader of ["sleep 600", "true"]) {
    await using child = Bun.spawn(["sh", "-c", `exec 3<&0; ${command} 2>&1 | ${reader} & wait`, executable], {
      ...{ stdin: "ignore", stdout: "ignore", stderr: "inherit", detached: true },
    });
    const ask = () => fetch(`http://127.0.0.1:${port}/v2/?${"x".repeat(1500)}`);
    try {
      await waitUntil("it listens", () => ask().then(Boolean, () => false));
      // More than a pipe holds.
      for (let count = 0; count < 100; count += 1) expect((await ask()).status).toBe(200);
    } finally {
      process.kill(-child.pid, "SIGKILL");
    }
    await waitUntil("it is gone", () =>
      ask().then(
        () => false,
        () => true,
      ),
    );
  }
});

async function freePort(): Promise<number> {
  using probe = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
  return probe.port;
}
