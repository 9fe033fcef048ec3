// Where an upstream may lead: never into the operator's own network, unless it is configured to be there itself.
import { describe, expect, test } from "bun:test";
import { requireProgram, requireRoot } from "../e2e/program.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { type InnerUpstream, makeInnerNetwork } from "./inner-network.ts";

const isPossible = [requireRoot(), requireProgram("curl", "curl"), requireProgram("ip", "iproute2")].every(Boolean);
const user = { REGISTRY_PROXY_USERNAME: "alice", REGISTRY_PROXY_PASSWORD: "secret" };

/** Hosts that are somewhere else than at a public address. */
const inside = {
  private: "10.83.0.1",
  "private-name": "inner.example",
  loopback: "127.0.0.1",
  "loopback-name": "loop.example",
  "loopback-six": "[::1]",
  "link-local": "169.254.169.254",
  "link-local-name": "meta.example",
  "one-of-two": "both.example",
} as const;

/** One repository that leads to each of them by a redirect, and one that does by a realm. */
function leadEverywhere(): Required<InnerUpstream> {
  const hosts = Object.entries({ ...inside, public: "cdn.example" });
  return {
    redirects: Object.fromEntries(hosts.map(([name, host]) => [`redirect/${name}`, `http://${host}:5000/blob`])),
    realms: Object.fromEntries(hosts.map(([name, host]) => [`realm/${name}`, `http://${host}:5000/token`])),
  };
}

describe.skipIf(!isPossible)("an upstream that leads elsewhere", () => {
  test("at a public address is followed to public ones alone, and never with the credentials", async () => {
    await using network = await makeInnerNetwork(leadEverywhere());
    const { digest } = network;
    await using cache = await network.startCache("http://home.example:5000", { env: user });
    for (const how of ["redirect", "realm"]) {
      for (const [name, host] of Object.entries(inside)) {
        const { status, body } = await network.ask(cache, `/v2/${how}/${name}/blobs/${digest}`);
        const isSaid = body.includes(`home.example:5000 leads to ${host}:5000, which is a `);
        expect([how, name, status, isSaid]).toEqual([how, name, 502, true]);
      }
    }
    expect(new Set(network.reached().map(({ address }) => address))).toEqual(new Set(["203.0.113.10"]));
    for (const how of ["redirect", "realm"]) {
      const { status, body } = await network.ask(cache, `/v2/${how}/public/blobs/${digest}`);
      expect([how, status, body]).toEqual([how, 200, "the only blob"]);
    }
    const elsewhere = network.reached().filter(({ address }) => address !== "203.0.113.10");
    expect(
      elsewhere.map(({ address, host, url, authorization }) => [address, host, url.split("?")[0], authorization]),
    ).toEqual([
      ["203.0.113.11", "cdn.example:5000", "/blob", null],
      ["203.0.113.11", "cdn.example:5000", "/token", null],
    ]);
  });

  test.each([
    ["private", "http://intern.example:5000", ["private", "private-name", "one-of-two"]],
    ["loopback", "http://127.0.0.1:5000", ["loopback", "loopback-name"]],
    // Where clouds keep credentials nobody is led, but for what is configured itself.
    ["link-local", "http://169.254.169.254:5000", ["link-local"]],
  ])("at a %s address is followed to others of its kind, if that is safe", async (_kind, remoteUrl, allowed) => {
    await using network = await makeInnerNetwork(leadEverywhere());
    await using cache = await network.startCache(remoteUrl);
    const followed: string[] = [];
    for (const name of Object.keys(inside).filter((each) => each !== "loopback-six")) {
      const { status } = await network.ask(cache, `/v2/redirect/${name}/blobs/${network.digest}`);
      if (status === 200) followed.push(name);
      else expect([name, status]).toEqual([name, 502]);
    }
    expect(followed).toEqual(allowed);
  });

  test("by name is asked at public addresses alone once it was at one, whatever its DNS says later", async () => {
    await using network = await makeInnerNetwork({});
    await using cache = await network.startCache("http://home.example:5000", { env: { REGISTRY_PROXY_FRESH: "0s" } });
    const statuses = [(await network.ask(cache, "/v2/team/app/manifests/latest")).status];
    const says: string[] = [];
    for (const address of ["127.0.0.1", "10.83.0.1", "169.254.169.254"]) {
      network.turn("home.example", address);
      const { status, body } = await network.ask(cache, `/v2/team/app/blobs/${network.digest}`);
      statuses.push(status);
      says.push(body);
    }
    const stale = await network.ask(cache, "/v2/team/app/manifests/latest");
    network.turn("home.example", "203.0.113.11");
    statuses.push(stale.status, (await network.ask(cache, `/v2/team/app/blobs/${network.digest}`)).status);
    expect(statuses).toEqual([200, 502, 502, 502, 200, 200]);
    expect(says.map((text) => /home.example:5000 is a ([a-z-]+) address now/.exec(text)?.[1])).toEqual([
      "loopback",
      "private",
      "metadata",
    ]);
    expect(stale.head).toContain("served from the cache: home.example:5000 is a metadata address now");
    expect(new Set(network.reached().map(({ address }) => address))).toEqual(new Set(["203.0.113.10", "203.0.113.11"]));
  });

  test("and whose address only a proxy knows is not followed past the proxy into the own network", async () => {
    await using network = await makeInnerNetwork(leadEverywhere());
    const { digest } = network;
    const env = { HTTP_PROXY: "http://203.0.113.11:5000", NO_PROXY: "127.0.0.1,10.83.0.1,inner.example,loop.example" };
    await using cache = await network.startCache("http://hidden.example", { env });
    const direct = await network.ask(cache, `/v2/team/app/blobs/${digest}`);
    // The base of the API is asked for at the start.
    const asked = network.reached().flatMap(({ url }) => (url.endsWith("/v2/") ? [] : [url]));
    expect([direct.status, asked]).toEqual([200, [`http://hidden.example/v2/team/app/blobs/${digest}`]]);
    for (const name of Object.keys(inside)) {
      const { status } = await network.ask(cache, `/v2/redirect/${name}/blobs/${digest}`);
      expect([name, status]).toEqual([name, 502]);
    }
    expect(new Set(network.reached().map(({ address }) => address))).toEqual(new Set(["203.0.113.11"]));
  });
});

