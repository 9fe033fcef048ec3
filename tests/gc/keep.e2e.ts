// Keep rules on the built executable: what a dry run says goes, the rest stays, and other registries serve what is left.
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { executable, startRegistry } from "../e2e/executable.ts";
import { pullImage, pushImage } from "../e2e/image.ts";
import { environment, waitUntil } from "../e2e/program.ts";
import { collectForeign, foreignKinds, startForeign } from "../interchange/foreign-registry.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { runOn } from "./run-command.ts";

test("tags stay for being immutable, new or pulled, and the others go, beside a server", async () => {
  using directory = temporaryDirectory();
  using home = temporaryDirectory();
  const data = directory.path;
  const config = join(home.path, "config.yml");
  writeFileSync(
    config,
    `version: 0.1
storage: {filesystem: {rootdirectory: ${data}}, delete: {enabled: true}}
auth: {htpasswd: {realm: test, path: ${home.path}/htpasswd}}
access:
  anonymous: [{repositories: ["**"], actions: [pull, push, delete]}]
  immutable: [{repositories: ["**"], tags: ["release-*"]}]
gc:
  interval: 24h
  grace: 0s
  keep:
    - {repositories: ["team/**"], newest: 1}
    - {repositories: ["team/**"], tags: ["/pulled.*/"], pulledwithin: 1h}
`,
  );
  const command = async (...words: readonly string[]) => {
    const child = Bun.spawn([executable, ...words, config], { env: environment({}), stdout: "pipe", stderr: "pipe" });
    const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    return { code, lines: stdout.split("\n"), stderr };
  };
  const tagsOf = async (name: string) => {
    const { stdout } = await must(data, name);
    return stdout;
  };
  const must = async (root: string, name: string) => {
    await using reader = await startRegistry({ data: root, args: ["--http"] });
    const { tags } = (await (await reader.fetch(`/v2/${name}/tags/list`)).json()) as { tags: string[] };
    for (const tag of tags) await pullImage(reader, name, tag);
    return { stdout: tags };
  };

  {
    await using registry = await startRegistry({ data, args: ["--http"] });
    for (const name of ["team/app", "other"]) {
      for (const tag of ["release-1", "old", "pulled-1", "new"]) await pushImage(registry, name, { tag });
    }
    // As docker does it: a look at the tag, and the rest by digest.
    await registry.fetch("/v2/team/app/manifests/pulled-1", { method: "HEAD" });
    const record = join(data, "docker/registry/v2/repositories/team/app/_manifests/tags/pulled-1/pulled");
    await waitUntil("the pull is recorded", () => Bun.file(record).exists());

    const dry = await command("gc", "--dry-run");
    expect([dry.code, dry.lines.filter((line) => /^would (keep|remove) the tag/.test(line)).toSorted()]).toEqual([
      0,
      [
        "would keep the tag new of team/app: it is among the newest 1 (rule 1 of gc.keep)",
        "would keep the tag pulled-1 of team/app: it was pulled lately (rule 2 of gc.keep)",
        "would keep the tag release-1 of team/app: it is immutable",
        "would remove the tag old of team/app: no rule of gc.keep keeps it",
      ],
    ]);
    const first = await command("gc");
    expect([first.code, first.lines.find((line) => line.includes("gc.keep"))]).toEqual([
      0,
      "untagged by gc.keep: 1 tag",
    ]);
    // The manifest goes by the next run, and its bytes by the one after that.
    const second = await command("gc");
    expect(second.lines.find((line) => line.includes("unlinked"))).toStartWith("unlinked: 1 manifest,");
    await command("gc");
  }
  const left = ["new", "pulled-1", "release-1"];
  expect([await tagsOf("team/app"), await tagsOf("other")]).toEqual([left, ["new", "old", "pulled-1", "release-1"]]);
  expect((await runOn(data, "verify")).code).toBe(0);
  for (const kind of foreignKinds) {
    await collectForeign(kind, data);
    await using foreign = await startForeign(kind, data);
    const answer = await foreign.fetch("/v2/team/app/tags/list");
    expect(((await answer.json()) as { tags: string[] }).tags.toSorted()).toEqual(left);
  }
});
