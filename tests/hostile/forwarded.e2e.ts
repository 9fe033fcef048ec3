// What a registry believes of forwarded headers: from a proxy that it trusts, the caller's address, scheme and host; from
// anybody else nothing, whether the headers come directly or through that proxy.
import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { must, requireProgram } from "../e2e/program.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { type HostileSite, openHostileSite } from "./guarded.ts";
import { proxyAddress, startProxy } from "./proxies.ts";

const caller = "127.0.0.3";
const forged = [
  "X-Forwarded-For: 203.0.113.9",
  "X-Forwarded-Proto: ftp",
  "X-Forwarded-Host: evil.test",
  "Forwarded: for=203.0.113.9;proto=https;host=evil.test",
].flatMap((field) => ["-H", field]);

/** What the registry made of a request: the realm and the location it answers, and the address in its two logs. */
interface Seen {
  readonly realm: string | undefined;
  readonly location: string | undefined;
  readonly logged: string | undefined;
  readonly audited: string | undefined;
}

interface Asked {
  readonly site: HostileSite;
  readonly audit: string;
  /** curl's arguments: where to, and with which fields. */
  readonly to: readonly string[];
  readonly url: string;
}

async function ask({ site, audit, to, url }: Asked): Promise<Seen> {
  const curl = (...args: readonly string[]) => must(["curl", "-sS", "-i", "--interface", caller, ...to, ...args]);
  const name = `u${crypto.randomUUID().slice(0, 8)}`;
  const challenged = await curl(`${url}/v2/${name}/tags/list`);
  await curl("-u", `${name}:wrong`, `${url}/v2/`);
  const opened = await curl("-u", "alice:correct horse", "-X", "POST", `${url}/v2/team/app/blobs/uploads/`);
  const line = site.registry
    .stderr()
    .split("\n")
    .find((text) => text.includes(`/v2/${name}/`));
  const entry = readFileSync(audit, "utf8")
    .split("\n")
    .find((text) => text.includes(`"${name}"`));
  return {
    realm: /realm="([^"]*)"/.exec(challenged)?.[1],
    location: /^location: (.*\/)/im.exec(opened)?.[1],
    logged: / remote=(\S+)/.exec(line ?? "")?.[1],
    audited: (JSON.parse(entry ?? "{}") as { readonly remote?: string }).remote,
  };
}

const fronts = (["nginx", "haproxy"] as const).filter((name) =>
  requireProgram(name, name === "nginx" ? "nginx-light" : name),
);
const isPossible = requireProgram("curl", "curl");
const location = "/v2/team/app/blobs/uploads/";

describe.skipIf(!isPossible)("forwarded headers", () => {
  test.each(fronts)(
    "of %s give the caller's address, scheme and host; those that the caller made do not",
    async (name) => {
      using directory = temporaryDirectory();
      const audit = join(directory.path, "audit.log");
      await using site = await openHostileSite(true, {
        http: { addr: "127.0.0.1:0", trustedproxies: [proxyAddress] },
        log: { audit },
      });
      await using proxy = await startProxy(name, site.registry.port);
      const ca = join(directory.path, "ca.crt");
      writeFileSync(ca, proxy.ca);
      const known = ["--cacert", ca, "--resolve", `registry.test:${proxy.tlsPort}:127.0.0.1`];
      const url = `https://registry.test:${proxy.tlsPort}`;
      const behind = { realm: `${url}/auth/token`, location, logged: caller, audited: caller };
      const plain = `http://127.0.0.1:${proxy.port}`;
      expect({
        tls: await ask({ site, audit, to: known, url }),
        forgedOverTls: await ask({ site, audit, to: [...known, ...forged], url }),
        plain: await ask({ site, audit, to: forged, url: plain }),
        direct: await ask({ site, audit, to: forged, url: site.registry.url }),
      }).toEqual({
        tls: behind,
        forgedOverTls: behind,
        plain: { ...behind, realm: `${plain}/auth/token` },
        direct: { ...behind, realm: `${site.registry.url}/auth/token` },
      });
    },
  );

  test.each(fronts)("of %s count for nothing where it is not trusted", async (name) => {
    using directory = temporaryDirectory();
    const audit = join(directory.path, "audit.log");
    await using site = await openHostileSite(true, { log: { audit } });
    await using proxy = await startProxy(name, site.registry.port);
    const url = `http://127.0.0.1:${proxy.port}`;
    expect(await ask({ site, audit, to: forged, url })).toEqual({
      realm: `${url}/auth/token`,
      location,
      logged: proxyAddress,
      audited: proxyAddress,
    });
  });
});
