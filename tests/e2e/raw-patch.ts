// One PATCH of an upload, byte by byte as the test wants it.
import { existsSync, readFileSync } from "node:fs";
import net from "node:net";
import tls from "node:tls";
import type { StartedRegistry } from "./executable.ts";

/** A request whose head the server has read. */
export interface RawPatch {
  send(bytes: Uint8Array): void;
  /** Everything that the server answered, once it has closed the connection. */
  answer(): Promise<string>;
}

/** Announces a body of the size, and waits until the server asks for it. */
export async function openPatch({ port, ca }: StartedRegistry, location: string, sizeBytes: number): Promise<RawPatch> {
  const socket = existsSync(ca)
    ? tls.connect({ port, host: "127.0.0.1", ca: readFileSync(ca) })
    : net.connect({ port, host: "127.0.0.1" });
  const asked = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<string>();
  let text = "";
  socket.on("data", (data) => {
    text += data.toString();
    if (text.startsWith("HTTP/1.1 100 Continue\r\n\r\n")) asked.resolve();
  });
  socket.on("close", () => {
    asked.reject(new Error(`closed without asking for the body: ${text}`));
    closed.resolve(text.replace("HTTP/1.1 100 Continue\r\n\r\n", ""));
  });
  socket.on("error", (error) => asked.reject(error));
  const { pathname, search } = new URL(location, "http://localhost");
  const fields = ["Host: localhost", `Content-Length: ${sizeBytes}`, "Expect: 100-continue", "Connection: close"];
  socket.write(`PATCH ${pathname}${search} HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n`);
  await asked.promise;
  return { send: (bytes) => void socket.write(bytes), answer: () => closed.promise };
}
