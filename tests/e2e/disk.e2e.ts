// What a registry does when its disk is full, read-only or broken: it says so, loses nothing and goes on serving.
import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { executable, type StartedRegistry, startRegistry } from "./executable.ts";
import { digestOf, openUpload, postBlob, pullImage, pushImage, putManifest, refusalOf, withDigest } from "./image.ts";
import { environment, requireProgram, requireRoot, waitUntil } from "./program.ts";
import { makeSmallDisk } from "./small-disk.ts";
import { makeThinDisk } from "./thin-disk.ts";

const canMount = [requireRoot(), requireProgram("mkfs.ext4", "e2fsprogs")].every(Boolean);
const canTrace = [requireRoot(), requireProgram("strace", "strace")].every(Boolean);

describe.skipIf(!canMount).each(["ext4", "tmpfs"] as const)("on %s", (kind) => {
  test("a full disk refuses pushes with 507, and pulls go on; pushes work again when there is space", async () => {
    await using disk = await makeSmallDisk(kind);
    await using registry = await startRegistry({ data: disk.data });
    await pushImage(registry, "kept");
    const begun = await openUpload(registry, "begun");
    const config = new TextEncoder().encode("{}");
    const layer = new Uint8Array(randomBytes(1000));
    for (const blob of [config, layer]) expect((await postBlob(registry, "full", blob)).status).toBe(201);
    await disk.fill();

    const large = new Uint8Array(randomBytes(5_000_000));
    const answers = {
      blob: await refusalOf(await postBlob(registry, "full", large)),
      chunk: await refusalOf(await registry.fetch(begun, { method: "PATCH", body: large })),
      last: await refusalOf(await registry.fetch(withDigest(begun, digestOf(large)), { method: "PUT", body: large })),
      manifest: await refusalOf(await putManifest(registry, "full", { tag: "1", config, layer })),
    };
    const full = { status: 507, code: "UNAVAILABLE" };
    expect(answers).toEqual({ blob: full, chunk: full, last: full, manifest: full });
    expect(disk.temporaryFiles()).toEqual([]);
    expect((await registry.fetch(`/v2/full/blobs/${digestOf(large)}`)).status).toBe(404);
    expect((await registry.fetch("/v2/full/manifests/1")).status).toBe(404);
    await pullImage(registry, "kept");

    disk.free();
    await pushImage(registry, "full");
    await pullImage(registry, "full");
    expect(await registry.stop()).toBe(0);
  });

  test("a full disk fails a large upload in the middle, and the session can be cancelled", async () => {
    await using disk = await makeSmallDisk(kind);
    await using registry = await startRegistry({ data: disk.data });
    await pushImage(registry, "kept");
    const location = await openUpload(registry, "large");
    const large = new Uint8Array(randomBytes(80 * 1024 * 1024));
    expect(await refusalOf(await registry.fetch(location, { method: "PATCH", body: large }))).toEqual({
      status: 507,
      code: "UNAVAILABLE",
    });
    await pullImage(registry, "kept");
    expect((await registry.fetch(location, { method: "DELETE" })).status).toBe(204);
    await pushImage(registry, "large");
    await pullImage(registry, "large");
  });

  test("a read-only disk refuses writes with 503, and pulls go on, also after a restart", async () => {
    await using disk = await makeSmallDisk(kind);
    {
      await using registry = await startRegistry({ data: disk.data });
      await pushImage(registry, "kept");
      await disk.remount("ro");
      await expectReadOnly(registry);
      expect(await registry.stop()).toBe(0);
    }
    {
      await using restarted = await startRegistry({ data: disk.data });
      await expectReadOnly(restarted);
      await waitUntil("the log tells of it", () => restarted.stderr().includes("read-only"));
      await disk.remount("rw");
      await pushImage(restarted, "later");
      expect(await restarted.stop()).toBe(0);
    }
  });
});