describe.skipIf(!isPossible)("an upstream whose name is not known any more", () => {
  test("is no reason not to start, nor not to serve what is cached, and makes no false 404", async () => {
    using directory = temporaryDirectory();
    await using network = await makeInnerNetwork({});
    const { digest } = network;
    const env = { REGISTRY_PROXY_FRESH: "0s" };
    {
      await using cache = await network.startCache("http://home.example:5000", { data: directory.path, env });
      expect((await network.ask(cache, "/v2/team/app/manifests/latest")).status).toBe(200);
      expect((await network.ask(cache, `/v2/team/app/blobs/${digest}`)).status).toBe(200);
    }
    const data = directory.path;
    await using cache = await network.startCache("http://home.example:5000", { data, env, isNameless: true });
    const stale = await network.ask(cache, "/v2/team/app/manifests/latest");
    const warning = /^warning: (.*?)\r?$/im.exec(stale.head)?.[1];
    expect([stale.status, warning]).toEqual([
      200,
      '299 - "served from the cache: home.example:5000 cannot be reached: its name cannot be resolved"',
    ]);
    expect(await network.ask(cache, `/v2/team/app/blobs/${digest}`)).toMatchObject({
      status: 200,
      body: "the only blob",
    });
    for (const path of ["/v2/team/other/manifests/latest", `/v2/team/other/blobs/${digest.replace(/\w$/, "0")}`]) {
      const { status, body } = await network.ask(cache, path);
      expect([status, body.includes("its name cannot be resolved")]).toEqual([502, true]);
    }
    const tags = await network.ask(cache, "/v2/team/app/tags/list");
    expect([tags.status, JSON.parse(tags.body)]).toEqual([200, { name: "team/app", tags: ["latest"] }]);
  });
});
