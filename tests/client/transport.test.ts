import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Question, Transport, type TransportOptions } from "../../src/client/transport.ts";
import { RegistryError } from "../../src/oci/errors.ts";
import type { ProxyEvent } from "../../src/proxy/events.ts";
import { createAuthority, issueServerCertificate } from "../../src/tls/self-signed.ts";
import { refusalOf } from "../proxy/caching.ts";
import { type Behaviour, behaviours, startUpstream } from "../proxy/misbehaving-upstream.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

function transport(home: URL, changes: Partial<TransportOptions> = {}): TransportOptions & { events: ProxyEvent[] } {
  const events: ProxyEvent[] = [];
  return {
    home,
    ca: undefined,
    resolve: async () => ["127.0.0.1"],
    isProxied: () => false,
    now: Date.now,
    report: (event) => void events.push(event),
    events,
    ...changes,
  };
}

const ask = (options: TransportOptions, question: Question) => new Transport(options).ask(question);
const get = (url: URL): Question => ({
  method: "GET",
  url,
  headers: {},
  authorization: "Basic eA==",
  timeoutMs: 60_000,
});

async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all).toString();
}

describe("a redirect", () => {
  test("to another host is followed without the credentials", async () => {
    await using server = await startUpstream();
    await using cdn = await startUpstream();
    cdn.behave(behaviours.text("from the cdn"));
    server.behave(behaviours.redirect(`${cdn.url.origin}/signed?secret=1`));
    const options = transport(server.url);
    const answer = await ask(options, get(new URL("/v2/x", server.url)));
    expect([
      await textOf(answer.chunks(1000)),
      server.requests[0]?.authorization,
      cdn.requests[0]?.authorization,
    ]).toEqual(["from the cdn", "Basic eA==", undefined]);
    const urls = options.events.map((event) => event.kind === "request" && event.url);
    expect(urls).toEqual([`${server.url.origin}/v2/x`, `${cdn.url.origin}/signed`]);
  });

  test("that names a user is followed as nobody", async () => {
    await using server = await startUpstream();
    await using cdn = await startUpstream();
    server.behave(behaviours.redirect(`http://alice:secret@${cdn.host}/signed`));
    const answer = await ask(transport(server.url), get(new URL("/v2/x", server.url)));
    expect([answer.url.href, cdn.requests.map(({ authorization }) => authorization)]).toEqual([
      `${cdn.url.origin}/signed`,
      [undefined],
    ]);
  });

  test("within the host keeps them", async () => {
    await using server = await startUpstream();
    server.behave((request, response) => {
      const behaviour = request.url === "/elsewhere" ? behaviours.text("here") : behaviours.redirect("/elsewhere");
      return behaviour(request, response);
    });
    await ask(transport(server.url), get(new URL("/v2/x", server.url)));
    expect(server.requests.map(({ authorization }) => authorization)).toEqual(["Basic eA==", "Basic eA=="]);
  });

  test.each([
    ["a private address", "http://10.1.2.3/x"],
    ["a name of a private address", "http://inner.example/x"],
    ["the metadata service", "http://169.254.169.254/latest"],
    ["a file", "file:///etc/passwd"],
    ["nowhere", "http://"],
    ["an address without end", `/${"x".repeat(20_000)}`],
  ])("to %s is refused", async (_what, location) => {
    await using server = await startUpstream();
    server.behave(behaviours.redirect(location));
    const options = transport(server.url, { resolve: async () => ["10.1.2.3"] });
    expect(await refusalOf(ask(options, get(new URL("/v2/x", server.url))))).toBe("UPSTREAM_INVALID");
    expect(server.requests.length).toBe(1);
  });

  test("connects to the address that was checked, and asks for the name", async () => {
    await using server = await startUpstream();
    await using cdn = await startUpstream();
    let host: string | undefined;
    cdn.behave((request, response) => {
      host = request.headers.host;
      response.end("checked");
      return true;
    });
    // No resolver but ours knows this name.
    server.behave(behaviours.redirect(`http://cdn.invalid:${cdn.url.port}/x`));
    const answer = await ask(transport(server.url), get(new URL("/v2/x", server.url)));
    expect([await textOf(answer.chunks(1000)), host]).toEqual(["checked", `cdn.invalid:${cdn.url.port}`]);
  });

  test("to the upstream's own name at another port is judged by the address, whatever it was before", async () => {
    await using server = await startUpstream();
    const home = new URL(`http://up.invalid:${server.url.port}/`);
    const addresses = ["127.0.0.1"];
    const options = transport(home, { resolve: async () => addresses });
    server.behave((...asked) => {
      // By the time of the redirect the name leads elsewhere.
      addresses[0] = "169.254.169.254";
      return behaviours.redirect("http://up.invalid:9999/latest")(...asked);
    });
    const refusal = await ask(options, get(new URL("/v2/x", home))).catch((error: Error) => error.message);
    expect(refusal).toContain("leads to up.invalid:9999, which is a metadata address");
  });
});

