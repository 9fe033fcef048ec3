import { describe, expect, test } from "bun:test";
import { linesOf, pushMulti, pushRunnable, run, stockDirectory } from "./served.ts";

const created = new Date(Date.now() - 3 * 86_400_000).toISOString();

/** Two repositories, one of them with three tags of two images, and one that looks like a host. */
async function stockedWithImages() {
  const directory = await stockDirectory();
  const { stock } = directory;
  const config = { os: "linux", architecture: "arm", variant: "v7", created };
  await pushRunnable(stock, "team/app", { tag: "v9", layers: ["nine"], config });
  await pushRunnable(stock, "team/app", { tag: "v10", layers: ["ten!"], config });
  await pushRunnable(stock, "team/app", { tag: "latest", layers: ["ten!"], config });
  await pushRunnable(stock, "ghcr.io/acme", { tag: "v1" });
  return directory;
}

describe("registry ls of a store", () => {
  test("lists repositories, tags in natural order, and what fits globs", async () => {
    await using directory = await stockedWithImages();
    const ls = async (...words: string[]) => {
      const { code, output, errors } = await run(["ls", "--data", directory.data, ...words]);
      return code === 0 ? linesOf(output) : errors;
    };
    expect(await ls()).toEqual([
      "REPOSITORY | TAGS | SIZE | PUSHED",
      expect.stringMatching(/^ghcr\.io\/acme \| 1 \| \d+ B \| just now$/),
      expect.stringMatching(/^team\/app \| 3 \| 8\d\d B \| just now$/),
    ]);
    const row = (tag: string) =>
      expect.stringMatching(new RegExp(`^${tag} \\| [0-9a-f]{12} \\| \\d+ B \\| linux/arm/v7 \\| just now$`));
    expect(await ls("team/app")).toEqual([
      "TAG | DIGEST | SIZE | PLATFORMS | PUSHED",
      row("latest"),
      row("v9"),
      row("v10"),
    ]);
    expect(await ls("team/app:v*", "-q")).toEqual(["team/app:v9", "team/app:v10"]);
    expect(await ls("-q")).toEqual(["/ghcr.io/acme", "team/app"]);
    expect(await ls("-q", "**:v1*")).toEqual(["/ghcr.io/acme:v1", "team/app:v10"]);
    expect(await ls("-q", "/ghcr.io/acme")).toEqual(["/ghcr.io/acme:v1"]);
    expect(await ls("-q", "team/*")).toEqual(["team/app"]);
    expect(await ls("team/other")).toBe("registry ls: nothing here is called team/other\n");
    expect(await ls("team/app:x*")).toBe("registry ls: nothing here is called team/app:x*\n");
  });

  test("gives each line as JSON", async () => {
    await using directory = await stockedWithImages();
    const json = async (...words: string[]) =>
      (await run(["ls", "--json", "--data", directory.data, ...words])).output
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(await json("team/*")).toEqual([
      { repository: "team/app", tags: 3, sizeBytes: expect.any(Number), pushed: expect.any(String) },
    ]);
    expect(await json("team/app:v9")).toEqual([
      {
        repository: "team/app",
        tag: "v9",
        digest: expect.stringMatching(/^sha256:/),
        mediaType: "application/vnd.oci.image.manifest.v1+json",
        sizeBytes: expect.any(Number),
        platforms: ["linux/arm/v7"],
        pushed: expect.any(String),
      },
    ]);
  });

  test("that is empty says so, and is no failure", async () => {
    await using directory = await stockDirectory();
    expect(await run(["ls", "--data", directory.data])).toEqual({
      code: 0,
      output: "",
      errors: "there are no repositories yet\n",
    });
  });

  test("shows nothing of a stranger's that controls a terminal", async () => {
    await using directory = await stockDirectory();
    const config = { os: "linux\u001b[2J\u202e", architecture: "amd64\n" };
    await pushRunnable(directory.stock, "app", { tag: "v1", config });
    const { output } = await run(["ls", "--data", directory.data, "app"]);
    expect(output).toContain("linux\\u{1b}[2J\\u{202e}/amd64\\u{a}");
    expect(output).not.toMatch(/[^\P{C}\n]/u);
  });
});

