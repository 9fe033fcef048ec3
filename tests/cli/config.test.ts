import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../../src/cli/cli.ts";
import { serveEngine } from "../storage/s3/served-engine.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { fakeIo } from "./fake-io.ts";

const text = `version: 0.1
storage: { filesystem: { rootdirectory: /data } }
http: { addr: 127.0.0.1:5001 }
auth: { htpasswd: { path: /users } }
proxy:
  remoteurl: https://registry-1.docker.io
  username: bob
  password: hunter2
  upstreams: [{ host: ghcr.io, remoteurl: "https://ghcr.io", username: eve, password: hunter3 }]
access:
  anonymous: [{ repositories: ["pub/**"], actions: [pull] }]
  groups: { devs: [bob] }
  rules:
    - { users: [alice], repositories: ["**"], actions: [pull, push] }
    - { groups: [devs], repositories: ["team/**"], actions: [pull] }
`;

async function config(words: readonly string[], { file = text, env = {} } = {}) {
  using directory = temporaryDirectory();
  const path = join(directory.path, "config.yml");
  writeFileSync(path, file);
  const io = fakeIo({ env });
  const code = await runCli(["config", ...words.map((word) => (word === "FILE" ? path : word))], io);
  return { code, output: io.output().replaceAll(path, "FILE"), errors: io.errors().replaceAll(path, "FILE") };
}

test("every key with a value is printed with its origin, and no secret", async () => {
  const { code, output } = await config(["FILE"], { env: { REGISTRY_LOG_LEVEL: "debug" } });
  expect(code).toBe(0);
  expect(output.split("\n")).toEqual(
    expect.arrayContaining([
      "http.addr: 127.0.0.1:5001  # FILE:3:9",
      "log.level: debug  # REGISTRY_LOG_LEVEL",
      "http.draintimeout: 30s  # default",
      "proxy.password: ***  # FILE:8:3",
    ]),
  );
  expect(output).not.toMatch(/hunter/);
});

test("--json has the same", async () => {
  const { output } = await config(["FILE", "--json"]);
  const parsed = JSON.parse(output) as Record<string, unknown>;
  expect(parsed).toMatchObject({
    "http.addr": { value: "127.0.0.1:5001", origin: "FILE:3:9" },
    "proxy.upstreams": { value: [{ host: "ghcr.io", username: "eve", password: "***" }] },
  });
});

test("--schema is a JSON Schema by which the file above is written", async () => {
  const { output } = await config(["--schema"]);
  const schema = JSON.parse(output) as { properties: Record<string, { description?: string }> };
  expect([Object.keys(schema.properties).includes("access"), output.includes("hunter")]).toEqual([true, false]);
  expect(schema.properties.gc?.description).toStartWith("Present: garbage is collected");
});

test("a configuration that cannot be used is an error with all its problems", async () => {
  const { code, output, errors } = await config(["FILE"], { file: "version: 0.1\nhttp: {addr: x}\nlog: {level: y}\n" });
  expect([code, output]).toEqual([1, ""]);
  expect(errors).toContain("FILE:2:8: http.addr");
  expect(errors).toContain("FILE:3:7: log.level");
});

describe("--explain", () => {
  test.each([
    [
      "alice",
      "any/app",
      "push",
      0,
      'allowed: access.rules[0]: {"users":["alice"],"repositories":["**"],"actions":["pull","push"]}\n',
    ],
    [
      "bob",
      "team/app",
      "pull",
      0,
      'allowed: access.rules[1]: {"groups":["devs"],"repositories":["team/**"],"actions":["pull"]}\n',
    ],
    ["bob", "team/app", "push", 1, "denied: no rule of access.rules allows it\n"],
    ["anonymous", "pub/app", "pull", 0, 'allowed: access.anonymous: {"repositories":["pub/**"],"actions":["pull"]}\n'],
    ["anonymous", "pub/app", "push", 1, "denied: access.anonymous does not allow it\n"],
  ])("%s %s %s", async (user, repository, action, code, output) => {
    expect(await config(["--explain", user, repository, action, "FILE"])).toMatchObject({ code, output });
  });

  test("without auth everybody may do everything", async () => {
    const file = "version: 0.1\nstorage: { filesystem: {} }\n";
    const { code, output } = await config(["--explain", "eve", "a", "delete", "FILE"], { file });
    expect([code, output]).toEqual([0, "allowed: without auth everybody may do everything\n"]);
  });

  test.each([[["--explain", "alice"]], [["--explain", "alice", "team/app", "admin"]], [["a", "b", "c"]]])(
    "%j is wrong usage",
    async (words) => {
      expect((await config(words)).code).toBe(64);
    },
  );
});

describe("a bucket", () => {
  const bucket = (keys: string) => `version: 0.1\nstorage: {s3: {${keys}}}\n`;

  test("is shown without its secrets", async () => {
    const file = bucket("bucket: b, region: eu-west-1, accesskey: key, secretkey: hunter2, sessiontoken: hunter3");
    const { code, output } = await config(["FILE"], { file });
    expect([code, output.includes("storage.s3.bucket: b  #"), output.includes("hunter")]).toEqual([0, true, false]);
  });

  test("that cannot be meant is an error, without a request", async () => {
    expect(await config(["FILE"], { file: bucket("bucket: b") })).toMatchObject({
      ...{ code: 1, output: "", errors: "registry config: storage.s3.region is missing\n" },
    });
  });

  test("is tried with --probe, if there is one", async () => {
    const file = bucket("bucket: b, regionendpoint: 'http://127.0.0.1:1', accesskey: key, secretkey: hunter2");
    const tried = await config(["FILE", "--probe"], { file });
    const none = await config(["FILE", "--probe"]);
    expect([tried.code, tried.errors, none.code, none.errors]).toEqual([
      ...[
        1,
        expect.stringMatching(
          /^warning: .*regionendpoint: .*\nregistry config: the bucket b at 127\.0\.0\.1:1 cannot be reached/,
        ),
      ],
      ...[64, expect.stringContaining("there is no section storage.s3")],
    ]);
    expect((await config(["FILE", "--probe", "--json"], { file })).code).toBe(64);
  }, 60_000);

  test("with --probe, says where events wait that somebody is to hear of", async () => {
    await using served = await serveEngine();
    const file = `version: 0.1\nstorage: ${served.section("secure: false")}\n`;
    const silent = await config(["FILE", "--probe"], { file });
    const endpoint = "{name: ci, url: 'http://127.0.0.1:1/'}";
    const told = await config(["FILE", "--probe"], { file: `${file}notifications: {endpoints: [${endpoint}]}\n` });
    expect(
      [silent, told].map(({ code, output }) => [code, output.includes("events wait below notifications/")]),
    ).toEqual([
      [0, false],
      [0, true],
    ]);
  });
});
