// Where does a mail or page point to? Every address of the product in one place; tokens are deterministic where they can be.
import { signToken, type TokenKeys } from "./tokens.ts";

/** Absolute URLs under `baseUrl` (no trailing slash); ids are database ids. */
export function links(baseUrl: string, keys: TokenKeys) {
  const tokened = (path: string, purpose: Parameters<typeof signToken>[1]) => (id: number) =>
    `${baseUrl}/${path}/${signToken(keys, purpose, String(id))}`;
  return {
    home: `${baseUrl}/`,
    help: `${baseUrl}/help`,
    paper: (id: number) => `${baseUrl}/papers/${id}`,
    topic: (slug: string) => `${baseUrl}/topics/${slug}`,
    day: (date: string) => `${baseUrl}/papers/date/${date}`,
    unsubscribe: tokened("unsubscribe", "unsubscribe"),
    preferences: tokened("preferences", "preferences"),
    digest: tokened("digests", "digest"),
    feed: (subscriberId: number) => `${tokened("feeds", "feed")(subscriberId)}.atom`,
    confirm: (subscriberId: number, issuedAt: Date) =>
      `${baseUrl}/confirm/${signToken(keys, "confirm", String(subscriberId), issuedAt)}`,
    /** One-time links for change of address (`letterId` names the new address), export and erasure. */
    changeAddress: (letterId: number, issuedAt: Date) =>
      `${baseUrl}/change-address/${signToken(keys, "change", String(letterId), issuedAt)}`,
    export: (subscriberId: number, issuedAt: Date) =>
      `${baseUrl}/export/${signToken(keys, "export", String(subscriberId), issuedAt)}`,
    erase: (subscriberId: number, issuedAt: Date) =>
      `${baseUrl}/erase/${signToken(keys, "erase", String(subscriberId), issuedAt)}`,
    /** "More" or "less like this": one token a reader opens the votes on every paper, so that a digest signs once. */
    vote: (subscriberId: number, paperId: number, direction: "more" | "less") =>
      `${tokened("vote", "vote")(subscriberId)}/${paperId}/${direction}`,
    votes: tokened("vote", "vote"),
    /** Where a mail provider posts what became of mail; known to it and the operator only. */
    webhook: (provider: string) => `${baseUrl}/webhooks/${signToken(keys, "webhook", provider)}`,
  };
}
export type Links = ReturnType<typeof links>;
