// Configuration files of the shapes that people have, with what becomes of each: it starts, with exactly these
// warnings, or is refused with exactly these lines. Warnings about what does not work yet are left out.
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import * as z from "zod";
import { describeAsJson } from "../../src/config/json-schema.ts";
import { notYet } from "./reference-keys.ts";
import { load, problemsOf } from "./written-file.ts";

const directory = join(import.meta.dir, "files");

const starts: readonly (readonly [string, readonly string[]])[] = [
  ["anchors.yml", ["config.yml:2:1: x-limits: not a known key, and ignored"]],
  ["bom.yml", []],
  ["ciphers.yml", []],
  ["cloudfront.yml", ["config.yml:5:1: middleware: no effect in this version"]],
  ["crlf.yml", []],
  ["debian.yml", ["config.yml:6:3: storage.cache: no effect in this version"]],
  [
    "distribution-cache.yml",
    [
      "config.yml:8:5: storage.cache: no effect in this version",
      "config.yml:22:1: redis: no effect in this version",
      "config.yml:53:3: proxy.cacheTTL: not a known key, and ignored",
    ],
  ],
  ["distribution-dev.yml", ["config.yml:10:5: storage.cache: no effect in this version"]],
  [
    "documentation.yml",
    [
      "config.yml:11:3: log.hooks: no effect in this version",
      "config.yml:34:3: storage.cache: no effect in this version",
      "config.yml:66:3: http.http2: no effect in this version",
      "config.yml:68:3: http.h2c: no effect in this version",
      "config.yml:107:1: reporting: no effect in this version",
      "config.yml:110:1: policy: no effect in this version",
    ],
  ],
  ["duplicate-auth.yml", ["config.yml:7:1: auth: the key is repeated here; the last one counts"]],
  ["duplicate.yml", ["config.yml:7:1: http: the key is repeated here; the last one counts"]],
  ["empty-sections.yml", []],
  ["s3.yml", []],
  [
    "gitlab.yml",
    [
      "config.yml:8:11: storage.cache: no effect in this version",
      "config.yml:28:1: database: not a known key, and ignored",
    ],
  ],
  [
    "harbor.yml",
    [
      "config.yml:7:3: storage.cache: no effect in this version",
      "config.yml:21:1: redis: no effect in this version",
      "config.yml:44:1: compatibility: no effect in this version",
    ],
  ],
  ["htpasswd.yml", []],
  [
    "mistyped.yml",
    [
      "config.yml:2:1: storag: not a known key, and ignored; did you mean storage?",
      "config.yml:6:5: storage.filesystem.rootdir: not a known key, and ignored; did you mean storage.filesystem.rootdirectory?",
      "config.yml:8:5: storage.delete.enable: not a known key, and ignored; did you mean storage.delete.enabled?",
      "config.yml:10:3: http.address: not a known key, and ignored; did you mean http.addr?",
      "config.yml:12:5: http.tls.cert: not a known key, and ignored; did you mean http.tls.certificate?",
      "config.yml:13:1: loglvl: not a known key, and ignored; did you mean loglevel?",
    ],
  ],
  ["null-sections.yml", []],
  ["openshift-mirror.yml", []],
  ["pull-through.yml", []],
  [
    "redis-3.yml",
    ["config.yml:3:3: storage.cache: no effect in this version", "config.yml:6:1: redis: no effect in this version"],
  ],
  ["registry-2.yml", ["config.yml:6:3: storage.cache: no effect in this version"]],
  ["registry-3.yml", ["config.yml:10:3: storage.cache: no effect in this version"]],
  ["token.yml", []],
  ["version-text.yml", []],
  ["web-front-end.yml", ["config.yml:8:3: storage.cache: no effect in this version"]],
  ["webhooks.yml", []],
  ["yaml-1.1.yml", []],
];

