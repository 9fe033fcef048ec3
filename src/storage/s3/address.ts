// Where a bucket is, and the addresses of what is in it.

/** A bucket of an object store. */
export interface BucketAddress {
  /** Scheme, host and port of the store, perhaps with a path before the bucket. */
  readonly endpoint: URL;
  readonly bucket: string;
  /** Whether the bucket is the first part of the path; otherwise it stands before the host's name. */
  readonly isPathStyle: boolean;
  /** Below which prefix every key lies: empty, or with a slash at its end. Nobody else ever sees it. */
  readonly prefix: string;
}

/** The key with everything escaped that signatures escape; its slashes stay. */
export function encodeKey(key: string): string {
  return key.split("/").map(encodeStrictly).join("/");
}

/** As RFC 3986 has it: `encodeURIComponent` leaves five characters that signatures escape. */
function encodeStrictly(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  });
}

/** The address of an object, or of the bucket itself where the key is empty. */
export function addressOf(bucket: BucketAddress, key: string, query: Readonly<Record<string, string>> = {}): URL {
  const url = new URL(bucket.endpoint.href);
  const base = url.pathname.replace(/\/$/, "");
  if (!bucket.isPathStyle) url.hostname = `${bucket.bucket}.${url.hostname}`;
  const place = bucket.isPathStyle ? `${base}/${encodeStrictly(bucket.bucket)}` : base;
  if (key === "") url.pathname = bucket.isPathStyle ? place : `${place}/`;
  else url.pathname = `${place}/${encodeKey(bucket.prefix + key)}`;
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url;
}

/** What a copy names as its source. */
export function copySourceOf(bucket: BucketAddress, key: string): string {
  return `/${encodeStrictly(bucket.bucket)}/${encodeKey(bucket.prefix + key)}`;
}
