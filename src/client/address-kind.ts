// What kind of network an address belongs to: the internet, the operator's, this machine's own. Pure.
import { BlockList, isIPv6 } from "node:net";

/** What kind of network an address belongs to. */
export type AddressKind = "public" | "private" | "loopback" | "link-local" | "metadata" | "reserved";

/** The first list that contains an address decides. */
const blocks: readonly (readonly [AddressKind, readonly string[]])[] = [
  // Where clouds give a machine its credentials.
  [
    "metadata",
    ["169.254.169.254/32", "100.100.100.200/32", "168.63.129.16/32", "fd00:ec2::254/128", "fd20:ce::254/128"],
  ],
  ["link-local", ["169.254.0.0/16", "fe80::/10"]],
  ["loopback", ["127.0.0.0/8", "::1/128"]],
  ["private", ["10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10"]],
  // Includes Teredo, which hides another address.
  ["reserved", ["0.0.0.0/8", "192.0.0.0/24", "198.18.0.0/15", "224.0.0.0/3", "2001::/32"]],
  ["public", ["0.0.0.0/0", "2000::/3"]],
];

const lists = blocks.map(([kind, subnets]) => {
  const list = new BlockList();
  for (const subnet of subnets) addSubnet(list, subnet);
  return [kind, list] as const;
});

/** Adds the IPv6 addresses that reach the same IPv4 ones too: NAT64 and 6to4. BlockList knows mapped ones. */
function addSubnet(list: BlockList, subnet: string): void {
  const [start = "", digits] = subnet.split("/");
  const bits = Number(digits);
  list.addSubnet(start, bits, isIPv6(start) ? "ipv6" : "ipv4");
  if (isIPv6(start)) return;
  const [a = 0, b = 0, c = 0, d = 0] = start.split(".").map(Number);
  const hex = `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  list.addSubnet(`64:ff9b::${hex}`, 96 + bits, "ipv6");
  list.addSubnet(`2002:${hex}::`, 16 + bits, "ipv6");
}

/** The kind of an address in its usual notation. Anything that is not an address is reserved. */
export function addressKind(address: string): AddressKind {
  const family = isIPv6(address) ? "ipv6" : "ipv4";
  return lists.find(([, list]) => list.check(address, family))?.[0] ?? "reserved";
}