describe("over TLS", () => {
  const directory = temporaryDirectory();
  const [certificate, key] = [join(directory.path, "crt"), join(directory.path, "key")];
  const subject = ["-subj", "/CN=up.test", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  const start = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  Bun.spawnSync([...start, "-days", "9", ...subject, "-keyout", key, "-out", certificate]);
  const serve = (fetch: () => Response) =>
    Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      tls: { cert: readFileSync(certificate, "utf8"), key: readFileSync(key, "utf8") },
      fetch,
    });

  test("a private authority is trusted where it is given, and nowhere else", async () => {
    const server = serve(() => new Response("secret"));
    const url = new URL(`https://127.0.0.1:${server.port}/v2/`);
    const ca = readFileSync(certificate, "utf8");
    const answer = await ask(transport(url, { ca }), get(url));
    expect(await textOf(answer.chunks(1000))).toBe("secret");
    const without = ask(transport(url), get(url)).catch((error: Error) => error.message);
    expect(await without).toContain("not trusted");
    await server.stop(true);
  });

  test("the upstream is asked at its address, under its name", async () => {
    const server = serve(() => new Response("secret"));
    const ca = readFileSync(certificate, "utf8");
    const askFor = async (name: string) => {
      const url = new URL(`https://${name}:${server.port}/v2/`);
      const answer = await ask(transport(url, { ca, resolve: async () => ["127.0.0.1"] }), get(url));
      return textOf(answer.chunks(1000));
    };
    expect(await askFor("localhost")).toBe("secret");
    expect(await askFor("other.test").catch((error: Error) => error.message)).toContain("for another name");
    await server.stop(true);
  });

  test("a certificate that has expired is no certificate, and that is said", async () => {
    const nowMs = Date.now() - 500 * 24 * 3_600_000;
    const authority = await createAuthority({ hostName: "up.test", key: "ecdsa", nowMs });
    const names = [{ kind: "ip", value: "127.0.0.1" }] as const;
    const expired = await issueServerCertificate(authority, { names, key: "ecdsa", days: 397, nowMs });
    const tls = { cert: expired.certificatePem, key: expired.keyPem };
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", tls, fetch: () => new Response("secret") });
    const url = new URL(`https://127.0.0.1:${server.port}/v2/`);
    const refusal = ask(transport(url, { ca: authority.certificatePem }), get(url)).catch((error: unknown) => error);
    expect(await refusal).toMatchObject({
      code: "UPSTREAM_UNREACHABLE",
      message: `${url.host} cannot be reached: its certificate has expired`,
    });
    await server.stop(true);
  });

  test("a redirect down to http is refused", async () => {
    const server = serve(() => Response.redirect("http://127.0.0.1:1/x", 307));
    const url = new URL(`https://127.0.0.1:${server.port}/v2/`);
    const ca = readFileSync(certificate, "utf8");
    const refusal = ask(transport(url, { ca }), get(url)).catch((error: Error) => error.message);
    expect(await refusal).toContain("from https to http");
    await server.stop(true);
  });
});

