// Headers of a configuration: names and values that HTTP allows (RFC 9110, section 5).

import * as z from "zod";

const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Headers that describe one message; a fixed value would break every response. */
const ownHeaders = ["content-length", "transfer-encoding", "connection", "upgrade", "trailer"];

const value = z.string({ error: "must be text" }).regex(headerValue, {
  error: "must be a header value: one line of printable Latin-1 characters",
});

const values = z.array(value, { error: 'must be a list of values, such as ["nosniff"]' });

/** Header names with their values. */
export const headers = headersOf(values);

/** The same if the values are never shown. */
export const secretHeaders = headersOf(values.meta({ isSecret: true }));

function headersOf(list: typeof values) {
  return z.record(
    z.string().refine((name) => nameProblem(name) === undefined),
    list,
    {
      error: (issue) =>
        issue.code === "invalid_key"
          ? nameProblem(String(issue.path?.at(-1)))
          : "must be a section of header names, each with a list of values",
    },
  );
}

function nameProblem(name: string): string | undefined {
  if (!headerName.test(name)) return `must be named like a header, and ${JSON.stringify(name)} is not a header name`;
  if (ownHeaders.includes(name.toLowerCase())) return `must not be set: ${name} differs from message to message`;
  return undefined;
}
