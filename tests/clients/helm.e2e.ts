// helm: the CA is given by --ca-file, plain HTTP has to be asked for.
import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { digestOf } from "../e2e/image.ts";
import { describeClient } from "./describe-client.ts";
import { expectSameFromAll } from "./layout-tools.ts";
import type { Site } from "./site.ts";

function helm(site: Site, command: string, ...args: string[]): Promise<string> {
  const flags = site.isTls ? ["--ca-file", `${site.certificates}/ca.crt`] : ["--plain-http"];
  return site.run(["helm", ...command.split(" "), ...args, ...flags]);
}

/** Packages a chart of that version; the name of the package. */
async function makeChart(site: Site, version: string): Promise<string> {
  await site.run(["mkdir", "-p", "chart/templates"]);
  const chart = ["apiVersion: v2", "name: app", `version: ${version}`, "description: a chart", ""];
  await Bun.write(site.at("chart/Chart.yaml"), chart.join("\n"));
  const map = ["apiVersion: v1", "kind: ConfigMap", "metadata:", "  name: {{ .Release.Name }}-of-app", ""];
  await Bun.write(site.at("chart/templates/map.yaml"), map.join("\n"));
  await site.run(["helm", "package", "chart"]);
  return `app-${version}.tgz`;
}

async function push(site: Site, version: string): Promise<void> {
  await helm(site, "push", await makeChart(site, version), `oci://${site.host}/charts`);
}

describeClient("helm", {
  untrusting: async (site) => {
    const chart = await makeChart(site, "0.1.0");
    return await site.attempt(["helm", "push", chart, `oci://${site.host}/charts`]);
  },
  deeds: {
    "pushes a chart, and pulls the same bytes": async (site) => {
      await push(site, "0.1.0");
      await helm(
        site,
        "pull",
        `oci://${site.host}/charts/app`,
        "--version",
        "0.1.0",
        "--destination",
        site.at("chart"),
      );
      const [pushed, pulled] = [site.at("app-0.1.0.tgz"), site.at("chart/app-0.1.0.tgz")].map((path) =>
        readFileSync(path),
      );
      expect(pulled).toEqual(pushed);
      expect(await site.served("charts/app", "0.1.0")).toContain(digestOf(pushed ?? new Uint8Array()));
      await expectSameFromAll(site, "charts/app:0.1.0");
    },

    "finds the newest of several versions, and one with a plus sign in it": async (site) => {
      for (const version of ["0.1.0", "0.2.0", "0.3.0+build.7"]) await push(site, version);
      const show = (version: string) => helm(site, "show chart", `oci://${site.host}/charts/app`, "--version", version);
      expect(await show("<0.3")).toContain("version: 0.2.0");
      expect(await show("0.3.0+build.7")).toContain("version: 0.3.0+build.7");
      expect(await helm(site, "show chart", `oci://${site.host}/charts/app`)).toContain("version: 0.3.0+build.7");
    },

    "renders a chart straight from the registry with `template`": async (site) => {
      await push(site, "0.1.0");
      expect(await helm(site, "template", "mine", `oci://${site.host}/charts/app`)).toContain("name: mine-of-app");
    },
  },
});
