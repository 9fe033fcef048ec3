// Builds the one executable file, with everything in it.
//
//   bun build.ts                                   dist/registry, for this machine
//   bun build.ts --target linux-arm64 [--target …] dist/registry-linux-arm64 …, and dist/SHA256SUMS over all of them
//   bun build.ts --target all                      every target
//
// What the flags of the build are for is told in src/README.md, "The executable".
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import packageJson from "./package.json" with { type: "json" };
import { bundlePage } from "./page-bundle.ts";
import type { PackedFile } from "./src/http/page-files.ts";

const directory = "dist";
const targets = [
  "linux-x64",
  "linux-x64-baseline",
  "linux-arm64",
  "linux-x64-musl",
  "linux-x64-baseline-musl",
  "linux-arm64-musl",
  "darwin-arm64",
] as const;

type Target = (typeof targets)[number];

/** The commit, with a mark when the tree has changes; "unknown" outside a checkout. */
async function findCommit(): Promise<string> {
  const commit = await Bun.$`git rev-parse --short=12 HEAD`.nothrow().quiet();
  if (commit.exitCode !== 0) return "unknown";
  const changes = await Bun.$`git status --porcelain --untracked-files=no`.nothrow().quiet();
  return commit.text().trim() + (changes.text().trim() === "" ? "" : "+changes");
}

interface BuildOptions {
  readonly target?: Target;
  readonly commit: string;
  readonly page: readonly PackedFile[];
}

async function build(outfile: string, options: BuildOptions): Promise<void> {
  const result = await Bun.build({
    entrypoints: ["src/main.ts"],
    target: "bun",
    format: "esm",
    minify: true,
    sourcemap: "linked",
    bytecode: true,
    define: {
      BUILD_VERSION: JSON.stringify(packageJson.version),
      BUILD_COMMIT: JSON.stringify(options.commit),
      BUILD_PAGE: JSON.stringify(options.page),
    },
    compile: {
      outfile,
      ...(options.target === undefined ? {} : { target: `bun-${options.target}` as const }),
      // Files in the working directory must not run as code inside the server.
      autoloadDotenv: false,
      autoloadBunfig: false,
      // A request for many ranges of a large layer has more than the 16 KiB of headers that Bun takes.
      execArgv: ["--disallow-code-generation-from-strings=strict", "--max-http-header-size=65536"],
    },
  });
  for (const message of result.logs) console.error(message);
  if (!result.success) process.exit(1);
  // The map is inside the executable; Bun leaves a copy beside it.
  rmSync(`${outfile}.map`, { force: true });
  console.log(`${outfile} ${packageJson.version} (${options.commit})`);
}

function parseTargets(words: readonly string[]): readonly Target[] {
  const unknown = words.find((word) => word !== "all" && !targets.some((target) => target === word));
  if (unknown !== undefined) {
    console.error(`build: unknown target ${unknown}; known are all, ${targets.join(", ")}`);
    process.exit(64);
  }
  return targets.filter((target) => words.includes("all") || words.includes(target));
}

/** One line for each executable with a target in its name, as `sha256sum --check` reads it. */
async function writeSums(): Promise<void> {
  const names = readdirSync(directory).filter((name) => /^registry-[a-z0-9-]+$/.test(name));
  const lines = names.sort().map(async (name) => {
    const bytes = await Bun.file(join(directory, name)).bytes();
    return `${Bun.CryptoHasher.hash("sha256", bytes, "hex")}  ${name}\n`;
  });
  await Bun.write(join(directory, "SHA256SUMS"), (await Promise.all(lines)).join(""));
}

const { values } = parseArgs({ options: { target: { type: "string", multiple: true } } });
const wanted = parseTargets(values.target ?? []);
const commit = await findCommit();
const page = await bundlePage();
mkdirSync(directory, { recursive: true });
if (wanted.length === 0) await build(join(directory, "registry"), { commit, page });
for (const target of wanted) await build(join(directory, `registry-${target}`), { target, commit, page });
if (wanted.length > 0) await writeSums();
