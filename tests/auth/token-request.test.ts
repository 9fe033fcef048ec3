import { expect, test } from "bun:test";
import { parseTokenForm, parseTokenQuery, type TokenRequest } from "../../src/auth/token-request.ts";
import { RegistryError } from "../../src/oci/errors.ts";

const alice = { username: "alice", password: "secret" };
const app = { type: "repository", name: "team/app", actions: ["pull", "push"] };
const nothing = { service: undefined, scopes: [], isOffline: false };

const queries: readonly (readonly [string, string, Partial<TokenRequest>])[] = [
  [
    "of docker login",
    "account=alice&client_id=docker&offline_token=true&service=registry",
    { service: "registry", isOffline: true },
  ],
  ["of docker push", "scope=repository%3Ateam%2Fapp%3Apull%2Cpush", { scopes: [app] }],
  [
    "with several scopes",
    "scope=repository:team/app:pull,push&scope=registry:catalog:*",
    { scopes: [app, { type: "registry", name: "catalog", actions: ["*"] }] },
  ],
  [
    "with scopes behind spaces",
    "scope=repository:team/app:pull,push+repository:b:pull",
    { scopes: [app, { ...app, name: "b", actions: ["pull"] }] },
  ],
  ["with a class", "scope=repository(plugin):team/app:pull,push", { scopes: [app] }],
  ["with an action twice", "scope=repository:team/app:pull,push,pull", { scopes: [app] }],
  [
    "with a name that has a port",
    "scope=repository:host:5000/app:pull",
    { scopes: [{ ...app, name: "host:5000/app", actions: ["pull"] }] },
  ],
  ["with no action", "scope=repository:team/app:", { scopes: [{ ...app, actions: [] }] }],
  ["with an empty scope", "scope=&service=", {}],
];

test.each(queries)("parseTokenQuery() reads a query %s", (_, query, want) => {
  expect(parseTokenQuery(new URLSearchParams(query), alice)).toEqual({
    ...nothing,
    by: { credentials: alice },
    ...want,
  });
});

const forms: readonly (readonly [string, Partial<TokenRequest>])[] = [
  ["grant_type=password&username=alice&password=secret", { by: { credentials: alice } }],
  [
    "grant_type=password&username=alice&password=secret&access_type=offline",
    { by: { credentials: alice }, isOffline: true },
  ],
  [
    "grant_type=refresh_token&refresh_token=eyJ&service=registry&client_id=x",
    { by: { refreshToken: "eyJ" }, service: "registry" },
  ],
  [
    "grant_type=refresh_token&refresh_token=eyJ&scope=repository:team/app:pull,push",
    { by: { refreshToken: "eyJ" }, scopes: [app] },
  ],
];

test.each(forms)("parseTokenForm() reads %s", (form, want) => {
  expect(parseTokenForm(new URLSearchParams(form))).toEqual({ ...nothing, ...want } as TokenRequest);
});

test.each([
  ["grant_type=authorization_code&code=x"],
  [""],
  ["grant_type=password&username=alice"],
  ["grant_type=password&password=x"],
  ["grant_type=password&username=a&username=b&password=x"],
  ["grant_type=refresh_token"],
  ["grant_type=password&username=a&password=b&service=x&service=y"],
  ["grant_type=password&username=a&password=b&scope=repository"],
  ["grant_type=password&username=a&password=b&scope=repository:pull"],
  ["grant_type=password&username=a&password=b&scope=:team/app:pull"],
  ["grant_type=password&username=a&password=b&scope=repository:team/app:PULL"],
  [`grant_type=password&username=a&password=b&scope=${"repository:a:pull+".repeat(101)}`],
  [`grant_type=password&username=a&password=b&scope=${":".repeat(100_000)}`],
])("parseTokenForm(%p) is refused", (form) => {
  expect(() => parseTokenForm(new URLSearchParams(form))).toThrow(RegistryError);
});
