// Where an upstream may send us. A redirect, a token realm or a name that leads into the operator's own network would
// let a stranger reach what only this machine can: so every connection is judged by the address it goes to.
import { isIP } from "node:net";
import { RegistryError } from "../oci/errors.ts";
import { type AddressKind, addressKind } from "./address-kind.ts";

/** Looks up the addresses of a host name. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

/** What the guard of one upstream knows. */
export interface GuardOptions {
  /** The upstream's own address, as it is configured. */
  readonly home: URL;
  readonly resolve: Resolve;
}

/**
 * Decides where one upstream may lead. A public address may lead only to public ones, and one in the operator's network
 * also to its own kind: the sender can reach it anyway. The upstream's own address is the operator's choice,
 * but a name that was once public must not lead inside later, since its DNS belongs to a stranger.
 */
export class AddressGuard {
  readonly #options: GuardOptions;
  #wasPublic = false;

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  /** The addresses that a URL may be reached at; refuses a URL that leads where it may not. */
  async listAddresses(url: URL, sender: AddressKind | undefined): Promise<readonly string[]> {
    const { home, resolve } = this.#options;
    const literal = literalOf(url);
    const isHome = url.origin === home.origin;
    if (isHome && literal !== undefined) return [literal];
    const addresses = literal === undefined ? await lookUp(url, resolve) : [literal];
    if (!isHome) {
      const refused = addresses.map(addressKind).find((kind) => !mayLead(sender, kind));
      if (refused !== undefined) throw refusal(`${home.host} leads to ${url.host}, which is a ${refused} address`);
      return addresses;
    }
    const allowed = addresses.filter((address) => this.#mayBeHome(addressKind(address)));
    if (allowed.length > 0) return allowed;
    const kind = addressKind(addresses[0] ?? "");
    const before = this.#wasPublic ? " now, and was a public one before (restart the registry if that is right)" : "";
    throw refusal(`${home.host} is a ${kind} address${before}`);
  }

  /** Records that an answer came from there. */
  noteAnswer(url: URL, kind: AddressKind): void {
    if (url.origin === this.#options.home.origin && kind === "public") this.#wasPublic = true;
  }

  /** Link-local addresses hand out machine credentials: only a literal in the configuration leads to one. */
  #mayBeHome(kind: AddressKind): boolean {
    return kind === "public" || (!this.#wasPublic && isInside(kind));
  }
}

function isInside(kind: AddressKind): boolean {
  return kind === "private" || kind === "loopback";
}

function mayLead(sender: AddressKind | undefined, kind: AddressKind): boolean {
  return kind === "public" || (kind === sender && isInside(kind));
}

function refusal(what: string): RegistryError {
  return new RegistryError("UPSTREAM_INVALID", { message: `${what}; that is not followed` });
}

function literalOf({ hostname }: URL): string | undefined {
  const text = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
  return isIP(text) === 0 ? undefined : text;
}

async function lookUp({ host, hostname }: URL, resolve: Resolve): Promise<readonly string[]> {
  const addresses = await resolve(hostname).catch((cause: unknown) => {
    throw unreachable(host, cause);
  });
  if (addresses.length === 0) throw unreachable(host, undefined);
  return addresses;
}

function unreachable(host: string, cause: unknown): RegistryError {
  const message = `${host} cannot be reached: its name cannot be resolved`;
  return new RegistryError("UPSTREAM_UNREACHABLE", { message, cause });
}
