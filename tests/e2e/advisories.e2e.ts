// What has opened other registries, tried on this one. docs/advisories.md lists every advisory, with the tests that show
// why it does not apply here; these are the ones that are seen best from outside.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../temporary-directory.ts";
import { type StartedRegistry, startRegistry } from "./executable.ts";
import { digestOf, openUpload, postBlob, pushImage } from "./image.ts";

const hash = await Bun.password.hash("secret", { algorithm: "bcrypt", cost: 4 });
const basic = (name: string, password = "secret") => `Basic ${btoa(`${name}:${password}`)}`;
const blob = new TextEncoder().encode("<script>alert(1)</script>");
const digest = digestOf(blob);
const large = new Uint8Array(5 * 1024 * 1024).fill(32);

const directory = temporaryDirectory();
const at = (name: string) => join(directory.path, name);
let registry: StartedRegistry;

/** The registry as somebody sees it, with these headers on every request. */
function seenBy(headers: Readonly<Record<string, string>>): StartedRegistry {
  const fetch: StartedRegistry["fetch"] = (path, init = {}) =>
    registry.fetch(path, { redirect: "manual", ...init, headers: { ...headers, ...init.headers } });
  return { ...registry, fetch };
}

const alice = () => seenBy({ Authorization: basic("alice") });
const bob = () => seenBy({ Authorization: basic("bob") });
const nobody = () => seenBy({});

async function status(somebody: StartedRegistry, method: string, path: string, init: RequestInit = {}) {
  return (await somebody.fetch(path, { method, ...init })).status;
}

/** What an answer says, without what differs in every one. */
async function said(somebody: StartedRegistry, path: string) {
  const response = await somebody.fetch(path);
  return [response.status, response.headers.get("www-authenticate"), await response.text()];
}

async function anonymousToken(scope: string): Promise<StartedRegistry> {
  const response = await registry.fetch(`/auth/token?service=registry&scope=${scope}`);
  const { token } = (await response.json()) as { readonly token: string };
  return seenBy({ Authorization: `Bearer ${token}` });
}

function writeUsers(...names: readonly string[]): void {
  writeFileSync(at("users"), names.map((name) => `${name}:${hash}\n`).join(""));
}

beforeAll(async () => {
  mkdirSync(at("data"));
  writeUsers("alice", "bob", "carol");
  const team = ["team/**", "a_b/**"];
  const configuration = {
    version: 0.1,
    storage: { filesystem: { rootdirectory: at("data") }, delete: { enabled: true } },
    validation: { manifests: { urls: { allow: ["."] } } },
    auth: { htpasswd: { path: at("users") } },
    access: {
      anonymous: [{ repositories: ["pub/**"], actions: ["pull"] }],
      rules: [
        { users: ["alice"], repositories: ["**"], actions: ["pull", "push", "delete"] },
        { users: ["bob", "carol"], repositories: team, actions: ["pull", "push"] },
      ],
    },
  };
  writeFileSync(at("config.yml"), JSON.stringify(configuration));
  registry = await startRegistry({ data: at("data"), args: [at("config.yml")] });
  for (const name of ["team/app", "pub/app", "secret/app", "team2/app"]) await pushImage(alice(), name, { tag: "v1" });
  for (const name of ["secret/app", "secret/twin"]) await postBlob(alice(), name, blob);
  await postBlob(alice(), "secret/app", large);
});

afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  directory[Symbol.dispose]();
});

const imageType = "application/vnd.oci.image.manifest.v1+json";
const put = (type: string, body: string | Uint8Array<ArrayBuffer>) =>
  status(alice(), "PUT", "/v2/team/app/manifests/v2", { headers: { "Content-Type": type }, body });
const ofBoth = `{"schemaVersion":2,"mediaType":"${imageType}","config":{},"layers":[],"manifests":[]}`;
const uploads = "blobs/uploads/";

