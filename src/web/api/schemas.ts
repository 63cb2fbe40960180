// What goes in and out of the API? The zod schemas that requests are read with and the OpenAPI document is made from.
import { z } from "zod";
import { isDate } from "../../core/weeks.ts";

/** The schemas that the document names and refers to. */
export const named = z.registry<{ id: string }>();

const slug = z.string().regex(/^[a-z0-9-]{1,60}$/, "A topic's slug holds small letters, digits and dashes.");
const date = z.string().refine(isDate, "A date looks like 2026-03-05.").meta({ format: "date", example: "2026-03-05" });

const wholeNumber = (from: number, to: number, otherwise: number) =>
  z.coerce
    .number(`A whole number from ${from} to ${to}.`)
    .int(`A whole number from ${from} to ${to}.`)
    .min(from, `A whole number from ${from} to ${to}.`)
    .max(to, `A whole number from ${from} to ${to}.`)
    .default(otherwise);

export const papersQuery = z.object({
  date: date.optional().describe("The list day; without it, the latest."),
  topic: slug.optional().describe("Only papers that answer this topic."),
  q: z.string().max(500).optional().describe("Words to search for, in the grammar of topics; looks at all days."),
  limit: wholeNumber(1, 100, 50).describe("Papers on a page."),
  page: wholeNumber(1, 10_000, 1).describe("The page, from 1."),
});

const topicName = z.object({ slug: z.string(), name: z.string() });
const counts = { upvotes: z.int(), comments: z.int() };

export const listedPaper = z
  .object({
    id: z.int(),
    canonicalId: z.string().describe("`arxiv:…`, `doi:…` or the source's own id."),
    title: z.string(),
    abstract: z.string().describe("The beginning of the abstract, or the part that holds the words searched for."),
    authors: z.array(z.string()).describe("The first few."),
    authorCount: z.int(),
    organization: z.string().nullable(),
    ...counts,
    stars: z.int().nullable(),
    listedOn: z.string().describe("The list day, `YYYY-MM-DD` in UTC."),
    topics: z.array(topicName),
    url: z.string().describe("The paper's page here."),
  })
  .register(named, { id: "ListedPaper" });

export const paperList = z
  .object({ total: z.int(), page: z.int(), date: z.string().nullable(), papers: z.array(listedPaper) })
  .register(named, { id: "PaperList" });

export const fullPaper = z
  .object({
    id: z.int(),
    canonicalId: z.string(),
    source: z.string(),
    title: z.string(),
    abstract: z.string(),
    summary: z.string().nullable().describe("One sentence made by a machine, as the source states it."),
    authors: z.array(z.string()),
    categories: z.array(z.string()),
    keywords: z.array(z.string()),
    organization: z.string().nullable(),
    links: z.record(z.string(), z.string()),
    ...counts,
    stars: z.int(),
    listedOn: z.string(),
    publishedAt: z.string().nullable(),
    withdrawnAt: z.string().nullable(),
    topics: z.array(
      topicName.extend({
        score: z
          .number()
          .describe("In multiples of the threshold: the points of the parts, times opinion, by the threshold."),
        threshold: z.number(),
        opinion: z.number().describe("What a small learned model makes of the paper's other words, from 0.5 to 2."),
        terms: z.array(z.string()).describe("The words that earned it."),
        parts: z.array(z.object({ terms: z.array(z.string()), points: z.number() })),
      }),
    ),
    citation: z.object({ bibtex: z.string(), ris: z.string(), csl: z.record(z.string(), z.unknown()) }),
    url: z.string(),
  })
  .register(named, { id: "Paper" });

export const topic = z
  .object({
    slug: z.string(),
    name: z.string(),
    area: z.string(),
    description: z.string(),
    rules: z.string(),
    papersADay: z.number().describe("About, over the last ten days."),
    samples: z.array(z.object({ id: z.int(), title: z.string() })),
  })
  .register(named, { id: "Topic" });
export const topicList = z.object({ topics: z.array(topic) }).register(named, { id: "TopicList" });

export const countQuery = z.object({
  topics: z
    .string()
    .max(5_000)
    .transform((text) => text.split(",").filter(Boolean).slice(0, 200))
    .describe("Slugs with commas between."),
});
export const countAnswer = z.object({ perDay: z.number() }).register(named, { id: "Count" });

export const subscribeBody = z
  .object({
    email: z.string().max(1_000).describe("One bare address."),
    topics: z.array(z.string().max(60)).max(200).default([]).describe("Slugs of topics on offer."),
    timezone: z.string().max(64).default("").describe("An IANA name, e.g. Europe/Berlin."),
  })
  .register(named, { id: "Subscribe" });
export const subscribeAnswer = z
  .object({ status: z.literal("check your mail") })
  .describe("The same whatever is known of the address.")
  .register(named, { id: "Subscribed" });

export const problem = z
  .object({
    error: z.string().describe("One sentence."),
    fields: z.record(z.string(), z.string()).optional().describe("A sentence for each field that is wrong."),
  })
  .register(named, { id: "Problem" });
