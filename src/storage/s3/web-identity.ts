// Credentials for a role, in exchange for a token that the platform writes into a file (Kubernetes on AWS: IRSA).
import type { Send } from "./connection.ts";
import { askForText, credentialsOf } from "./credential-requests.ts";
import type { CredentialSource } from "./credentials.ts";
import { parseXml, textOf, type XmlElement } from "./xml.ts";

/** The role, and who is asked for it. */
export interface WebIdentityOptions {
  readonly tokenFile: string;
  readonly role: string;
  readonly sessionName: string;
  /** Of the token service. */
  readonly endpoint: string;
  readonly readFile: (path: string) => Promise<string>;
  readonly send: Send;
}

/** Reads the token anew each time: the platform replaces it. */
export function webIdentitySource(options: WebIdentityOptions): CredentialSource {
  const { tokenFile, role, sessionName, endpoint, readFile, send } = options;
  const get = async () => {
    const body = new URLSearchParams({
      Action: "AssumeRoleWithWebIdentity",
      Version: "2011-06-15",
      RoleArn: role,
      RoleSessionName: sessionName,
      WebIdentityToken: (await readFile(tokenFile)).trim(),
    }).toString();
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const told = findElement(
      await parseXml(await askForText(send, endpoint, { method: "POST", headers, body })),
      "Credentials",
    );
    return credentialsOf({
      accessKeyId: told && textOf(told, "AccessKeyId"),
      secretAccessKey: told && textOf(told, "SecretAccessKey"),
      sessionToken: told && textOf(told, "SessionToken"),
      expiration: told && textOf(told, "Expiration"),
    });
  };
  return { name: `the role ${role} (AWS_WEB_IDENTITY_TOKEN_FILE)`, get };
}

function findElement(root: XmlElement | undefined, name: string): XmlElement | undefined {
  if (root === undefined || root.name === name) return root;
  for (const child of root.children) {
    const found = findElement(child, name);
    if (found !== undefined) return found;
  }
  return undefined;
}
