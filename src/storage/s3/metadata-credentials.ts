// Credentials that the platform hands to what runs on it: to a container, or to an instance of EC2.
import type { Send } from "./connection.ts";
import { askForText, credentialsOf } from "./credential-requests.ts";
import type { CredentialSource, S3Credentials } from "./credentials.ts";

/** Where a container asks. */
export interface ContainerOptions {
  readonly url: string;
  /** Said in each request; read anew each time where it lies in a file. */
  readonly authorization: () => Promise<string | undefined>;
  readonly send: Send;
}

/** Hosts of the platform that are asked without TLS: they do not leave the machine. */
const platformHosts = ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]", "localhost", "127.0.0.1", "[::1]"];

/** The credentials of a container (ECS, EKS Pod Identity). */
export function containerSource({ url, authorization, send }: ContainerOptions): CredentialSource {
  const get = async () => {
    const { protocol, hostname } = new URL(url);
    if (protocol !== "https:" && !platformHosts.includes(hostname)) {
      throw new Error(`AWS_CONTAINER_CREDENTIALS_FULL_URI leads to ${hostname} without TLS`);
    }
    const said = await authorization();
    return parseCredentials(
      await askForText(send, url, { headers: said === undefined ? {} : { authorization: said } }),
    );
  };
  return { name: "the container's role", get };
}

const tokenSeconds = "21600";

/** The credentials of an instance of EC2, by the second version of its metadata service. */
export function instanceSource({
  endpoint,
  send,
}: {
  readonly endpoint: string;
  readonly send: Send;
}): CredentialSource {
  const get = async () => {
    const base = endpoint.replace(/\/$/, "");
    const asking = { method: "PUT", headers: { "x-aws-ec2-metadata-token-ttl-seconds": tokenSeconds } };
    const token = await askForText(send, `${base}/latest/api/token`, asking);
    const headers = { "x-aws-ec2-metadata-token": token.trim() };
    const roles = `${base}/latest/meta-data/iam/security-credentials/`;
    const role = (await askForText(send, roles, { headers })).split("\n")[0]?.trim() ?? "";
    return parseCredentials(await askForText(send, `${roles}${encodeURIComponent(role)}`, { headers }));
  };
  return { name: "the instance's role", get };
}

function parseCredentials(text: string): S3Credentials {
  const told: unknown = JSON.parse(text);
  if (typeof told !== "object" || told === null) throw new Error("credentials are incomplete");
  const { AccessKeyId, SecretAccessKey, Token, Expiration } = told as Readonly<Record<string, unknown>>;
  return credentialsOf({
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: Token,
    expiration: Expiration,
  });
}
