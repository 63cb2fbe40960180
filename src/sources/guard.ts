// May this address be asked? Feeds that a person entered must not reach into private networks (SSRF).
import { lookup } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import ipaddr from "ipaddr.js";

const range = (address: string) => {
  const bare = address.replace(/^\[|\]$/g, "");
  return ipaddr.isValid(bare) ? ipaddr.process(bare).range() : "none";
};

/**
 * Why a host name or literal address is never asked, or undefined. A private or loopback address that was typed out is the
 * operator's own choice; link-local addresses hold the credentials of cloud machines and are refused always.
 */
export function forbidden(hostname: string): string | undefined {
  const bare = hostname.replace(/^\[|\]$/g, "");
  if (!isIP(bare))
    return /(^|\.)(metadata\.google\.internal|metadata)$/i.test(bare) ? "it names a metadata service" : undefined;
  return ["unicast", "loopback", "private", "uniqueLocal"].includes(range(bare))
    ? undefined
    : "it is not an address that papers could come from";
}

/** Resolves a name for a guarded connection: fails with EPRIVATE unless every address is public; `localhost` means loopback. */
export const chooseLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, "", 0);
    const allowed = hostname === "localhost" ? ["loopback"] : ["unicast"];
    const [first] = addresses;
    if (!first || addresses.some(({ address }) => !allowed.includes(range(address))))
      return callback(Object.assign(new Error("a private address"), { code: "EPRIVATE" }), "", 0);
    if (options.all) return callback(null, addresses);
    return callback(null, first.address, first.family);
  });
};
