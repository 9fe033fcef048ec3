// The official conformance program of the OCI distribution spec, with every optional part switched on. The verdict is
// read from its result files: it exits 0 with skips.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { temporaryDirectory } from "../temporary-directory.ts";
import { run } from "./program.ts";

/** OCI_DATA_SPARSE stays off: its sparse images contradict MANIFEST_BLOB_UNKNOWN. */
const switches = {
  OCI_API_BLOBS_DIGEST_HEADER: "true",
  OCI_API_MANIFESTS_DIGEST_HEADER: "true",
  OCI_API_BLOBS_UPLOAD_CANCEL: "true",
  OCI_API_MANIFESTS_TAG_PARAM: "true",
  OCI_DATA_SPARSE: "false",
};

/** The registry that is tried. */
export interface ConformanceTarget {
  readonly version: "stable" | "dev";
  /** Host and port. */
  readonly host: string;
  /** The file with its authority's certificate; undefined: plain HTTP. */
  readonly ca: string | undefined;
  /** Whether blobs come from an object store, which knows no digest header. */
  readonly isRedirected?: boolean;
}

/** Runs the program; what it found, and what has to be found. */
export async function runConformance({ version, host, ca, isRedirected = false }: ConformanceTarget) {
  using results = temporaryDirectory();
  const outcome = await run(["conformance"], {
    cwd: results.path,
    env: {
      ...switches,
      OCI_VERSION: version,
      OCI_REGISTRY: host,
      ...(isRedirected ? { OCI_API_BLOBS_DIGEST_HEADER: "false" } : {}),
      OCI_TLS: ca === undefined ? "disabled" : "enabled",
      OCI_RESULTS_DIR: results.path,
      ...(ca === undefined ? {} : { SSL_CERT_FILE: ca }),
    },
  });
  const counted = countCases(readFileSync(join(results.path, "junit.xml"), "utf8"));
  const { total, ...rest } = counted;
  const rows = readRows(join(results.path, "results.yaml"));
  const want = {
    code: 0,
    version,
    passed: total,
    notPassed: [],
    failures: "0",
    errors: "0",
    skipped: "0",
    rangeStatuses: ["416"],
    others: ["data: Sparse Manifests: Disabled"],
  };
  return { total, counted, found: { code: outcome.code, ...rest, ...rows }, want };
}

/** What junit.xml says of the suite and of each case. */
function countCases(xml: string) {
  const suite = /<testsuite [^>]*>/.exec(xml)?.[0] ?? "";
  const count = (name: string) => new RegExp(` ${name}="(\\d+)"`).exec(suite)?.[1];
  const cases = [...xml.matchAll(/<testcase name="([^"]*)"[^>]* status="([^"]*)">([\s\S]*?)<\/testcase>/g)];
  const ranges = cases.filter(([, name]) => name?.endsWith("sha256 blobs/range requests/range 500-0"));
  return {
    total: [...xml.matchAll(/<testcase /g)].length,
    passed: cases.filter(([, , status]) => status === "passed").length,
    notPassed: cases.flatMap(([, name, status]) => (status === "passed" ? [] : [`${name}: ${status}`])),
    failures: count("failures"),
    errors: count("errors"),
    // The attribute is left out where it is zero.
    skipped: count("skipped") ?? "0",
    // A backward range cannot be satisfied; "passed" alone would also stand for an answer with everything.
    rangeStatuses: ranges.map(([, , , log]) => /Status: (\d+)/.exec(log ?? "")?.[1]),
  };
}

interface Results {
  readonly config: { readonly version: string };
  readonly apis: Readonly<Record<string, string>>;
  readonly data: Readonly<Record<string, string>>;
}

/** The version that was tested, and the rows of results.yaml that say anything but Pass. */
function readRows(path: string) {
  const { config, apis, data }: Results = parse(readFileSync(path, "utf8"));
  const rows = Object.entries({ apis, data }).flatMap(([group, entries]) =>
    Object.entries(entries).map(([row, status]) => ({ row: `${group}: ${row}: ${status}`, status })),
  );
  if (rows.length < 40) throw new Error(`results.yaml has only ${rows.length} rows`);
  return { version: config.version, others: rows.filter(({ status }) => status !== "Pass").map(({ row }) => row) };
}
