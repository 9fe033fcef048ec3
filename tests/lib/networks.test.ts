import { expect, test } from "bun:test";
import { compileNetworks } from "../../src/lib/networks.ts";

test.each(["10.0.0.0/33", "10.0.0/8", "example.com", "::/129", "", "10.0.0.0/", "10.0.0.0/x"])(
  "compileNetworks() takes no %j",
  (network) => {
    expect(compileNetworks([network])).toBeUndefined();
  },
);

test.each(["192.0.2.1/32", "0.0.0.0/0", "2001:db8::1/128", "::/0"])("compileNetworks() takes %j", (network) => {
  expect(compileNetworks([network])?.(network.split("/")[0] ?? "")).toBe(true);
});

test("compileNetworks() knows what belongs to its networks", () => {
  const isIn = compileNetworks(["10.0.0.0/8", "192.0.2.1", "2001:db8::/32"]);
  const asked = ["10.255.0.1", "11.0.0.1", "192.0.2.1", "192.0.2.2", "2001:db8:1::1", "2001:db9::1", "x", ""];
  expect(asked.map((address) => isIn?.(address))).toEqual([true, false, true, false, true, false, false, false]);
  expect(compileNetworks([])?.("10.0.0.1")).toBe(false);
});
