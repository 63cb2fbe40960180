// Which states may a reader be in, and which of two sends less? Imports may only move a reader towards less mail, never towards more.

export const subscriberStates = ["confirmed", "pending", "paused", "unsubscribed", "suppressed"] as const;
export type SubscriberState = (typeof subscriberStates)[number];
/** Why an address is never written to again. */
export type SuppressionReason = "hard" | "complaint" | "manual";

/** The one of two states that sends less; of a pause and a missing confirmation, the missing confirmation. */
export function moreCautious(one: SubscriberState, other: SubscriberState): SubscriberState {
  const order: Record<SubscriberState, number> = {
    confirmed: 0,
    paused: 1,
    pending: 2,
    unsubscribed: 3,
    suppressed: 4,
  };
  return order[one] >= order[other] ? one : other;
}
