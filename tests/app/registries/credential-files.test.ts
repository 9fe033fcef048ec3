import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { listAuthPaths, openUserCredentials } from "../../../src/app/registries/credential-files.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

test.each([
  [
    { HOME: "/home/a" },
    ["/home/a/.docker/config.json", "/run/containers/7/auth.json", "/home/a/.config/containers/auth.json"],
  ],
  [
    { HOME: "/home/a", DOCKER_CONFIG: "/d", XDG_RUNTIME_DIR: "/r", XDG_CONFIG_HOME: "/c" },
    ["/d/config.json", "/r/containers/auth.json", "/c/containers/auth.json"],
  ],
  [{ HOME: "/home/a", REGISTRY_AUTH_FILE: "/f" }, ["/f"]],
  [{ HOME: "" }, ["/run/containers/7/auth.json"]],
])("credentials of %p are in %p", (env, want) => {
  expect(listAuthPaths({ env, uid: 7 })).toEqual(want);
});

test("without a user there is no directory of the system's", () => {
  expect(listAuthPaths({ env: {}, uid: undefined })).toEqual([]);
});

const entry = (user: string) => ({ auth: btoa(`${user}:secret`) });

/** A home with these files; the user found for a registry, and what was warned of. */
async function find(files: Readonly<Record<string, string>>, host = "nas:5000", repository = "team/app") {
  using home = temporaryDirectory();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(home.path, path)), { recursive: true });
    writeFileSync(join(home.path, path), text, { mode: 0o755 });
  }
  const warnings: string[] = [];
  const env = {
    HOME: home.path,
    PATH: `${home.path}/bin:${process.env.PATH}`,
    XDG_RUNTIME_DIR: join(home.path, "run"),
  };
  const warn = (sentence: string) => void warnings.push(sentence.replaceAll(home.path, "~"));
  const credentials = openUserCredentials(host, { env, uid: undefined, warn });
  const [first, second] = [await credentials(repository), await credentials(repository)];
  expect(second).toEqual(first as never);
  return { user: first?.username, warnings };
}

const docker = ".docker/config.json";
const podman = "run/containers/auth.json";

test("the first file that knows the registry decides", async () => {
  const mine = JSON.stringify({ auths: { "nas:5000": entry("docker") } });
  const theirs = JSON.stringify({ auths: { "nas:5000": entry("podman"), "other:5000": entry("other") } });
  expect(await find({ [docker]: mine, [podman]: theirs })).toEqual({ user: "docker", warnings: [] });
  expect(await find({ [docker]: mine, [podman]: theirs }, "other:5000")).toEqual({ user: "other", warnings: [] });
  expect(await find({})).toEqual({ user: undefined, warnings: [] });
});

test("a helper is asked before the entries, and passed over with a warning where it cannot be asked", async () => {
  const helper = '#!/bin/sh\necho \'{"Username":"kept","Secret":"s"}\'\n';
  const file = JSON.stringify({ credsStore: "test", auths: { "nas:5000": entry("written") } });
  expect(await find({ [docker]: file, "bin/docker-credential-test": helper })).toEqual({ user: "kept", warnings: [] });
  expect(await find({ [docker]: file })).toEqual({
    user: "written",
    warnings: ["docker-credential-test, which ~/.docker/config.json names, is not installed; continuing without it"],
  });
});

test.each([
  ["{", "is not valid JSON"],
  [" ".repeat(2 ** 20 + 1), "is too large for a file with credentials"],
])("a file that cannot be used is passed over with a warning", async (text, problem) => {
  const { user, warnings } = await find(
    { [docker]: text, [podman]: JSON.stringify({ auths: { nas: entry("a") } }) },
    "nas",
  );
  expect([user, warnings]).toEqual(["a", [`~/.docker/config.json ${problem}; continuing without it`]]);
});

test("an empty file says nothing, and a directory in its place is named", async () => {
  expect(await find({ [docker]: "" })).toEqual({ user: undefined, warnings: [] });
  expect((await find({ [`${docker}/x`]: "" })).warnings).toEqual([
    "~/.docker/config.json is a directory, not a file; continuing without it",
  ]);
});
