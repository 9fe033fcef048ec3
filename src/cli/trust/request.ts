// The arguments of `registry trust`.
import { explainNameProblem } from "../../lib/subject-names.ts";
import { flagOf, hasFlag, type ParsedWords, UsageError } from "../command.ts";
import { type TrustClient, trustClients } from "./places.ts";
import { parseTrustTarget, type TrustTarget, withoutScheme } from "./target.ts";

/** The parsed arguments. */
export interface TrustRequest {
  readonly target: TrustTarget;
  /** Undefined: those found on this machine. */
  readonly clients: readonly TrustClient[] | undefined;
  /** A file with the CA's certificate, if the registry does not hand it out. */
  readonly caPath: string | undefined;
  /** 64 hexadecimal digits, or undefined. */
  readonly fingerprint: string | undefined;
  readonly isAgreed: boolean;
  readonly isDryRun: boolean;
  readonly isRemoval: boolean;
}

/** Reads the arguments; throws a UsageError. */
export function parseTrustRequest(words: ParsedWords): TrustRequest {
  const [text] = words.positionals;
  if (text === undefined)
    throw new UsageError("which registry? give its host as in image names, such as registry.example.org:5000");
  const target = parseTrustTarget(text);
  if (target === undefined)
    throw new UsageError(`${explainTargetProblem(text)}; give HOST or HOST:PORT, an IPv6 address in brackets`);
  const clients = words.flags.for?.map(parseClient);
  return {
    target,
    clients: clients === undefined ? undefined : trustClients.filter((client) => clients.includes(client)),
    caPath: flagOf(words, "ca"),
    fingerprint: parseFingerprint(flagOf(words, "fingerprint")),
    isAgreed: hasFlag(words, "yes"),
    isDryRun: hasFlag(words, "dry-run"),
    isRemoval: hasFlag(words, "remove"),
  };
}

function explainTargetProblem(text: string): string {
  const host = withoutScheme(text).replace(/(?<=[^:]):\d+$/, "");
  return parseTrustTarget(host) === undefined
    ? explainNameProblem(host)
    : `${JSON.stringify(text)} has an impossible port`;
}

function parseClient(text: string): TrustClient {
  const client = trustClients.find((candidate) => candidate === text);
  if (client === undefined) throw new UsageError(`--for is ${trustClients.join(", ")}, not ${JSON.stringify(text)}`);
  return client;
}

/** However it was copied: in any case, with or without colons or a leading "SHA256:". */
function parseFingerprint(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const digits = text
    .replace(/^sha-?256[:=]?/i, "")
    .replaceAll(/[:\s]/g, "")
    .toLowerCase();
  if (/^[0-9a-f]{64}$/.test(digits)) return digits;
  throw new UsageError("--fingerprint is a SHA-256 in hexadecimal, 64 digits with or without colons");
}
