import { expect, test } from "bun:test";
import { detectClients, placeOf, type TrustMachine } from "../../../src/cli/trust/places.ts";
import { parseTrustTarget, type TrustTarget } from "../../../src/cli/trust/target.ts";

/** A machine with something at these paths. */
function machine(paths: readonly string[], extra: Partial<TrustMachine> = {}): TrustMachine {
  const exists = (path: string) => paths.includes(path);
  return { isRoot: true, configHome: "/home/u/.config", runtimeDirectory: "/run/user/7", exists, ...extra };
}

function target(text: string): TrustTarget {
  const parsed = parseTrustTarget(text);
  if (parsed === undefined) throw new TypeError(text);
  return parsed;
}

const user = { isRoot: false };

test.each([
  [[], {}, []],
  [["/etc/docker"], {}, ["docker"]],
  [["/usr/bin/skopeo", "/etc/containerd", "/run/docker.sock"], {}, ["docker", "containerd", "podman"]],
  [["/usr/local/share/ca-certificates"], {}, []],
  [["/run/user/7/docker.sock", "/etc/containers"], user, ["docker", "podman"]],
  [["/run/user/7/docker.sock"], {}, []],
] as const)("detectClients() with %p, %p", (paths, extra, want) => {
  expect(detectClients(machine(paths, extra))).toEqual([...want]);
});

test.each([
  ["docker", "a:5000", [], {}, "/etc/docker/certs.d/a:5000/ca.crt"],
  ["docker", "a.example", [], user, "/etc/docker/certs.d/a.example/ca.crt"],
  ["docker", "[::1]:5000", ["/run/user/7/docker.sock"], user, "/home/u/.config/docker/certs.d/[::1]:5000/ca.crt"],
  ["podman", "a:5000", [], {}, "/etc/containers/certs.d/a:5000/ca.crt"],
  ["podman", "a:5000", [], user, "/home/u/.config/containers/certs.d/a:5000/ca.crt"],
  ["containerd", "a:5000", [], {}, "/etc/containerd/certs.d/a:5000/ca.crt"],
  ["system", "a", ["/usr/local/share/ca-certificates"], {}, "/usr/local/share/ca-certificates/registry-a_443.crt"],
  [
    "system",
    "[::1]:5000",
    ["/etc/pki/ca-trust/source/anchors"],
    {},
    "/etc/pki/ca-trust/source/anchors/registry-___1__5000.crt",
  ],
  ["system", "a", [], {}, undefined],
] as const)("placeOf(%p, %p) with %p, %p", (client, text, paths, extra, want) => {
  expect(placeOf(client, target(text), machine(paths, extra))?.authorityPath).toEqual(want);
});

test("placeOf() has a hosts.toml for containerd and a command for the system's store, and nothing else", () => {
  const paths = ["/etc/pki/ca-trust/source/anchors"];
  const places = (["docker", "containerd", "podman", "system"] as const).map((client) =>
    placeOf(client, target("a:5000"), machine(paths)),
  );
  expect(places.map((place) => [place?.hostsPath, place?.command])).toEqual([
    [undefined, undefined],
    ["/etc/containerd/certs.d/a:5000/hosts.toml", undefined],
    [undefined, undefined],
    [undefined, ["update-ca-trust"]],
  ]);
});
