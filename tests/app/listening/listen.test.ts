import { expect, test } from "bun:test";
import { addressOf, builtPageFiles, findAddress } from "../../../src/app/listening/listen.ts";
import { StartError } from "../../../src/app/start-error.ts";
import { loadConfiguration } from "../../../src/config/load.ts";
import { packed } from "../../http/packed-files.ts";

const configured = async (addr: string) =>
  (await loadConfiguration({ path: undefined, env: {}, flags: { addr: [addr] } })).configuration;

test("findAddress() takes a free port of this machine", async () => {
  expect(findAddress(await configured("127.0.0.1:0"))).toMatchObject({ hostname: "127.0.0.1", port: 0 });
});

test("findAddress() refuses a port that another server has", async () => {
  using other = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
  const configuration = await configured(`127.0.0.1:${other.port}`);
  expect(() => findAddress(configuration)).toThrow(StartError);
});

test("addressOf() says where a server without a certificate is reached", async () => {
  const configuration = await configured("127.0.0.1:0");
  const server = { port: 5001 } as Parameters<typeof addressOf>[1];
  expect(addressOf(configuration, server)).toEqual({ url: "http://127.0.0.1:5001", remoteHost: undefined });
});

test("builtPageFiles() are none if the sources run as they are, and those of the build otherwise", () => {
  expect([builtPageFiles(), builtPageFiles(packed)?.nameEndingIn(".js")]).toEqual([undefined, "page-1.js"]);
});
