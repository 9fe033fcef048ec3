// Callers must have a certificate of the configured authorities, with TLS 1.2 and 1.3.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { temporaryDirectory } from "../temporary-directory.ts";
import { startRegistry } from "./executable.ts";
import { must, run } from "./program.ts";

/** An authority and a client certificate under it, made by openssl; the path of each without its ending. */
async function makeClient(directory: string, name: string): Promise<{ readonly ca: string; readonly client: string }> {
  const [ca, client] = [join(directory, `${name}-ca`), join(directory, `${name}-client`)];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  await must([
    "openssl",
    "req",
    "-x509",
    ...key,
    "-keyout",
    `${ca}.key`,
    "-out",
    `${ca}.crt`,
    "-days",
    "2",
    "-subj",
    "/CN=ca",
  ]);
  await must(["openssl", "req", ...key, "-keyout", `${client}.key`, "-out", `${client}.csr`, "-subj", "/CN=client"]);
  const signing = ["-CA", `${ca}.crt`, "-CAkey", `${ca}.key`, "-CAcreateserial", "-days", "2"];
  await must(["openssl", "x509", "-req", "-in", `${client}.csr`, ...signing, "-out", `${client}.crt`]);
  return { ca: `${ca}.crt`, client };
}

test("callers without a certificate of the authorities are refused", async () => {
  using directory = temporaryDirectory();
  const [known, other] = [await makeClient(directory.path, "known"), await makeClient(directory.path, "other")];
  await using registry = await startRegistry({ env: { REGISTRY_HTTP_TLS_CLIENTCAS: `[${known.ca}]` } });
  const curl = async (...args: readonly string[]) => {
    const url = `https://localhost:${registry.port}/v2/`;
    return (await run(["curl", "--silent", "--max-time", "10", "--cacert", registry.ca, ...args, url])).stdout;
  };
  const by = ({ client }: { readonly client: string }) => ["--cert", `${client}.crt`, "--key", `${client}.key`];
  const answers: string[] = [];
  for (const version of [["--tlsv1.3"], ["--tls-max", "1.2"]]) {
    answers.push(await curl(...version), await curl(...version, ...by(other)), await curl(...version, ...by(known)));
  }
  expect(answers).toEqual(["", "", "{}", "", "", "{}"]);
});
