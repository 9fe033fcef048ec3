// The identifier of a request: the caller's, so that its logs and ours can be joined, or a new one.

/** What is safe in a header and in every log format. */
const sane = /^[\w.:+/=@-]{1,128}$/;

/** X-Request-Id if it is short and plain; else what `make` gives. */
export function requestIdOf(headers: Headers, make: () => string): string {
  const given = headers.get("x-request-id");
  return given !== null && sane.test(given) ? given : make();
}
