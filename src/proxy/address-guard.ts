// Where an upstream may send us. A redirect or a token realm that leads into the operator's own network would let the
// upstream reach what only this machine can reach; so such addresses are refused, after the name was resolved, unless
// the upstream is itself configured to be there.
import { isIPv4, isIPv6 } from "node:net";
import { RegistryError } from "../oci/errors.ts";

/** What an address is to the network. Nothing is ever fetched from reserved ones. */
export type AddressKind = "public" | "private" | "loopback" | "link-local" | "reserved";

/** The addresses of a host name. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

const v4Blocks: readonly (readonly [string, number, AddressKind])[] = [
  ["0.0.0.0", 8, "reserved"],
  ["10.0.0.0", 8, "private"],
  ["100.64.0.0", 10, "private"],
  ["127.0.0.0", 8, "loopback"],
  ["169.254.0.0", 16, "link-local"],
  ["172.16.0.0", 12, "private"],
  ["192.0.0.0", 24, "reserved"],
  ["192.168.0.0", 16, "private"],
  ["198.18.0.0", 15, "private"],
  ["224.0.0.0", 3, "reserved"],
];

/** The kind of an address in its usual spelling. What is no address is reserved. */
export function addressKind(address: string): AddressKind {
  if (isIPv4(address)) {
    const value = v4Value(address);
    const block = v4Blocks.find(([start, bits]) => value >>> (32 - bits) === v4Value(start) >>> (32 - bits));
    return block?.[2] ?? "public";
  }
  return isIPv6(address) ? v6Kind(address) : "reserved";
}

function v4Value(address: string): number {
  return address.split(".").reduce((value, part) => value * 256 + Number(part), 0) >>> 0;
}

function v6Kind(address: string): AddressKind {
  const words = v6Words(address);
  const [first = 0, second = 0] = words;
  const embedded = embeddedV4(words);
  if (embedded !== undefined) return addressKind(embedded);
  if (words.slice(0, 7).every((word) => word === 0)) return words[7] === 1 ? "loopback" : "reserved";
  if ((first & 0xfe00) === 0xfc00 || (first & 0xffc0) === 0xfec0) return "private";
  if ((first & 0xffc0) === 0xfe80) return "link-local";
  // Global unicast; of it, Teredo hides another address.
  const isGlobal = (first & 0xe000) === 0x2000 && !(first === 0x2001 && second === 0);
  return isGlobal ? "public" : "reserved";
}

/** An IPv4 address inside: mapped, translated (64:ff9b::/96) or 6to4. */
function embeddedV4(words: readonly number[]): string | undefined {
  const startsWith = (...start: readonly number[]) => start.every((word, index) => words[index] === word);
  const isTail = startsWith(0, 0, 0, 0, 0, 0xffff) || startsWith(0x64, 0xff9b, 0, 0, 0, 0);
  const [high, low] = isTail ? words.slice(6) : words[0] === 0x2002 ? words.slice(1, 3) : [];
  if (high === undefined || low === undefined) return undefined;
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

function v6Words(address: string): readonly number[] {
  const plain = address.replace(/%.*$/, "").replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) => {
    return `${(Number(a) * 256 + Number(b)).toString(16)}:${(Number(c) * 256 + Number(d)).toString(16)}`;
  });
  const [head = "", tail] = plain.split("::");
  const parse = (text: string) => (text === "" ? [] : text.split(":").map((word) => Number.parseInt(word, 16)));
  const [left, right] = [parse(head), parse(tail ?? "")];
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  return [...left, ...Array.from({ length: Math.max(0, zeros) }, () => 0), ...right];
}

/** The address to connect to for a URL that an upstream gave; refuses one that leads where it may not. */
export async function checkAddress(target: URL, { home, resolve }: { readonly home: URL; readonly resolve: Resolve }) {
  const addresses = await addressesOf(target, resolve);
  const kinds = new Set(addresses.map(addressKind));
  kinds.delete("public");
  if (kinds.size > 0) {
    // A home that only a proxy can find is nowhere near this machine.
    const homeAddresses = await addressesOf(home, resolve).catch(() => []);
    const homeKinds = new Set(homeAddresses.map(addressKind));
    const refused = [...kinds].find((kind) => kind === "reserved" || !homeKinds.has(kind));
    if (refused !== undefined) {
      throw new RegistryError("UPSTREAM_INVALID", {
        message: `${home.host} leads to ${target.host}, which is a ${refused} address; that is not followed`,
      });
    }
  }
  const [address] = addresses;
  if (address === undefined) throw new RegistryError("UPSTREAM_UNREACHABLE", { message: `${target.host} is unknown` });
  return address;
}

async function addressesOf({ hostname }: URL, resolve: Resolve): Promise<readonly string[]> {
  const literal = hostname.replace(/^\[|\]$/g, "");
  if (isIPv4(literal) || isIPv6(literal)) return [literal];
  try {
    return await resolve(hostname);
  } catch (cause) {
    throw new RegistryError("UPSTREAM_UNREACHABLE", { message: `${hostname} has no address`, cause });
  }
}
