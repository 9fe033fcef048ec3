// The index of referrers, compared with what the manifests say that they are about.
import type { Digest } from "../../oci/digest.ts";
import { referrerLink, revisionLink } from "../layout.ts";
import { readLink } from "../links.ts";
import { listReferrerEntries } from "../referrer-index.ts";
import { addFinding, type RepositoryCheck } from "./links.ts";

/** What the manifests of a repository say. */
export interface Subjects {
  /** Everything that the repository links as a manifest. */
  readonly revisions: { has(digest: Digest): boolean };
  /** Of each manifest that has one. */
  readonly subjects: ReadonlyMap<Digest, Digest>;
  /** Manifests that nobody can read. */
  readonly unknown: ReadonlySet<Digest>;
}

/** Checks both ways: what a manifest says has an entry, and an entry says what its manifest does. */
export async function checkReferrers(check: RepositoryCheck, said: Subjects): Promise<void> {
  const { store, name } = check;
  for (const [digest, subject] of said.subjects) {
    await check.pace?.();
    const key = referrerLink(name, subject, digest);
    if ((await readLink(store, key).catch(() => undefined)) === digest) continue;
    addFinding(check, {
      severity: "repairable",
      subject: digest,
      problem: `it is not among the referrers of ${subject}`,
      repair: { kind: "link", name, key, digest, because: revisionLink(name, digest) },
    });
  }
  for await (const { subject, digest } of listReferrerEntries(store, name)) {
    await check.pace?.();
    if (said.unknown.has(digest) || said.subjects.get(digest) === subject) continue;
    const why = said.revisions.has(digest) ? "does not name it" : "is gone";
    addFinding(check, {
      severity: "untidy",
      subject: digest,
      problem: `it is among the referrers of ${subject}, but ${why}; \`registry gc\` takes the entry away`,
    });
  }
}
