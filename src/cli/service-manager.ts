// What a service tells the systemd that started it: sd_notify(3), over the datagram socket that NOTIFY_SOCKET names.
import { bindLibc } from "../storage/libc.ts";

/** The service manager that waits to hear from this process. */
export interface ServiceManager extends Disposable {
  /** The service serves; `status` is shown by `systemctl status`. */
  ready(status: string): void;
  /** The service reads its configuration again; `ready` follows. */
  reloading(): void;
  /** The service begins to stop. */
  stopping(): void;
}

/** Hears nothing. */
const nobody: ServiceManager = {
  ready: () => undefined,
  reloading: () => undefined,
  stopping: () => undefined,
  [Symbol.dispose]: () => undefined,
};

type Env = Record<string, string | undefined>;

/**
 * Connects to the service manager of the environment, and takes its variables out of that, since children must not speak
 * for this process. Feeds a watchdog twice in its time, from the event loop: a process that hangs is started again.
 */
export function connectServiceManager(env: Env, { pid }: { readonly pid: number }): ServiceManager {
  const { NOTIFY_SOCKET: address, WATCHDOG_USEC: watchdogUsec, WATCHDOG_PID: watchdogPid } = env;
  for (const name of ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]) delete env[name];
  const send = address === undefined || address === "" ? undefined : openNotifySocket(address);
  if (send === undefined) return nobody;
  const isWatched = watchdogPid === undefined || watchdogPid === String(pid);
  const feeding = isWatched ? feed(Number(watchdogUsec ?? 0) / 1000, () => send("WATCHDOG=1")) : undefined;
  return {
    ready: (status) => send(`READY=1\nSTATUS=${status.replaceAll("\n", " ")}`),
    reloading: () => send(`RELOADING=1\nMONOTONIC_USEC=${monotonicUsec()}`),
    stopping: () => send("STOPPING=1\nSTATUS=finishing requests"),
    [Symbol.dispose]: () => clearInterval(feeding),
  };
}

function feed(watchdogMs: number, act: () => void): Timer | undefined {
  if (!(watchdogMs > 0)) return undefined;
  return setInterval(act, watchdogMs / 2).unref();
}

const clockMonotonic = 1;

function monotonicUsec(): bigint {
  const time = new BigInt64Array(2);
  bindLibc("clock_gettime", ["i32", "ptr"])?.(clockMonotonic, new Uint8Array(time.buffer));
  return (time[0] ?? 0n) * 1_000_000n + (time[1] ?? 0n) / 1000n;
}

const unixFamily = 1;
/** SOCK_DGRAM | SOCK_CLOEXEC, of Linux. */
const datagram = 2 | 0o2_000_000;
/** MSG_DONTWAIT | MSG_NOSIGNAL: a manager that does not listen holds up nobody. */
const sendFlags = 0x40 | 0x4000;
/** Of a path in sockaddr_un, with its last zero. */
const maxPathBytes = 108;

/** Sends to a socket by its path, or with a leading "@" by its abstract name; undefined if there is no such socket. */
function openNotifySocket(address: string): ((message: string) => void) | undefined {
  const name = new TextEncoder().encode(address.startsWith("@") ? `\0${address.slice(1)}` : address);
  if (name.length >= maxPathBytes || !/^[@/]/.test(address)) return undefined;
  const socket = bindLibc("socket", ["i32", "i32", "i32"]);
  const sendto = bindLibc("sendto", ["i32", "ptr", "i64", "i32", "ptr", "i32"]);
  const descriptor = socket?.(unixFamily, datagram, 0) ?? -1;
  if (sendto === undefined || descriptor < 0) return undefined;
  const isAbstract = name[0] === 0;
  // The family is in the byte order of the machine, which is little-endian wherever Bun runs.
  const target = Uint8Array.from([unixFamily, 0, ...name, ...(isAbstract ? [] : [0])]);
  return (message) => {
    const bytes = new TextEncoder().encode(message);
    sendto(descriptor, bytes, bytes.length, sendFlags, target, target.length);
  };
}
