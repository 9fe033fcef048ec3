// registry version
import { version } from "../lib/version.ts";
import type { Command } from "./command.ts";

// Stamped in by build.ts; absent when the sources run as they are.
declare const BUILD_COMMIT: string | undefined;

const commit: string = typeof BUILD_COMMIT === "string" ? BUILD_COMMIT : "unknown";

/** Prints version, commit, Bun's version and the platform. */
export const versionCommand: Command = {
  name: "version",
  summary: "prints the version",
  operands: "",
  maxOperands: 0,
  description: "Prints the version, the commit it was built from, the version of Bun inside, and the platform.",
  flags: [],
  run: async (_words, io) => {
    io.stdout(`registry ${version} (${commit}) bun ${Bun.version} ${process.platform}-${process.arch}\n`);
    return 0;
  },
};
