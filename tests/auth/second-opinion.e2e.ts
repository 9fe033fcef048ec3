// Debian's registry:2, and registry:3, believe the tokens of our token server: a second opinion on every field of them.
import { expect, test } from "bun:test";
import { createPrivateKey } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type StartedRegistry, startRegistry } from "../e2e/executable.ts";
import { must } from "../e2e/program.ts";
import { foreignKinds, startForeign } from "../interchange/foreign-registry.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

const password = "correct horse";

/** Our registry with one user, and everybody may pull what is below pub/. */
async function startOurs(directory: string): Promise<StartedRegistry> {
  const htpasswd = join(directory, "htpasswd");
  writeFileSync(htpasswd, `alice:${await Bun.password.hash(password, { algorithm: "bcrypt", cost: 4 })}\n`);
  const file = join(directory, "config.yml");
  const data = join(directory, "ours");
  const configuration = {
    version: 0.1,
    http: { addr: "127.0.0.1:0" },
    storage: { filesystem: { rootdirectory: data } },
    auth: { htpasswd: { realm: "test", path: htpasswd } },
    access: {
      anonymous: [{ repositories: ["pub/**"], actions: ["pull"] }],
      rules: [{ users: ["alice"], repositories: ["**"], actions: ["pull", "push"] }],
    },
  };
  writeFileSync(file, JSON.stringify(configuration));
  return await startRegistry({ data, args: [file] });
}

/** A certificate of the key that signs, which is how registry:2 is told whom to believe. */
async function makeBundle(directory: string, data: string): Promise<string> {
  const { keys } = JSON.parse(readFileSync(join(data, "auth/signing-keys.json"), "utf8"));
  const key = createPrivateKey({ key: keys.at(-1).key, format: "jwk" });
  const [keyFile, bundle] = [join(directory, "key.pem"), join(directory, "bundle.pem")];
  writeFileSync(keyFile, key.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  await must(["openssl", "req", "-x509", "-new", "-key", keyFile, "-subj", "/CN=tokens", "-days", "2", "-out", bundle]);
  return bundle;
}

const authorization = `Basic ${Buffer.from(`alice:${password}`).toString("base64")}`;

async function askToken(ours: StartedRegistry, scope: string, headers: Readonly<Record<string, string>>) {
  const query = new URLSearchParams({ service: "registry", scope });
  const response = await ours.fetch(`/auth/token?${query}`, { headers });
  return ((await response.json()) as { readonly token: string }).token;
}

test.each([...foreignKinds])("%s believes our tokens, for what they grant", async (kind) => {
  using directory = temporaryDirectory();
  await using ours = await startOurs(directory.path);
  const alice = await askToken(ours, "repository:team/app:pull,push", { Authorization: authorization });
  const nobody = await askToken(ours, "repository:team/app:pull repository:pub/app:pull,push", {});
  const rootcertbundle = await makeBundle(directory.path, ours.data);
  const token = { realm: `${ours.url}/auth/token`, service: "registry", issuer: "registry", rootcertbundle };
  await using foreign = await startForeign(kind, join(directory.path, "theirs"), { auth: { token } });
  const status = async (bearer: string | undefined, method: string, path: string) => {
    const headers: Record<string, string> = bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` };
    return (await foreign.fetch(path, { method, headers })).status;
  };
  const [manifest, uploads] = ["manifests/v1", "blobs/uploads/"];
  expect({
    ping: [await status(undefined, "GET", "/v2/"), await status(alice, "GET", "/v2/")],
    alicePushes: await status(alice, "POST", `/v2/team/app/${uploads}`),
    alicePulls: await status(alice, "GET", `/v2/team/app/${manifest}`),
    aliceElsewhere: await status(alice, "GET", `/v2/pub/app/${manifest}`),
    nobodyPulls: await status(nobody, "GET", `/v2/pub/app/${manifest}`),
    nobodyPushes: await status(nobody, "POST", `/v2/pub/app/${uploads}`),
    nobodyElsewhere: await status(nobody, "GET", `/v2/team/app/${manifest}`),
    forged: await status(`${alice.slice(0, -6)}AAAAAA`, "GET", `/v2/team/app/${manifest}`),
  }).toEqual({
    ping: [401, 200],
    alicePushes: 202,
    alicePulls: 404,
    aliceElsewhere: 401,
    nobodyPulls: 404,
    nobodyPushes: 401,
    nobodyElsewhere: 401,
    forged: 401,
  });
});
