// Where the keys for a bucket come from: the configuration, the environment, a role by a token, the platform; the first
// of them that there is.
import { messageOf } from "../../lib/system-error.ts";
import type { Send } from "./connection.ts";
import { credentialsOf } from "./credential-requests.ts";
import type { CredentialSource } from "./credentials.ts";
import { containerSource, instanceSource } from "./metadata-credentials.ts";
import { webIdentitySource } from "./web-identity.ts";

/** What decides. */
export interface ChainOptions {
  /** Of the configuration. */
  readonly accessKey: string | undefined;
  readonly secretKey: string | undefined;
  /** With keys that are good for a while only. */
  readonly sessionToken?: string | undefined;
  readonly region: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly readFile: (path: string) => Promise<string>;
  readonly send: Send;
}

const containerHost = "http://169.254.170.2";
const instanceHost = "http://169.254.169.254";

/** The source to be asked; its failures name it. */
export function credentialSource(options: ChainOptions): CredentialSource {
  const source = fixedSource(options) ?? roleSource(options) ?? platformSource(options) ?? missingSource;
  const get = async () => {
    try {
      return await source.get();
    } catch (error) {
      const problem = `no credentials for the bucket from ${source.name}: ${messageOf(error)}`;
      // As other failures of the store have it.
      throw Object.assign(new Error(problem, { cause: error }), { code: "ES3" });
    }
  };
  return { name: source.name, get };
}

const missingSource: CredentialSource = {
  name: "anywhere",
  get: async () => {
    throw new Error(
      "set storage.s3.accesskey and storage.s3.secretkey, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    );
  },
};

function fixedSource({
  accessKey,
  secretKey,
  sessionToken: token,
  environment,
}: ChainOptions): CredentialSource | undefined {
  const said = accessKey ?? secretKey;
  const [accessKeyId, secretAccessKey, sessionToken] =
    said === undefined
      ? [environment.AWS_ACCESS_KEY_ID, environment.AWS_SECRET_ACCESS_KEY, environment.AWS_SESSION_TOKEN]
      : [accessKey, secretKey, token];
  if (accessKeyId === undefined && secretAccessKey === undefined) return undefined;
  const name =
    said === undefined
      ? "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
      : "storage.s3.accesskey and storage.s3.secretkey";
  return {
    name,
    get: async () => credentialsOf({ accessKeyId, secretAccessKey, sessionToken, expiration: undefined }),
  };
}

function roleSource({ environment, region, readFile, send }: ChainOptions): CredentialSource | undefined {
  const { AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile, AWS_ROLE_ARN: role } = environment;
  if (tokenFile === undefined || role === undefined) return undefined;
  const endpoint = environment.AWS_ENDPOINT_URL_STS ?? `https://sts.${region}.amazonaws.com/`;
  const sessionName = environment.AWS_ROLE_SESSION_NAME ?? "registry";
  return webIdentitySource({ tokenFile, role, sessionName, endpoint, readFile, send });
}

function platformSource({ environment, readFile, send }: ChainOptions): CredentialSource | undefined {
  const { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: path, AWS_CONTAINER_CREDENTIALS_FULL_URI: url } = environment;
  const { AWS_CONTAINER_AUTHORIZATION_TOKEN: token, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: tokenFile } = environment;
  const address = path === undefined ? url : `${containerHost}${path}`;
  if (address !== undefined) {
    const authorization = async () => (tokenFile === undefined ? token : (await readFile(tokenFile)).trim());
    return containerSource({ url: address, authorization, send });
  }
  if (environment.AWS_EC2_METADATA_DISABLED?.toLowerCase() === "true") return undefined;
  return instanceSource({ endpoint: environment.AWS_EC2_METADATA_SERVICE_ENDPOINT ?? instanceHost, send });
}
