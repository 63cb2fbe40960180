// What does DNS say about the domains and servers of our mail? Asked with time limits; "nothing there" is an answer.
import { Resolver } from "node:dns/promises";
import { isIP } from "node:net";

export type Dns = {
  /** TXT records, each joined; empty where there are none. Rejects when DNS does not answer. */
  txt: (name: string) => Promise<string[]>;
  /** Mail servers of a domain, best first; a null MX (RFC 7505) is `.`. */
  mx: (name: string) => Promise<string[]>;
  addresses: (host: string) => Promise<string[]>;
  /** Names of an address. */
  names: (address: string) => Promise<string[]>;
};

/** `server` is the DNS server to ask, `ADDRESS` or `ADDRESS:PORT`; default the machine's own. */
export function openDns(server?: string): Dns {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  if (server) resolver.setServers([server]);
  return {
    txt: async (name) => (await orNothing(resolver.resolveTxt(name))).map((parts) => parts.join("")),
    mx: async (name) =>
      (await orNothing(resolver.resolveMx(name)))
        .sort((one, other) => one.priority - other.priority)
        .map(({ exchange }) => exchange || "."),
    addresses: async (host) =>
      isIP(host)
        ? [host]
        : (await Promise.all([resolver.resolve4(host), resolver.resolve6(host)].map(orNothing))).flat(),
    names: (address) => orNothing(resolver.reverse(address)),
  };
}

async function orNothing<Found>(asked: Promise<Found[]>): Promise<Found[]> {
  try {
    return await asked;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOTFOUND" || code === "ENODATA") return [];
    throw error;
  }
}
