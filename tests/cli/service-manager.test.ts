import { expect, test } from "bun:test";
import { join } from "node:path";
import { connectServiceManager } from "../../src/cli/service-manager.ts";
import { bindLibc } from "../../src/storage/libc.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

const [unixFamily, datagram, dontWait] = [1, 2, 0x40];

/** A service manager's socket at this address; `receive` gives a message that has come, or undefined. */
function listenAt(address: string) {
  const socket = bindLibc("socket", ["i32", "i32", "i32"]);
  const bind = bindLibc("bind", ["i32", "ptr", "i32"]);
  const recv = bindLibc("recv", ["i32", "ptr", "i64", "i32"]);
  const close = bindLibc("close", ["i32"]);
  const descriptor = socket?.(unixFamily, datagram, 0) ?? -1;
  const path = new TextEncoder().encode(address.startsWith("@") ? `\0${address.slice(1)}` : address);
  const name = Uint8Array.from([unixFamily, 0, ...path, ...(path[0] === 0 ? [] : [0])]);
  expect(bind?.(descriptor, name, name.length)).toBe(0);
  return {
    receive: () => {
      const buffer = new Uint8Array(1024);
      const sizeBytes = recv?.(descriptor, buffer, buffer.length, dontWait) ?? -1;
      return sizeBytes < 0 ? undefined : new TextDecoder().decode(buffer.subarray(0, sizeBytes));
    },
    [Symbol.dispose]: () => void close?.(descriptor),
  };
}

test.each(["a path", "an abstract name"])("a service manager at %s hears of start, reload and stop", (kind) => {
  using directory = temporaryDirectory();
  const address = kind === "a path" ? join(directory.path, "notify") : `@registry-test-${crypto.randomUUID()}`;
  using socket = listenAt(address);
  const env: Record<string, string | undefined> = { NOTIFY_SOCKET: address, HOME: "/" };
  using manager = connectServiceManager(env, { pid: 1 });
  manager.ready("serving\nhere");
  manager.reloading();
  manager.stopping();
  expect([env, socket.receive(), socket.receive(), socket.receive(), socket.receive()]).toEqual([
    { HOME: "/" },
    "READY=1\nSTATUS=serving here",
    expect.stringMatching(/^RELOADING=1\nMONOTONIC_USEC=[1-9]\d*$/),
    "STOPPING=1\nSTATUS=finishing requests",
    undefined,
  ]);
});

test("the watchdog is fed for as long as the event loop turns, and only for the process that it watches", async () => {
  using directory = temporaryDirectory();
  const address = join(directory.path, "notify");
  using socket = listenAt(address);
  const watched = { NOTIFY_SOCKET: address, WATCHDOG_USEC: "20000" };
  using _other = connectServiceManager({ ...watched, WATCHDOG_PID: "2" }, { pid: 1 });
  const before = socket.receive();
  using _own = connectServiceManager({ ...watched, WATCHDOG_PID: "1" }, { pid: 1 });
  let fed: string | undefined;
  while (fed === undefined) {
    await new Promise((resolve) => setImmediate(resolve));
    fed = socket.receive();
  }
  expect([before, fed]).toEqual([undefined, "WATCHDOG=1"]);
});

test.each([undefined, "", "relative", `/${"x".repeat(200)}`, "/nobody/listens"])(
  "nothing happens where NOTIFY_SOCKET is %p",
  (address) => {
    const env = address === undefined ? {} : { NOTIFY_SOCKET: address };
    using manager = connectServiceManager(env, { pid: 1 });
    manager.ready("serving");
    manager.stopping();
    expect(env).toEqual({});
  },
);
