// Which of several addresses takes connections (RFC 8305): an IPv6 address may lead nowhere where IPv4 works.
import { connect } from "node:net";
import { untilAborted } from "./deadline.ts";

/** Where connections are tried. */
export interface Candidates {
  /** Tried in their order. */
  readonly addresses: readonly string[];
  readonly port: number;
  readonly signal: AbortSignal;
}

/** How long one address is tried alone. */
const staggerMs = 250;
const maxAddresses = 8;

/** The first address that takes a connection; undefined where none does. */
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
