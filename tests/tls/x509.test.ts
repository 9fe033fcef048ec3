import { expect, test } from "bun:test";
import { join } from "node:path";
import { loadX509 } from "../../src/tls/x509.ts";

test("loadX509() gives the library with the runtime's WebCrypto", async () => {
  expect((await loadX509()).cryptoProvider.get()).toBe(crypto);
});

test("importing the modules of tls/ does not load the library", () => {
  const modules = ["self-signed", "describe", "renewal"].map((name) =>
    join(import.meta.dir, `../../src/tls/${name}.ts`),
  );
  const script = `for (const path of ${JSON.stringify(modules)}) await import(path);
    process.stdout.write(String("getMetadata" in Reflect));`;
  expect(String(Bun.spawnSync([process.execPath, "-e", script]).stdout)).toBe("false");
});
