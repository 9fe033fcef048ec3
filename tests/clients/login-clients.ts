// How each client logs in, pushes and pulls, over plain HTTP and over TLS.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { Outcome } from "../e2e/program.ts";
import type { ClientName } from "./clients.ts";
import { orasFlags } from "./layout-tools.ts";
import type { Site } from "./site.ts";

/** A client of somebody, with a home of his own. */
export interface Somebody {
  readonly site: Site;
  readonly run: (...command: readonly string[]) => Promise<Outcome>;
  /** A directory that is not there yet. */
  readonly room: (name: string) => string;
}

/** How somebody logs in, pushes and pulls with a client. */
export interface LoginClient {
  login(somebody: Somebody, user: string, password: string): Promise<Outcome>;
  /** Pushes something as a reference such as team/app:1. */
  push(somebody: Somebody, reference: string): Promise<Outcome>;
  pull(somebody: Somebody, reference: string): Promise<Outcome>;
}

/** Over TLS podman, buildah and skopeo find the authority where `somebodyAt()` has put it. */
function verification({ isTls }: Site, side: "src-" | "dest-" | "" = ""): readonly string[] {
  return isTls ? [] : [`--${side}tls-verify=false`];
}

/** crane looks into SSL_CERT_FILE. */
function crane(site: Site): readonly string[] {
  return site.isTls ? ["env", `SSL_CERT_FILE=${site.certificates}/ca.crt`, "crane"] : ["crane"];
}

function helmFlags(site: Site): readonly string[] {
  return site.isTls ? ["--ca-file", `${site.certificates}/ca.crt`] : ["--plain-http"];
}

/** regctl keeps the authority's certificate in the settings of its user. */
async function configureRegctl({ site, run }: Somebody): Promise<void> {
  const tls = site.isTls ? ["--cacert", readFileSync(`${site.certificates}/ca.crt`, "utf8")] : ["--tls", "disabled"];
  // It fails before the login, which it tries out at once, and keeps what it was told.
  await run("regctl", "registry", "set", site.host, ...tls);
}

/** podman and buildah push what they have built. */
function engineLike(program: "podman" | "buildah"): LoginClient {
  const invoke = ({ run, room }: Somebody, ...args: readonly string[]) =>
    run(program, "--storage-driver=vfs", `--root=${room("store")}`, `--runroot=${room("run")}`, ...args);
  return {
    login: (somebody, user, secret) =>
      invoke(somebody, "login", ...verification(somebody.site), "-u", user, "-p", secret, somebody.site.host),
    push: async (somebody, reference) => {
      const context = somebody.room("context");
      mkdirSync(context, { recursive: true });
      writeFileSync(`${context}/Containerfile`, "FROM scratch\nCOPY Containerfile /file\n");
      const tag = `${somebody.site.host}/${reference}`;
      const built = await invoke(somebody, "build", "--isolation=chroot", "--tag", tag, context);
      if (built.code !== 0) throw new Error(built.stderr);
      return invoke(somebody, "push", ...verification(somebody.site), tag);
    },
    pull: (somebody, reference) =>
      invoke(somebody, "pull", ...verification(somebody.site), `${somebody.site.host}/${reference}`),
  };
}

