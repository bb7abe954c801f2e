import { randomBytes } from 'node:crypto';

/** Credentials as the SDKs take them. Only the access key id is ever checked. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** The credentials of one run, which only the one who started it can know. */
export interface RunCredentials {
  readonly user: Credentials;
  /** What an assumed role and a function get. */
  readonly role: Required<Credentials>;
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

export function newCredentials(): RunCredentials {
  const id = Array.from(randomBytes(16), byte => letters[byte % letters.length]).join('');
  const secretAccessKey = 'local';
  return {
    user: { accessKeyId: `AKIA${id}`, secretAccessKey },
    role: { accessKeyId: `ASIA${id}`, secretAccessKey, sessionToken: 'local' },
  };
}

/** A source of chance that nobody can guess, for names that are known to those alone who are told. */
export function secureRandom(): number {
  return randomBytes(6).readUIntBE(0, 6) / 2 ** 48;
}
