// The X.509 library, loaded only when a certificate must be made: it triples the start time.

export type X509 = typeof import("@peculiar/x509");

/** The library, using the runtime's WebCrypto. */
export async function loadX509(): Promise<X509> {
  // The library's dependency injection throws without this at import.
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  x509.cryptoProvider.set(crypto);
  return x509;
}