/** The clients that log in by themselves; docker and containerd do with their daemons. */
export const loginClients: Partial<Record<ClientName, LoginClient>> = {
  podman: engineLike("podman"),
  buildah: engineLike("buildah"),
  skopeo: {
    login: ({ site, run }, user, secret) =>
      run("skopeo", "login", ...verification(site), "-u", user, "-p", secret, site.host),
    push: ({ site, run }, reference) =>
      run(
        ...["skopeo", "copy", "--all", ...verification(site, "dest-")],
        ...[`oci:${site.layout.path}:${site.layout.tag}`, `docker://${site.host}/${reference}`],
      ),
    pull: ({ site, run, room }, reference) =>
      run(
        ...["skopeo", "copy", "--all", ...verification(site, "src-")],
        ...[`docker://${site.host}/${reference}`, `oci:${room("pulled")}:1`],
      ),
  },
  crane: {
    login: ({ site, run }, user, secret) => run(...crane(site), "auth", "login", "-u", user, "-p", secret, site.host),
    push: ({ site, run }, reference) => run(...crane(site), "push", site.layout.path, `${site.host}/${reference}`),
    pull: ({ site, run, room }, reference) =>
      run(...crane(site), "pull", "--format=oci", `${site.host}/${reference}`, room("pulled")),
  },
  oras: {
    login: ({ site, run }, user, secret) =>
      run("oras", "login", ...orasFlags(site), "-u", user, "-p", secret, site.host),
    push: ({ site, run }, reference) =>
      run(
        ...["oras", "cp", ...orasFlags(site, "to"), "--from-oci-layout"],
        ...[`${site.layout.path}:${site.layout.tag}`, `${site.host}/${reference}`],
      ),
    pull: ({ site, run, room }, reference) =>
      run(
        "oras",
        "cp",
        ...orasFlags(site, "from"),
        "--to-oci-layout",
        `${site.host}/${reference}`,
        `${room("pulled")}:1`,
      ),
  },
  regctl: {
    login: async (somebody, user, secret) => {
      const { site, run } = somebody;
      await configureRegctl(somebody);
      return run("regctl", "registry", "login", site.host, "-u", user, "-p", secret);
    },
    push: async (somebody, reference) => {
      const { site, run } = somebody;
      await configureRegctl(somebody);
      return run(
        "regctl",
        "image",
        "copy",
        `ocidir://${site.layout.path}:${site.layout.tag}`,
        `${site.host}/${reference}`,
      );
    },
    pull: async (somebody, reference) => {
      const { site, run, room } = somebody;
      await configureRegctl(somebody);
      return run("regctl", "image", "copy", `${site.host}/${reference}`, `ocidir://${room("pulled")}:1`);
    },
  },
  helm: {
    login: ({ site, run }, user, secret) =>
      run("helm", "registry", "login", ...helmFlags(site), "-u", user, "-p", secret, site.host),
    push: async ({ site, run, room }, reference) => {
      const [repository, version] = splitChart(reference);
      const [path, name] = [repository.slice(0, repository.lastIndexOf("/")), repository.split("/").at(-1)];
      const chart = room("chart");
      mkdirSync(chart, { recursive: true });
      writeFileSync(`${chart}/Chart.yaml`, `apiVersion: v2\nname: ${name}\nversion: ${version}\n`);
      const packaged = await run("helm", "package", chart, "-d", room("packages"));
      if (packaged.code !== 0) throw new Error(packaged.stderr);
      return run(
        "helm",
        "push",
        ...helmFlags(site),
        `${room("packages")}/${name}-${version}.tgz`,
        `oci://${site.host}/${path}`,
      );
    },
    pull: ({ site, run, room }, reference) => {
      const [repository, version] = splitChart(reference);
      mkdirSync(room("pulled"), { recursive: true });
      return run(
        ...["helm", "pull", ...helmFlags(site), `oci://${site.host}/${repository}`],
        ...["--version", version, "-d", room("pulled")],
      );
    },
  },
};

/** Helm's versions have three parts. */
function splitChart(reference: string): readonly [string, string] {
  const [repository = "", tag = ""] = reference.split(":");
  return [repository, `${tag}.0.0`];
}

/** Somebody at a site, with a home where podman and its kin find the certificate of the registry. */
export function somebodyAt(site: Site, name: string): Somebody {
  const home = site.at("homes", name);
  mkdirSync(`${home}/.docker`, { recursive: true });
  if (site.isTls) cpSync(site.certificates, `${home}/.config/containers/certs.d/${site.host}`, { recursive: true });
  // podman and buildah want the file to be there where the variable names it.
  writeFileSync(`${home}/auth.json`, "{}");
  const env = { HOME: home, REGISTRY_AUTH_FILE: `${home}/auth.json` };
  return {
    site,
    run: (...command) => site.attempt(command, env),
    room: (room) => `${home}/${room}`,
  };
}
