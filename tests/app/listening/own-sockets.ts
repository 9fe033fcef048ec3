// Run in a process of its own, in which nothing else opens or closes a socket: looks before and after ten connections to
// itself, both ends of which are its own, and prints what it saw.
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { watchConnections } from "../../../src/app/listening/connections.ts";

const server = createServer().listen(0, "127.0.0.1");
await once(server, "listening");
const look = watchConnections(28, () => performance.now());
const seen = [look()];
const { port } = server.address() as AddressInfo;
for (let count = 0; count < 10; count += 1) {
  const accepted = once(server, "connection");
  connect(port, "127.0.0.1");
  await accepted;
}
seen.push(look());
console.log(JSON.stringify(seen));
process.exit();
