// Decides what `registry trust` writes and removes. Every file it writes begins with a mark; a file without the mark is
// somebody else's and is neither overwritten nor removed.
import type { TrustPlace } from "./places.ts";
import type { TrustTarget } from "./target.ts";

/** One step of a plan; steps are carried out in order. */
export type TrustStep =
  | { readonly kind: "write"; readonly path: string; readonly text: string }
  | { readonly kind: "delete"; readonly path: string }
  | { readonly kind: "deleteEmptyDirectory"; readonly path: string }
  | { readonly kind: "run"; readonly command: readonly string[] }
  /** Nothing to do, and why. */
  | { readonly kind: "keep"; readonly path: string; readonly reason: string }
  /** Not done, and what a person can do instead. */
  | { readonly kind: "refuse"; readonly path: string; readonly reason: string };

/** The text at a path; undefined if there is none. */
export type ReadText = (path: string) => string | undefined;

const mark = "# Written by `registry trust`, which takes it away again with --remove.\n";

/** The steps that make the clients at these places trust the CA; repeating them changes nothing. */
export function planTrust(
  places: readonly TrustPlace[],
  facts: { readonly target: TrustTarget; readonly caPem: string; readonly read: ReadText },
): TrustStep[] {
  return places.flatMap((place) => {
    const steps = [planFile(place.authorityPath, `${mark}${facts.caPem}`, facts.read)];
    if (place.hostsPath !== undefined) {
      steps.push(planFile(place.hostsPath, formatHosts(facts.target, place.authorityPath), facts.read));
    }
    // Also after "keep": an earlier run may have been interrupted before the command.
    const isRefused = steps.some(({ kind }) => kind === "refuse");
    return place.command === undefined || isRefused ? steps : [...steps, { kind: "run", command: place.command }];
  });
}

/** Other certificates that an earlier run made these clients trust. */
export function findReplaced(
  places: readonly TrustPlace[],
  { caPem, read }: { readonly caPem: string; readonly read: ReadText },
): string[] {
  const trusted = places.flatMap(({ authorityPath }) => read(authorityPath) ?? []);
  const replaced = trusted.filter((text) => text.startsWith(mark) && !isSameCertificate(text, caPem));
  return [...new Set(replaced)];
}

/** The steps that undo planTrust at these places, as far as it was carried out. */
export function planRemoval(places: readonly TrustPlace[], read: ReadText): TrustStep[] {
  return places.flatMap((place): TrustStep[] => {
    const paths = [place.authorityPath, ...(place.hostsPath === undefined ? [] : [place.hostsPath])];
    const steps = paths.flatMap((path) => planFileRemoval(path, read));
    if (!steps.some(({ kind }) => kind === "delete")) return steps;
    if (place.command !== undefined) return [...steps, { kind: "run", command: place.command }];
    return [...steps, { kind: "deleteEmptyDirectory", path: place.directory }];
  });
}

/** One line per step. */
export function formatStep(step: TrustStep): string {
  switch (step.kind) {
    case "write":
      return `write ${step.path}`;
    case "delete":
      return `remove ${step.path}`;
    case "deleteEmptyDirectory":
      return `remove ${step.path} if it is empty`;
    case "run":
      return `run ${step.command.join(" ")}`;
    case "keep":
      return `leave ${step.path}: ${step.reason}`;
    case "refuse":
      return `cannot write ${step.path}: ${step.reason}`;
  }
}

function planFile(path: string, text: string, read: ReadText): TrustStep {
  const present = read(path);
  if (present === text) return { kind: "keep", path, reason: "it is up to date" };
  if (present === undefined || present.startsWith(mark)) return { kind: "write", path, text };
  if (path.endsWith(".crt") && isSameCertificate(present, text)) {
    return { kind: "keep", path, reason: "it holds this CA already" };
  }
  const advice = path.endsWith(".toml")
    ? `to keep it, add these lines to it:\n${text.replace(/^#.*\n/, "").replaceAll(/^(?=.)/gm, "    ")}`
    : "move it away, then try again\n";
  return { kind: "refuse", path, reason: `it was not written by registry trust; ${advice}`.trimEnd() };
}

function planFileRemoval(path: string, read: ReadText): TrustStep[] {
  const present = read(path);
  if (present === undefined) return [];
  if (present.startsWith(mark)) return [{ kind: "delete", path }];
  return [{ kind: "keep", path, reason: "it was not written by registry trust" }];
}

function isSameCertificate(one: string, other: string): boolean {
  const body = (pem: string) => /-----BEGIN CERTIFICATE-----([^-]+)-----END/.exec(pem)?.[1]?.replaceAll(/\s/g, "");
  return one.split("-----BEGIN ").length === 2 && body(one) === body(other);
}

function formatHosts({ directoryName }: TrustTarget, authorityPath: string): string {
  const url = `https://${directoryName}`;
  return `${mark}server = "${url}"\n\n[host."${url}"]\n  ca = "${authorityPath}"\n`;
}
