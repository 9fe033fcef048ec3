// Debian's nginx and HAProxy in front of a registry, as operators put them there: with TLS and without, connections to the
// registry shared and kept, everything below /v2/marker refused. They call from 127.0.0.2, so that the registry can tell
// them from their callers.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { executable } from "../e2e/executable.ts";
import { environment, must, readyMs, waitUntil } from "../e2e/program.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

/** The address that the proxies have at the registry. */
export const proxyAddress = "127.0.0.2";

/** A proxy that listens on 127.0.0.1. */
export interface FrontProxy extends AsyncDisposable {
  readonly port: number;
  readonly tlsPort: number;
  /** The certificate of its authority. */
  readonly ca: string;
}

interface Place {
  readonly directory: string;
  readonly registryPort: number;
  readonly port: number;
  readonly tlsPort: number;
  /** A file with certificate and key. */
  readonly pem: string;
}

/** Writes its configuration; the command that runs it in the foreground. */
type Prepare = (place: Place) => readonly string[];

const nginx: Prepare = ({ directory, registryPort, port, tlsPort, pem }) => {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${directory}/${name};`,
  );
  const configuration = `
    daemon off;
    master_process off;
    pid ${directory}/pid;
    error_log ${directory}/error.log;
    events {}
    http {
      access_log off;
      ${temporary.join("\n")}
      client_max_body_size 0;
      upstream registry { server 127.0.0.1:${registryPort}; keepalive 1; }
      server {
        listen 127.0.0.1:${port};
        listen 127.0.0.1:${tlsPort} ssl;
        ssl_certificate ${pem};
        ssl_certificate_key ${pem};
        location ^~ /v2/marker { return 403; }
        location / {
          proxy_pass http://registry;
          proxy_http_version 1.1;
          proxy_bind ${proxyAddress};
          proxy_request_buffering off;
          proxy_set_header Connection "";
          proxy_set_header Host $http_host;
          proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
          proxy_set_header X-Forwarded-Proto $scheme;
          proxy_set_header X-Forwarded-Host $http_host;
        }
      }
    }`;
  writeFileSync(join(directory, "nginx.conf"), configuration);
  return ["nginx", "-p", directory, "-e", join(directory, "error.log"), "-c", join(directory, "nginx.conf")];
};

const haproxy: Prepare = ({ directory, registryPort, port, tlsPort, pem }) => {
  const configuration = `
defaults
  mode http
  timeout connect 10s
  timeout client 60s
  timeout server 60s
  http-reuse always
  option forwardfor
frontend callers
  bind 127.0.0.1:${port}
  bind 127.0.0.1:${tlsPort} ssl crt ${pem}
  http-request deny if { path_beg /v2/marker }
  http-request set-header X-Forwarded-Proto https if { ssl_fc }
  http-request set-header X-Forwarded-Proto http if !{ ssl_fc }
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  default_backend registry
backend registry
  server registry 127.0.0.1:${registryPort} source ${proxyAddress}
`;
  writeFileSync(join(directory, "haproxy.cfg"), configuration);
  return ["haproxy", "-db", "-f", join(directory, "haproxy.cfg")];
};

/** The proxies by their names. */
export const proxies = { nginx, haproxy };

/** Starts one in front of a registry that speaks plain HTTP. */
export async function startProxy(name: keyof typeof proxies, registryPort: number): Promise<FrontProxy> {
  await using opened = new AsyncDisposableStack();
  const directory = opened.use(temporaryDirectory()).path;
  await must([executable, "gencert", "--san", "registry.test", "--out", join(directory, "tls")]);
  const [certificate, key] = ["server.crt", "server.key"].map((file) =>
    readFileSync(join(directory, "tls", file), "utf8"),
  );
  const pem = join(directory, "server.pem");
  writeFileSync(pem, `${certificate}${key}`);
  mkdirSync(join(directory, "logs"));
  const [port, tlsPort] = [await freePort(), await freePort()];
  const command = proxies[name]({ directory, registryPort, port, tlsPort, pem });
  const child = Bun.spawn([...command], { env: environment(), stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  opened.defer(async () => {
    child.kill("SIGKILL");
    await child.exited;
  });
  await waitUntil(
    `${name} listens`,
    async () => {
      if (child.exitCode !== null) throw new Error(`${name} ended: ${await child.stderr.text()}`);
      return (await isListening(port)) && (await isListening(tlsPort));
    },
    { deadlineMs: readyMs },
  );
  const kept = opened.move();
  const ca = readFileSync(join(directory, "tls/ca.crt"), "utf8");
  return { port, tlsPort, ca, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

function freePort(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const server = net.createServer();
  server.listen(0, "127.0.0.1", () => {
    const { port } = server.address() as net.AddressInfo;
    server.close(() => resolve(port));
  });
  return promise;
}

function isListening(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = net.connect({ host: "127.0.0.1", port }, () => {
    socket.destroy();
    resolve(true);
  });
  socket.on("error", () => resolve(false));
  return promise;
}
