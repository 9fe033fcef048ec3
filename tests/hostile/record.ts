// Records what real clients send to a registry with users, through a proxy that only listens, into recorded.json:
// `bun tests/hostile/record.ts`, with the executable built and the clients of .ci/run there.
import { mkdirSync, writeFileSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { must } from "../e2e/program.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { openHostileSite } from "./guarded.ts";
import { lengthOf } from "./raw-request.ts";
import { type Recorded, recordedUser } from "./recording.ts";

interface Exchange {
  readonly client: string;
  readonly request: string;
  answer: string;
}

/** Listens, passes everything on, and notes each request with what came back before the next one. */
function listen(port: number, seen: Exchange[], client: () => string): Promise<net.Server> {
  const server = net.createServer((near) => {
    const far = net.connect({ host: "127.0.0.1", port });
    let pending = "";
    let current: Exchange | undefined;
    near.on("data", (data) => {
      far.write(data);
      pending += data.toString("latin1");
      for (let length = lengthOf(pending); length !== undefined; length = lengthOf(pending)) {
        current = { client: client(), request: pending.slice(0, length), answer: "" };
        seen.push(current);
        pending = pending.slice(length);
      }
    });
    far.on("data", (data) => {
      near.write(data);
      if (current !== undefined) current.answer += data.toString("latin1");
    });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on("close", () => other.destroy());
      one.on("error", () => other.destroy());
    }
  });
  const { promise, resolve } = Promise.withResolvers<net.Server>();
  server.listen(0, "127.0.0.1", () => resolve(server));
  return promise;
}

/** The commands of a program that knows the user, in a directory of its own. */
async function runClients(host: string, home: string, become: (client: string) => void): Promise<void> {
  const { name, password } = recordedUser;
  const env = { HOME: home, DOCKER_CONFIG: home, REGISTRY_AUTH_FILE: join(home, "config.json") };
  const auths = { [host]: { auth: Buffer.from(`${name}:${password}`).toString("base64") } };
  writeFileSync(join(home, "config.json"), JSON.stringify({ auths }));
  mkdirSync(join(home, "layer"));
  writeFileSync(join(home, "layer/file"), "a small file\n");
  writeFileSync(join(home, "blob"), "some bytes of a blob\n");
  await must([
    "tar",
    "-C",
    join(home, "layer"),
    "--mtime=@0",
    "--owner=0",
    "--group=0",
    "-cf",
    join(home, "layer.tar"),
    ".",
  ]);
  const as =
    (client: string) =>
    (...args: readonly string[]) => {
      become(client);
      return must([client, ...args], { cwd: home, env });
    };
  const [crane, oras, skopeo, curl] = [as("crane"), as("oras"), as("skopeo"), as("curl")];
  await crane("append", "--oci-empty-base", "-f", "layer.tar", "-t", `${host}/pub/app:1`);
  await crane("copy", `${host}/pub/app:1`, `${host}/team/app:1`);
  await crane("tag", `${host}/team/app:1`, "stable");
  await crane("pull", `${host}/team/app:stable`, "pulled.tar");
  await crane("ls", `${host}/team/app`);
  await crane("catalog", host);
  const flags = ["--tls-verify=false"] as const;
  await skopeo("copy", "--src-tls-verify=false", `docker://${host}/pub/app:1`, "oci:layout:1");
  await skopeo("copy", "--dest-tls-verify=false", "oci:layout:1", `docker://${host}/pub/copy:2`);
  await skopeo("inspect", ...flags, `docker://${host}/pub/copy:2`);
  await oras(
    "push",
    "--plain-http",
    "--artifact-type",
    "application/x.test",
    `${host}/team/artifact:1`,
    "blob:text/plain",
  );
  await oras(
    "attach",
    "--plain-http",
    "--artifact-type",
    "application/x.sbom",
    `${host}/team/artifact:1`,
    "blob:text/plain",
  );
  await oras("discover", "--plain-http", `${host}/team/artifact:1`);
  await oras("blob", "push", "--plain-http", `${host}/team/blobs`, "blob");
  await skopeo("delete", ...flags, `docker://${host}/pub/copy:2`);
  await runCurl(curl, host, home);
}

