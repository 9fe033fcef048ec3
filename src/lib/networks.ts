// Lists of addresses and networks, such as 192.0.2.1 and 10.0.0.0/8.
import { BlockList, isIP } from "node:net";

/** Whether an address belongs to one of some networks. */
export type IsInNetworks = (address: string) => boolean;

/** Compiles the list; undefined if an item is neither an address nor a network. */
export function compileNetworks(networks: readonly string[]): IsInNetworks | undefined {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", bits] = network.split("/");
    const family = familyOf(address);
    const isWhole = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === "ipv6" ? 128 : 32));
    if (family === undefined || !isWhole) return undefined;
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return (address) => {
    const family = familyOf(address);
    return family !== undefined && list.check(address, family);
  };
}

function familyOf(address: string): "ipv4" | "ipv6" | undefined {
  const version = isIP(address);
  return version === 0 ? undefined : version === 4 ? "ipv4" : "ipv6";
}
