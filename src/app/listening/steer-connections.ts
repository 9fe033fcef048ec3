// Of the listeners on one port, which one gets the new connections. Closing a listener resets the connections that wait for
// it to accept them, so those that are about to close get no more before.
import { ptr } from "bun:ffi";
import { readdirSync } from "node:fs";
import { bindLibc } from "../../storage/libc.ts";

const socketLevel = 1;
const isListeningOption = 30;
/** SO_ATTACH_REUSEPORT_CBPF: a program says which socket of those that share a port is chosen. Linux alone has it. */
const chooseOption = 51;
/** SO_DETACH_REUSEPORT_BPF. */
const chooseFreelyOption = 68;
/** BPF_RET | BPF_K: the program is this one instruction. */
const returnConstant = 0x06;
/** Lets the later of two listeners have all new connections; false if the system cannot do that. */
export function steerToLater(port: number): boolean {
  return steerTo(port, 1);
}

/**
 * Lets one listener of all that share the port, whatever their processes, have all new connections: by its number, as they
 * began to listen. When one closes, the last one gets its number. While there are too few, the system chooses.
 */
export function steerTo(port: number, number: number): boolean {
  const setsockopt = bindLibc("setsockopt", ["i32", "i32", "i32", "ptr", "i32"]);
  const descriptor = setsockopt === undefined ? undefined : openDescriptors().find((each) => listensOn(each, port));
  if (setsockopt === undefined || descriptor === undefined) return false;
  const instruction = new Uint8Array(8);
  const fields = new DataView(instruction.buffer);
  fields.setUint16(0, returnConstant, true);
  fields.setUint32(4, number, true);
  const program = new Uint8Array(16);
  const header = new DataView(program.buffer);
  header.setUint16(0, 1, true);
  header.setBigUint64(8, BigInt(ptr(instruction)), true);
  return setsockopt(descriptor, socketLevel, chooseOption, program, program.length) === 0;
}

/** Lets the system choose again among all listeners of the port. */
export function steerNoMore(port: number): boolean {
  const setsockopt = bindLibc("setsockopt", ["i32", "i32", "i32", "ptr", "i32"]);
  const descriptor = openDescriptors().find((each) => listensOn(each, port));
  if (setsockopt === undefined || descriptor === undefined) return false;
  const nothing = new Uint8Array(4);
  return setsockopt(descriptor, socketLevel, chooseFreelyOption, nothing, nothing.length) === 0;
}

function openDescriptors(): readonly number[] {
  try {
    return readdirSync("/proc/self/fd").map(Number);
  } catch {
    return [];
  }
}

function listensOn(descriptor: number, port: number): boolean {
  const [value, address] = [new Uint8Array(4), new Uint8Array(128)];
  const sizeOf = (bytes: Uint8Array) => Uint8Array.from([bytes.length, 0, 0, 0]);
  const getsockopt = bindLibc("getsockopt", ["i32", "i32", "i32", "ptr", "ptr"]);
  if (getsockopt?.(descriptor, socketLevel, isListeningOption, value, sizeOf(value)) !== 0 || value[0] !== 1)
    return false;
  const getsockname = bindLibc("getsockname", ["i32", "ptr", "ptr"]);
  if (getsockname?.(descriptor, address, sizeOf(address)) !== 0) return false;
  return new DataView(address.buffer).getUint16(2) === port;
}
