// The version that was built.

// Stamped in by build.ts; absent when the sources run as they are.
declare const BUILD_VERSION: string | undefined;

/** The version that was built, or "development". */
export const version: string = typeof BUILD_VERSION === "string" ? BUILD_VERSION : "development";