/** What those programs do not send: ranges, chunks in order, the state of an upload, and the forms of OAuth 2. */
async function runCurl(
  curl: (...args: readonly string[]) => Promise<string>,
  host: string,
  home: string,
): Promise<void> {
  const { name, password } = recordedUser;
  const user = ["-sS", "-u", `${name}:${password}`] as const;
  const digest = `sha256:${new Bun.CryptoHasher("sha256").update("some bytes of a blob\n").digest("hex")}`;
  const url = `http://${host}`;
  const blobs = `${url}/v2/team/blobs/blobs`;
  const open = async (query = "") =>
    `${url}${/^location: (\S+)/im.exec(await curl(...user, "-i", "-X", "POST", `${blobs}/uploads/${query}`))?.[1]}`;
  for (const path of ["/", "/v2/", "/v2/_catalog?n=2&last=pub/app", "/v2/team/app/tags/list?n=1", "/nowhere"]) {
    await curl(...user, `${url}${path}`);
  }
  await curl("-sS", `${url}/v2/pub/app/manifests/1`);
  await curl(...user, "-r", "5-9", `${blobs}/${digest}`);
  await curl(...user, "-I", "-H", `If-None-Match: "${digest}"`, `${blobs}/${digest}`);
  await curl(...user, "-X", "OPTIONS", `${blobs}/${digest}`);
  await curl(...user, `${url}/v2/team/artifact/referrers/${digest}?artifactType=application%2Fx.sbom`);
  const chunked = await open();
  await curl(...user, "-X", "PATCH", "-H", "Content-Range: 0-9", "--data-binary", "some bytes", chunked);
  await curl(...user, chunked);
  const rest = ["-H", "Content-Range: 10-20", "--data-binary", " of a blob\n"];
  await curl(...user, "-X", "PUT", ...rest, `${chunked}&digest=${digest}`);
  const streamed = await open("?digest-algorithm=sha256");
  const stream = ["-H", "Transfer-Encoding: chunked", "-H", "Expect:", "-T", join(home, "blob")];
  await curl(...user, "-X", "PATCH", ...stream, streamed);
  await curl(...user, "-X", "DELETE", streamed);
  const whole = ["-H", "Content-Type: application/octet-stream", "--data-binary", `@${join(home, "blob")}`];
  await curl(...user, "-X", "POST", ...whole, `${blobs}/uploads/?digest=${digest}`);
  await curl(...user, "-X", "POST", `${url}/v2/team/app/blobs/uploads/?mount=${digest}&from=team/blobs`);
  await curl(...user, "-X", "DELETE", `${blobs}/${digest}`);
  await curl(...user, `${url}/auth/token?service=registry&scope=repository:team/app:pull,push&offline_token=true`);
  const form = { service: "registry", client_id: "docker", scope: "repository:team/app:pull" };
  const login = new URLSearchParams({
    ...form,
    grant_type: "password",
    username: name,
    password,
    access_type: "offline",
  });
  const { refresh_token } = JSON.parse(await curl("-sS", "-d", `${login}`, `${url}/auth/token`));
  const refresh = new URLSearchParams({ ...form, grant_type: "refresh_token", refresh_token });
  await curl("-sS", "-d", `${refresh}`, `${url}/auth/token`);
}

/** Puts names where another run has other values. */
function nameValues(seen: readonly Exchange[], host: string): readonly Recorded[] {
  const sessions = new Map<string, number>();
  return seen.map(({ client, request, answer }) => {
    const opened = /^docker-upload-uuid: (\S+)/im.exec(answer)?.[1];
    const opens = opened !== undefined && !sessions.has(opened) ? sessions.size + 1 : undefined;
    if (opens !== undefined && opened !== undefined) sessions.set(opened, opens);
    let text = request
      .replaceAll(host, "localhost:5000")
      .replaceAll(encodeURIComponent(host), "localhost%3A5000")
      .replaceAll(/Bearer \S+/gi, "Bearer {token}")
      .replaceAll(/refresh_token=[^&]{40,}/g, "refresh_token={refresh}");
    for (const [id, number] of sessions) text = text.replaceAll(id, `{session-${number}}`);
    const status = Number(/^HTTP\/1\.1 (?:100 [\s\S]*?HTTP\/1\.1 )?(\d+)/.exec(answer)?.[1]);
    return { client, request: text, status, ...(opens === undefined ? {} : { opens }) };
  });
}

async function record(): Promise<void> {
  await using site = await openHostileSite(true);
  using home = temporaryDirectory();
  const seen: Exchange[] = [];
  let client = "";
  const server = await listen(site.registry.port, seen, () => client);
  const host = `localhost:${(server.address() as net.AddressInfo).port}`;
  await runClients(host, home.path, (name) => {
    client = name;
  });
  server.close();
  writeFileSync(join(import.meta.dir, "recorded.json"), `${JSON.stringify(nameValues(seen, host), undefined, 2)}\n`);
  console.log(`${seen.length} requests`);
}

await record();
// Clients may have left connections open.
process.exit();
