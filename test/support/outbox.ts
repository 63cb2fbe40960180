// Planned digests and a context that sends them to a server of the test's own.
import { sql } from "drizzle-orm";
import { readConfig } from "../../src/config.ts";
import type { Context } from "../../src/context.ts";
import { emptyCardCache } from "../../src/db/cards.ts";
import type { Database } from "../../src/db/connect.ts";
import { openSending } from "../../src/db/sending.ts";
import { openComposer } from "../../src/mail/compose.ts";
import { openTransport } from "../../src/mail/transport.ts";
import { composerSettings, keys, quietQueue, silent } from "./context.ts";

export type Outbox = { context: Context; close: () => Promise<void> };

/** A context that delivers to `smtpUrl`, as one worker process has it. */
export async function openOutbox(
  db: Database,
  smtpUrl: string,
  { connections = 3, now = () => new Date("2026-03-05T07:00:00Z") } = {},
): Promise<Outbox> {
  const config = readConfig({
    BASE_URL: composerSettings.baseUrl,
    LOG_LEVEL: "silent",
    SMTP_CONNECTIONS: String(connections),
  });
  const sending = openSending(db, connections);
  const transport = openTransport({ smtpUrl, connections, rate: 0, slots: sending });
  const mail = { composer: await openComposer(composerSettings), transport, sending, cards: emptyCardCache() };
  return {
    context: { config, keys, log: silent, db, queue: quietQueue(), now, mail },
    async close() {
      await transport.close();
      await sending.close();
    },
  };
}

const editionDate = "2026-03-05";

/** Confirmed readers with one planned digest each, all of one paper; gives the ids of the digests. */
export async function planDigests(db: Database, emails: string[], provider = "example.org"): Promise<number[]> {
  await db.execute(
    sql`insert into topics (id, slug, name, rules) values (1, 'reasoning', 'Reasoning', 'reasoning') on conflict do nothing`,
  );
  await db.execute(
    sql`insert into papers (id, canonical_id, source, title, abstract, authors, listed_on, listed_at)
      values (1, 'test:1', 'test', 'On reasoning', 'We reason.', '{Ada}', '2026-03-04', '2026-03-04T09:00:00Z') on conflict do nothing`,
  );
  await db.execute(
    sql`insert into edition_cards (edition_date, paper_id, topic_id, card) values (${editionDate}, 1, 1,
      '{"paperId": 1, "title": "On reasoning", "abstract": "We reason.", "authors": ["Ada"], "authorCount": 1, "organization": null,
        "upvotes": 1, "comments": 0, "stars": 0, "links": {}, "listedOn": "2026-03-04", "listedAt": "2026-03-04T09:00:00Z",
        "topic": {"slug": "reasoning", "name": "Reasoning", "owned": false}, "terms": ["reasoning"], "earlier": false}')
      on conflict do nothing`,
  );
  const answer = await db.execute<{ id: string }>(
    sql`with readers as (
        insert into subscribers (email, state, provider, confirmed_at) select email, 'confirmed', ${provider}, now()
        from unnest(${sql.param(emails)}::text[]) with ordinality as given(email, nth) order by nth returning id
      ), noted as (insert into sent_papers (subscriber_id, paper_ids) select id, '{1}' from readers)
      insert into digests (subscriber_id, edition_date, state, paper_ids, topic_ids, provider, planned_at, expires_at)
      select id, ${editionDate}, 'planned', '{1}', '{1}', ${provider}, '2026-03-05T07:00:00Z', '2026-03-06T07:00:00Z'
      from readers order by id returning id`,
  );
  return answer.rows.map(({ id }) => Number(id)).sort((a, b) => a - b);
}

export type Standing = {
  state: string;
  answer: string | null;
  attempts: number;
  reader: string;
  soft: number;
  given_back: boolean;
};

/** How a reader's digest and the reader stand. */
export async function standingOf(db: Database, email: string): Promise<Standing> {
  const answer = await db.execute<Standing>(
    sql`select digests.state, answer, attempts, subscribers.state as reader, soft_bounces as soft,
        not coalesce(1 = any (sent_papers.paper_ids), false) as given_back
      from subscribers join digests on digests.subscriber_id = subscribers.id
        left join sent_papers on sent_papers.subscriber_id = subscribers.id where email = ${email}`,
  );
  if (!answer.rows[0]) throw new Error("nobody has that address");
  return answer.rows[0];
}
