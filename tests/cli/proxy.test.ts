import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../../src/cli/cli.ts";
import { manifestOf } from "../proxy/caching.ts";
import { startUpstream } from "../proxy/misbehaving-upstream.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { fakeIo } from "./fake-io.ts";

const main = join(import.meta.dir, "../../src/main.ts");

test.each([
  [[], 64, "the registry to cache is missing"],
  [["ftp://x"], 64, "is not the URL of a registry"],
  [["ghcr.io", "--username", "x"], 64, "--username and --password-file go together"],
  [["ghcr.io", "--username", "x", "--password-file", "/nowhere/file"], 1, "there is no such file"],
  [["ghcr.io", "--ttl", "soon"], 64, "--ttl: must be a duration"],
  [["ghcr.io", "--max-size", "much"], 64, "--max-size: must be a size"],
])("registry proxy %p ends with %p", async (words, code, part) => {
  const io = fakeIo();
  const ended = await runCli(["proxy", ...words], io);
  expect([ended, io.errors().includes(part)]).toEqual([code, true]);
});

test("registry proxy serves what another registry has, with its credentials", async () => {
  using directory = temporaryDirectory();
  await using upstream = await startUpstream();
  const digest = upstream.addManifest("team/app", "latest", manifestOf(new Uint8Array([1])));
  const authorization = `Basic ${Buffer.from("alice:secret").toString("base64")}`;
  upstream.behave((request, response) => {
    if (request.headers.authorization === authorization) return false;
    response.writeHead(401, { "WWW-Authenticate": "Basic" }).end();
    return true;
  });
  const passwordFile = join(directory.path, "password");
  writeFileSync(passwordFile, "secret\n");
  const words = ["proxy", upstream.url.origin, "--username", "alice", "--password-file", passwordFile];
  const serving = ["--http", "--addr", "127.0.0.1:0", "--data", join(directory.path, "data")];
  await using server = Bun.spawn([process.execPath, main, ...words, ...serving], {
    env: {},
    stdout: "pipe",
    stderr: "ignore",
  });
  let banner = "";
  for await (const chunk of server.stdout) {
    banner += new TextDecoder().decode(chunk);
    if (banner.includes("Anybody")) break;
  }
  const url = /listening on (http:\S+)/.exec(banner)?.[1] ?? "";
  const answer = await fetch(`${url}/v2/team/app/manifests/latest`);
  server.kill();
  expect([answer.headers.get("docker-content-digest"), banner.includes(`caches       ${upstream.url.origin}`)]).toEqual(
    [digest, true],
  );
});
