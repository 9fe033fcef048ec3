import { expect, test } from "bun:test";
import { runCli } from "../../src/cli/cli.ts";
import { ownUrl } from "../../src/cli/health.ts";
import { load } from "../config/written-file.ts";
import { fakeIo } from "./fake-io.ts";

const apiVersion = { "Docker-Distribution-Api-Version": "registry/2.0" };

/** A server that answers by path. */
function answering(answers: Readonly<Record<string, () => Response | Promise<Response>>>) {
  return Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: ({ url }) => answers[new URL(url).pathname]?.() ?? new Response(null, { status: 404 }),
  });
}

async function health(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const io = fakeIo({ env });
  const code = await runCli(["health", ...words], io);
  return { code, output: io.output(), errors: io.errors() };
}

test.each<[string, () => Response, number, string]>([
  ["a registry", () => Response.json({}, { headers: apiVersion }), 0, ""],
  [
    "one that asks for a login",
    () => new Response(null, { status: 401, headers: { "WWW-Authenticate": "Basic" } }),
    0,
    "",
  ],
  ["one that is not well", () => new Response(null, { status: 503, headers: apiVersion }), 1, "answers 503"],
  ["another server", () => new Response("welcome"), 1, "answers, but is not a registry"],
  ["a server without the API", () => new Response(null, { status: 404 }), 1, "answers 404"],
])("%s", async (_, answer, code, problem) => {
  await using server = answering({ "/v2/": answer });
  const url = `http://127.0.0.1:${server.port}`;
  const asked = await health([url]);
  const [output, errors] =
    problem === "" ? [`${url}/v2/ answers\n`, ""] : ["", `registry health: ${url}/v2/ ${problem}\n`];
  expect(asked).toEqual({ code, output, errors });
});

test("a path is asked as it stands", async () => {
  await using server = answering({
    "/debug/health": () => Response.json({}),
    "/down": () => new Response(null, { status: 503 }),
  });
  const url = `http://127.0.0.1:${server.port}`;
  const codes = await Promise.all(["/debug/health", "/down"].map(async (path) => (await health([url + path])).code));
  expect(codes).toEqual([0, 1]);
});

test("without a scheme HTTPS is tried, and then HTTP", async () => {
  await using server = answering({ "/v2/": () => Response.json({}, { headers: apiVersion }) });
  const { code, output } = await health([`127.0.0.1:${server.port}`]);
  expect([code, output]).toEqual([0, `http://127.0.0.1:${server.port}/v2/ answers\n`]);
});

test("without a URL the server of this machine is asked, as it is configured", async () => {
  await using server = answering({ "/some/v2/": () => Response.json({}, { headers: apiVersion }) });
  const env = {
    REGISTRY_HTTP_ADDR: `127.0.0.1:${server.port}`,
    REGISTRY_HTTP_PREFIX: "/some/",
    REGISTRY_HTTP_TLS_SELFSIGNED: "false",
  };
  expect((await health([], env)).output).toBe(`http://127.0.0.1:${server.port}/some/v2/ answers\n`);
});

test.each([
  ["{addr: ':5000'}", "http://127.0.0.1:5000/v2/"],
  ["{addr: '0.0.0.0:5000', tls: {selfsigned: }}", "https://127.0.0.1:5000/v2/"],
  ["{addr: '[::]:5000', tls: {certificate: /c, key: /k}}", "https://[::1]:5000/v2/"],
  ["{addr: 'registry.example:80', prefix: /a/}", "http://registry.example/a/v2/"],
])("with http: %s that is %s", async (http, url) => {
  const { configuration } = await load({ text: `version: 0.1\nhttp: ${http}\n` });
  expect(ownUrl(configuration).href).toBe(url);
});

test("nothing that listens, and nothing that answers, is one line", async () => {
  using taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
  const silent = await health([`http://127.0.0.1:${taken.port}`, "--timeout", "50ms"]);
  taken.stop(true);
  const closed = await health([`http://127.0.0.1:${taken.port}`]);
  expect([silent.code, silent.errors, closed.code, closed.errors]).toEqual([
    1,
    `registry health: http://127.0.0.1:${taken.port}/v2/ does not answer within 50 ms\n`,
    1,
    `registry health: http://127.0.0.1:${taken.port}/v2/ refuses connections\n`,
  ]);
});

test.each([[["ftp://a"]], [["http://"]], [["http://a", "--timeout", "soon"]]])("%p is wrong usage", async (words) => {
  expect((await health(words)).code).toBe(64);
});
