import { readFileSync } from "node:fs";
import { join } from "node:path";

/** README's lines that install the service: what stands between their heading and the end of the first block of code. */
export const serviceLines = /## As a service\n\n```sh\n([\s\S]*?)\n```/.exec(
  readFileSync(join(import.meta.dir, "../../README.md"), "utf8"),
)?.[1];