test.each<[string, () => Promise<unknown>, unknown]>([
  ["CVE-2017-11468: a manifest beyond the limit is not read", () => put(imageType, large), 413],
  [
    "CVE-2017-11468: a large blob is no manifest",
    () => status(alice(), "GET", `/v2/secret/app/manifests/${digestOf(large)}`),
    404,
  ],
  ["CVE-2021-41190: what is both image and index is refused", () => put(imageType, ofBoth), 400],
  ["CVE-2023-2253: a page of a billion is refused", () => status(alice(), "GET", "/v2/_catalog?n=1000000000"), 400],
  [
    "CVE-2026-35172: a blob deleted in one repository stays away, although another one has it",
    async () => [
      await status(alice(), "GET", `/v2/secret/app/blobs/${digest}`),
      await status(alice(), "DELETE", `/v2/secret/app/blobs/${digest}`),
      await status(alice(), "GET", `/v2/secret/twin/blobs/${digest}`),
      await status(alice(), "GET", `/v2/secret/app/blobs/${digest}`),
    ],
    [200, 202, 200, 404],
  ],
  [
    "CVE-2024-39897, CVE-2026-28740: a blob is in the repositories that link it alone, and is mounted from what may be pulled",
    async () => [
      await status(bob(), "HEAD", `/v2/team/app/blobs/${digest}`),
      await status(bob(), "POST", `/v2/team/app/${uploads}?mount=${digest}`),
      await status(bob(), "POST", `/v2/team/app/${uploads}?mount=${digest}&from=secret/twin`),
    ],
    [404, 202, 202],
  ],
  [
    "CVE-2025-23208: who is taken out of the file of users is out",
    async () => {
      const carol = seenBy({ Authorization: basic("carol") });
      const before = await status(carol, "GET", "/v2/");
      writeUsers("alice", "bob");
      return [before, await status(carol, "GET", "/v2/")];
    },
    [200, 401],
  ],
  [
    "CVE-2019-19030: absent and forbidden are one answer",
    async () => {
      const answers = ["secret/app", "secret/none"].map(async (name) =>
        JSON.stringify(await said(bob(), `/v2/${name}/manifests/v1`)).replaceAll(name, "NAME"),
      );
      const [there, absent] = await Promise.all(answers);
      return [there?.startsWith("[403,"), there === absent];
    },
    [true, true],
  ],
  [
    "CVE-2020-29662: no spelling of the catalog shows more",
    async () => {
      const paths = ["_catalog", "%5Fcatalog", "_catalog/", "/_catalog", "./_catalog", "x/../_catalog", "_catalog?n=9"];
      const texts = await Promise.all(paths.map(async (path) => (await nobody().fetch(`/v2/${path}`)).text()));
      return texts.filter((text) => /secret|team/.test(text));
    },
    [],
  ],
  [
    "CVE-2026-32589: an upload session is its user's, in its repository",
    async () => {
      const session = new URL(await openUpload(alice(), "team/app"), registry.url).pathname;
      const elsewhere = session.replace("team/app", "team/other");
      const methods = ["GET", "PATCH", "PUT", "DELETE"];
      const tried = methods.flatMap((method) => [
        status(bob(), method, `${session}?digest=${digest}`),
        status(alice(), method, `${elsewhere}?digest=${digest}`),
      ]);
      return [new Set(await Promise.all(tried)), await status(alice(), "GET", session)];
    },
    [new Set([404]), 204],
  ],
  [
    "CVE-2026-110697: prefixes and underscores are letters",
    async () => [
      await status(bob(), "GET", "/v2/team2/app/tags/list"),
      await status(bob(), "POST", `/v2/axb/app/${uploads}`),
      await status(bob(), "POST", `/v2/a_b/app/${uploads}`),
    ],
    [403, 403, 202],
  ],
  [
    "CVE-2026-27771, CVE-2026-123710: a token for nobody gives no right to anything that is not public",
    async () => {
      const ghost = await anonymousToken("repository:team/app:pull,push,delete");
      const paths = ["manifests/v1", "tags/list", `blobs/${digest}`, `referrers/${digest}`];
      const pulls = await Promise.all(paths.map((path) => status(ghost, "GET", `/v2/team/app/${path}`)));
      return [...pulls, await status(ghost, "POST", `/v2/team/app/${uploads}`)];
    },
    [401, 401, 401, 401, 401],
  ],
  [
    "CVE-2025-68944, CVE-2026-56443: a token without a scope is for nothing, and one for a repository for no other",
    async () => [
      await status(await anonymousToken(""), "GET", "/v2/pub/app/manifests/v1"),
      await status(await anonymousToken("repository:pub/other:pull"), "GET", "/v2/pub/app/manifests/v1"),
      await status(await anonymousToken("repository:pub/app:pull"), "GET", "/v2/pub/app/manifests/v1"),
    ],
    [401, 401, 200],
  ],
  [
    "CVE-2026-20896: who the caller is, no header but Authorization says",
    async () => {
      const names = ["X-Forwarded-User", "X-WebAuth-User", "Remote-User", "X-Remote-User", "X-Forwarded-Email"];
      return new Set(
        await Promise.all(names.map((name) => status(seenBy({ [name]: "alice" }), "GET", "/v2/team/app/tags/list"))),
      );
    },
    new Set([401]),
  ],
  [
    "CVE-2026-50151: clients are sent nowhere else, whatever the headers say",
    async () => {
      const headers = { "X-Forwarded-Host": "evil.example", Forwarded: "host=evil.example", Host: "evil.example" };
      const answer = await seenBy({ Authorization: basic("alice"), ...headers }).fetch(`/v2/team/app/${uploads}`, {
        method: "POST",
      });
      const forwarded = { "X-Forwarded-Host": "evil.example", Forwarded: "host=evil.example" };
      const challenge = (await seenBy(forwarded).fetch("/v2/")).headers.get("www-authenticate");
      return [answer.headers.get("location")?.startsWith("/v2/team/app/"), challenge?.includes("evil")];
    },
    [true, false],
  ],
  [
    "CVE-2024-4956: no path leads to a file",
    async () => {
      const paths = [
        "/%2F%2F..%2Fetc%2Fpasswd",
        "/v2/%2e%2e/%2e%2e/etc/passwd",
        "/v2/team/app/blobs/..%2F..%2Fetc%2Fpasswd",
      ];
      const answers = await Promise.all(
        [...paths, "/auth/signing-keys.json", "/users"].map((path) => said(alice(), path)),
      );
      return answers.filter(([code, , text]) => code === 200 || String(text).includes("root:"));
    },
    [],
  ],
  [
    "CVE-2019-3990, CVE-2025-69413: a wrong password and an unknown user are one answer",
    async () => {
      const [wrong, unknown] = await Promise.all(
        ["alice", "eve"].map((name) => said(seenBy({ Authorization: basic(name, "wrong") }), "/v2/")),
      );
      return [wrong?.[0], Bun.deepEquals(wrong, unknown)];
    },
    [401, true],
  ],
  [
    "CVE-2020-13354: a name that never ends is refused at once",
    () => status(alice(), "GET", `/v2/${"a-".repeat(3000)}!/tags/list`),
    400,
  ],
  [
    "CVE-2024-28180: an encrypted token is none",
    () => status(seenBy({ Authorization: `Bearer eyJhbGciOiJkaXIifQ${".AAAA".repeat(4)}` }), "GET", "/v2/"),
    401,
  ],
  [
    "CVE-2023-3384: what a client has stored is never a page",
    async () => {
      const { status: code, headers } = await alice().fetch(`/v2/secret/twin/blobs/${digest}`);
      return [code, headers.get("content-type"), headers.get("x-content-type-options")];
    },
    [200, "application/octet-stream", "nosniff"],
  ],
  [
    "CVE-2021-3762: what a manifest names by a URL is not fetched",
    async () => {
      const asked: string[] = [];
      const answer = ({ url }: Request) => {
        asked.push(url);
        return new Response(blob);
      };
      using elsewhere = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: answer });
      const foreign = { mediaType: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", size: 25 };
      const layer = { ...foreign, digest, urls: [`${elsewhere.url}layer`] };
      const config = { mediaType: "application/vnd.oci.image.config.v1+json", digest, size: blob.length };
      const body = JSON.stringify({ schemaVersion: 2, mediaType: imageType, config, layers: [layer] });
      const headers = { "Content-Type": imageType };
      const path = "/v2/secret/twin/manifests/v1";
      return [await status(alice(), "PUT", path, { headers, body }), await status(alice(), "GET", path), asked];
    },
    [201, 200, []],
  ],
  [
    "CVE-2026-4404: there is no user that nobody has made, and no password by default",
    async () => {
      const names = ["admin", "root", "docker", "registry"];
      const passwords = ["", "admin", "Harbor12345", "password", "registry"];
      const pairs = names.flatMap((name) => passwords.map((password) => basic(name, password)));
      const tried = pairs.map((Authorization) => status(seenBy({ Authorization }), "GET", "/v2/"));
      // Behind so many failures there may be a pause for guesses.
      return (await Promise.all(tried)).filter((code) => code !== 401 && code !== 429);
    },
    [],
  ],
])("%s", async (_what, attempt, want) => {
  expect(await attempt()).toEqual(want);
});
