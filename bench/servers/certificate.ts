// The certificate that every registry under measurement is given: made by the executable, ECDSA P-256.
import { join } from "node:path";
import type { Certificate } from "./server.ts";

/** Makes one in the directory. */
export function makeCertificate(executable: string, directory: string): Certificate {
  const made = Bun.spawnSync([executable, "gencert", "--san", "127.0.0.1", "--out", directory], { stderr: "pipe" });
  if (!made.success) throw new Error(`no certificate: ${made.stderr}`);
  return {
    ca: join(directory, "ca.crt"),
    certificate: join(directory, "server.crt"),
    key: join(directory, "server.key"),
  };
}
