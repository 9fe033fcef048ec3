// Modules of the runtime that few need, each loaded when it is first used: together they take a twentieth of a start.

/** Plain HTTP as a client, without fetch. */
export function nodeHttp(): typeof import("node:http") {
  return require("node:http");
}

/** HTTPS as a client, without fetch. */
export function nodeHttps(): typeof import("node:https") {
  return require("node:https");
}

/** TLS as a client, and the authorities that the system trusts. */
export function nodeTls(): typeof import("node:tls") {
  return require("node:tls");
}

/** Compression. */
export function nodeZlib(): typeof import("node:zlib") {
  return require("node:zlib");
}

/** The resolver of the system. */
export function nodeDns(): typeof import("node:dns/promises") {
  return require("node:dns/promises");
}