test.each([
  ["a name without address", "http://nothing.invalid/", /cannot be resolved/],
  ["a port that nobody listens on", "http://127.0.0.1:1/", /refuses connections/],
])("%s cannot be reached, with a reason", async (_what, address, reason) => {
  const url = new URL(address);
  const resolve = () => Promise.reject(new Error("ENOTFOUND"));
  const error = await ask(transport(url, { resolve }), get(url)).catch((refusal: Error) => refusal.message);
  expect(error).toMatch(reason);
});

test("an upstream that never answers is given up in time, and that is said", async () => {
  await using server = await startUpstream();
  server.behave(() => true);
  const refusal = ask(transport(server.url), { ...get(server.url), timeoutMs: 30 }).catch((error: unknown) => error);
  expect(await refusal).toMatchObject({
    code: "UPSTREAM_TIMEOUT",
    message: `${server.host} does not answer in time`,
  });
});

test("a body that stops coming is cut", async () => {
  await using server = await startUpstream();
  server.behave((_request, response) => {
    response.writeHead(200, { "Content-Length": 100 });
    response.write("x");
    return true;
  });
  const answer = await ask(transport(server.url), get(server.url));
  expect(await refusalOf(textOf(answer.chunks(50)))).toBe("UPSTREAM_TIMEOUT");
});

test("a signal ends the request", async () => {
  await using server = await startUpstream();
  server.behave(behaviours.silent());
  const abort = new AbortController();
  const asking = refusalOf(ask(transport(server.url), { ...get(server.url), signal: abort.signal, timeoutMs: 10_000 }));
  abort.abort();
  expect(await asking).toBe("UPSTREAM_UNREACHABLE");
  const again = ask(transport(server.url), { ...get(server.url), signal: abort.signal, timeoutMs: 10_000 });
  expect(await refusalOf(again)).toBe("UPSTREAM_UNREACHABLE");
});

test("a signal that is aborted already ends the request before it is made", async () => {
  await using server = await startUpstream();
  const options = transport(server.url);
  const signal = AbortSignal.abort();
  expect(await refusalOf(ask(options, { ...get(server.url), signal }))).toBe("UPSTREAM_UNREACHABLE");
  expect([server.requests.length, options.events]).toEqual([0, []]);
});

test.each([
  ["a refusal", new RegistryError("UPSTREAM_TIMEOUT"), "UPSTREAM_TIMEOUT"],
  ["no reason", undefined, "UPSTREAM_UNREACHABLE"],
])("a signal that is aborted with %s ends the reading of a body", async (_what, reason, code) => {
  await using server = await startUpstream();
  server.behave(behaviours.drip());
  const abort = new AbortController();
  const answer = await ask(transport(server.url), { ...get(server.url), signal: abort.signal });
  const chunks = answer.chunks(10_000);
  await chunks.next();
  const next = refusalOf(
    (async () => {
      for await (const _chunk of chunks) abort.abort(reason);
    })(),
  );
  expect(await next).toBe(code);
});

describe("a body that nobody wants", () => {
  const drip =
    (status: number, headers: Record<string, string>, closed: () => void): Behaviour =>
    (_request, response) => {
      response.writeHead(status, headers);
      const timer = setInterval(() => response.write("x"), 10);
      response.on("close", () => {
        clearInterval(timer);
        closed();
      });
      return true;
    };

  test.each([
    ["without a length", {}],
    ["with a short length", { "Content-Length": "60000" }],
    ["with a long length", { "Content-Length": "600000000" }],
  ])("%s is cut after a moment where it drips", async (_what, headers) => {
    await using server = await startUpstream();
    const { promise, resolve } = Promise.withResolvers<void>();
    server.behave(drip(503, headers, resolve));
    const answer = await ask(transport(server.url), get(server.url));
    answer.cancel();
    await promise;
  });
});
