// What happens when somebody asks for a subscription, on a page or through the API?
import { readAddress } from "../core/readers/address.ts";
import { providerOf } from "../core/readers/provider.ts";
import { readTimezone } from "../core/readers/timezones.ts";
import { signUp } from "../db/subscribers.ts";
import { inSameTime } from "./same-time.ts";
import type { Web } from "./web.ts";

export type Asked =
  | { kind: "sent" }
  | { kind: "invalid"; errors: Record<string, string> }
  | { kind: "too-often"; seconds: number };

/** Reads, limits and signs up; the answer and its time are the same whatever is known of the address. */
export async function askForSubscription(
  web: Web,
  ask: { email: string; topics: string[]; timezone: string; website: string; network: string },
): Promise<Asked> {
  const networkWait = await web.limits.hit("subscribe-network", ask.network);
  if (networkWait !== undefined) return { kind: "too-often", seconds: networkWait };
  const address = readAddress(ask.email, { allowReserved: allowsReserved(web) });
  const timezone = ask.timezone === "" ? undefined : readTimezone(ask.timezone);
  const zoneWrong = ask.timezone !== "" && timezone === undefined;
  const tooMany = ask.topics.length > 200;
  if (address.kind === "error" || zoneWrong || tooMany) {
    const errors = {
      ...(address.kind === "error" ? { email: address.message } : {}),
      ...(zoneWrong ? { timezone: "This is not the name of a time zone." } : {}),
      ...(tooMany ? { topics: "At most 200 topics can be chosen." } : {}),
    };
    return { kind: "invalid", errors };
  }
  const { email } = address;
  const domain = email.slice(email.lastIndexOf("@") + 1);
  const addressWait = await web.limits.hit("subscribe-address", email);
  const domainWait = await web.limits.hit("subscribe-domain", domain);
  if (addressWait !== undefined || domainWait !== undefined)
    return { kind: "too-often", seconds: Math.max(addressWait ?? 0, domainWait ?? 0) };
  return inSameTime<Asked>(async () => {
    // Only a program fills the field that nobody sees; it is told the same and nothing happens.
    if (ask.website !== "") return { kind: "sent" };
    const answer = await signUp(web.db, web.keys, {
      email,
      provider: providerOf(email),
      topics: [...new Set(ask.topics)],
      ...(timezone === undefined ? {} : { timezone }),
      now: web.now(),
    });
    if (answer.kind === "unknown-topic")
      return {
        kind: "invalid",
        errors: { topics: "One of these topics is not on offer any more; please choose again." },
      };
    await ringLetter(web, answer.letter);
    return { kind: "sent" };
  });
}

/** Rings for a letter that was written; after the commit. */
export async function ringLetter(web: Web, letter: number | undefined): Promise<void> {
  if (letter !== undefined) await web.queue.ring("deliver", { letter });
}

/** Reserved names reach nobody; they are taken while the service is tried out on one machine. */
export function allowsReserved(web: Web): boolean {
  return !web.config.BASE_URL.startsWith("https:");
}
