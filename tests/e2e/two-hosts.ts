// Two hosts on one machine: network namespaces with a cable between them.
import { must, run } from "./program.ts";

/** A host of the test's own. */
export interface Host {
  readonly namespace: string;
  readonly address: string;
}

/** Both hosts; they and the cable are gone after disposal. */
export interface TwoHosts extends AsyncDisposable {
  readonly server: Host;
  readonly client: Host;
}

/** Makes the namespaces and joins them. */
export async function makeTwoHosts(): Promise<TwoHosts> {
  const server = { namespace: `registry-server-${process.pid}`, address: "10.83.0.1" };
  const client = { namespace: `registry-client-${process.pid}`, address: "10.83.0.2" };
  const dispose = async () => {
    for (const { namespace } of [server, client]) await run(["ip", "netns", "delete", namespace]);
  };
  try {
    for (const { namespace } of [server, client]) await must(["ip", "netns", "add", namespace]);
    // Made inside the namespaces: nothing of it is ever seen, or left, outside.
    const peer = ["peer", "name", "cable", "netns", client.namespace];
    await must(["ip", "-n", server.namespace, "link", "add", "cable", "type", "veth", ...peer]);
    for (const { namespace, address } of [server, client]) {
      await must(["ip", "-n", namespace, "address", "add", `${address}/24`, "dev", "cable"]);
      await must(["ip", "-n", namespace, "link", "set", "lo", "up"]);
      await must(["ip", "-n", namespace, "link", "set", "cable", "up"]);
    }
  } catch (error) {
    await dispose();
    throw error;
  }
  return { server, client, [Symbol.asyncDispose]: dispose };
}
