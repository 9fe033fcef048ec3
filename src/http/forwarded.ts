// What a trusted proxy says about the request that it passes on: the caller's address, and the scheme and host that the
// caller used. From anybody else such headers count for nothing.
import { isIP } from "node:net";
import type { IsInNetworks } from "../lib/networks.ts";

/** Where a request came from, and under which origin it was made; undefined if unknown. */
export interface Forwarded {
  readonly remote: string | undefined;
  /** Such as `https://registry.example.com`. */
  readonly origin: string | undefined;
}

/** A hop as a header tells it. */
interface Hop {
  readonly address: string | undefined;
  readonly proto: string | undefined;
  readonly host: string | undefined;
}

const maxHops = 32;
const hostForm = /^(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;

/** The caller behind the trusted proxies: the last address that is not one of theirs. */
export function readForwarded(
  headers: Headers,
  { remote, isTrusted }: { readonly remote: string | undefined; readonly isTrusted: IsInNetworks | undefined },
): Forwarded {
  if (remote === undefined || isTrusted?.(remote) !== true) return { remote, origin: undefined };
  const hops = readHops(headers);
  let caller = remote;
  let index = hops.length;
  while (index > 0 && isTrusted(caller)) {
    const before = hops[index - 1]?.address;
    if (before === undefined) break;
    caller = before;
    index -= 1;
  }
  const { proto, host } = hops[Math.min(index, hops.length - 1)] ?? {};
  const isKnown = (proto === "http" || proto === "https") && host !== undefined && hostForm.test(host);
  return { remote: caller, origin: isKnown ? `${proto}://${host}` : undefined };
}

/** A proxy that sets the X-Forwarded headers may pass on a Forwarded of the caller's: that counts only alone. */
function readHops(headers: Headers): readonly Hop[] {
  const addresses = headers.get("x-forwarded-for");
  if (addresses === null && headers.has("forwarded")) return parseForwarded(headers.get("forwarded") ?? "");
  const [proto, host] = [last(headers.get("x-forwarded-proto")), last(headers.get("x-forwarded-host"))];
  const hops = splitList(addresses ?? "").map((text) => ({ address: parseAddress(text), proto, host }));
  return hops.length > 0 ? hops : [{ address: undefined, proto, host: host ?? headers.get("host") ?? undefined }];
}

/** RFC 7239: `for=192.0.2.60;proto=https;host=registry.example.com, for=…`. */
function parseForwarded(text: string): readonly Hop[] {
  return splitList(text).map((element) => {
    const pairs = element.split(";").map((pair) => /^\s*([a-z]+)="?([^"]*?)"?\s*$/i.exec(pair));
    const of = (name: string) => pairs.find((pair) => pair?.[1]?.toLowerCase() === name)?.[2];
    return { address: parseAddress(of("for") ?? ""), proto: of("proto")?.toLowerCase(), host: of("host") };
  });
}

function splitList(text: string): readonly string[] {
  const items = text.split(",").map((item) => item.trim());
  return text.trim() === "" ? [] : items.slice(-maxHops);
}

function last(text: string | null): string | undefined {
  return splitList(text ?? "").at(-1);
}

/** Without a port and brackets; undefined for what is no address, such as `unknown`. */
function parseAddress(text: string): string | undefined {
  const [, v6, v4] = /^(?:\[([0-9a-f:.]+)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+)(?::\d+)?)$/i.exec(text) ?? [];
  const address = v6 ?? v4 ?? text;
  return isIP(address) === 0 ? undefined : address;
}
