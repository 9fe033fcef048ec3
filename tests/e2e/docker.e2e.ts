// A real docker engine against the executable: by localhost, from another host, and over plain HTTP.
import { describe, expect, test } from "bun:test";
import { type Engine, identify, importBusybox, startEngine } from "./docker-engine.ts";
import { executable, startRegistry } from "./executable.ts";
import { must, requireProgram, requireRoot } from "./program.ts";
import { makeTwoHosts } from "./two-hosts.ts";

const isPossible = [
  requireRoot(),
  requireProgram("dockerd", "docker.io"),
  requireProgram("docker", "docker.io"),
  requireProgram("busybox", "busybox-static"),
  requireProgram("curl", "curl"),
  requireProgram("ip", "iproute2"),
].every(Boolean);

describe.skipIf(!isPossible)("a docker engine", () => {
  test("pushes, removes and pulls by localhost over the first-run certificate", async () => {
    await using registry = await startRegistry();
    await using engine = await startEngine();
    await pushRemovePull(engine, `localhost:${registry.port}`);

    const ask = (path: string) =>
      must(["curl", "-sS", "--fail", "--cacert", registry.ca, `https://localhost:${registry.port}${path}`]);
    expect((await ask("/v2/_catalog")).trim()).toBe('{"repositories":["busybox"]}');
    expect((await ask("/v2/busybox/tags/list")).trim()).toBe('{"name":"busybox","tags":["1.25.1-musl"]}');
  });

  test("on another host is refused before `registry trust` and works after it, without a restart", async () => {
    await using hosts = await makeTwoHosts();
    const address = `${hosts.server.address}:5000`;
    await using _registry = await startRegistry({ namespace: hosts.server.namespace, args: ["--addr", ":5000"] });
    await using engine = await startEngine({ namespace: hosts.client.namespace });
    const trust = (...args: string[]) => engine.onHost(executable, "trust", address, "--for", "docker", ...args);

    await importBusybox(engine, `${address}/busybox:1.25.1-musl`);
    const refused = await engine.docker("push", `${address}/busybox:1.25.1-musl`);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("x509") });

    expect(await trust("--yes")).toMatchObject({ code: 0 });
    const certificate = `/etc/docker/certs.d/${address}/ca.crt`;
    expect((await engine.onHost("cat", certificate)).stdout).toContain("-----BEGIN CERTIFICATE-----");
    await pushRemovePull(engine, address);

    expect(await trust("--remove")).toMatchObject({ code: 0 });
    expect(await engine.onHost("test", "-e", certificate)).toMatchObject({ code: 1 });
    expect(await engine.docker("push", `${address}/busybox:1.25.1-musl`)).toMatchObject({ code: 1 });
  });

  test("pushes and pulls over plain HTTP where the registry is one of its insecure registries", async () => {
    await using hosts = await makeTwoHosts();
    const address = `${hosts.server.address}:5000`;
    await using _registry = await startRegistry({
      namespace: hosts.server.namespace,
      args: ["--http", "--addr", ":5000"],
    });
    await using engine = await startEngine({ namespace: hosts.client.namespace, insecureRegistries: [address] });
    await pushRemovePull(engine, address);
  });
});

/** What comes back by pulling is the image that was pushed. */
async function pushRemovePull(engine: Engine, address: string): Promise<void> {
  const tag = `${address}/busybox:1.25.1-musl`;
  const pushed = await importBusybox(engine, tag);
  await engine.mustDocker("push", tag);
  await engine.mustDocker("image", "rm", "--force", pushed);
  expect(await engine.docker("image", "inspect", tag)).toMatchObject({ code: 1 });
  await engine.mustDocker("pull", tag);
  expect(await identify(engine, tag)).toBe(pushed);
}