const refused: readonly (readonly [string, readonly string[]])[] = [
  ["azure.yml", ["config.yml:3:3: storage.azure: this version has no such storage driver; use filesystem or s3"]],
  ["compose.yml", ["config.yml:1:1: version: is missing; a file begins with the line version: 0.1"]],
  ["gcs.yml", ["config.yml:3:3: storage.gcs: this version has no such storage driver; use filesystem or s3"]],
  ["indentation.yml", ["config.yml:5:1: the line is not indented as far as those that it belongs to"]],
  [
    "letsencrypt.yml",
    [
      "config.yml:9:5: http.tls.letsencrypt: this version does not fetch certificates; set http.tls.certificate and http.tls.key, or http.tls.selfsigned",
    ],
  ],
  [
    "mutual-tls.yml",
    ['config.yml:10:5: http.tls.clientauth: must be require-and-verify-client-cert, not "verify-client-cert-if-given"'],
  ],
  ["no-version.yml", ["config.yml:1:1: version: is missing; a file begins with the line version: 0.1"]],
  [
    "openshift-integrated.yml",
    [
      "config.yml:14:3: auth.openshift: this version knows htpasswd and token, and does not serve openly what was protected",
    ],
  ],
  [
    "silly.yml",
    [
      "config.yml:4:3: auth.silly: silly accepts every caller without a look at credentials; use auth.htpasswd or auth.token, or no auth at all",
    ],
  ],
  ["swift.yml", ["config.yml:3:3: storage.swift: this version has no such storage driver; use filesystem or s3"]],
  [
    "tabs.yml",
    [
      "config.yml:3:1: a tab indents the line; YAML indents with spaces",
      "config.yml:4:1: a tab indents the line; YAML indents with spaces",
    ],
  ],
  ["template-left.yml", ["config.yml:4:21: a key must be plain text; a value with braces needs quotes"]],
  [
    "token-half.yml",
    [
      "config.yml:4:3: auth.token.rootcertbundle: or auth.token.jwks must name the keys that sign tokens",
      "config.yml:4:3: auth.token.service: is missing",
    ],
  ],
  ["two-documents.yml", ["config.yml:3:1: a second document begins; a configuration is one document"]],
  [
    "two-drivers.yml",
    ["config.yml:5:3: storage.inmemory: this version has no such storage driver; use filesystem or s3"],
  ],
  [
    "unix-socket.yml",
    [
      'config.yml:4:3: http.net: must be tcp; this version does not listen on sockets of other kinds, not "unix"',
      'config.yml:5:3: http.addr: must be host:port, such as :5000, 127.0.0.1:5000 or [::1]:5000, with a port up to 65535, not "/run/registry.sock"',
    ],
  ],
  ["utf-16.yml", ["config.yml: is not UTF-8 text"]],
  ["version-2.yml", ['config.yml:1:1: version: must be 0.1, not "2"']],
  [
    "wrong-values.yml",
    [
      'config.yml:3:3: log.level: must be error, warn, info or debug, not "verbose"',
      'config.yml:4:3: log.formatter: must be text, json or logstash, not "xml"',
      'config.yml:7:5: storage.filesystem.maxthreads: must be a whole number, not "many"',
      'config.yml:9:5: storage.delete.enabled: must be true or false, not "1"',
      'config.yml:12:7: storage.maintenance.uploadpurging.age: must be a duration such as 500ms, 30s, 5m or 1h30m, not "7d"',
      'config.yml:14:3: http.addr: must be host:port, such as :5000, 127.0.0.1:5000 or [::1]:5000, with a port up to 65535, not "5000"',
      'config.yml:15:3: http.prefix: must be a path that begins and ends with a slash, such as /registry/, not "registry"',
      'config.yml:16:3: http.draintimeout: must have a unit, as in 30s (a bare number counts nanoseconds), not "30"',
      'config.yml:19:5: http.headers.X Y: must be named like a header, and "X Y" is not a header name',
      'config.yml:21:3: proxy.remoteurl: must be the URL of a registry, with http or https and without user, query and fragment, such as https://ghcr.io, not "https://***@ghcr.io"',
      'config.yml:23:3: catalog.maxentries: must be a whole number, not "lots"',
    ],
  ],
];

function read(name: string): Uint8Array {
  return readFileSync(join(directory, name));
}

/** The warnings that stay when everything works. */
function lasting(warnings: readonly string[]): readonly string[] {
  return warnings.filter((line) => !notYet.some((key) => line.includes(`: ${key}: no effect`)));
}

describe("starts", () => {
  test.each(starts)("%s", async (name, warnings) => {
    expect(lasting((await load({ text: read(name) })).warnings)).toEqual(warnings);
  });
});

describe("is refused", () => {
  test.each(refused)("%s", async (name, problems) => {
    expect(await problemsOf({ text: read(name) })).toEqual(problems);
  });
});

test("every file is in a table", () => {
  expect([...starts, ...refused].map(([name]) => name).toSorted()).toEqual(readdirSync(directory).toSorted());
});

test("no message holds a secret", async () => {
  expect(JSON.stringify([starts, refused])).not.toContain("hunter2");
});

describe("by the schema for editors", () => {
  const schema = z.fromJSONSchema(describeAsJson() as Parameters<typeof z.fromJSONSchema>[0]);
  const isValid = (name: string) => {
    const text = new TextDecoder().decode(read(name));
    return schema.safeParse(parse(text, { version: "1.1", uniqueKeys: false })).success;
  };

  // In a section that is off, nothing is warned about.
  test.each(starts.filter(([name]) => name !== "gitlab.yml"))("%s", (name, warnings) => {
    expect(isValid(name)).toBe(!warnings.some((line) => line.includes("not a known key")));
  });

  test.each([["letsencrypt.yml"], ["silly.yml"], ["openshift-integrated.yml"], ["compose.yml"]])(
    "%s is wrong",
    (name) => {
      expect(isValid(name)).toBe(false);
    },
  );
});
