// The service under a systemd that runs: README's line installs it, clients push and pull, and it comes back by itself.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { bootSystemd } from "./booted-systemd.ts";
import { requireProgram, requireRoot, waitUntil } from "./program.ts";
import { serviceLines } from "./service-lines.ts";

const canBoot = [
  requireRoot(),
  requireProgram("/lib/systemd/systemd", "systemd"),
  requireProgram("dbus-daemon", "dbus"),
  requireProgram("curl", "curl"),
  requireProgram("useradd", "passwd"),
].every(Boolean);

const root = join(import.meta.dir, "../..");
const api = "https://localhost:5000/v2/app";
const config = "{}";
const digest = `sha256:${new Bun.CryptoHasher("sha256").update(config).digest("hex")}`;
const mediaType = "application/vnd.oci.image.manifest.v1+json";
const manifest = JSON.stringify({
  schemaVersion: 2,
  mediaType,
  config: { mediaType: "application/vnd.oci.empty.v1+json", digest, size: config.length },
  layers: [],
});

const curl = "curl --silent --show-error --fail-with-body --cacert /tmp/ca.crt";
const push = `
  set -e
  curl --silent --insecure --output /tmp/ca.crt https://localhost:5000/ca.crt
  ${curl} -X POST -H 'Content-Type: application/octet-stream' --data '${config}' '${api}/blobs/uploads/?digest=${digest}'
  ${curl} -X PUT -H 'Content-Type: ${mediaType}' --data '${manifest}' ${api}/manifests/1
`;
const pull = `${curl} ${api}/manifests/1 && ${curl} ${api}/blobs/${digest}`;

describe.skipIf(!canBoot)("under systemd", () => {
  test("README's line installs a service that serves, comes back after a kill, and stops when it is told to", async () => {
    await using machine = await bootSystemd(root);
    const ask = async (script: string) => {
      const { code, stdout, stderr } = await machine.run(script);
      if (code !== 0) throw new Error(`${script}: ${code}\n${stdout}${stderr}${await logs()}`);
      return stdout.trim();
    };
    const logs = async () => (await machine.run("journalctl --unit=registry --no-pager --output=cat")).stdout;
    const property = (name: string) => ask(`systemctl show registry --value --property=${name}`);
    const answers = async () => (await machine.run(`curl --silent --insecure ${api}/tags/list`)).code === 0;

    await ask(`sudo() { "$@"; }\n${serviceLines}`);
    await waitUntil("the service answers", answers);
    expect(await ask("systemctl is-active registry; systemctl is-enabled registry")).toBe("active\nenabled");
    await ask(push);
    expect(await ask(pull)).toBe(manifest + config);
    expect(await ask("stat --format='%U %G %a' /var/lib/registry")).toBe("registry registry 750");
    const first = await property("MainPID");
    expect(await ask(`stat --format=%U /proc/${first}; grep CapEff /proc/${first}/status`)).toMatch(
      /^registry\nCapEff:\t0+$/,
    );

    expect(await property("StatusText")).toBe("serving /var/lib/registry on https://localhost:5000");
    expect(await property("WatchdogUSec")).toBe("2min");
    await ask("systemctl reload registry");
    await waitUntil("it has read its files again", async () => (await property("ActiveState")) === "active");
    expect(await property("MainPID")).toBe(first);

    await ask(`kill -KILL ${first}`);
    await waitUntil("the service is back", async () => (await property("MainPID")) !== first && (await answers()));
    expect(await ask(pull)).toBe(manifest + config);
    expect(await property("NRestarts")).toBe("1");

    await ask("systemctl stop registry");
    expect([await property("Result"), await property("ExecMainStatus")]).toEqual(["success", "0"]);
    expect(await logs()).toContain("listening on https://localhost:5000");
    expect(await answers()).toBe(false);
  });
});
