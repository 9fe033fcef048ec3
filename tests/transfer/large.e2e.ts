// Large copies by the executable: in little memory, interrupted and gone on with, on a full disk, and of many images.
import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { executable, startRegistry } from "../e2e/executable.ts";
import { anonymousBytes, canReadMemory } from "../e2e/process-memory.ts";
import { environment, must, run, waitUntil } from "../e2e/program.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

const gibibyte = 1024 ** 3;
const mebibyte = 1024 ** 2;
const boundBytes = 128 * mebibyte;

/** A layout of one image, whose only layer has so many bytes. */
async function makeLargeLayout(directory: string, sizeBytes: number): Promise<void> {
  const blobs = join(directory, "blobs/sha256");
  mkdirSync(blobs, { recursive: true });
  const put = async (path: string) => {
    const [hex = ""] = (await must(["sha256sum", path])).split(" ");
    await must(["mv", path, join(blobs, hex)]);
    return { digest: `sha256:${hex}`, size: statSync(join(blobs, hex)).size };
  };
  const putJson = async (value: object) => {
    writeFileSync(join(directory, "json"), JSON.stringify(value));
    return await put(join(directory, "json"));
  };
  writeFileSync(join(directory, "layer"), "");
  truncateSync(join(directory, "layer"), sizeBytes);
  const layer = { mediaType: "application/vnd.oci.image.layer.v1.tar", ...(await put(join(directory, "layer"))) };
  const config = { mediaType: "application/vnd.oci.image.config.v1+json", ...(await putJson({ os: "linux" })) };
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const manifest = await putJson({ schemaVersion: 2, mediaType, config, layers: [layer] });
  const entry = { mediaType, ...manifest, annotations: { "org.opencontainers.image.ref.name": "v1" } };
  writeFileSync(join(directory, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [entry] }));
  writeFileSync(join(directory, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
}

/** Runs a command; the most memory that it held. */
async function measure(...words: string[]): Promise<number> {
  const child = Bun.spawn([executable, ...words], {
    env: environment(),
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  let most = 0;
  while (child.exitCode === null && child.signalCode === null) {
    try {
      most = Math.max(most, anonymousBytes(child.pid));
    } catch {
      // It has just ended.
    }
    await Bun.sleep(20);
  }
  expect([await child.stderr.text(), await child.exited]).toEqual([expect.any(String), 0]);
  return most;
}

if (canReadMemory()) {
  test("a blob of 2 GiB is copied, exported and imported in less than 128 MiB", async () => {
    using directory = temporaryDirectory();
    const at = (name: string) => join(directory.path, name);
    for (const name of ["data", "other"]) mkdirSync(at(name));
    await makeLargeLayout(at("layout"), 2 * gibibyte);
    const [data, other] = [
      ["--data", at("data")],
      ["--data", at("other")],
    ];
    const most: Record<string, number> = {};
    most["layout to store"] = await measure("cp", ...data, `oci:${at("layout")}:v1`, "app:v1");
    {
      await using registry = await startRegistry({ data: at("other"), args: ["--http"] });
      most["store to registry"] = await measure("cp", ...data, "app:v1", `127.0.0.1:${registry.port}/pushed:v1`);
      await must(["rm", "-rf", at("layout")]);
      most["registry to layout"] = await measure(
        "cp",
        `127.0.0.1:${registry.port}/pushed:v1`,
        `oci:${at("layout")}:v1`,
      );
    }
    await must(["rm", "-rf", at("layout"), at("other")]);
    most.export = await measure("export", ...data, "app:v1", "-o", at("app.tar"));
    mkdirSync(at("other"));
    most.import = await measure("import", ...other, at("app.tar"));
    console.log(
      Object.entries(most)
        .map(([what, bytes]) => `${what}: ${Math.round(bytes / mebibyte)} MiB`)
        .join(", "),
    );
    expect(Object.entries(most).filter(([, bytes]) => bytes > boundBytes)).toEqual([]);
  });
}

test("a copy that Ctrl-C or a kill ends is gone on with by the same command", async () => {
  using directory = temporaryDirectory();
  const at = (name: string) => join(directory.path, name);
  mkdirSync(at("data"));
  await makeLargeLayout(at("layout"), gibibyte / 2);
  for (const [to, signal, code] of [
    ["app:v1", "SIGINT", 130],
    [`oci:${at("copy")}:v1`, "SIGKILL", 137],
  ] as const) {
    const command = [executable, "cp", "--data", at("data"), `oci:${at("layout")}:v1`, to];
    const partial = to === "app:v1" ? at("data/proxy") : at("copy/.partial");
    const child = Bun.spawn(command, { env: environment(), stdout: "ignore", stderr: "pipe" });
    await waitUntil("half of it is there", async () => sizeBelow(partial) > 20 * mebibyte || child.exitCode !== null);
    child.kill(signal);
    await child.exited;
    // As a shell reports a signal.
    expect(child.exitCode ?? (child.signalCode === "SIGINT" ? 130 : 137)).toBe(code);
    if (signal === "SIGINT") expect(await child.stderr.text()).toContain("run the same command again to resume it");
    const leftBytes = sizeBelow(partial);
    expect(leftBytes).toBeGreaterThan(20 * mebibyte);
    const [, sent = "", , there = ""] =
      /sent \d+ blobs, ([\d.]+) (\wB); ([\d.]+) \wB were there/.exec(await must(command)) ?? [];
    expect(Number(sent) + Number(there)).toBeCloseTo(536.9, 0);
    expect(Number(there)).toBeGreaterThan(20);
  }
});

/** What lies in a directory, in bytes. */
function sizeBelow(directory: string): number {
  try {
    return readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
  } catch {
    return 0;
  }
}

test("1,000 images that share their layers are copied with each layer once", async () => {
  using directory = temporaryDirectory();
  const at = (name: string) => join(directory.path, name);
  for (const name of ["data", "other"]) mkdirSync(at(name));
  await makeLargeLayout(at("layout"), mebibyte);
  const { manifests } = JSON.parse(readFileSync(join(at("layout"), "index.json"), "utf8")) as {
    manifests: { digest: string }[];
  };
  const bytes = readFileSync(join(at("layout"), "blobs", (manifests[0]?.digest ?? "").replace(":", "/")), "utf8");
  const entries = [];
  for (let each = 0; each < 1000; each += 1) {
    const text = JSON.stringify({ ...JSON.parse(bytes), annotations: { each: `${each}` } });
    const hex = Bun.CryptoHasher.hash("sha256", text, "hex");
    writeFileSync(join(at("layout"), "blobs/sha256", hex), text);
    const annotations = { "org.opencontainers.image.ref.name": `v${each}` };
    entries.push({
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      digest: `sha256:${hex}`,
      size: text.length,
      annotations,
    });
  }
  writeFileSync(join(at("layout"), "index.json"), JSON.stringify({ schemaVersion: 2, manifests: entries }));
  const data = ["--data", at("data")];
  expect(await must([executable, "cp", ...data, `oci:${at("layout")}:*`, "app"])).toContain("sent 2 blobs, 1.0 MB; ");
  await using registry = await startRegistry({ data: at("other"), args: ["--http"] });
  const pushed = await must([executable, "cp", ...data, "app:*", `127.0.0.1:${registry.port}/far`]);
  expect(pushed).toContain("sent 2 blobs, 1.0 MB; ");
  const listed = (await (await registry.fetch("/v2/far/tags/list")).json()) as { tags: string[] };
  expect(listed.tags.length).toBe(1000);
  expect(await must([executable, "export", ...data, "app:*", "-o", at("all.tar")])).toContain(
    "1000 images, 2 blobs, 1.0 MB",
  );
});

test("a server keeps its mirrors up to date by itself", async () => {
  using directory = temporaryDirectory();
  const at = (name: string) => join(directory.path, name);
  for (const name of ["data", "other"]) mkdirSync(at(name));
  await makeLargeLayout(at("layout"), mebibyte);
  await must([executable, "cp", "--data", at("other"), `oci:${at("layout")}:v1`, "app"]);
  await using upstream = await startRegistry({ data: at("other"), args: ["--http"] });
  const sync = [{ from: `127.0.0.1:${upstream.port}/app`, to: "mirror/app" }];
  const http = { addr: "127.0.0.1:0" };
  writeFileSync(
    at("config.yml"),
    JSON.stringify({ version: 0.1, storage: { filesystem: { rootdirectory: at("data") } }, http, sync }),
  );
  await using server = await startRegistry({ data: at("data"), command: ["serve", at("config.yml")] });
  await waitUntil("the mirror is there", () => server.stderr().includes("brought a mirror up to date"));
  expect((await server.fetch("/v2/mirror/app/manifests/v1")).status).toBe(200);
  const again = await run([executable, "sync", at("config.yml")]);
  expect([again.code, again.stdout]).toEqual([0, `${sync[0]?.from}: 0 copied, 1 unchanged; 0 B\n`]);
});