describe.skipIf(!canMount)("on a thin disk without room behind it", () => {
  test("an upload that could not be written back is over, also when there is room again", async () => {
    await using disk = await makeThinDisk(40);
    const large = new Uint8Array(randomBytes(60 * 1024 * 1024));
    {
      await using registry = await startRegistry({ data: disk.data });
      await pushImage(registry, "kept");
      const location = await openUpload(registry, "large");
      expect((await registry.fetch(location, { method: "PATCH", body: large })).status).toBe(202);
      const finish = () => registry.fetch(withDigest(location, digestOf(large)), { method: "PUT" });
      const { status, code } = await refusalOf(await finish());
      expect([[503, 507].includes(status), code]).toEqual([true, "UNAVAILABLE"]);

      await disk.grow();
      expect(await refusalOf(await finish())).toEqual({ status: 404, code: "BLOB_UPLOAD_UNKNOWN" });
      expect(await refusalOf(await registry.fetch(location))).toEqual({ status: 404, code: "BLOB_UPLOAD_UNKNOWN" });
      expect((await registry.fetch(`/v2/large/blobs/${digestOf(large)}`)).status).toBe(404);
      expect((await postBlob(registry, "large", large)).status).toBe(201);
      expect(await registry.stop()).toBe(0);
    }
    await disk.mountAgain();
    await using restarted = await startRegistry({ data: disk.data });
    await pullImage(restarted, "kept");
    const served = await restarted.fetch(`/v2/large/blobs/${digestOf(large)}`);
    expect(digestOf(new Uint8Array(await served.arrayBuffer()))).toBe(digestOf(large));
  });
});

describe.skipIf(!canTrace)("with a disk that fails to sync", () => {
  test("pushes are refused with 503, nothing is published, and the server goes on", async () => {
    await using registry = await startRegistry();
    await pushImage(registry, "kept", { tag: "1" });
    const config = new TextEncoder().encode("{}");
    const layer = new Uint8Array(randomBytes(1000));
    for (const blob of [config, layer]) expect((await postBlob(registry, "kept", blob)).status).toBe(201);
    const before = (await registry.fetch("/v2/kept/manifests/1")).headers.get("docker-content-digest");
    const lost = new Uint8Array(randomBytes(3_000_000));
    {
      await using _fault = await failSync(registry.pid);
      const broken = { status: 503, code: "UNAVAILABLE" };
      expect(await refusalOf(await postBlob(registry, "kept", lost))).toEqual(broken);
      expect(await refusalOf(await putManifest(registry, "kept", { tag: "1", config, layer }))).toEqual(broken);
      expect((await registry.fetch(`/v2/kept/blobs/${digestOf(lost)}`)).status).toBe(404);
      await pullImage(registry, "kept", "1");
    }
    const after = (await registry.fetch("/v2/kept/manifests/1")).headers.get("docker-content-digest");
    expect(after).toBe(before);
    expect((await postBlob(registry, "kept", lost)).status).toBe(201);
    await pushImage(registry, "kept", { tag: "2" });
    await pullImage(registry, "kept", "2");
    expect(await registry.stop()).toBe(0);
  });
});

async function expectReadOnly(registry: StartedRegistry): Promise<void> {
  const readOnly = { status: 503, code: "UNAVAILABLE" };
  const bytes = new Uint8Array(randomBytes(1000));
  const answers = {
    blob: await refusalOf(await postBlob(registry, "kept", bytes)),
    upload: await refusalOf(await registry.fetch("/v2/kept/blobs/uploads/", { method: "POST" })),
    deletion: await refusalOf(await registry.fetch("/v2/kept/manifests/latest", { method: "DELETE" })),
  };
  expect(answers).toEqual({ blob: readOnly, upload: readOnly, deletion: readOnly });
  await pullImage(registry, "kept");
  expect(await (await registry.fetch("/v2/kept/tags/list")).json()).toEqual({ name: "kept", tags: ["latest"] });
}

/** Makes every fsync of a process fail until disposal. */
async function failSync(pid: number): Promise<AsyncDisposable> {
  const calls = "fsync,fdatasync";
  const child = Bun.spawn(
    ["strace", "-f", "-p", String(pid), "-o", "/dev/null", "-e", `trace=${calls}`, `--inject=${calls}:error=EIO`],
    { env: environment(), stdin: "ignore", stdout: "ignore", stderr: "pipe" },
  );
  let text = "";
  const reading = (async () => {
    for await (const chunk of child.stderr) text += new TextDecoder().decode(chunk);
  })();
  await waitUntil(`strace holds ${executable}`, () => {
    if (child.exitCode !== null) throw new Error(`strace ended with ${child.exitCode}\n${text}`);
    return text.includes(" attached");
  });
  return {
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGINT");
      await child.exited;
      await reading;
    },
  };
}
