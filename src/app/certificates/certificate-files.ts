// The four files of a certificate directory, replaced as one, so that a kill at any point leaves either the old or the
// new ones:
//
//   ca.crt  ca.key  server.crt  server.key
//   .new/     files being written; discarded
//   .ready/   complete and synced files; the next process moves them into place
import { chmod, mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errorCode } from "../../lib/system-error.ts";
import { makePrivate, privateFileMode } from "../../storage/private-places.ts";
import { syncDirectory, writeSyncedFile } from "../files/synced-file.ts";

export const certificateFileNames = ["ca.crt", "ca.key", "server.crt", "server.key"] as const;

/** One of the four. */
export type CertificateFileName = (typeof certificateFileNames)[number];

/** Texts by file name; missing files are missing here. */
export type CertificateFiles = Readonly<Partial<Record<CertificateFileName, string>>>;

const stagingName = ".new";
const committedName = ".ready";
/** A PEM file is a few kilobytes; anything larger is a mistake. */
const maxFileBytes = 1024 * 1024;

/** Makes the directory and its parents durably, if they are missing. */
export async function makeCertificateDirectory(directory: string): Promise<void> {
  const firstMade = await mkdir(directory, { recursive: true, mode: 0o755 });
  if (firstMade === undefined) return;
  for (let made = directory; made.length >= firstMade.length; made = dirname(made)) await syncDirectory(dirname(made));
}

/** Restricts the private keys to their owner, however they became readable. */
export function protectKeys(directory: string): void {
  for (const name of certificateFileNames.filter(isKey)) makePrivate(join(directory, name), privateFileMode);
}

function isKey(name: CertificateFileName): boolean {
  return name.endsWith(".key");
}

/** The files in the directory; none if it does not exist. */
export async function readCertificateFiles(directory: string): Promise<CertificateFiles> {
  const files: Partial<Record<CertificateFileName, string>> = {};
  for (const name of certificateFileNames) {
    const text = await readBounded(join(directory, name));
    if (text !== undefined) files[name] = text;
  }
  return files;
}

/** Replaces the given files together and leaves the others. The caller holds the directory's lock. */
export async function replaceCertificateFiles(directory: string, files: CertificateFiles): Promise<void> {
  const staging = join(directory, stagingName);
  await rm(staging, { recursive: true, force: true });
  await mkdir(staging, { mode: 0o700 });
  for (const name of certificateFileNames) {
    const text = files[name];
    if (text !== undefined) await writeNewFile(join(staging, name), text, isKey(name) ? privateFileMode : 0o644);
  }
  await syncDirectory(staging);
  await rename(staging, join(directory, committedName));
  await syncDirectory(directory);
  await finishReplacement(directory);
}

/** Moves files into place that a killed process had ready. The caller holds the directory's lock. */
export async function finishReplacement(directory: string): Promise<void> {
  const committed = join(directory, committedName);
  const names = await listOrEmpty(committed);
  if (names === undefined) return;
  for (const name of names) await rename(join(committed, name), join(directory, name));
  await syncDirectory(directory);
  await rm(committed, { recursive: true });
}

/** Whether a killed (or running) process has files ready that are not all in place. */
export async function hasUnfinishedReplacement(directory: string): Promise<boolean> {
  return (await listOrEmpty(join(directory, committedName))) !== undefined;
}

/** A private key is never readable by others, not even for a moment before a chmod. */
async function writeNewFile(path: string, text: string, mode: number): Promise<void> {
  await writeSyncedFile(path, text, mode);
  // Whatever the umask: a certificate is public.
  await chmod(path, mode);
}

async function readBounded(path: string): Promise<string | undefined> {
  const bytes = await readFile(path).catch(undefinedIfMissing);
  if (bytes !== undefined && bytes.length > maxFileBytes) throw new RangeError(`${path} is larger than a certificate`);
  return bytes?.toString("utf8");
}

async function listOrEmpty(directory: string): Promise<readonly string[] | undefined> {
  return await readdir(directory).catch(undefinedIfMissing);
}

function undefinedIfMissing(error: unknown): undefined {
  if (errorCode(error) === "ENOENT") return undefined;
  throw error;
}
