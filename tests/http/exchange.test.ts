import { expect, test } from "bun:test";
import { contentLength, type Exchange, formatLocation } from "../../src/http/exchange.ts";
import { createLimiter, usualLimits } from "../../src/http/limits.ts";
import { RegistryError } from "../../src/oci/errors.ts";
import { parseRepositoryName } from "../../src/oci/name.ts";
import { anonymous } from "../../src/registry/actor.ts";
import { memoryRegistry } from "./memory-registry.ts";

test.each([
  ["/", "/v2/a/b/tags/list"],
  ["/some/where/", "/some/where/v2/a/b/tags/list"],
  ["https://registry.example/", "https://registry.example/v2/a/b/tags/list"],
])("formatLocation() below %s", (base, want) => {
  const name = parseRepositoryName("a/b");
  if (name === undefined) throw new Error("a/b is a name");
  const { registry, options } = memoryRegistry();
  const exchange: Exchange = {
    request: new Request("http://other.test/"),
    registry,
    repository: (each) => registry.repository(each, anonymous()),
    mayMountFrom: () => true,
    maySee: undefined,
    base,
    prefix: "/",
    pages: { maxCatalogItems: 1000, maxTagItems: 1000 },
    limiter: createLimiter(usualLimits, () => 0),
    sessionOwner: "anonymous",
    caCertificate: undefined,
    page: undefined,
    tokenServer: undefined,
    api: options.api,
    rights: { identity: { kind: "anonymous" }, login: undefined, seesEverything: true, actionsOn: () => [] },
    switches: options.switches,
    origin: base,
    isReady: true,
    answerTokenRequest: undefined,
  };
  expect(formatLocation(exchange, name, "tags/list")).toEqual(want);
});

test.each([
  [undefined, undefined],
  ["0", 0],
  ["3", 3],
  ["9007199254740993", 9007199254740992],
  ["3, 3", "REQUEST_INVALID"],
  ["", "REQUEST_INVALID"],
  ["-1", "REQUEST_INVALID"],
  ["+3", "REQUEST_INVALID"],
  ["1e3", "REQUEST_INVALID"],
])("contentLength() of %p", (text, want) => {
  const headers: Record<string, string> = text === undefined ? {} : { "Content-Length": text };
  const request = new Request("http://registry.test/", { method: "PUT", headers });
  const length = () => {
    try {
      return contentLength(request);
    } catch (error) {
      return error instanceof RegistryError ? error.code : error;
    }
  };
  expect(length()).toEqual(want);
});
