// Copies with other tools and registries as the other side, by the executable.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { makeLayout, readLayout } from "../clients/layout.ts";
import { startEngine } from "../e2e/docker-engine.ts";
import { executable, startRegistry } from "../e2e/executable.ts";
import { must, requireGoProgram, requireProgram, requireRoot } from "../e2e/program.ts";
import { foreignKinds, startForeign } from "../interchange/foreign-registry.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

/** A store with an image for two platforms, and a place for what is made of it. */
async function stocked() {
  const directory = temporaryDirectory();
  const at = (name: string) => join(directory.path, name);
  await must(["mkdir", at("data"), at("other")]);
  const layout = await makeLayout(at("made"));
  const registry = (...words: string[]) => must([executable, ...words]);
  await registry("cp", "--data", at("data"), `oci:${layout.path}:multi`, "team/app:1");
  return {
    at,
    layout,
    registry,
    data: ["--data", at("data")],
    other: ["--data", at("other")],
    [Symbol.dispose]: () => directory[Symbol.dispose](),
  };
}

async function skopeoDigest(place: string): Promise<string> {
  return (
    await must(["skopeo", "inspect", "--format={{.Digest}}", "--override-arch=amd64", "--tls-verify=false", place])
  ).trim();
}

describe.each(foreignKinds)("%s", (kind) => {
  test("takes copies, mounts, and gives them back under the same digests", async () => {
    using store = await stocked();
    await must(["mkdir", store.at("foreign")]);
    await using foreign = await startForeign(kind, store.at("foreign"));
    const { host } = foreign;
    await store.registry("cp", ...store.data, "team/app:1", `${host}/copy`);
    expect((await must(["crane", "digest", "--insecure", `${host}/copy:1`])).trim()).toBe(store.layout.index);
    expect(await store.registry("cp", `${host}/copy:1`, `${host}/mounted:2`)).toContain("sent 0 blobs, 0 B");
    await must(["crane", "validate", "--insecure", "--remote", `${host}/mounted:2`]);
    await store.registry("cp", ...store.other, `${host}/mounted:2`, "back");
    await store.registry("cp", ...store.other, "back:2", `oci:${store.at("layout")}:2`);
    expect([...(await readLayout(store.at("layout"), "2"))].sort()).toEqual([...store.layout.digests].sort());
    expect(await store.registry("cp", ...store.other, "back:2", `${host}/copy:1`)).toContain("sent 0 blobs, 0 B");
  });
});

if (requireProgram("skopeo", "skopeo") && requireProgram("umoci", "umoci") && requireGoProgram("crane")) {
  test("skopeo, umoci, crane and tar read what is exported", async () => {
    using store = await stocked();
    const tar = store.at("all.tar");
    await store.registry("export", ...store.data, "team/app:1", "-o", tar);
    expect(await skopeoDigest(`oci-archive:${tar}:team/app:1`)).toMatch(/^sha256:/);
    await must(["skopeo", "copy", "--all", `oci-archive:${tar}:team/app:1`, `oci:${store.at("copied")}:1`]);
    expect([...(await readLayout(store.at("copied"), "1"))].sort()).toEqual([...store.layout.digests].sort());
    await store.registry("cp", ...store.data, "team/app:1", `oci:${store.at("layout")}:1`, "--platform", "linux/amd64");
    expect(await must(["umoci", "list", "--layout", store.at("layout")])).toBe("1\n");
    await must(["umoci", "unpack", "--rootless", "--image", `${store.at("layout")}:1`, store.at("bundle")]);
    await must(["umoci", "tag", "--image", `${store.at("layout")}:1`, "2"]);
    await store.registry("cp", ...store.other, `oci:${store.at("layout")}:2`, "from-umoci");
  });

  test("what skopeo writes as an archive of docker is taken in, and the other way round", async () => {
    using store = await stocked();
    const saved = `docker-archive:${store.at("saved.tar")}`;
    await must(["skopeo", "copy", "--override-arch=amd64", `oci:${store.layout.path}:multi`, `${saved}:team/old:1`]);
    expect(await store.registry("import", ...store.other, store.at("saved.tar"))).toContain("team/old:1 -> team/old");
    await store.registry("cp", ...store.other, `${saved}:team/old:1`, `oci:${store.at("old")}:1`);
    await must(["skopeo", "inspect", `oci:${store.at("old")}:1`]);
    await store.registry(
      "export",
      ...store.data,
      "team/app:1",
      "--docker",
      "--platform",
      "linux/amd64",
      "-o",
      store.at("docker.tar"),
    );
    await must(["skopeo", "inspect", `docker-archive:${store.at("docker.tar")}:team/app:1`]);
  });
}

if (requireProgram("podman", "podman")) {
  test("podman loads what is exported, and what it saves is taken in", async () => {
    using store = await stocked();
    const podman = ["podman", "--storage-driver=vfs", `--root=${store.at("store")}`, `--runroot=${store.at("run")}`];
    await store.registry(
      "export",
      ...store.data,
      "team/app:1",
      "--docker",
      "--platform",
      "linux/amd64",
      "-o",
      store.at("docker.tar"),
    );
    expect(await must([...podman, "load", "-i", store.at("docker.tar")])).toContain("team/app:1");
    await must([...podman, "save", "-o", store.at("podman.tar"), "team/app:1"]);
    expect(await store.registry("import", ...store.other, store.at("podman.tar"))).toContain("-> team/app");
    await must([...podman, "save", "--format=oci-archive", "-o", store.at("podman-oci.tar"), "team/app:1"]);
    await store.registry("import", ...store.other, store.at("podman-oci.tar"));
  });
}

if (requireRoot() && requireProgram("dockerd", "docker.io")) {
  test("docker loads what is exported, and what it saves is taken in", async () => {
    using store = await stocked();
    await store.registry(
      "export",
      ...store.data,
      "team/app:1",
      "--docker",
      "--platform",
      "linux/amd64",
      "-o",
      store.at("docker.tar"),
    );
    await using engine = await startEngine();
    expect(await engine.mustDocker("load", "-i", store.at("docker.tar"))).toContain("Loaded image: team/app:1");
    await engine.mustDocker("save", "-o", store.at("saved.tar"), "team/app:1");
    expect(await store.registry("import", ...store.other, store.at("saved.tar"))).toContain("-> team/app");
    await using registry = await startRegistry({ data: store.at("other"), args: ["--http"] });
    expect((await registry.fetch("/v2/team/app/tags/list")).status).toBe(200);
  });
}
