// Debian's registry:2, and registry:3, believe the tokens of our token server: a second opinion on every field of them.
import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseSigningKeys } from "../../src/auth/signing-keys.ts";
import { type StartedRegistry, startRegistry } from "../e2e/executable.ts";
import { must } from "../e2e/program.ts";
import { type ForeignKind, foreignKinds, startForeign } from "../interchange/foreign-registry.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { formatJwks } from "./signed-token.ts";

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

/** The key that signs, as each of them is told whom to believe: registry:2 by a certificate, registry:3 by a JWKS. */
async function describeKey(
  kind: ForeignKind,
  { directory, data }: { readonly directory: string; readonly data: string },
) {
  const keys = parseSigningKeys(readFileSync(join(data, "auth/signing-keys.json"), "utf8"));
  const [key] = keys;
  if (kind === "registry-v3") {
    const jwks = join(directory, "jwks.json");
    writeFileSync(jwks, formatJwks(keys));
    return { jwks };
  }
  const [keyFile, rootcertbundle] = [join(directory, "key.pem"), join(directory, "bundle.pem")];
  writeFileSync(keyFile, key?.privateKey.export({ type: "pkcs8", format: "pem" }) ?? "", { mode: 0o600 });
  const subject = ["-subj", "/CN=tokens", "-days", "2"];
  await must(["openssl", "req", "-x509", "-new", "-key", keyFile, ...subject, "-out", rootcertbundle]);
  return { rootcertbundle };
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
  const key = await describeKey(kind, { directory: directory.path, data: ours.data });
  const token = { realm: `${ours.url}/auth/token`, service: "registry", issuer: "registry", ...key };
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