describe("registry ls of a registry", () => {
  test("lists its repositories, and tags with the age of the image", async () => {
    await using directory = await stockedWithImages();
    const host = await directory.serve();
    const ls = async (...words: string[]) => linesOf((await run(["ls", ...words])).output);
    expect(await ls(host)).toEqual([`${host}/ghcr.io/acme`, `${host}/team/app`]);
    expect(await ls(`${host}/team/*`)).toEqual([`${host}/team/app`]);
    expect(await ls(`${host}/team/app:v*`)).toEqual([
      "IMAGE | DIGEST | SIZE | PLATFORMS | CREATED",
      expect.stringMatching(/team\/app:v10 \| [0-9a-f]{12} \| \d+ B \| linux\/arm\/v7 \| 3 days ago$/),
      expect.stringMatching(/team\/app:v9 \| [0-9a-f]{12} \| \d+ B \| linux\/arm\/v7 \| 3 days ago$/),
    ]);
    expect(await ls("-q", `${host}/**:v1*`)).toEqual([`${host}/ghcr.io/acme:v1`, `${host}/team/app:v10`]);
    expect(await run(["ls", `${host}/none`])).toMatchObject({
      code: 1,
      errors: `registry ls: nothing here is called ${host}/none\n`,
    });
  });

  test("reads the images of an index", async () => {
    await using directory = await stockDirectory();
    await pushMulti(directory.stock, "app", "multi");
    const host = await directory.serve();
    const [, row] = linesOf((await run(["ls", `${host}/app:multi`])).output);
    expect(row).toMatch(/:multi \| [0-9a-f]{12} \| 1\.\d kB \| linux\/amd64,linux\/arm64 \| 2 months ago$/);
  });

  test("that is not there, or is none, is one line", async () => {
    expect(await run(["ls", "127.0.0.1:1"])).toMatchObject({
      code: 1,
      errors: "registry ls: 127.0.0.1:1 cannot be reached: it refuses connections\n",
    });
    expect(await run(["ls", "nas.invalid:5000", "--data", "x"])).toMatchObject({
      code: 64,
      errors:
        "registry: --data names a store of this machine, but nas.invalid:5000 is a registry (see `registry help ls`)\n",
    });
  });

  test("that wants a login says so", async () => {
    await using directory = await stockDirectory();
    await Bun.write(
      `${directory.data}/htpasswd`,
      `alice:${await Bun.password.hash("secret", { algorithm: "bcrypt", cost: 4 })}\n`,
    );
    const host = await directory.serve({
      REGISTRY_AUTH_HTPASSWD_REALM: "here",
      REGISTRY_AUTH_HTPASSWD_PATH: `${directory.data}/htpasswd`,
    });
    expect((await run(["ls", host])).errors).toBe(
      `registry ls: ${host} refuses: nobody is logged in (\`docker login ${host}\` or \`podman login ${host}\`), or there is no such repository\n`,
    );
    const auths = { [host]: { auth: btoa("alice:secret") } };
    await Bun.write(`${directory.data}/auth.json`, JSON.stringify({ auths }));
    const env = { REGISTRY_AUTH_FILE: `${directory.data}/auth.json` };
    expect(await run(["ls", host], { env })).toMatchObject({ code: 0, errors: "there are no repositories yet\n" });
  });
});

test.each([
  [["ls", "Team/App"], '"Team/App" is no repository name'],
  [["ls", "a", "b"], 'one reference at a time; unexpected "b"'],
  [["ls", "a", "b", "c"], 'unexpected argument "c"'],
  [["ls", `a@sha256:${"0".repeat(64)}`], "ls lists tags; `registry inspect` tells of a digest"],
])("registry %j is wrong usage", async (words, problem) => {
  const { code, errors } = await run(words);
  expect([code, errors]).toEqual([64, `registry: ${problem} (see \`registry help ls\`)\n`]);
});
