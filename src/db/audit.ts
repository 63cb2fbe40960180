// Does the ledger keep its promises: nothing twice, opt-out wins, everybody is served?
import { type SQL, sql } from "drizzle-orm";
import { addressHmac, type TokenKeys } from "../core/tokens.ts";
import type { Queryable } from "./connect.ts";

/** `says` names readers, digests and papers by their numbers, never an address. */
export type Violation = { kind: string; says: string };

/** States of digests whose papers count as sent. */
const live = sql`('planned', 'sending', 'uncertain', 'retry', 'sent')`;
/** Longer than any one SMTP dialogue: mail that was under way when its reader left is not held against us. */
const UNDER_WAY = sql`interval '10 minutes'`;
const MOST_OF_A_KIND = 1_000;
const BATCH = 10_000;

/** Replays the ledger as it stands at `now`; an empty list proves the invariants for all that retention has left. */
export async function listViolations(db: Queryable, keys: TokenKeys, now: Date): Promise<Violation[]> {
  const violations: Violation[] = [];
  for (const { kind, query } of checks(now)) {
    const answer = await db.execute<{ says: string }>(
      sql`select says from (${query}) found order by says limit ${MOST_OF_A_KIND}`,
    );
    for (const { says } of answer.rows) violations.push({ kind, says });
  }
  return [...violations, ...(await listSuppressedReaders(db, keys))];
}

function checks(now: Date): { kind: string; query: SQL }[] {
  return [
    {
      kind: "edition twice",
      query: sql`select format('reader %s has %s digests of %s', subscriber_id, count(*), edition_date) as says
        from digests group by subscriber_id, edition_date having count(*) > 1`,
    },
    {
      kind: "paper twice",
      query: sql`select format('reader %s has paper %s in the editions %s', subscriber_id, paper,
          string_agg(edition_date::text, ', ' order by edition_date)) as says
        from digests, unnest(paper_ids) as paper where state in ${live} group by subscriber_id, paper having count(*) > 1`,
    },
    {
      // What can be chosen again and is not noted as sent would go out twice.
      kind: "sent but not noted",
      query: sql`select format('paper %s of digest %s is not noted for reader %s', paper, digests.id, digests.subscriber_id) as says
        from digests cross join unnest(paper_ids) as paper join papers on papers.id = paper
        left join sent_papers on sent_papers.subscriber_id = digests.subscriber_id
        where state in ${live} and papers.listed_at > ${now.toISOString()}::timestamptz - interval '8 days'
          and not coalesce(paper = any(sent_papers.paper_ids), false)`,
    },
    {
      kind: "mail after leaving",
      query: sql`select format('digest %s went to reader %s after the event "%s" of %s', digests.id, digests.subscriber_id, last.kind, last.at) as says
        from digests cross join lateral (
          select kind, at, detail from events where events.subscriber_id = digests.subscriber_id
            and kind in ('unsubscribed', 'suppressed', 'paused', 'confirmed', 'came-back', 'resumed')
            and at < digests.sent_at - ${UNDER_WAY} order by at desc, id desc limit 1) last
        where state = 'sent' and (last.kind in ('unsubscribed', 'suppressed')
          or last.kind = 'paused' and edition_date < (last.detail ->> 'until')::date)`,
    },
    {
      kind: "queued for somebody who left",
      query: sql`select format('digest %s waits for reader %s, who is %s', digests.id, subscriber_id, subscribers.state) as says
        from digests join subscribers on subscribers.id = subscriber_id
        where digests.state in ('planned', 'retry') and subscribers.state <> 'confirmed'`,
    },
    {
      kind: "digest of nobody",
      query: sql`select format('digest %s is of reader %s, who does not exist', digests.id, subscriber_id) as says
        from digests where not exists (select from subscribers where subscribers.id = subscriber_id)`,
    },
    {
      kind: "card missing",
      query: sql`select format('digest %s cannot show paper %s', digests.id, chosen.paper_id) as says
        from digests, unnest(paper_ids, topic_ids) as chosen(paper_id, topic_id)
        where state in ${live} and not exists (select from edition_cards where edition_cards.edition_date = digests.edition_date
          and edition_cards.paper_id = chosen.paper_id and edition_cards.topic_id = chosen.topic_id)`,
    },
    {
      kind: "quiet day without a reason",
      query: sql`select format('digest %s was skipped and does not say why', id) as says
        from digests where state = 'skipped' and coalesce(reason, '') = ''`,
    },
    {
      kind: "never due",
      query: sql`select format('reader %s is %s and never falls due', id, state) as says
        from subscribers where state in ('confirmed', 'paused') and due_at is null`,
    },
  ];
}

/** Readers whose address is on the list of those never to be written to. */
async function listSuppressedReaders(db: Queryable, keys: TokenKeys): Promise<Violation[]> {
  const known = await db.execute<{ hmac: string }>(sql`select email_hmac as hmac from suppressions`);
  const suppressed = new Set(known.rows.map(({ hmac }) => hmac));
  const violations: Violation[] = [];
  for (let after = 0; suppressed.size > 0; ) {
    const readers = await db.execute<{ id: string; email: string; state: string }>(
      sql`select id, email, state from subscribers where id > ${after} and state in ('confirmed', 'paused')
        order by id limit ${BATCH}`,
    );
    if (readers.rows.length === 0) break;
    after = Number(readers.rows.at(-1)?.id);
    for (const { id, email, state } of readers.rows)
      if (keys.some((key) => suppressed.has(addressHmac(key, email))))
        violations.push({ kind: "suppressed reader", says: `reader ${id} is ${state}, but the address is suppressed` });
  }
  return violations;
}
