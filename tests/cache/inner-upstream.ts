// The upstream of a network of the test's own, as a process in it: `bun inner-upstream.ts upstream.json`. It says the digest
// of its blob when it listens, and notes every request in the log.
import { appendFileSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { digestOf } from "../proxy/misbehaving-upstream.ts";
import type { InnerUpstream, Reached } from "./inner-network.ts";

const [file = ""] = process.argv.slice(2);
const {
  redirects = {},
  realms = {},
  port,
  log,
} = JSON.parse(readFileSync(file, "utf8")) as InnerUpstream & {
  readonly port: number;
  readonly log: string;
};
const blob = "the only blob";
const manifest = JSON.stringify({
  schemaVersion: 2,
  mediaType: "application/vnd.oci.image.manifest.v1+json",
  config: { mediaType: "application/vnd.oci.image.config.v1+json", digest: digestOf(blob), size: blob.length },
  layers: [],
});

function answer(request: IncomingMessage, response: ServerResponse): void {
  const { url = "", headers, socket } = request;
  const authorization = headers.authorization ?? null;
  const reached: Reached = { address: socket.localAddress ?? "", host: headers.host ?? "", url, authorization };
  appendFileSync(log, `${JSON.stringify(reached)}\n`);
  // As a proxy it is what it is asked for.
  const path = url.replace(/^http:\/\/[^/]+/, "").replace(/\?.*$/, "");
  const [, name = "", kind = ""] = /^\/v2\/(.+)\/(manifests|blobs)\/[^/]+$/.exec(path) ?? [];
  const realm = realms[name];
  if (path === "/token") response.end('{"token":"inner"}');
  else if (path === "/blob") response.end(blob);
  else if (kind === "manifests") response.end(manifest);
  else if (realm !== undefined && authorization !== "Bearer inner") {
    response.writeHead(401, { "WWW-Authenticate": `Bearer realm="${realm}",service="inner"` });
    response.end();
  } else if (kind === "blobs" && redirects[name] !== undefined) {
    response.writeHead(307, { Location: redirects[name] });
    response.end();
  } else if (kind === "blobs") response.end(blob);
  else {
    response.writeHead(404);
    response.end();
  }
}

createServer(answer).listen(port, "0.0.0.0", () => console.log(digestOf(blob)));
