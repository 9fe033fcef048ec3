// Which address a request goes to. A name is resolved and judged here, and the connection goes to the address that was
// judged, since the name may resolve differently a moment later.
import { connect, isIPv6 } from "node:net";
import { BoundedMap } from "../lib/bounded-map.ts";
import { untilAborted } from "../lib/until-aborted.ts";
import { RegistryError } from "../oci/errors.ts";
import { AddressGuard, type GuardOptions } from "./address-guard.ts";
import { type AddressKind, addressKind } from "./address-kind.ts";

/** What destinations need. */
export interface DestinationsOptions extends GuardOptions {
  /** Whether requests go through a proxy, which then resolves names. */
  readonly isProxied: (url: URL) => boolean;
}

/** Where a request goes. */
export interface Destination {
  /** The URL with the address instead of the name; unchanged if a proxy resolves it. */
  readonly target: URL;
  readonly kind: AddressKind;
}

/** An upstream leads to many hosts in its lifetime. */
const maxChosen = 100;

/** The destinations of one upstream and of where it leads. */
export class Destinations {
  readonly #options: DestinationsOptions;
  readonly #guard: AddressGuard;
  /** For hosts with several addresses, the one that last accepted a connection. */
  readonly #chosen = new BoundedMap<string, string>(maxChosen);

  constructor(options: DestinationsOptions) {
    this.#options = options;
    this.#guard = new AddressGuard(options);
  }

  /** Where to connect for a URL; refuses a URL that leads where it may not. */
  async find(
    url: URL,
    { sender, signal }: { readonly sender: AddressKind | undefined; readonly signal: AbortSignal },
  ): Promise<Destination> {
    if (this.#options.isProxied(url)) return { target: url, kind: await this.#guessKind(url, sender) };
    const addresses = await this.#guard.listAddresses(url, sender);
    const address = await this.#choose(url, addresses, signal);
    const target = new URL(url);
    target.hostname = isIPv6(address) ? `[${address}]` : address;
    return { target, kind: addressKind(address) };
  }

  /** Records that an answer came from there. */
  noteAnswer(url: URL, { kind }: Destination): void {
    if (!this.#options.isProxied(url)) this.#guard.noteAnswer(url, kind);
  }

  /** Records that none came. */
  noteFailure({ host }: URL): void {
    this.#chosen.delete(host);
  }

  /** A name that only the proxy can resolve is nowhere near this machine. */
  async #guessKind(url: URL, sender: AddressKind | undefined): Promise<AddressKind> {
    try {
      const [address = ""] = await this.#guard.listAddresses(url, sender);
      return addressKind(address);
    } catch (error) {
      if (error instanceof RegistryError && error.code === "UPSTREAM_UNREACHABLE") return "public";
      throw error;
    }
  }

  async #choose({ host, port, protocol }: URL, addresses: readonly string[], signal: AbortSignal): Promise<string> {
    const [first = ""] = addresses;
    const known = this.#chosen.get(host);
    if (addresses.length <= 1) return first;
    if (known !== undefined && addresses.includes(known)) return known;
    const candidates = { addresses: inTurns(addresses), port: Number(port || defaultPorts[protocol]), signal };
    const found = await findReachable(candidates);
    if (found === undefined) return first;
    this.#chosen.set(host, found);
    return found;
  }
}

const defaultPorts: Readonly<Record<string, number>> = { "https:": 443, "http:": 80 };

/** IPv6 and IPv4 addresses in turn, starting with the family that the resolver prefers. */
function inTurns(addresses: readonly string[]): readonly string[] {
  const isFirst = (address: string) => isIPv6(address) === isIPv6(addresses[0] ?? "");
  const [preferred, others] = [addresses.filter(isFirst), addresses.filter((address) => !isFirst(address))];
  return preferred
    .flatMap((address, index) => [address, ...others.slice(index, index + 1)])
    .concat(others.slice(preferred.length));
}

/** Where connections are tried. */
export interface Candidates {
  /** Tried in their order. */
  readonly addresses: readonly string[];
  readonly port: number;
  readonly signal: AbortSignal;
}

/** How long an address is tried before the next one is tried too (RFC 8305): IPv6 may lead nowhere where IPv4 works. */
const staggerMs = 250;
const maxAddresses = 8;

/** The first address that accepts a connection; undefined if none does. */
export async function findReachable({ addresses, port, signal }: Candidates): Promise<string | undefined> {
  using opened = new DisposableStack();
  const attempts: Promise<string>[] = [];
  const first = () => Promise.any(attempts).catch(() => undefined);
  for (const address of addresses.slice(0, maxAddresses)) {
    const socket = connect({ host: address, port });
    opened.defer(() => socket.destroy());
    attempts.push(
      new Promise((resolve, reject) => {
        socket.once("connect", () => resolve(address));
        socket.once("error", reject);
      }),
    );
    const found = await untilAborted(Promise.race([first(), Bun.sleep(staggerMs)]), signal);
    if (found !== undefined) return found;
  }
  return await untilAborted(first(), signal);
}
