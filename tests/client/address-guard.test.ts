import { expect, test } from "bun:test";
import { AddressGuard } from "../../src/client/address-guard.ts";
import { type AddressKind, addressKind } from "../../src/client/address-kind.ts";
import { refusalOf } from "../proxy/caching.ts";

const names: Readonly<Record<string, readonly string[]>> = {
  "cdn.example": ["93.184.216.34"],
  "registry.example": ["93.184.216.35"],
  "inner.example": ["10.0.0.7"],
  "here.example": ["127.0.0.1"],
  "sneaky.example": ["93.184.216.34", "127.0.0.1"],
  "metadata.example": ["169.254.169.254"],
  "link.example": ["169.254.7.7"],
  "empty.example": [],
};

const resolveFrom = (table: Readonly<Record<string, readonly string[]>>) => async (hostname: string) => {
  const found = table[hostname];
  if (found === undefined) throw new Error("ENOTFOUND");
  return found;
};

async function judge(guard: AddressGuard, url: string, sender?: AddressKind): Promise<string> {
  const listing = guard.listAddresses(new URL(url), sender);
  const refusal = await refusalOf(listing);
  return refusal === "none" ? (await listing).join(" ") : refusal;
}

test.each<[string, AddressKind, string]>([
  ["https://cdn.example/x", "public", "93.184.216.34"],
  ["https://cdn.example/x", "private", "93.184.216.34"],
  ["https://inner.example/x", "public", "UPSTREAM_INVALID"],
  ["https://inner.example/x", "private", "10.0.0.7"],
  ["https://inner.example/x", "loopback", "UPSTREAM_INVALID"],
  ["https://10.9.9.9/x", "private", "10.9.9.9"],
  ["https://127.0.0.1/x", "private", "UPSTREAM_INVALID"],
  ["https://sneaky.example/x", "public", "UPSTREAM_INVALID"],
  ["http://metadata.example/x", "private", "UPSTREAM_INVALID"],
  ["http://169.254.169.254/x", "metadata", "UPSTREAM_INVALID"],
  ["http://[fd00:ec2::254]/x", "private", "UPSTREAM_INVALID"],
  ["http://link.example/x", "link-local", "UPSTREAM_INVALID"],
  ["http://[::1]/x", "public", "UPSTREAM_INVALID"],
  ["http://[::1]/x", "loopback", "::1"],
  ["http://0x7f.1/x", "public", "UPSTREAM_INVALID"],
  ["http://0.0.0.0/x", "loopback", "UPSTREAM_INVALID"],
  ["http://0.0.0.0/x", "reserved", "UPSTREAM_INVALID"],
  ["https://nowhere.example/x", "public", "UPSTREAM_UNREACHABLE"],
  ["https://empty.example/x", "public", "UPSTREAM_UNREACHABLE"],
  // The upstream's own name and address, at another port.
  ["https://registry.example:9999/x", "public", "93.184.216.35"],
])("%p is, for whom an answer from a %s address led there, %p", async (url, sender, want) => {
  const guard = new AddressGuard({ home: new URL("https://registry.example"), resolve: resolveFrom(names) });
  expect(await judge(guard, url, sender)).toBe(want);
});

test.each([
  ["https://registry.example", "93.184.216.35"],
  ["http://inner.example:5000", "10.0.0.7"],
  ["http://here.example:5000", "127.0.0.1"],
  ["http://127.0.0.1:5000", "127.0.0.1"],
  ["http://[::1]:5000", "::1"],
  ["http://169.254.169.254", "169.254.169.254"],
  ["http://link.example", "UPSTREAM_INVALID"],
  ["http://metadata.example", "UPSTREAM_INVALID"],
  ["http://sneaky.example", "93.184.216.34 127.0.0.1"],
])("an upstream that is configured as %p is asked at %p", async (home, want) => {
  const guard = new AddressGuard({ home: new URL(home), resolve: resolveFrom(names) });
  expect(await judge(guard, `${home}/v2/x`)).toBe(want);
});

test("a name that was public does not lead inside when its DNS has turned, at no port", async () => {
  const home = new URL("http://up.example:5000");
  const table: Record<string, readonly string[]> = { "up.example": ["93.184.216.35"] };
  const guard = new AddressGuard({ home, resolve: (hostname) => resolveFrom(table)(hostname) });
  const [address = ""] = await guard.listAddresses(home, undefined);
  guard.noteAnswer(home, addressKind(address));
  const seen: string[] = [];
  for (const turned of ["127.0.0.1", "10.0.0.7", "169.254.169.254", "93.184.216.99"]) {
    table["up.example"] = [turned];
    seen.push(await judge(guard, "http://up.example:9999/x", "public"), await judge(guard, home.href));
  }
  table["up.example"] = ["127.0.0.1", "93.184.216.35"];
  seen.push(await judge(guard, home.href));
  expect(seen).toEqual([
    ...Array.from({ length: 6 }, () => "UPSTREAM_INVALID"),
    "93.184.216.99",
    "93.184.216.99",
    "93.184.216.35",
  ]);
});
